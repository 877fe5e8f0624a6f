/**
 * Convolutions along one, two or three spatial axes, and their transposes.
 *
 * With `layout: "channelsLast"`, the default, inputs are `[batch, spatial..., channels]` and kernels `[spatial..., in, out]`
 * as in Keras; with `"channelsFirst"` inputs are `[batch, channels, spatial...]` and kernels `[out, in, spatial...]` as in
 * PyTorch. The batch may be left out. `in` counts the channels of one group.
 */
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceOfTwo, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { transposedConv } from "../primitives/conv.ts"
import type { ConvRule, ConvTransposeRule, DepthwiseConvRule } from "../convolution-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout, PaddingOption, PerAxis, SpatialRank } from "../spatial-rules.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { showSizes, windowExtent } from "../windows.ts"
import { arrange, type Moves, paddingOf, padSpatial, perAxis } from "./spatial.ts"

/** Options of convolutions; a number stands for all spatial axes, a list has one entry for each. */
export interface ConvOptions {
  /** How far the kernel moves from output to output; 1 unless given. */
  readonly stride?: PerAxis
  /**
   * Zeros around the input: `"valid"` none (the default), `"same"` as many as give `ceil(n / stride)` outputs, the odd one
   * behind, or numbers, or pairs of numbers.
   */
  readonly padding?: PaddingOption
  /** How far neighbours of the kernel stand apart on the input; 1 unless given. */
  readonly dilation?: PerAxis
  /** Into how many groups the channels fall, each with filters of its own; 1 unless given. */
  readonly groups?: number
  readonly layout?: Layout
  /** Added to every output: one number for each channel that comes out. */
  readonly bias?: AnyTensor
}

/** Options of transposed convolutions. */
export interface ConvTransposeOptions extends ConvOptions {
  /** How many more outputs there are at the end of each axis, 0 unless given: the size that a stride had rounded away. */
  readonly outputPadding?: PerAxis
}

/** Options that one kind has no use for. */
interface Without {
  readonly conv: { readonly outputPadding?: never }
  readonly transpose: {}
  readonly depthwise: { readonly outputPadding?: never; readonly groups?: never }
}

/** A convolution, its transpose, or one with filters for every channel alone. */
export type ConvolutionKind = keyof Without

interface Rules<Op extends string, N extends SpatialRank, S extends Shape, K extends Shape, O> {
  readonly conv: ConvRule<Op, N, S, K, O>
  readonly transpose: ConvTransposeRule<Op, N, S, K, O>
  readonly depthwise: DepthwiseConvRule<Op, N, S, K, O>
}

/** The shape of a convolution, or the sentence. */
export type ConvolutionRule<
  Kind extends ConvolutionKind,
  Op extends string,
  N extends SpatialRank,
  S extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  O
> = SameDType<Op, D, E, Accepts<Op, "float", D, Rules<Op, N, S, K, O>[Kind]>>

/** A convolution that holds its kernel and options and waits for the input. */
export interface ConvolutionBy<
  Kind extends ConvolutionKind,
  Op extends string,
  N extends SpatialRank,
  K extends Shape,
  E extends DType,
  O
> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<ConvolutionRule<Kind, Op, N, S, D, K, E, O>>
  ): TensorOf<ConvolutionRule<Kind, Op, N, S, D, K, E, O>, D>
}

/** A convolution over N spatial axes. */
export interface ConvolutionFace<Kind extends ConvolutionKind, Op extends string, N extends SpatialRank> {
  <K extends Shape, E extends DType, const O extends ConvTransposeOptions = {}>(
    kernel: Tensor<K, E>,
    options?: O & Without[Kind]
  ): ConvolutionBy<Kind, Op, N, K, E, O>
  <S extends Shape, D extends DType, K extends Shape, E extends DType, const O extends ConvTransposeOptions = {}>(
    self: Tensor<S, D>,
    kernel: Tensor<K, E> & Guard<ConvolutionRule<Kind, Op, N, S, D, K, E, O>>,
    options?: O & Without[Kind]
  ): TensorOf<ConvolutionRule<Kind, Op, N, S, D, K, E, O>, D>
}

const range = (start: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => start + i)

const kernelNames: Readonly<Record<SpatialRank, string>> = {
  1: "length",
  2: "height, width",
  3: "depth, height, width"
}

/** The kernel as `[spatial..., in, out]`. */
const arrangeKernel = (operation: string, w: AnyTensor, n: SpatialRank, layout: Layout): AnyTensor => {
  if (w.shape.length !== n + 2) {
    const wanted = layout === "channelsLast" ? `[${kernelNames[n]}, in, out]` : `[out, in, ${kernelNames[n]}]`
    throw new ShapeError(`${operation}: needs a kernel ${wanted}, got ${showShape(w.shape)}`)
  }
  return layout === "channelsLast" ? w : ops.transpose(w, [...range(2, n), 1, 0])
}

const checkTypes = (operation: string, x: AnyTensor, w: AnyTensor): void => {
  if (isTensor(x) && isTensor(w)) checkSameDType(operation, x.dtype, w.dtype)
  checkOperand(operation, "float", x)
  checkOperand(operation, "float", w)
}

const withBias = (operation: string, y: AnyTensor, bias: AnyTensor | undefined): AnyTensor => {
  if (bias === undefined) return y
  checkSameDType(operation, y.dtype, bias.dtype)
  const channels = y.shape.at(-1) ?? 0
  if (bias.shape.length !== 1 || bias.shape[0] !== channels)
    throw new ShapeError(`${operation}: needs a bias [${channels}], got ${showShape(bias.shape)}`)
  return ops.add(y, bias)
}

const groupsOf = (operation: string, groups = 1): number => {
  if (!Number.isInteger(groups) || groups < 1)
    throw new ShapeError(`${operation}: ${groups} groups; there is at least one, and no part of one`)
  return groups
}

const movesOf = (operation: string, n: number, kernel: AnyTensor, options: ConvOptions): Moves => ({
  sizes: kernel.shape.slice(0, n),
  strides: perAxis(operation, "stride", options.stride, n, 1),
  dilations: perAxis(operation, "dilation", options.dilation, n, 1)
})

const convolve =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, w: AnyTensor, options: ConvOptions = {}): AnyTensor => {
    checkTypes(operation, x, w)
    const { layout = "channelsLast" } = options
    const input = arrange(operation, x, n, layout)
    const kernel = arrangeKernel(operation, w, n, layout)
    const groups = groupsOf(operation, options.groups)
    const [inside = 0, filters = 0] = kernel.shape.slice(n)
    const channels = input.tensor.shape.at(-1) ?? 0
    if (channels !== inside * groups) {
      const inGroups = groups === 1 ? "" : ` in ${groups} groups`
      throw new ShapeError(
        `${operation}: ${showShape(x.shape)} has ${channels} channels, the kernel ${showShape(w.shape)}${inGroups} takes ${inside * groups}`
      )
    }
    if (filters % groups !== 0)
      throw new ShapeError(
        `${operation}: ${groups} groups do not divide the ${filters} channels that the kernel ${showShape(w.shape)} gives`
      )
    const moves = movesOf(operation, n, kernel, options)
    const lengths = input.tensor.shape.slice(1, -1)
    const around = paddingOf(operation, options.padding, lengths, moves)
    const padded = padSpatial(input.tensor, around)
    const fits = moves.sizes.every(
      (size, i) => size > 0 && windowExtent(size, moves.dilations[i] ?? 1) <= (padded.shape[i + 1] ?? 0)
    )
    if (!fits)
      throw new ShapeError(
        `${operation}: a kernel of ${showSizes(moves.sizes)} does not fit in ${showShape(x.shape)}; use padding same`
      )
    const { strides, dilations } = moves
    const [y = x] = ops.conv([padded, kernel], { strides, dilations, groups })
    return input.back(withBias(operation, y, options.bias))
  }

const convolveTransposed =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, w: AnyTensor, options: ConvTransposeOptions = {}): AnyTensor => {
    checkTypes(operation, x, w)
    const { layout = "channelsLast" } = options
    const input = arrange(operation, x, n, layout)
    const kernel = arrangeKernel(operation, w, n, layout)
    const groups = groupsOf(operation, options.groups)
    const filters = kernel.shape.at(-1) ?? 0
    const channels = input.tensor.shape.at(-1) ?? 0
    if (channels !== filters)
      throw new ShapeError(
        `${operation}: ${showShape(x.shape)} has ${channels} channels, the kernel ${showShape(w.shape)} takes ${filters}`
      )
    if (filters % groups !== 0)
      throw new ShapeError(
        `${operation}: ${groups} groups do not divide the ${filters} channels that the kernel ${showShape(w.shape)} takes`
      )
    const { sizes, strides, dilations } = movesOf(operation, n, kernel, options)
    const more = perAxis(operation, "outputPadding", options.outputPadding, n, 0, 0)
    more.forEach((k, i) => {
      const most = Math.max(strides[i] ?? 1, dilations[i] ?? 1)
      if (k >= most)
        throw new ShapeError(
          `${operation}: outputPadding ${k} must be less than ${most}, the larger of stride and dilation`
        )
    })
    // All that the spread kernel reaches, and then what the padding of the convolution had added is cut off.
    const places = input.tensor.shape.slice(1, -1)
    const reached = places.map(
      (m, i) => (m - 1) * (strides[i] ?? 1) + windowExtent(sizes[i] ?? 1, dilations[i] ?? 1) + (more[i] ?? 0)
    )
    const same = options.padding === "same"
    const lengths = reached.map((length, i) => (same ? Math.max(length, (places[i] ?? 0) * (strides[i] ?? 1)) : length))
    const around = same
      ? lengths.map((length, i): readonly [number, number] => {
          const surplus = length - (places[i] ?? 0) * (strides[i] ?? 1)
          return [Math.floor(surplus / 2), Math.ceil(surplus / 2)]
        })
      : paddingOf(operation, options.padding, places, { sizes, strides, dilations })
    lengths.forEach((length, i) => {
      const [low, high] = around[i] ?? [0, 0]
      if (length < low + high)
        throw new ShapeError(
          `${operation}: padding ${low} and ${high} leave nothing of the ${length} places along spatial axis ${i}`
        )
    })
    const whole = transposedConv(ops, input.tensor, kernel, lengths, { strides, dilations, groups })
    const y = ops.slice(whole, {
      start: [0, ...around.map(([low]) => low), 0],
      limit: whole.shape.map((length, d) => length - (around[d - 1]?.[1] ?? 0)),
      step: whole.shape.map(() => 1)
    })
    return input.back(withBias(operation, y, options.bias))
  }

/** A convolution whose groups are the single channels, by a kernel `[spatial..., in, filters of each]`. */
const convolveDepthwise =
  (operation: string, n: SpatialRank) =>
  (x: AnyTensor, w: AnyTensor, options: ConvOptions = {}): AnyTensor => {
    checkTypes(operation, x, w)
    const { layout = "channelsLast" } = options
    const first = layout === "channelsFirst"
    if (w.shape.length !== n + 2) {
      const wanted = first ? `[in, filters, ${kernelNames[n]}]` : `[${kernelNames[n]}, in, filters]`
      throw new ShapeError(`${operation}: needs a kernel ${wanted}, got ${showShape(w.shape)}`)
    }
    const [inside = 0, each = 0] = first ? w.shape : w.shape.slice(n)
    const { tensor } = arrange(operation, x, n, layout)
    const channels = tensor.shape.at(-1) ?? 0
    if (channels !== inside)
      throw new ShapeError(
        `${operation}: ${showShape(x.shape)} has ${channels} channels, the kernel ${showShape(w.shape)} takes ${inside}`
      )
    const kernel = ops.reshape(
      w,
      first ? [inside * each, 1, ...w.shape.slice(2)] : [...w.shape.slice(0, n), 1, inside * each]
    )
    return convolve(operation, n)(x, kernel, { ...options, groups: inside })
  }

const conv = <Op extends string, N extends SpatialRank>(operation: Op, n: N): ConvolutionFace<"conv", Op, N> =>
  faceOfTwo(convolve(operation, n))

const transpose = <Op extends string, N extends SpatialRank>(
  operation: Op,
  n: N
): ConvolutionFace<"transpose", Op, N> => faceOfTwo(convolveTransposed(operation, n))

const depthwise = <Op extends string, N extends SpatialRank>(
  operation: Op,
  n: N
): ConvolutionFace<"depthwise", Op, N> => faceOfTwo(convolveDepthwise(operation, n))

/**
 * Convolution along one axis: `y[b, i, o] = sum_(k, c) x[b, i stride + k dilation, c] w[k, c, o]`, `[batch, length, in]`
 * by `[size, in, out]`. As in all frameworks the kernel is not turned round. Options and layouts: see `ConvOptions`.
 */
export const conv1d = conv("conv1d", 1)

/**
 * Convolution along two axes: `y[b, i, j, o] = sum_(k, l, c) x[b, i s + k d, j s + l d, c] w[k, l, c, o]`,
 * `[batch, height, width, in]` by `[height, width, in, out]`.
 *
 * ```ts
 * const x = T.ones([8, 28, 28, 1])
 * const y = T.conv2d(x, T.ones([3, 3, 1, 32]), { stride: 2, padding: "same" }) // [8, 14, 14, 32]
 * ```
 */
export const conv2d = conv("conv2d", 2)

/** Convolution along three axes: `[batch, depth, height, width, in]` by `[depth, height, width, in, out]`. */
export const conv3d = conv("conv3d", 3)

/**
 * The transpose of `conv1d` (sometimes called deconvolution): `y[b, j, o] = sum_(i stride + k dilation = j, c) x[b, i, c] w[k, o, c]`.
 * The kernel is that of the convolution it is the transpose of, `[size, out, in]` here, as in Keras, and `[in, out, size]`
 * channels first, as in PyTorch; with groups `out` counts the channels of one group. There are
 * `(n - 1) stride + (size - 1) dilation + 1 - padding + outputPadding` outputs; with padding "same" `n stride`.
 */
export const convTranspose1d = transpose("convTranspose1d", 1)

/** The transpose of `conv2d`; see `convTranspose1d`. */
export const convTranspose2d = transpose("convTranspose2d", 2)

/** The transpose of `conv3d`; see `convTranspose1d`. */
export const convTranspose3d = transpose("convTranspose3d", 3)

/**
 * Convolution of every channel alone, along one axis: channel `c filters + f` of the result is filter f of channel c.
 * The kernel is `[length, in, filters]`, as in Keras, and `[in, filters, length]` channels first.
 */
export const depthwiseConv1d = depthwise("depthwiseConv1d", 1)

/** Convolution of every channel alone, along two axes; see `depthwiseConv1d`. */
export const depthwiseConv2d = depthwise("depthwiseConv2d", 2)

/** Convolution of every channel alone, along three axes; see `depthwiseConv1d`. */
export const depthwiseConv3d = depthwise("depthwiseConv3d", 3)
