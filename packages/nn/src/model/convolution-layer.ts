/** What the convolution layers share: options, and the layer made of kernels and what they do. */
import {
  type AnyTensor,
  Key,
  operations as ops,
  type Shape,
  ShapeError,
  showShape,
  type SpatialRank,
  type Tensor
} from "@cotangent/graph"
import { type Initializer, zeros } from "../initializer.ts"
import { penaltyOf, type Regularizer } from "../regularizer.ts"
import { type Activation, activationFunction, activationName } from "./activation.ts"
import { type PerAxis, spatialNames } from "./features.ts"
import { oneOf, perAxis, type Problems } from "./layer-options.ts"
import type { AnyModel } from "./model.ts"
import { appendWithParameters } from "./probe.ts"

/** The parameters of a convolution by a kernel of shape `K` to F channels. */
export type Conv<K extends Shape, F extends number, B extends boolean = true> = B extends true
  ? { readonly kernel: Tensor<K>; readonly bias: Tensor<[F]> }
  : { readonly kernel: Tensor<K> }

/** What all convolution layers may be told; the names and defaults are those of Keras. */
export interface ConvLayerOptions {
  /** How far the kernel moves from output to output: one number for all axes or one for each; 1 unless given. */
  readonly strides?: PerAxis
  /** `"valid"`: no zeros around the input; `"same"`: as many as give `ceil(n / stride)` outputs. `"valid"` unless given. */
  readonly padding?: "valid" | "same"
  /** How far neighbours of the kernel stand apart on the input; 1 unless given. */
  readonly dilationRate?: PerAxis
  /** Applied to the result; linear unless given. */
  readonly activation?: Activation
  /** Whether there is a bias; true unless given. */
  readonly useBias?: boolean
  /** `glorotUniform` unless given. */
  readonly kernelInitializer?: Initializer
  /** `zeros` unless given. */
  readonly biasInitializer?: Initializer
  /** Added to the loss. */
  readonly kernelRegularizer?: Regularizer
  /** Added to the loss. */
  readonly biasRegularizer?: Regularizer
}

// The options of the operations, from those of the layers.
/** An option by its name. */
export type Option<O, K extends string, Default> = O extends { readonly [P in K]: infer V } ? V : Default
/** The options of the operation. */
export type Moves<O> = {
  readonly stride: Option<O, "strides", 1>
  readonly padding: Option<O, "padding", "valid">
  readonly dilation: Option<O, "dilationRate", 1>
  readonly groups: Option<O, "groups", 1>
  readonly outputPadding: Option<O, "outputPadding", 0>
}
/** Whether there is a bias. */
export type Bias<O> = Option<O, "useBias", true> extends infer B extends boolean ? B : boolean

/** Kernels by name. */
export type Kernels = { readonly [name: string]: AnyTensor }
/** What kernels do to an input. */
export type Kernel = (x: AnyTensor, kernels: Kernels, options: object) => AnyTensor

/** A kernel to draw, and how. */
export interface Drawn {
  readonly shape: ReadonlyArray<number>
  readonly initializer: Initializer
}

/** What is wrong with what all convolution layers along n axes are told. */
export const convProblems = (
  n: SpatialRank,
  kernelSize: PerAxis,
  { strides = 1, padding = "valid", dilationRate = 1 }: ConvLayerOptions
): Problems => [
  ...perAxis("kernelSize", n, kernelSize),
  ...perAxis("strides", n, strides),
  ...oneOf("padding", padding, ["valid", "same"]),
  ...perAxis("dilationRate", n, dilationRate)
]

/** The channels of samples with n spatial axes. Throws ShapeError for samples without. */
export const channelsOf = (operation: string, n: SpatialRank, { outputShape }: AnyModel): number => {
  const channels = outputShape.at(-1)
  if (channels === undefined || outputShape.length !== n + 1)
    throw new ShapeError(
      `${operation}: needs [batch, ${spatialNames[n]}, channels], got ${showShape(["batch", ...outputShape])}`
    )
  return channels
}

const movesOf = ({ strides = 1, padding = "valid", dilationRate = 1 }: ConvLayerOptions): object => ({
  stride: strides,
  padding,
  dilation: dilationRate
})

/** A convolution layer from its kernels and what they do. */
export const convLayer = (
  model: AnyModel,
  operation: string,
  name: string,
  kind: string,
  out: number,
  kernels: { readonly [name: string]: Drawn },
  options: ConvLayerOptions,
  convolve: Kernel
): AnyModel => {
  const { activation = "linear", useBias = true, biasInitializer = zeros } = options
  const f = activationFunction(activation)
  const names = Object.entries(kernels)
  return appendWithParameters<Kernels>(model, operation, {
    name,
    kind: activation === "linear" ? kind : `${kind} ${activationName(activation)}`,
    init: (key) => ({
      ...Object.fromEntries(
        names.map(([own, { shape, initializer }], i) => [own, initializer.draw(Key.fold(key, i), shape)])
      ),
      ...(useBias ? { bias: biasInitializer.draw(Key.fold(key, names.length), [out]) } : {})
    }),
    apply: (params, x) => {
      const { bias } = params
      const y = convolve(x, params, movesOf(options))
      // Models hold f32; an activation keeps the shape.
      return f((bias === undefined ? y : ops.add(y, bias)) as Tensor<Shape>)
    },
    penalty: penaltyOf({
      ...Object.fromEntries(names.map(([own]) => [own, options.kernelRegularizer])),
      bias: options.biasRegularizer
    })
  })
}

/** An operation of `T` along n axes, its types forgotten: it checks again what the types of the layers have said. */
export const along = (ops: { readonly 1: unknown; readonly 2: unknown }, n: 1 | 2) =>
  ops[n] as (x: AnyTensor, kernel: AnyTensor, options: object) => AnyTensor
