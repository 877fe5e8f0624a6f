/** Layers that add chance in train mode and do nothing in evaluate mode. */
import { type AnyTensor, face, Key, operations as ops, type Shape } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type Mode, pureLayer } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/** The guard of a rate: a literal must lie in [0, 1). */
export type RateRule<R extends number, Op extends string = "dropout"> = number extends R
  ? unknown
  : `${R}` extends "0" | `0.${string}` | `${Digit}e-${string}` | `${Digit}.${string}e-${string}`
    ? unknown
    : `${Op}: the rate must be 0 or more and below 1, got ${R}`
type Digit = "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"

/** What dropout does to a model. */
export interface DropoutLayer<R extends number, Op extends string = "dropout"> {
  <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S> & RateRule<R, Op>): Model<I, O, P, S>
}

type Dropping<Op extends string> = <R extends number>(rate: R) => DropoutLayer<R, Op>

/** The shape of a mask for an input: sizes of 1 where one draw is for all. */
type MaskShape = (shape: ReadonlyArray<number>) => ReadonlyArray<number>

const dropping = <Op extends string>(operation: Op, kind: string, maskShape: MaskShape): Dropping<Op> =>
  face(1, (rate: number) => {
    if (!(rate >= 0 && rate < 1)) throw optionError(`${operation}: the rate`, "0 or more and below 1", rate)
    const drop = (x: AnyTensor, mode: Mode): AnyTensor =>
      mode.mode === "evaluate" || rate === 0
        ? x
        : ops.select(Key.bernoulli(mode.key, 1 - rate, maskShape(x.shape)), ops.mul(x, 1 / (1 - rate)), 0)
    return (model: AnyModel): AnyModel => append(model, pureLayer(`${kind} ${rate}`, model.outputShape, drop, true))
  })

/**
 * In train mode each element is kept with probability `q = 1 - rate`, else 0, independently:
 * `y = mask x / q`, so that the expected output is the input (inverted dropout, as Keras and PyTorch do). In evaluate
 * mode the identity. Equal keys give equal masks. Srivastava and others 2014.
 *
 * Throws OptionError unless `0 <= rate < 1`.
 */
export const dropout: Dropping<"dropout"> = dropping("dropout", "Dropout", (shape) => shape)

/**
 * Dropout of whole channels: one draw for every sample and channel, the same at all places between. Keras's
 * `SpatialDropout1D` to `3D`. Tompson and others 2015.
 */
export const spatialDropout: Dropping<"spatialDropout"> = dropping("spatialDropout", "SpatialDropout", (shape) =>
  shape.map((size, d) => (d === 0 || d === shape.length - 1 ? size : 1))
)

/**
 * Dropout of whole samples, the last layer of a residual block: with probability `rate` a sample passes only around the
 * block. Divides by `1 - rate`, so that in evaluate mode it is the identity. Huang and others 2016.
 *
 * `Model.residual("block", (m) => pipe(m, ..., Model.stochasticDepth(0.2)))`
 */
export const stochasticDepth: Dropping<"stochasticDepth"> = dropping("stochasticDepth", "StochasticDepth", (shape) =>
  shape.map((size, d) => (d === 0 ? size : 1))
)

/** What noise does to a model. */
export interface NoiseLayer {
  <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S>): Model<I, O, P, S>
}

const noise = (kind: string, add: (x: AnyTensor, draw: AnyTensor) => AnyTensor) => (model: AnyModel) =>
  append(
    model,
    pureLayer(
      kind,
      model.outputShape,
      (x, mode) => (mode.mode === "evaluate" ? x : add(x, ops.cast(Key.normal(mode.key, x.shape), x.dtype))),
      true
    )
  )

/**
 * In train mode `y = x + stddev n`, with n normal. Keras's `GaussianNoise`. Throws OptionError unless `stddev` is finite and 0 or more.
 */
export const gaussianNoise: (stddev: number) => NoiseLayer = face(1, (stddev: number) => {
  if (!(stddev >= 0 && Number.isFinite(stddev)))
    throw optionError("gaussianNoise: stddev", "a finite number, 0 or more", stddev)
  return noise(`GaussianNoise ${stddev}`, (x, n) => ops.add(x, ops.mul(n, stddev)))
})

/**
 * In train mode `y = x (1 + sqrt(rate / (1 - rate)) n)`, with n normal: the spread of dropout without zeros. Keras's
 * `GaussianDropout`. Throws OptionError unless `0 <= rate < 1`. Srivastava and others 2014, section 10.
 */
export const gaussianDropout: (rate: number) => NoiseLayer = face(1, (rate: number) => {
  if (!(rate >= 0 && rate < 1)) throw optionError("gaussianDropout: the rate", "0 or more and below 1", rate)
  const spread = Math.sqrt(rate / (1 - rate))
  return noise(`GaussianDropout ${rate}`, (x, n) => ops.add(x, ops.mul(ops.mul(n, spread), x)))
})
