/** Indexing as NumPy does it: reading parts of a tensor, and tensors with parts written anew. */
import type { DType } from "../dtype.ts"
import { checkSameDType } from "../dtype.ts"
import { checkOperand, face, type SameDType } from "../face.ts"
import type { Fits, Index, Indexed } from "../indexing-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { planIndex, readIndex, writeIndex, type Writing } from "./index-plan.ts"

export type { Index } from "../indexing-rules.ts"

/** An index that waits for its operand. */
export interface AtBy<I extends ReadonlyArray<Index>> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Indexed<"at", S, I>>): TensorOf<Indexed<"at", S, I>, D>
}

/**
 * The part of a tensor that an index names, as NumPy's `x[...]`: one entry per axis, and axes that are not named stay whole.
 *
 * ```ts
 * const x = T.ones([4, 5, 6])
 * const row = T.at(x, [1])                                             // Tensor<[5, 6]>: a whole number takes one element
 * const part = T.at(x, [{ start: 1 }, "...", { step: -1 }])            // Tensor<[3, 5, 6]>: cuts, all axes between, backwards
 * const column = T.at(x, [{}, null, -1])                               // Tensor<[4, 1, 6]>: null is a new axis
 * const some = T.at(x, [T.constant([0, 3], "i32"), [1, 2]])            // Tensor<[2, 6]>: x[0, 1] and x[3, 2]
 * ```
 *
 * Whole numbers, cuts and new axes make a view: no element moves. Index tensors (i32) and lists of whole numbers take
 * elements by their places: their shapes are broadcast together and stand where the first of them stands, or in front when
 * other entries separate them; beside them whole numbers count as such, too (NumPy's advanced indexing).
 *
 * Negative indices count from the back. An index that is known to be out of range, being a literal or in a constant, throws
 * a ShapeError; one that is computed takes the nearest place. Where places repeat, their derivatives are added.
 */
export const at: {
  <const I extends ReadonlyArray<Index>>(index: I): AtBy<I>
  <S extends Shape, D extends DType, const I extends ReadonlyArray<Index>>(
    self: Tensor<S, D>,
    index: I & Guard<Indexed<"at", S, I>>
  ): TensorOf<Indexed<"at", S, I>, D>
} = face(2, (x: AnyTensor, index: ReadonlyArray<Index>) => {
  checkOperand("at", "any", x)
  return readIndex(x, planIndex("at", x.shape, index))
})

type ShapeOf<V> = V extends Tensor<infer B, DType> ? B : []
type DTypeOf<V, D extends DType> = V extends Tensor<Shape, infer E> ? E : D

/** `unknown` when a value can be written where an index reads, or the sentence. */
export type WriteRule<Op extends string, S extends Shape, D extends DType, I extends ReadonlyArray<Index>, V> = Guard<
  SameDType<Op, D, DTypeOf<V, D>, Fits<Op, ShapeOf<V>, Indexed<Op, S, I>>>
>

/** A writing that holds the index and the value and waits for its operand. */
export interface WriteAt<Op extends string, I extends ReadonlyArray<Index>, V> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & WriteRule<Op, S, D, I, V>): Tensor<S, D>
}

/** Functions that give a tensor with values written where an index reads. */
export interface Write<Op extends string> {
  <const I extends ReadonlyArray<Index>, const V extends AnyTensor | number>(index: I, value: V): WriteAt<Op, I, V>
  <S extends Shape, D extends DType, const I extends ReadonlyArray<Index>, const V extends AnyTensor | number>(
    self: Tensor<S, D>,
    index: I & Guard<Indexed<Op, S, I>>,
    value: V & WriteRule<Op, S, D, I, V>
  ): Tensor<S, D>
}

const write = <Op extends string>(operation: Op, domain: "any" | "number", writing: Writing): Write<Op> =>
  face(3, (x: AnyTensor, index: ReadonlyArray<Index>, value: AnyTensor | number) => {
    checkOperand(operation, domain, x)
    if (isTensor(value)) checkSameDType(operation, x.dtype, value.dtype)
    return writeIndex(operation, x, planIndex(operation, x.shape, index), value, writing)
  })

/**
 * The tensor with a value written where an index reads: NumPy's `x[index] = value` as an expression, JAX's
 * `x.at[index].set(value)`. The index is that of `T.at`; the value is a number or broadcasts to what `T.at` gives.
 *
 * ```ts
 * const x = T.zeros([3, 4])
 * const y = T.set(x, [1, { start: 2 }], 7)        // 7 in the last two elements of the second row
 * ```
 *
 * Of several values for one place the last stays, in row-major order of the places, and it alone has a derivative; the
 * tensor has none there. A computed index out of range writes the nearest place.
 */
export const set: Write<"set"> = write("set", "any", "set")

/**
 * The tensor with a value added where an index reads: JAX's `x.at[index].add(value)`. The index is that of `T.at`; the value
 * is a number or broadcasts to what `T.at` gives. Several values for one place are all added, in row-major order of the
 * places; a computed index out of range adds to the nearest place.
 */
export const addAt: Write<"addAt"> = write("addAt", "number", "add")
