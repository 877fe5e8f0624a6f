/** Axes moved, exchanged, dropped and made: views, all of them. */
import { normalizeAxes, normalizeAxis } from "../axes.ts"
import type { MovedAxis, Squeezed, SwappedAxes } from "../axis-rules.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Dim, Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"

/** An exchange of axes that waits for its operand. */
export interface SwapAxesBy<A extends number, B extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<SwappedAxes<"swapAxes", S, A, B>>
  ): TensorOf<SwappedAxes<"swapAxes", S, A, B>, D>
}

/** Two axes exchanged: numpy.swapaxes, torch.transpose with two dimensions. A view: no element moves. */
export const swapAxes: {
  <const A extends number, const B extends number>(a: A, b: B): SwapAxesBy<A, B>
  <S extends Shape, D extends DType, const A extends number, const B extends number>(
    self: Tensor<S, D> & Guard<SwappedAxes<"swapAxes", S, A, B>>,
    a: A,
    b: B
  ): TensorOf<SwappedAxes<"swapAxes", S, A, B>, D>
} = face(3, (x: AnyTensor, first: number, second: number) => {
  checkOperand("swapAxes", "any", x)
  const [a, b] = [normalizeAxis("swapAxes", x.shape, first), normalizeAxis("swapAxes", x.shape, second)]
  return ops.transpose(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d))
  )
})

type Axes = number | ReadonlyArray<number>

/** A move of axes that waits for its operand. */
export interface MoveAxisBy<A extends Axes, B extends Axes> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<MovedAxis<"moveAxis", S, A, B>>
  ): TensorOf<MovedAxis<"moveAxis", S, A, B>, D>
}

/**
 * Axes moved to other places, the others keeping their order: numpy.moveaxis, torch.movedim. One axis and one place, or a list
 * of each. A view: no element moves.
 *
 * ```ts
 * const y = T.moveAxis(T.ones([2, 3, 4]), 0, -1)                       // [3, 4, 2]
 * const z = T.moveAxis(T.ones([2, 3, 4]), [0, 1], [2, 0])              // [3, 4, 2]
 * ```
 */
export const moveAxis: {
  <const A extends Axes, const B extends Axes>(from: A, to: B): MoveAxisBy<A, B>
  <S extends Shape, D extends DType, const A extends Axes, const B extends Axes>(
    self: Tensor<S, D> & Guard<MovedAxis<"moveAxis", S, A, B>>,
    from: A,
    to: B
  ): TensorOf<MovedAxis<"moveAxis", S, A, B>, D>
} = face(3, (x: AnyTensor, from: Axes, to: Axes) => {
  checkOperand("moveAxis", "any", x)
  const lists = [from, to].map((axes) => (typeof axes === "number" ? [axes] : axes))
  for (const list of lists) normalizeAxes("moveAxis", x.shape, list)
  const [sources = [], places = []] = lists.map((list) => list.map((d) => normalizeAxis("moveAxis", x.shape, d)))
  if (sources.length !== places.length)
    throw new ShapeError(`moveAxis: ${sources.length} axes for ${places.length} places; give one place for each axis`)
  const others = x.shape.map((_, d) => d).filter((d) => !sources.includes(d))
  let next = 0
  return ops.transpose(
    x,
    x.shape.map((_, d) => {
      const moved = places.indexOf(d)
      return (moved < 0 ? others[next++] : sources[moved]) ?? 0
    })
  )
})

/** Which axes to drop: all of size 1 unless given. */
export interface SqueezeOptions<A> {
  readonly axis?: A
}

/** A squeeze that waits for its operand. */
export interface SqueezeBy<A> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Squeezed<"squeeze", S, A>>
  ): TensorOf<Squeezed<"squeeze", S, A>, D>
}

/**
 * The tensor without axes of size 1: all of them, or the given ones, which must be of size 1 (numpy.squeeze; torch.squeeze
 * lets others be). `T.expand(x, axis)` makes one. Throws a ShapeError when an axis is of another size.
 */
export const squeeze: {
  <const A extends Axes | undefined = undefined>(options?: SqueezeOptions<A>): SqueezeBy<A>
  <S extends Shape, D extends DType, const A extends Axes | undefined = undefined>(
    self: Tensor<S, D>,
    options?: SqueezeOptions<A> & Guard<Squeezed<"squeeze", S, A>>
  ): TensorOf<Squeezed<"squeeze", S, A>, D>
} = faceWithOptions((x: AnyTensor, options: SqueezeOptions<Axes | undefined> = {}) => {
  checkOperand("squeeze", "any", x)
  const { axis } = options
  if (axis === undefined)
    return ops.reshape(
      x,
      x.shape.filter((size) => size !== 1)
    )
  const named = typeof axis === "number" ? [axis] : axis
  const dropped = normalizeAxes("squeeze", x.shape, named)
  for (const given of named) {
    const size = x.shape[normalizeAxis("squeeze", x.shape, given)]
    if (size !== 1) throw new ShapeError(`squeeze: axis ${given} of ${showShape(x.shape)} has size ${size}, not 1`)
  }
  return ops.reshape(
    x,
    x.shape.filter((_, d) => !dropped.includes(d))
  )
})

/** The vector's sizes in order: the shape of a mesh by `"ij"`. */
export type MeshShape<X extends ReadonlyArray<AnyTensor>> = {
  -readonly [K in keyof X]: X[K] extends Tensor<readonly [infer N extends Dim], DType> ? N : number
}
type Cartesian<M> = M extends readonly [infer A, infer B, ...infer R] ? [B, A, ...R] : M

/** One coordinate of every point of a mesh, for each vector. */
export type Mesh<X extends ReadonlyArray<AnyTensor>, I> = {
  readonly [K in keyof X]: TensorOf<I extends "xy" ? Cartesian<MeshShape<X>> : MeshShape<X>, X[K]["dtype"]>
}

/** How the points of a mesh are ordered. */
export interface MeshOptions<I> {
  readonly indexing?: I
}

/**
 * The coordinates of all points of a mesh, one tensor for each vector. By `"ij"`, unless given, axis k belongs to vector k
 * (torch.meshgrid); by `"xy"` the first two axes are exchanged, as numpy.meshgrid does unless told otherwise. Views: no
 * element moves.
 *
 * ```ts
 * const [row, column] = T.meshgrid([T.iota(2), T.iota(3)])            // both [2, 3]
 * ```
 */
export const meshgrid = <const X extends ReadonlyArray<AnyTensor>, const I extends "ij" | "xy" = "ij">(
  vectors: X,
  options: MeshOptions<I> = {}
): Mesh<X, I> => {
  for (const x of vectors) {
    checkOperand("meshgrid", "any", x)
    checkSameDType("meshgrid", vectors[0]?.dtype ?? x.dtype, x.dtype)
    if (x.shape.length !== 1) throw new ShapeError(`meshgrid: ${showShape(x.shape)} is no vector`)
  }
  const order = vectors.map((_, k) => (options.indexing === "xy" && k < 2 && vectors.length > 1 ? 1 - k : k))
  const shape = order.map((k) => vectors[k]?.shape[0] ?? 0)
  const grids = vectors.map((x, k) =>
    ops.broadcast(
      ops.reshape(
        x,
        shape.map((size, d) => (order[d] === k ? size : 1))
      ),
      shape
    )
  )
  // One grid for each vector, whose shape the types compute from the vectors.
  return grids as ReadonlyArray<AnyTensor> as Mesh<X, I>
}
