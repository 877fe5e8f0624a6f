/** Places of values, counted and found. */
import { sameShape } from "../axes.ts"
import { checkSameDType, type DType, isFloat } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceOfTwo, faceWithOptions, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Dim, Guard, Mismatch, SameShape, Shape, Show } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { elementsAlong } from "./elements.ts"

/** On which side of equal elements a value is placed. */
export interface SearchOptions {
  readonly side?: "left" | "right"
}

/** The shape of the values when they can be searched for, or the sentence. */
export type SearchRule<S extends Shape, D extends DType, V extends Shape, E extends DType> = Accepts<
  "searchSorted",
  "number",
  D,
  SameDType<"searchSorted", D, E, SearchShapes<S, V>>
>
type SearchShapes<S extends Shape, V extends Shape> = S extends readonly []
  ? Mismatch<"searchSorted: [] has no axis to search along">
  : number extends S["length"] | V["length"]
    ? V
    : S extends readonly [Dim]
      ? V
      : S extends readonly [...infer L extends Shape, Dim]
        ? V extends readonly [...infer M extends Shape, Dim]
          ? SameShape<L, M> extends true
            ? V
            : Mismatch<`searchSorted: values ${Show<V>} and rows ${Show<S>} differ before the last axis`>
          : Mismatch<`searchSorted: values ${Show<V>} and rows ${Show<S>} differ before the last axis`>
        : V

/** Values that wait for the sorted elements. */
export interface SearchBy<V extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<SearchRule<S, D, V, E>>
  ): TensorOf<SearchRule<S, D, V, E>, "i32">
}

/** Whether a stands before b in the order of sorting: NaN is greater than every number. */
const stands = (a: AnyTensor, b: AnyTensor): AnyTensor =>
  isFloat(a.dtype) ? ops.or(ops.lt(a, b), ops.and(ops.eq(a, a), ops.not(ops.eq(b, b)))) : ops.lt(a, b)

/**
 * Where values belong among sorted elements, as i32: the number of elements that are smaller (`side: "left"`, unless given) or
 * not greater (`"right"`), so that writing the value there keeps the order. numpy.searchsorted, torch.searchsorted; the sorted
 * elements are a vector, or rows with one row of values each.
 *
 * ```ts
 * const y = T.searchSorted(T.constant([10, 20, 30]), T.constant([15, 20]))           // [1, 1]
 * ```
 *
 * By bisection. The elements must be in ascending order, NaN last; what the places are otherwise is not said, but they lie in 0
 * to n. It has no derivative.
 */
export const searchSorted: {
  <V extends Shape, E extends DType>(values: Tensor<V, E>, options?: SearchOptions): SearchBy<V, E>
  <S extends Shape, D extends DType, V extends Shape, E extends DType>(
    self: Tensor<S, D>,
    values: Tensor<V, E> & Guard<SearchRule<S, D, V, E>>,
    options?: SearchOptions
  ): TensorOf<SearchRule<S, D, V, E>, "i32">
} = faceOfTwo((sorted: AnyTensor, values: AnyTensor, { side = "left" }: SearchOptions = {}) => {
  checkSameDType("searchSorted", sorted.dtype, values.dtype)
  checkOperand("searchSorted", "number", sorted)
  const n = sorted.shape.at(-1)
  if (n === undefined) throw new ShapeError("searchSorted: [] has no axis to search along")
  const axis = sorted.shape.length - 1
  if (axis > 0 && !sameShape(sorted.shape.slice(0, -1), values.shape.slice(0, -1)))
    throw new ShapeError(
      `searchSorted: values ${showShape(values.shape)} and rows ${showShape(sorted.shape)} differ before the last axis`
    )
  const read = (place: AnyTensor): AnyTensor =>
    axis === 0 ? ops.gather(sorted, place, 0) : elementsAlong(sorted, place, axis)
  let [low, high] = [ops.full(values.shape, 0, "i32"), ops.full(values.shape, n, "i32")]
  // Each step halves what is left of n + 1 places.
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    const middle = ops.shiftRight(ops.add(low, high), 1)
    const element = read(ops.min(middle, n - 1))
    const behind = side === "left" ? stands(element, values) : ops.not(stands(values, element))
    const open = ops.lt(low, high)
    low = ops.select(ops.and(open, behind), ops.add(middle, 1), low)
    high = ops.select(ops.and(open, ops.not(behind)), middle, high)
  }
  return low
})

/** Options of counting: what each index counts for, 1 unless given. */
export interface BincountOptions<W> {
  readonly weights?: W
}

type Weight<W> = W extends Tensor<Shape, infer D> ? D : "i32"
type IndicesRule<Op extends string, E extends DType> = DType extends E
  ? unknown
  : [E] extends ["i32"]
    ? unknown
    : Mismatch<`${Op}: indices must be i32, they are ${E}; use T.cast`>

/** A count that waits for its indices. */
export interface BincountOf<L extends number, W> {
  <S extends Shape, E extends DType>(self: Tensor<S, E> & Guard<IndicesRule<"bincount", E>>): Tensor<[L], Weight<W>>
}

/**
 * How often each of the numbers 0 to `length - 1` occurs, as i32, or the sum of the weights of its occurrences. numpy.bincount,
 * torch.bincount, but the length is stated. Numbers outside are not counted.
 *
 * ```ts
 * const y = T.bincount(T.constant([1, 3, 1], "i32"), 4)                                                   // [0, 2, 0, 1]
 * const z = T.bincount(T.constant([1, 3, 1], "i32"), 4, { weights: T.constant([0.5, 2, 1]) })             // [0, 1.5, 0, 2]
 * ```
 *
 * The derivative with respect to a weight is that of the sum it belongs to.
 */
export const bincount: {
  <const L extends number, W extends AnyTensor | undefined = undefined>(
    length: L,
    options?: BincountOptions<W>
  ): BincountOf<L, W>
  <S extends Shape, E extends DType, const L extends number, W extends AnyTensor | undefined = undefined>(
    self: Tensor<S, E> & Guard<IndicesRule<"bincount", E>>,
    length: L,
    options?: BincountOptions<W>
  ): Tensor<[L], Weight<W>>
} = faceWithOptions((x: AnyTensor, length: number, { weights }: BincountOptions<AnyTensor | undefined> = {}) => {
  checkOperand("bincount", "any", x)
  if (x.dtype !== "i32") throw new DTypeError(`bincount: indices must be i32, they are ${x.dtype}; use T.cast`)
  if (!Number.isInteger(length) || length < 0)
    throw new ShapeError(`bincount: the length is a whole number, 0 or more; it is ${length}`)
  if (weights !== undefined) {
    checkOperand("bincount", "number", weights)
    if (!sameShape(weights.shape, x.shape))
      throw new ShapeError(
        `bincount: weights ${showShape(weights.shape)} for indices ${showShape(x.shape)}; there is one for each`
      )
  }
  const counted = weights ?? ops.full(x.shape, 1, "i32")
  const zeros = ops.full([length], 0, counted.dtype)
  if (length === 0 || sizeOf(x.shape) === 0) return zeros
  const inside = ops.and(ops.le(ops.full(x.shape, 0, "i32"), x), ops.lt(x, length))
  // Numbers outside are added to the first place as nothing, whatever their weights.
  return ops.scatterAdd(zeros, ops.select(inside, x, 0), ops.select(inside, counted, 0), 0)
})

/** Options of finding places: what stands for places that there are not. */
export interface NonzeroOptions {
  readonly fill?: number
}

/** The number of axes of a tensor. */
export type RankOf<S extends Shape> = S["length"] extends infer R extends number ? R : number

/** A search for places that waits for its operand. */
export interface NonzeroOf<K extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D>): Tensor<[K, RankOf<S>], "i32">
}

/**
 * The coordinates of the first `size` elements that are not zero (that are true), in row-major order, a row for each, as i32:
 * torch.nonzero and numpy.argwhere with a number of rows that does not depend on the values, as in JAX. Rows for which there is
 * no element hold `fill`, 0 unless given. NaN is not zero. It has no derivative.
 *
 * ```ts
 * const y = T.nonzero(T.constant([[0, 7], [5, 0]]), 3, { fill: -1 })                 // [[0, 1], [1, 0], [-1, -1]]
 * ```
 */
export const nonzero: {
  <const K extends number>(size: K, options?: NonzeroOptions): NonzeroOf<K>
  <S extends Shape, D extends DType, const K extends number>(
    self: Tensor<S, D>,
    size: K,
    options?: NonzeroOptions
  ): Tensor<[K, RankOf<S>], "i32">
} = faceWithOptions((x: AnyTensor, size: number, { fill = 0 }: NonzeroOptions = {}) => {
  checkOperand("nonzero", "any", x)
  if (!Number.isInteger(size) || size < 0)
    throw new ShapeError(`nonzero: the number of places is a whole number, 0 or more; it is ${size}`)
  const { shape } = x
  const total = sizeOf(shape)
  const rank = shape.length
  if (total === 0 || size === 0) return ops.full([size, rank], fill, "i32")
  const flat = ops.reshape(x, [total])
  const isZero = ops.cast(flat.dtype === "bool" ? ops.not(flat) : ops.eq(flat, 0), "i32")
  // Elements that are not zero come first, in their order, because sorting is stable.
  const [order = isZero] = ops.argsort([isZero], { axis: 0, descending: false })
  const count = ops.sub(ops.full([], total, "i32"), ops.reduceSum(isZero, [0]))
  const found = Math.min(size, total)
  const place = ops.slice(order, { start: [0], limit: [found], step: [1] })
  const coordinates = shape.map((n, d) => {
    const whole = ops.div(place, sizeOf(shape.slice(d + 1)))
    return ops.reshape(ops.sub(whole, ops.mul(ops.div(whole, n), n)), [found, 1])
  })
  if (rank === 0) return ops.full([size, 0], fill, "i32")
  const rows = coordinates.length === 1 ? (coordinates[0] ?? place) : ops.concat(coordinates, 1)
  const real = ops.lt(ops.iota([found, rank], 0, "i32"), count)
  const filled = ops.select(real, rows, fill)
  return found === size ? filled : ops.concat([filled, ops.full([size - found, rank], fill, "i32")], 0)
})
