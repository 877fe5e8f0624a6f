/** Reading and writing element by element at indices along an axis: every other coordinate is that of the index itself. */
import { normalizeAxis } from "../axes.ts"
import type { CommonBeside, WithinBeside } from "../axis-rules.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, type AxisOption, checkOperand, faceOfTwo, faceWhen, type SameDType } from "../face.ts"
import type { IndexType } from "../indexing-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { elementsAlong, positionsAlong } from "./elements.ts"
import { checkIndices, checkIndexType } from "./places.ts"

type Sizes = ReadonlyArray<number>

const checkRanks = (operation: string, shape: Sizes, indices: Sizes): void => {
  if (shape.length !== indices.length)
    throw new ShapeError(`${operation}: ${showShape(shape)} and indices ${showShape(indices)} have different ranks`)
}

/** A reading along an axis that holds the indices and waits for its operand. */
export interface TakeAlongBy<N extends Shape, E extends DType, A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<IndexType<"takeAlongAxis", E, CommonBeside<"takeAlongAxis", S, N, A>>>
  ): TensorOf<CommonBeside<"takeAlongAxis", S, N, A>, D>
}

/**
 * Elements at indices along an axis, the last unless given: for axis 1 of a matrix `y[i, j] = x[i, n[i, j]]`. Beside the axis
 * the two shapes are broadcast. This is numpy.take_along_axis and torch.take_along_dim; with `T.argsort` it sorts.
 *
 * ```ts
 * const x = T.constant([[10, 30, 20], [3, 1, 2]])
 * const y = T.takeAlongAxis(x, T.argsort(x))            // [[10, 20, 30], [1, 2, 3]]
 * ```
 *
 * Negative indices count from the back. An index out of range throws a ShapeError when it is a constant; a computed one takes
 * the nearest element. Where indices repeat, their derivatives are added.
 */
export const takeAlongAxis: {
  <N extends Shape, E extends DType, const A extends number = -1>(
    indices: Tensor<N, E>,
    options?: AxisOption<A>
  ): TakeAlongBy<N, E, A>
  <S extends Shape, D extends DType, N extends Shape, E extends DType, const A extends number = -1>(
    self: Tensor<S, D>,
    indices: Tensor<N, E> & Guard<IndexType<"takeAlongAxis", E, CommonBeside<"takeAlongAxis", S, N, A>>>,
    options?: AxisOption<A>
  ): TensorOf<CommonBeside<"takeAlongAxis", S, N, A>, D>
} = faceOfTwo((x: AnyTensor, indices: AnyTensor, options: AxisOption = {}) => {
  const operation = "takeAlongAxis"
  checkOperand(operation, "any", x)
  checkIndexType(operation, indices)
  checkRanks(operation, x.shape, indices.shape)
  const axis = normalizeAxis(operation, x.shape, options.axis ?? -1)
  const shape = indices.shape.map((n, d) => {
    const m = x.shape[d] ?? 1
    if (d !== axis && n !== m && n !== 1 && m !== 1)
      throw new ShapeError(
        `${operation}: ${showShape(x.shape)} and indices ${showShape(indices.shape)} do not broadcast beside axis ${options.axis ?? -1}`
      )
    return d === axis ? n : n === 1 ? m : n
  })
  checkIndices(operation, indices, axis, x.shape)
  return elementsAlong(x, ops.broadcast(indices, shape), axis)
})

/** Throws unless indices of the tensor's rank are not larger than it beside the axis. */
const checkWithin = (operation: string, x: AnyTensor, indices: AnyTensor, given: number): number => {
  checkIndexType(operation, indices)
  checkRanks(operation, x.shape, indices.shape)
  const axis = normalizeAxis(operation, x.shape, given)
  if (indices.shape.some((n, d) => d !== axis && n > (x.shape[d] ?? 0)))
    throw new ShapeError(
      `${operation}: indices ${showShape(indices.shape)} are larger than ${showShape(x.shape)} beside axis ${given}`
    )
  if (sizeOf(indices.shape) > 0) checkIndices(operation, indices, axis, x.shape)
  return axis
}

/** A gathering that holds the indices and waits for its operand. */
export interface GatherBy<N extends Shape, E extends DType, A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<IndexType<"gather", E, WithinBeside<"gather", S, N, A, N>>>
  ): TensorOf<WithinBeside<"gather", S, N, A, N>, D>
}

/**
 * Elements at indices along an axis, the last unless given, of the shape of the indices: for axis 1 of a matrix
 * `y[i, j] = x[i, n[i, j]]`. Beside the axis indices may be smaller than the tensor, and nothing is broadcast: torch.gather.
 *
 * ```ts
 * const y = T.gather(T.constant([[1, 2], [3, 4]]), T.constant([[1, 0, 1]], "i32"))     // [[2, 1, 2]]
 * ```
 *
 * Negative indices count from the back. An index out of range throws a ShapeError when it is a constant; a computed one takes
 * the nearest element. Where indices repeat, their derivatives are added.
 */
export const gather: {
  <N extends Shape, E extends DType, const A extends number = -1>(
    indices: Tensor<N, E>,
    options?: AxisOption<A>
  ): GatherBy<N, E, A>
  <S extends Shape, D extends DType, N extends Shape, E extends DType, const A extends number = -1>(
    self: Tensor<S, D>,
    indices: Tensor<N, E> & Guard<IndexType<"gather", E, WithinBeside<"gather", S, N, A, N>>>,
    options?: AxisOption<A>
  ): TensorOf<WithinBeside<"gather", S, N, A, N>, D>
} = faceOfTwo((x: AnyTensor, indices: AnyTensor, options: AxisOption = {}) => {
  checkOperand("gather", "any", x)
  const axis = checkWithin("gather", x, indices, options.axis ?? -1)
  return elementsAlong(x, indices, axis)
})

type UpdatesType<Op extends string, D extends DType, U, R> =
  U extends Tensor<Shape, infer E> ? SameDType<Op, D, E, R> : R
type Covers<Op extends string, N extends Shape, U> =
  U extends Tensor<infer B, DType>
    ? number extends N["length"] | B["length"]
      ? unknown
      : [N["length"]] extends [B["length"]]
        ? unknown
        : Mismatch<`${Op}: updates and indices have different ranks`>
    : unknown

/** `unknown` when updates can be written at indices along an axis, or the sentence. */
export type ScatterRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  N extends Shape,
  E extends DType,
  A extends number,
  U
> = Guard<
  Accepts<
    Op,
    Op extends "scatterAdd" ? "number" : "any",
    D,
    UpdatesType<Op, D, U, IndexType<Op, E, WithinBeside<Op, S, N, A, Covers<Op, N, U>>>>
  >
>

/** A scattering that holds indices and updates and waits for its operand. */
export interface ScatterBy<Op extends string, N extends Shape, E extends DType, A extends number, U> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & ScatterRule<Op, S, D, N, E, A, U>): Tensor<S, D>
}

/** Functions that write updates at indices along an axis. */
export interface Scatter<Op extends string> {
  <N extends Shape, E extends DType, const U extends AnyTensor | number, const A extends number = -1>(
    indices: Tensor<N, E>,
    updates: U,
    options?: AxisOption<A>
  ): ScatterBy<Op, N, E, A, U>
  <
    S extends Shape,
    D extends DType,
    N extends Shape,
    E extends DType,
    const U extends AnyTensor | number,
    const A extends number = -1
  >(
    self: Tensor<S, D>,
    indices: Tensor<N, E>,
    updates: U & ScatterRule<Op, S, D, N, E, A, U>,
    options?: AxisOption<A>
  ): Tensor<S, D>
}

const scattering = <Op extends "scatter" | "scatterAdd">(operation: Op): Scatter<Op> =>
  faceWhen(
    (operands) => isTensor(operands[2]) || typeof operands[2] === "number",
    (x: AnyTensor, indices: AnyTensor, updates: AnyTensor | number, options: AxisOption = {}) => {
      checkOperand(operation, operation === "scatter" ? "any" : "number", x)
      if (isTensor(updates)) {
        checkSameDType(operation, x.dtype, updates.dtype)
        checkIndexType(operation, indices)
        checkRanks(operation, x.shape, indices.shape)
        if (updates.shape.length !== indices.shape.length)
          throw new ShapeError(`${operation}: updates and indices have different ranks`)
        if (updates.shape.some((n, d) => n < (indices.shape[d] ?? 0)))
          throw new ShapeError(
            `${operation}: updates ${showShape(updates.shape)} are smaller than indices ${showShape(indices.shape)}`
          )
      }
      const axis = checkWithin(operation, x, indices, options.axis ?? -1)
      const count = sizeOf(indices.shape)
      if (count === 0) return x
      const given = isTensor(updates)
        ? ops.slice(updates, {
            start: indices.shape.map(() => 0),
            limit: indices.shape,
            step: indices.shape.map(() => 1)
          })
        : ops.full(indices.shape, updates, x.dtype)
      const flat = ops.reshape(x, [sizeOf(x.shape)])
      const at = ops.reshape(positionsAlong(x.shape, indices, axis), [count])
      const values = ops.reshape(given, [count])
      const [written = flat] =
        operation === "scatter" ? ops.scatter([flat, at, values], { axis: 0 }) : [ops.scatterAdd(flat, at, values, 0)]
      return ops.reshape(written, x.shape)
    }
  )

/**
 * The tensor with elements written at indices along an axis, the last unless given: for axis 1 of a matrix
 * `y = x; y[i, n[i, j]] = u[i, j]`. Updates are a number or a tensor of the rank of the indices, of which the part that the
 * indices cover is written: torch.scatter.
 *
 * Of several updates for one element the last in row-major order stays, and it alone has a derivative. Negative indices count
 * from the back. An index out of range throws a ShapeError when it is a constant; a computed one writes the nearest element.
 */
export const scatter: Scatter<"scatter"> = scattering("scatter")

/**
 * The tensor with elements added at indices along an axis, the last unless given: for axis 1 of a matrix
 * `y = x; y[i, n[i, j]] += u[i, j]`, in row-major order of the indices. Updates are a number or a tensor of the rank of the
 * indices, of which the part that the indices cover is added: torch.scatter_add.
 *
 * Negative indices count from the back. An index out of range throws a ShapeError when it is a constant; a computed one adds
 * to the nearest element.
 */
export const scatterAdd: Scatter<"scatterAdd"> = scattering("scatterAdd")
