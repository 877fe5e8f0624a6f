/**
 * Keys: a counter-based, splittable random generator. A key is a tensor of two u32 words; nothing is random but what a
 * key says, and the same key always gives the same numbers, on every target. Bits, split and uniform follow JAX's
 * partitionable Threefry; the other distributions are our own.
 */
import { checkSizes } from "./axes.ts"
import type { Float } from "./dtype.ts"
import { ShapeError, showShape } from "./errors.ts"
import { operations as ops } from "./operations.ts"
import type { Mutable, Shape } from "./shape.ts"
import { type AnyTensor, sizeOf, type Tensor } from "./tensor.ts"

/** Two words that determine a stream of random numbers. */
export type Key = Tensor<[2], "u32">

/** The key of a seed: `[high word, low word]` of the integer, as JAX makes it. */
export const key = (seed: number): Key => {
  if (!Number.isSafeInteger(seed)) throw new ShapeError(`key: the seed ${seed} is not an integer`)
  const low = seed >>> 0
  const high = Math.floor(seed / 2 ** 32) >>> 0
  return ops.constant({ shape: [2], dtype: "u32", data: Uint32Array.of(high, low) }) as Key
}

const word = (k: Key, i: 0 | 1): AnyTensor => ops.reshape(ops.slice(k, { start: [i], limit: [i + 1], step: [1] }), [])

/** Both words of the generator for every counter 0, 1, ..., n - 1 (64-bit counters; n < 2^32). */
const words = (k: Key, n: number): readonly [AnyTensor, AnyTensor] =>
  ops.threefry(word(k, 0), word(k, 1), ops.full([n], 0, "u32"), ops.iota([n], 0, "u32"))

/** The number of elements of a shape, which one key can give. */
const check = (shape: ReadonlyArray<number>): number => {
  const n = sizeOf(checkSizes("random", shape))
  if (n >= 2 ** 32) throw new ShapeError(`random: ${showShape(shape)} has ${n} elements, fewer than 2^32 are possible`)
  return n
}

/** Several independent keys from one; the one given must not be used again. */
export const split = (k: Key, count = 2): ReadonlyArray<Key> => {
  const [a, b] = words(k, check([count]))
  const pairs = ops.concat([ops.reshape(a, [count, 1]), ops.reshape(b, [count, 1])], 1)
  return Array.from(
    { length: count },
    (_, i) => ops.reshape(ops.slice(pairs, { start: [i, 0], limit: [i + 1, 2], step: [1, 1] }), [2]) as Key
  )
}

/** The key for number `data` of a series: `fold(key, step)` is a fresh key for each step, step being a number or an i32 or u32 scalar. */
export const fold = (k: Key, data: number | Tensor<[], "i32"> | Tensor<[], "u32">): Key => {
  if (typeof data === "number" && !Number.isInteger(data)) throw new ShapeError(`fold: ${data} is not a whole number`)
  const low = typeof data === "number" ? ops.full([], data >>> 0, "u32") : ops.cast(data, "u32")
  const [a, b] = ops.threefry(word(k, 0), word(k, 1), ops.full([], 0, "u32"), low)
  return ops.concat([ops.reshape(a, [1]), ops.reshape(b, [1])], 0) as Key
}

/** Random words, all 32 bits uniform. */
export const bits = <const S extends ReadonlyArray<number>>(k: Key, shape: S): Tensor<Mutable<S>, "u32"> => {
  const [a, b] = words(k, check(shape))
  return ops.reshape(ops.xor(a, b), shape) as Tensor<Mutable<S>, "u32">
}

/** Uniform in [low, high): multiples of 2^-23 (f32) or 2^-52 (f64) in [0, 1), scaled. */
export const uniform = <const S extends Shape & ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: { readonly low?: number; readonly high?: number; readonly dtype?: D } = {}
): Tensor<Mutable<S>, D> => {
  const { low = 0, high = 1 } = options
  const dtype: Float = options.dtype ?? "f32"
  const [a, b] = words(k, check(shape))
  // JAX builds the float from its mantissa bits and subtracts 1: exactly these multiples.
  const unit =
    dtype === "f32"
      ? ops.mul(ops.cast(ops.shiftRight(ops.xor(a, b), ops.full([], 9, "u32")), "f32"), 2 ** -23)
      : ops.add(
          ops.mul(ops.cast(a, "f64"), 2 ** -32),
          ops.mul(ops.cast(ops.shiftRight(b, ops.full([], 12, "u32")), "f64"), 2 ** -52)
        )
  const scaled = low === 0 && high === 1 ? unit : ops.max(ops.add(ops.mul(unit, high - low), low), low)
  return ops.reshape(scaled, shape) as Tensor<Mutable<S>, D>
}

/** True with probability `p`. */
export const bernoulli = <const S extends ReadonlyArray<number>>(
  k: Key,
  p: number,
  shape: S
): Tensor<Mutable<S>, "bool"> => ops.lt(uniform(k, shape), ops.full([], p, "f32")) as Tensor<Mutable<S>, "bool">

/** Normal with mean 0 and variance 1, by the Box-Muller transform of two uniforms. Box, Muller 1958. */
export const normal = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, D> => {
  const dtype: Float = options.dtype ?? "f32"
  const [first, second] = split(k)
  if (first === undefined || second === undefined) throw new ShapeError("normal: the key could not be split")
  // 1 - u lies in (0, 1], so that its logarithm is finite.
  const u = ops.sub(ops.full(shape, 1, dtype), uniform(first, shape, { dtype }))
  const radius = ops.sqrt(ops.mul(ops.log(u), -2))
  return ops.mul(radius, ops.cos(ops.mul(uniform(second, shape, { dtype }), 2 * Math.PI))) as Tensor<Mutable<S>, D>
}
