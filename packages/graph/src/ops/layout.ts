/** The same elements in another arrangement, and what the types know of it. */
import { normalizeAxis, sameShape } from "../axes.ts"
import type { FlattenedAxes } from "../axis-rules.ts"
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { face, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type {
  BroadcastToRule,
  Expanded,
  ExpectRule,
  Flattened,
  Permuted,
  ReshapeRule,
  Swapped
} from "../shape-rules.ts"
import type { Dim, Guard, Mutable, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"

/** A reshape that holds the new shape and waits for its operand. */
export interface ReshapeTo<To extends Shape> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<ReshapeRule<S, To>>): Tensor<Mutable<To>, D>
}

/** The same elements in row-major order under another shape; the sizes must multiply to the same number. */
export const reshape: {
  <const To extends ReadonlyArray<number>>(shape: To): ReshapeTo<To>
  <S extends Shape, D extends DType, const To extends ReadonlyArray<number>>(
    self: Tensor<S, D>,
    shape: To & Guard<ReshapeRule<S, To>>
  ): Tensor<Mutable<To>, D>
} = face(2, ops.reshape)

/** The axes that `flatten` merges: from the second to the last unless given. */
export interface FlattenOptions {
  readonly from?: number
  readonly to?: number
}

type From<O> = O extends { readonly from: infer A } ? A : 1
type To<O> = O extends { readonly to: infer B } ? B : -1

/** The shape with axes merged, or the sentence. */
export type FlattenRule<S extends Shape, O> = [From<O>, To<O>] extends [1, -1]
  ? Flattened<S>
  : FlattenedAxes<S, From<O>, To<O>>

/** A merge of axes that waits for its operand. */
export interface FlattenBy<O> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<FlattenRule<S, O>>): TensorOf<FlattenRule<S, O>, D>
}

/** What `flatten` gives: for a tensor its merge of axes, for options the function that does it. */
export type FlattenOf<X, O> = X extends Tensor<infer S, infer D> ? TensorOf<FlattenRule<S, O>, D> : FlattenBy<X>

/**
 * Axes merged into one: all after the first unless given, `[batch, 8, 8]` to `[batch, 64]`, or those from one to another,
 * `{ from: 0 }` for all. torch.flatten, whose `from` is 0 unless given. One signature serves all forms, so that a bare
 * `T.flatten` keeps its types in a pipe.
 */
export const flatten: {
  <const X extends AnyTensor | FlattenOptions, const O extends FlattenOptions = {}>(
    x: X & (X extends Tensor<infer S, DType> ? Guard<FlattenRule<S, O>> : unknown),
    options?: O
  ): FlattenOf<X, O>
} = faceWithOptions((x: AnyTensor, options: FlattenOptions = {}) => {
  const { shape } = x
  const [first, ...rest] = shape
  const { from = 1, to = -1 } = options
  if (from === 1 && to === -1) {
    if (first === undefined) throw new ShapeError("flatten: [] has no first dimension to keep")
    return ops.reshape(x, [first, sizeOf(rest)])
  }
  if (first === undefined) return ops.reshape(x, [1])
  const [start, end] = [normalizeAxis("flatten", shape, from), normalizeAxis("flatten", shape, to)]
  if (start > end) throw new ShapeError(`flatten: axis ${start} comes behind axis ${end}`)
  return ops.reshape(x, [...shape.slice(0, start), sizeOf(shape.slice(start, end + 1)), ...shape.slice(end + 1)])
})

/** A transposition that holds its permutation and waits for its operand. */
export interface TransposeBy<P extends ReadonlyArray<number>> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Permuted<S, P>>): TensorOf<Permuted<S, P>, D>
}

/** What `transpose` gives: for a tensor its transposition, for a permutation the function that applies it. */
export type Transposed<X, P> =
  X extends Tensor<infer S, infer D>
    ? TensorOf<P extends ReadonlyArray<number> ? Permuted<S, P> : Swapped<S>, D>
    : X extends ReadonlyArray<number>
      ? TransposeBy<X>
      : never
type SwapGuard<X, P> =
  P extends ReadonlyArray<number> ? unknown : X extends Tensor<infer S, DType> ? Guard<Swapped<S>> : unknown
type PermuteGuard<X, P> =
  X extends Tensor<infer S, DType> ? (P extends ReadonlyArray<number> ? Guard<Permuted<S, P>> : unknown) : unknown

/**
 * The last two dimensions exchanged, or all of them in the order of `permutation`. One signature serves all forms,
 * so that a bare `T.transpose` keeps its types in a pipe.
 */
export const transpose: {
  <const X extends AnyTensor | ReadonlyArray<number>, const P extends ReadonlyArray<number> | undefined = undefined>(
    x: X & SwapGuard<X, P>,
    permutation?: P & PermuteGuard<X, P>
  ): Transposed<X, P>
} = faceWithOptions((x: AnyTensor, permutation?: ReadonlyArray<number>) => {
  const n = x.shape.length
  if (permutation === undefined && n < 2) {
    throw new ShapeError(`transpose: ${showShape(x.shape)} has fewer than two dimensions`)
  }
  return ops.transpose(x, permutation ?? [...x.shape.keys()].slice(0, n - 2).concat(n - 1, n - 2))
})

/** An expansion that holds where the axis goes and waits for its operand. */
export interface ExpandAt<A extends number, L extends Dim> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Expanded<S, A, L>>): TensorOf<Expanded<S, A, L>, D>
}

/**
 * A new axis at `axis` (of the result), repeated `size` times and called `name` in the types; size 1 unless given.
 * `T.expand(x, 0)` makes `[64]` into `[1, 64]`. Giving a name says on purpose what broadcasting refuses.
 */
export const expand: {
  <const A extends number, const N extends number = 1, const L extends Dim = N>(
    axis: A,
    size?: N,
    name?: L
  ): ExpandAt<A, L>
  <S extends Shape, D extends DType, const A extends number, const N extends number = 1, const L extends Dim = N>(
    self: Tensor<S, D> & Guard<Expanded<S, A, L>>,
    axis: A,
    size?: N,
    name?: L
  ): TensorOf<Expanded<S, A, L>, D>
} = faceWithOptions((x: AnyTensor, axis: number, size = 1) => {
  const position = axis < 0 ? axis + x.shape.length + 1 : axis
  if (!Number.isInteger(axis) || position < 0 || position > x.shape.length) {
    throw new ShapeError(`expand: axis ${axis} does not exist after adding one to ${showShape(x.shape)}`)
  }
  const one = x.shape.toSpliced(position, 0, 1)
  return ops.broadcast(ops.reshape(x, one), one.with(position, size))
})

/** A repetition that holds the shape to reach and waits for its operand. */
export interface BroadcastBy<To extends Shape> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<BroadcastToRule<S, To>>): Tensor<Mutable<To>, D>
}

/** Repeats along dimensions of size 1 and new leading ones, to exactly this shape. */
export const broadcastTo: {
  <const To extends ReadonlyArray<number>>(shape: To): BroadcastBy<To>
  <S extends Shape, D extends DType, const To extends ReadonlyArray<number>>(
    self: Tensor<S, D>,
    shape: To & Guard<BroadcastToRule<S, To>>
  ): Tensor<Mutable<To>, D>
} = face(2, (x: AnyTensor, shape: ReadonlyArray<number>) => {
  const lead = shape.length - x.shape.length
  if (lead < 0 || x.shape.some((size, d) => size !== 1 && size !== shape[lead + d])) {
    throw new ShapeError(`broadcastTo: ${showShape(x.shape)} does not broadcast to ${showShape(shape)}`)
  }
  return ops.broadcast(x, shape)
})

/** Forgets the shape in the types, for functions generic over sizes; `expect` states it again. */
export const dyn = <D extends DType>(self: Tensor<Shape, D>): Tensor<Shape, D> => self

/** A statement that holds a shape and waits for the tensor it is about. */
export interface ExpectShape<To extends Shape> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<ExpectRule<S, To>>): Tensor<Mutable<To>, D>
}

/** States the shape of a tensor whose shape the types do not know; checked when built, symbols must agree with themselves. */
export const expect: {
  <const To extends Shape>(shape: To): ExpectShape<To>
  <S extends Shape, D extends DType, const To extends Shape>(
    self: Tensor<S, D>,
    shape: To & Guard<ExpectRule<S, To>>
  ): Tensor<Mutable<To>, D>
} = face(2, (x: AnyTensor, shape: Shape) => {
  const sizes = new Map<string, number>()
  x.shape.forEach((size, d) => {
    const symbol = shape[d]
    if (typeof symbol === "string" && !sizes.has(symbol)) sizes.set(symbol, size)
  })
  const expected = shape.map((dim) => (typeof dim === "string" ? (sizes.get(dim) ?? -1) : dim))
  if (!sameShape(expected, x.shape)) throw new ShapeError(`expect: ${showShape(x.shape)} is not ${showShape(shape)}`)
  return x
})
