/** Tensors in parts along an axis: views, all of them. */
import { normalizeAxis } from "../axes.ts"
import type { DimAt, Dropped, WithDim } from "../axis-rules.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type AxisOption, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AxisOf } from "../shape-rules.ts"
import type { Guard, IsSize, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"

type Sizes = ReadonlyArray<number>

/** The parts of the given sizes along an axis. */
const partsOf = (x: AnyTensor, sizes: Sizes, axis: number): ReadonlyArray<AnyTensor> => {
  let at = 0
  return sizes.map((size) => {
    const from = at
    at += size
    return ops.slice(x, {
      start: x.shape.map((_, d) => (d === axis ? from : 0)),
      limit: x.shape.map((n, d) => (d === axis ? at : n)),
      step: x.shape.map(() => 1)
    })
  })
}

/** Parts of one size, the last perhaps smaller; of an axis of size 0 one part of size 0. */
const equalSizes = (total: number, size: number): Sizes =>
  total === 0 ? [0] : Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size))

/** The parts of a tensor: one for each size when they are listed. */
export type Parts<Op extends string, S extends Shape, D extends DType, Z, A> =
  Z extends ReadonlyArray<number>
    ? { readonly [K in keyof Z]: TensorOf<WithDim<Op, S, A, Z[K] & number>, D> }
    : ReadonlyArray<TensorOf<WithDim<Op, S, A, number>, D>>

/** A division that waits for its operand. */
export interface SplitBy<Z, A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<AxisOf<"split", S, A, unknown>>
  ): Parts<"split", S, D, Z, A>
}

/**
 * The tensor in parts along an axis, the first unless given: of the listed sizes, which add up to that of the axis, or of one
 * size, the last part being smaller when it does not divide the axis. torch.split. Throws a ShapeError when the sizes do not
 * add up.
 *
 * ```ts
 * const [a, b] = T.split(T.ones([5, 4]), [3, 2])                        // Tensor<[3, 4]>, Tensor<[2, 4]>
 * const parts = T.split(T.ones([5, 4]), 2, { axis: 1 })                 // two of [5, 2]
 * ```
 */
export const split: {
  <const Z extends number | Sizes, const A extends number = 0>(sizes: Z, options?: AxisOption<A>): SplitBy<Z, A>
  <S extends Shape, D extends DType, const Z extends number | Sizes, const A extends number = 0>(
    self: Tensor<S, D>,
    sizes: Z,
    options?: AxisOption<A> & Guard<AxisOf<"split", S, A, unknown>>
  ): Parts<"split", S, D, Z, A>
} = faceWithOptions((x: AnyTensor, sizes: number | Sizes, options: AxisOption = {}) => {
  checkOperand("split", "any", x)
  const axis = normalizeAxis("split", x.shape, options.axis ?? 0)
  const total = x.shape[axis] ?? 0
  const least = typeof sizes === "number" ? 1 : 0
  const listed = typeof sizes === "number" ? [sizes] : sizes
  if (listed.some((size) => !Number.isInteger(size) || size < least))
    throw new ShapeError(`split: ${showShape(listed)}: parts have sizes that are whole numbers, ${least} or more`)
  if (typeof sizes === "number") return partsOf(x, equalSizes(total, sizes), axis)
  const sum = sizes.reduce((a, b) => a + b, 0)
  if (sum !== total)
    throw new ShapeError(
      `split: ${showShape(sizes)} add up to ${sum}, axis ${axis} of ${showShape(x.shape)} has ${total}`
    )
  return partsOf(x, sizes, axis)
})

/** A division into a number of parts that waits for its operand. */
export interface ChunkBy<A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<AxisOf<"chunk", S, A, unknown>>
  ): Parts<"chunk", S, D, number, A>
}

/**
 * The tensor in at most `count` parts along an axis, the first unless given: all of size `ceil(n / count)` but perhaps the last,
 * so there may be fewer parts than asked for. torch.chunk.
 */
export const chunk: {
  <const A extends number = 0>(count: number, options?: AxisOption<A>): ChunkBy<A>
  <S extends Shape, D extends DType, const A extends number = 0>(
    self: Tensor<S, D>,
    count: number,
    options?: AxisOption<A> & Guard<AxisOf<"chunk", S, A, unknown>>
  ): Parts<"chunk", S, D, number, A>
} = faceWithOptions((x: AnyTensor, count: number, options: AxisOption = {}) => {
  checkOperand("chunk", "any", x)
  const axis = normalizeAxis("chunk", x.shape, options.axis ?? 0)
  if (!Number.isInteger(count) || count < 1)
    throw new ShapeError(`chunk: the number of parts is a whole number, 1 or more; it is ${count}`)
  const total = x.shape[axis] ?? 0
  return partsOf(x, total === 0 ? new Array<number>(count).fill(0) : equalSizes(total, Math.ceil(total / count)), axis)
})

/** The parts at each place of an axis, which is dropped; as many as the axis is long, when that is known. */
export type Unstacked<S extends Shape, D extends DType, A> =
  IsSize<DimAt<S, A>> extends true
    ? Repeated<DimAt<S, A> & number, TensorOf<Dropped<"unstack", S, A>, D>>
    : ReadonlyArray<TensorOf<Dropped<"unstack", S, A>, D>>
/** A tuple of up to 64 equal members; longer ones are arrays. */
type Repeated<N extends number, X, Out extends ReadonlyArray<X> = readonly []> = Out["length"] extends N
  ? Out
  : Out["length"] extends 64
    ? ReadonlyArray<X>
    : Repeated<N, X, readonly [...Out, X]>

/** A division into single places that waits for its operand. */
export interface UnstackBy<A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<AxisOf<"unstack", S, A, unknown>>): Unstacked<S, D, A>
}

/**
 * The parts at each place of an axis, the first unless given, which is dropped: the inverse of `T.stack`, torch.unbind.
 *
 * ```ts
 * const [x, y] = T.unstack(T.ones([2, 3]))              // both Tensor<[3]>
 * ```
 */
export const unstack: {
  <const A extends number = 0>(options?: AxisOption<A>): UnstackBy<A>
  <S extends Shape, D extends DType, const A extends number = 0>(
    self: Tensor<S, D>,
    options?: AxisOption<A> & Guard<AxisOf<"unstack", S, A, unknown>>
  ): Unstacked<S, D, A>
} = faceWithOptions((x: AnyTensor, options: AxisOption = {}) => {
  checkOperand("unstack", "any", x)
  const axis = normalizeAxis("unstack", x.shape, options.axis ?? 0)
  const rest = x.shape.toSpliced(axis, 1)
  return partsOf(x, new Array<number>(x.shape[axis] ?? 0).fill(1), axis).map((part) => ops.reshape(part, rest))
})
