/** Random orders and choices. */
import { normalizeAxis } from "../axes.ts"
import type { DType, Float } from "../dtype.ts"
import { OptionError, ShapeError, showShape } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { AxisOf } from "../shape-rules.ts"
import type { Guard, Mutable, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, sizeOf, type Tensor } from "../tensor.ts"
import { categorical } from "./discrete.ts"
import { gumbel } from "./exponential.ts"
import { type Key, pairsOf } from "./key.ts"
import { randint } from "./uniform.ts"

const sortedBy = (keys: AnyTensor, descending = false): AnyTensor => {
  const [order = keys] = ops.argsort([keys], { axis: 0, descending })
  return order
}

/** A random order of 0, ..., n - 1: sorted by 64 random bits each, the lower word first, since sorting is stable. */
const orderOf = (k: Key, n: number): AnyTensor => {
  const [high, low] = pairsOf(k, [n])
  const byLow = sortedBy(low)
  return ops.gather(byLow, sortedBy(ops.gather(high, byLow, 0)), 0)
}

/** The number of elements to order or choose from; throws a sentence when it is none. */
const checkCount = (operation: string, n: number): number => {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31)
    throw new OptionError(`${operation}: needs a whole number of elements below 2^31, got ${n}`)
  return n
}

/**
 * The numbers 0, ..., n - 1 in random order, as i32, or the slices of a tensor along an axis (the first unless given) in
 * random order. Every order is as likely as any other, but for ties among 64 random bits. Differentiable with respect to
 * the tensor.
 *
 * ```ts
 * const order = Key.permutation(Key.key(0), 10)                           // Tensor<[10], "i32">
 * const shuffled = Key.permutation(Key.key(0), T.ones([5, 2]))            // rows in random order
 * ```
 */
export const permutation: {
  <const N extends number>(k: Key, n: N): Tensor<[N], "i32">
  <S extends Shape, D extends DType, const A extends number = 0>(
    k: Key,
    x: Tensor<S, D> & Guard<AxisOf<"permutation", S, A, unknown>>,
    options?: { readonly axis?: A }
  ): Tensor<S, D>
} = (k: Key, x: number | AnyTensor, { axis = 0 }: { readonly axis?: number } = {}): never => {
  const permuted = isTensor(x) ? shuffled(k, x, axis) : orderOf(k, checkCount("permutation", x))
  // Its type is what the overloads say.
  return permuted as never
}

const shuffled = (k: Key, x: AnyTensor, axis: number): AnyTensor => {
  const at = normalizeAxis("permutation", x.shape, axis)
  return ops.gather(x, orderOf(k, x.shape[at] ?? 0), at)
}

/** How to choose. */
export interface ChoiceOptions {
  /** Whether an element may be chosen more than once; true unless given. */
  readonly replace?: boolean
  /** The probabilities of the elements, up to a common factor; equal unless given. */
  readonly p?: Tensor<Shape, Float>
}

/** The places of `count` elements out of n. */
const placesOf = (k: Key, n: number, count: number, { replace = true, p }: ChoiceOptions): AnyTensor => {
  if (p !== undefined && (p.shape.length !== 1 || p.shape[0] !== n))
    throw new ShapeError(`choice: p must have the shape [${n}], it has ${showShape(p.shape)}`)
  if (replace) {
    if (p === undefined) return randint(k, [count], 0, n)
    return categorical(k, ops.log(p) as Tensor<Shape, Float>, { shape: [count] })
  }
  if (count > n)
    throw new OptionError(`choice: ${count} different elements out of ${n} do not exist; use { replace: true }`)
  // The largest of logits plus Gumbel numbers are a sample without replacement. Vieira 2014.
  const order =
    p === undefined ? orderOf(k, n) : sortedBy(ops.add(gumbel(k, [n], { dtype: p.dtype }), ops.log(p)), true)
  return ops.slice(order, { start: [0], limit: [count], step: [1] })
}

/**
 * Elements chosen at random: whole numbers from 0 to n - 1 as i32, or slices of a tensor along its first axis. With
 * replacement unless `{ replace: false }`; `p` gives the probabilities of the elements. The result has the given shape,
 * followed for a tensor by the shape of its slices.
 * Throws an OptionError when there are not enough elements, and a ShapeError when `p` does not fit.
 *
 * ```ts
 * const dice = Key.choice(Key.key(0), 6, [100])
 * const batch = Key.choice(Key.key(0), T.ones([50, 3]), [8], { replace: false })   // eight different rows
 * const biased = Key.choice(Key.key(0), 2, [10], { p: T.constant([0.9, 0.1]) })
 * ```
 */
export const choice: {
  <const S extends ReadonlyArray<number>>(
    k: Key,
    n: number,
    shape: S,
    options?: ChoiceOptions
  ): Tensor<Mutable<S>, "i32">
  <T extends Shape, D extends DType, const S extends ReadonlyArray<number>>(
    k: Key,
    x: Tensor<T, D>,
    shape: S,
    options?: ChoiceOptions
  ): Tensor<T extends readonly [unknown, ...infer R extends Shape] ? [...Mutable<S>, ...R] : Shape, D>
} = (k: Key, x: number | AnyTensor, shape: ReadonlyArray<number>, options: ChoiceOptions = {}): never => {
  const n = isTensor(x) ? x.shape[0] : checkCount("choice", x)
  if (n === undefined) throw new ShapeError("choice: a scalar has no elements to choose from")
  const count = sizeOf(shape)
  if (n === 0 && count > 0) throw new ShapeError("choice: there are no elements to choose from")
  const places = count === 0 ? ops.full([0], 0, "i32") : placesOf(k, n, count, options)
  const chosen = isTensor(x)
    ? ops.reshape(ops.gather(x, places, 0), [...shape, ...x.shape.slice(1)])
    : ops.reshape(places, shape)
  // Its type is what the overloads say.
  return chosen as never
}
