/** Windows that move along axes, cut out and laid back. */
import { normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout, PaddingOption, PerAxis } from "../spatial-rules.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import type { FoldRule, OverlapRule, UnfoldRule, WindowsRule } from "../window-rules.ts"
import { countsOf, cutWindows, layWindows, showSizes, windowCount, windowExtent, type Windows } from "../windows.ts"
import { arrange, type Around, paddingOf, padSpatial, perAxis } from "./spatial.ts"

/** Options of windows along one axis. */
export interface WindowsOptions {
  /** The axis they move along; the last unless given. */
  readonly axis?: number
  /** How far they move; 1 unless given. */
  readonly stride?: number
  /** How far the neighbours in a window stand apart; 1 unless given. */
  readonly dilation?: number
}

/** Windows of a size that wait for their operand. */
export interface WindowsBy<Z extends number, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<WindowsRule<S, Z, O>>
  ): TensorOf<WindowsRule<S, Z, O>, D>
}

const along = (operation: string, axis: number, size: number, options: WindowsOptions): Windows => ({
  axes: [axis],
  sizes: perAxis(operation, "size", size, 1, 1),
  strides: perAxis(operation, "stride", options.stride, 1, 1),
  dilations: perAxis(operation, "dilation", options.dilation, 1, 1)
})

/**
 * All windows of `size` elements along an axis: `y[..., i, ..., k] = x[..., i stride + k dilation, ...]`, the elements of a
 * window along a new last axis. A view: no element is copied. PyTorch's `Tensor.unfold`.
 *
 * ```ts
 * const x = T.constant([1, 2, 3, 4, 5])
 * const y = T.windows(x, 3, { stride: 2 }) // 1 2 3 and 3 4 5
 * ```
 */
export const windows: {
  <const Z extends number, const O extends WindowsOptions = {}>(size: Z, options?: O): WindowsBy<Z, O>
  <S extends Shape, D extends DType, const Z extends number, const O extends WindowsOptions = {}>(
    self: Tensor<S, D> & Guard<WindowsRule<S, Z, O>>,
    size: Z,
    options?: O
  ): TensorOf<WindowsRule<S, Z, O>, D>
} = faceWithOptions((x: AnyTensor, size: number, options: WindowsOptions = {}) => {
  const axis = normalizeAxis("windows", x.shape, options.axis ?? -1)
  const at = along("windows", axis, size, options)
  const extent = windowExtent(size, at.dilations[0] ?? 1)
  if (extent > (x.shape[axis] ?? 0))
    throw new ShapeError(
      `windows: a window over ${extent} places does not fit in axis ${axis} of ${showShape(x.shape)}`
    )
  return cutWindows(ops, x, at)
})

/** Options of laying windows back along one axis. */
export interface OverlapAddOptions extends WindowsOptions {
  /** How long the axis becomes; just long enough for the last window unless given. */
  readonly length?: number
}

/** A laying back of windows that waits for them. */
export interface OverlapAddBy<O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"overlapAdd", "number", D, OverlapRule<S, O>>>
  ): TensorOf<OverlapRule<S, O>, D>
}

/**
 * Lays windows, whose elements stand along the last axis, back along an axis and adds up where they overlap:
 * `y[..., j, ...] = sum_(i stride + k dilation = j) x[..., i, ..., k]`. The transpose of `windows`.
 */
export const overlapAdd: {
  <const O extends OverlapAddOptions = {}>(options?: O): OverlapAddBy<O>
  <S extends Shape, D extends DType, const O extends OverlapAddOptions = {}>(
    self: Tensor<S, D> & Guard<Accepts<"overlapAdd", "number", D, OverlapRule<S, O>>>,
    options?: O
  ): TensorOf<OverlapRule<S, O>, D>
} = faceWithOptions((x: AnyTensor, options: OverlapAddOptions = {}) => {
  checkOperand("overlapAdd", "number", x)
  const outer = x.shape.slice(0, -1)
  const axis = normalizeAxis("overlapAdd", outer, options.axis ?? -1)
  const at = along("overlapAdd", axis, x.shape.at(-1) ?? 0, options)
  const [size = 1, stride = 1, dilation = 1] = [at.sizes[0], at.strides[0], at.dilations[0]]
  const count = outer[axis] ?? 0
  const length = options.length ?? Math.max(0, (count - 1) * stride + windowExtent(size, dilation))
  if (!Number.isInteger(length) || windowCount(length, size, stride, dilation) !== count)
    throw new ShapeError(
      `overlapAdd: ${length} places hold ${Math.max(0, windowCount(length, size, stride, dilation))} windows of ${size}, ${showShape(x.shape)} has ${count}`
    )
  return layWindows(ops, x, at, outer.with(axis, length))
})

/** Options of windows of a plane; a number stands for both axes. */
export interface UnfoldOptions {
  /** How far the windows move; 1 unless given. */
  readonly stride?: PerAxis
  /** Zeros around the plane. */
  readonly padding?: PaddingOption
  readonly dilation?: PerAxis
  readonly layout?: Layout
}

/** Windows of a plane as columns that wait for their operand. */
export interface UnfoldBy<Z, O> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<UnfoldRule<S, Z, O>>): TensorOf<UnfoldRule<S, Z, O>, D>
}

/** Columns laid back into a plane that wait for their operand. */
export interface FoldBy<To, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"fold", "number", D, FoldRule<S, To, O>>>
  ): TensorOf<FoldRule<S, To, O>, D>
}

const planeWindows = (operation: string, size: PerAxis, options: UnfoldOptions): Windows => ({
  axes: [1, 2],
  sizes: perAxis(operation, "size", size, 2, 1),
  strides: perAxis(operation, "stride", options.stride, 2, 1),
  dilations: perAxis(operation, "dilation", options.dilation, 2, 1)
})

const widened = (shape: ReadonlyArray<number>, around: ReadonlyArray<Around>): ReadonlyArray<number> =>
  shape.map((length, d) => length + (around[d - 1]?.[0] ?? 0) + (around[d - 1]?.[1] ?? 0))

/**
 * All windows of a plane, the numbers of each in one line (im2col). `[batch, h, w, c]` gives `[batch, windows, size * c]`,
 * the place in the window slower than the channel, as TensorFlow's `extract_patches`; channels first
 * `[batch, c, h, w]` gives `[batch, c * size, windows]`, the channel slower, as PyTorch's `unfold`. The windows are counted
 * row by row. Unlike a convolution this writes all windows out.
 */
export const unfold: {
  <const Z extends PerAxis, const O extends UnfoldOptions = {}>(size: Z, options?: O): UnfoldBy<Z, O>
  <S extends Shape, D extends DType, const Z extends PerAxis, const O extends UnfoldOptions = {}>(
    self: Tensor<S, D> & Guard<UnfoldRule<S, Z, O>>,
    size: Z,
    options?: O
  ): TensorOf<UnfoldRule<S, Z, O>, D>
} = faceWithOptions((x: AnyTensor, size: PerAxis, options: UnfoldOptions = {}) => {
  checkOperand("unfold", "any", x)
  const { tensor } = arrange("unfold", x, 2, options.layout)
  const at = planeWindows("unfold", size, options)
  const padded = padSpatial(tensor, paddingOf("unfold", options.padding, tensor.shape.slice(1, -1), at))
  at.sizes.forEach((k, i) => {
    if (windowExtent(k, at.dilations[i] ?? 1) > (padded.shape[i + 1] ?? 0))
      throw new ShapeError(
        `unfold: a window of ${showSizes(at.sizes)} does not fit in ${showShape(x.shape)}; use padding same`
      )
  })
  const cut = cutWindows(ops, padded, at)
  const [n = 0, rows = 0, columns = 0, c = 0] = cut.shape
  const numbers = c * sizeOf(at.sizes)
  const lead = x.shape.length === 4 ? [n] : []
  return options.layout === "channelsFirst"
    ? ops.reshape(ops.transpose(cut, [0, 3, 4, 5, 1, 2]), [...lead, numbers, rows * columns])
    : ops.reshape(ops.transpose(cut, [0, 1, 2, 4, 5, 3]), [...lead, rows * columns, numbers])
})

/**
 * Lays the columns of `unfold` back into a plane of `to` places and adds up where windows overlap (col2im): the transpose of
 * `unfold` with the same options. `[batch, windows, size * c]` gives `[batch, h, w, c]`.
 */
export const fold: {
  <const To extends PerAxis, const O extends UnfoldOptions = {}>(to: To, size: PerAxis, options?: O): FoldBy<To, O>
  <S extends Shape, D extends DType, const To extends PerAxis, const O extends UnfoldOptions = {}>(
    self: Tensor<S, D> & Guard<Accepts<"fold", "number", D, FoldRule<S, To, O>>>,
    to: To,
    size: PerAxis,
    options?: O
  ): TensorOf<FoldRule<S, To, O>, D>
} = faceWithOptions((x: AnyTensor, to: PerAxis, size: PerAxis, options: UnfoldOptions = {}) => {
  checkOperand("fold", "number", x)
  const first = options.layout === "channelsFirst"
  if (x.shape.length !== 3 && x.shape.length !== 2)
    throw new ShapeError(
      `fold: needs ${first ? "[batch, numbers, windows]" : "[batch, windows, numbers]"}, got ${showShape(x.shape)}`
    )
  const at = planeWindows("fold", size, options)
  const plane = perAxis("fold", "to", to, 2, 1)
  const around = paddingOf("fold", options.padding, plane, at)
  const batched = x.shape.length === 3 ? x : ops.reshape(x, [1, ...x.shape])
  const [n = 0, a = 0, b = 0] = batched.shape
  const [numbers, windowsThere] = first ? [a, b] : [b, a]
  const places = sizeOf(at.sizes)
  if (numbers % places !== 0)
    throw new ShapeError(
      `fold: ${showShape(x.shape)} has ${numbers} numbers in a column, no multiple of the window's ${places}`
    )
  const target = widened([n, ...plane, numbers / places], around)
  const [, rows = 0, columns = 0] = countsOf(target, at)
  if (rows < 1 || columns < 1 || rows * columns !== windowsThere)
    throw new ShapeError(
      `fold: ${showSizes(plane)} places hold ${Math.max(0, rows)}x${Math.max(0, columns)} windows of ${showSizes(at.sizes)}, ${showShape(x.shape)} has ${windowsThere}`
    )
  const c = numbers / places
  const cut = first
    ? ops.transpose(ops.reshape(batched, [n, c, ...at.sizes, rows, columns]), [0, 4, 5, 1, 2, 3])
    : ops.transpose(ops.reshape(batched, [n, rows, columns, ...at.sizes, c]), [0, 1, 2, 5, 3, 4])
  const whole = layWindows(ops, cut, at, target)
  const y = ops.slice(whole, {
    start: [0, ...around.map(([low]) => low), 0],
    limit: whole.shape.map((length, d) => length - (around[d - 1]?.[1] ?? 0)),
    step: whole.shape.map(() => 1)
  })
  const arranged = first ? ops.transpose(y, [0, 3, 1, 2]) : y
  return x.shape.length === 3 ? arranged : ops.reshape(arranged, arranged.shape.slice(1))
})
