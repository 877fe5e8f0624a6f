/** Tensors repeated: as a whole, and element by element. */
import { normalizeAxis } from "../axes.ts"
import type { DimAt, WithDim } from "../axis-rules.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Dim, Guard, Shape } from "../shape.ts"
import type { Product, Times } from "../size.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { of } from "../value.ts"

type Counts = ReadonlyArray<number>

/** The shape repeated so many times along each axis, aligned at the last one; sizes of new axes are the counts. */
export type Tiled<S extends Shape, R extends Counts> = number extends S["length"] | R["length"] ? Shape : TileFrom<S, R>
type TileFrom<S extends Shape, R extends Counts, Tail extends Shape = []> = S extends readonly [
  ...infer S1 extends Shape,
  infer N extends Dim
]
  ? R extends readonly [...infer R1 extends Counts, infer K extends number]
    ? TileFrom<S1, R1, [Times<N, K>, ...Tail]>
    : [...S, ...Tail]
  : [...R, ...Tail]

/** A repetition that waits for its operand. */
export interface TileBy<R extends Counts> {
  <S extends Shape, D extends DType>(self: Tensor<S, D>): TensorOf<Tiled<S, R>, D>
}

const checkCounts = (operation: string, counts: Counts): void => {
  if (counts.some((count) => !Number.isInteger(count) || count < 0))
    throw new ShapeError(`${operation}: ${showShape(counts)} are no counts: they are whole numbers, 0 or more`)
}

/**
 * The tensor repeated as a whole, so many times along each axis: numpy.tile, torch.tile, and torch's `Tensor.repeat`. The counts
 * are aligned at the last axis: further ones make new axes in front, axes without one are not repeated. To repeat each element
 * (numpy.repeat) use `T.repeatInterleave`.
 *
 * ```ts
 * const y = T.tile(T.constant([1, 2]), [2])                // [1, 2, 1, 2]
 * const z = T.tile(T.ones([2, 3]), [4, 1, 2])              // Tensor<[4, 2, 6]>
 * ```
 */
export const tile: {
  <const R extends Counts>(counts: R): TileBy<R>
  <S extends Shape, D extends DType, const R extends Counts>(self: Tensor<S, D>, counts: R): TensorOf<Tiled<S, R>, D>
} = face(2, (x: AnyTensor, counts: Counts) => {
  checkOperand("tile", "any", x)
  checkCounts("tile", counts)
  const rank = Math.max(x.shape.length, counts.length)
  const aligned = <A>(list: ReadonlyArray<A>, fill: A): ReadonlyArray<A> => [
    ...new Array<A>(rank - list.length).fill(fill),
    ...list
  ]
  const [shape, times] = [aligned(x.shape, 1), aligned(counts, 1)]
  const apart = ops.reshape(
    x,
    shape.flatMap((size) => [1, size])
  )
  const repeated = ops.broadcast(
    apart,
    shape.flatMap((size, d) => [times[d] ?? 1, size])
  )
  return ops.reshape(
    repeated,
    shape.map((size, d) => size * (times[d] ?? 1))
  )
})

/** Along which axis elements are repeated; without one the tensor is flat. */
export interface RepeatOptions<A> {
  readonly axis?: A
}

type Total<N extends Dim, R> = R extends number ? Times<N, R> : number

/** The shape with each element repeated along an axis, or the sentence. */
export type Interleaved<S extends Shape, R, A> = A extends undefined
  ? [number extends S["length"] ? number : Total<Product<S>, R>]
  : WithDim<"repeatInterleave", S, A, Total<DimAt<S, A>, R>>

/** A repetition of elements that waits for its operand. */
export interface InterleaveBy<R, A> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Interleaved<S, R, A>>
  ): TensorOf<Interleaved<S, R, A>, D>
}

/**
 * Each element (each part at one place of an axis) repeated, one count for all or a list with one for each: torch's
 * repeat_interleave and numpy.repeat. Without an axis the tensor is taken flat.
 *
 * ```ts
 * const y = T.repeatInterleave(T.constant([1, 2]), 3)                                    // [1, 1, 1, 2, 2, 2]
 * const z = T.repeatInterleave(T.constant([[1], [2]]), [2, 1], { axis: 0 })              // [[1], [1], [2]]
 * ```
 *
 * Throws a ShapeError when a list does not have one count for each place.
 */
export const repeatInterleave: {
  <const R extends number | Counts, const A extends number | undefined = undefined>(
    counts: R,
    options?: RepeatOptions<A>
  ): InterleaveBy<R, A>
  <S extends Shape, D extends DType, const R extends number | Counts, const A extends number | undefined = undefined>(
    self: Tensor<S, D>,
    counts: R,
    options?: RepeatOptions<A> & Guard<Interleaved<S, R, A>>
  ): TensorOf<Interleaved<S, R, A>, D>
} = faceWithOptions((given: AnyTensor, counts: number | Counts, options: RepeatOptions<number | undefined> = {}) => {
  checkOperand("repeatInterleave", "any", given)
  const x = options.axis === undefined ? ops.reshape(given, [sizeOf(given.shape)]) : given
  const axis = normalizeAxis("repeatInterleave", x.shape, options.axis ?? 0)
  const size = x.shape[axis] ?? 0
  checkCounts("repeatInterleave", typeof counts === "number" ? [counts] : counts)
  if (typeof counts === "number") {
    const apart = ops.reshape(x, x.shape.toSpliced(axis + 1, 0, 1))
    return ops.reshape(ops.broadcast(apart, x.shape.toSpliced(axis + 1, 0, counts)), x.shape.with(axis, size * counts))
  }
  if (counts.length !== size)
    throw new ShapeError(
      `repeatInterleave: ${counts.length} counts for the ${size} places of axis ${axis} of ${showShape(x.shape)}`
    )
  const places = counts.flatMap((count, place) => new Array<number>(count).fill(place))
  if (places.length === 0) return ops.full(x.shape.with(axis, 0), 0, x.dtype)
  return ops.gather(x, ops.constant(of(Int32Array.from(places), [places.length], "i32")), axis)
})
