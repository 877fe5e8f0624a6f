/**
 * Keys: a counter-based, splittable random generator. A key is a tensor of two u32 words; nothing is random but what a
 * key says, and the same key always gives the same numbers, on every target. Bits, split and uniform follow JAX's
 * partitionable Threefry; the other distributions are our own.
 */
import { checkSizes } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Mutable } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor } from "../tensor.ts"

/** Two words that determine a stream of random numbers. */
export type Key = Tensor<[2], "u32">

/** As many keys as a number says: a tuple when the types know it. */
export type Keys<N extends number> = number extends N
  ? ReadonlyArray<Key>
  : `${N}` extends `${Digit}` | `${"1" | "2" | "3" | "4" | "5" | "6"}${Digit}`
    ? Repeated<N>
    : ReadonlyArray<Key>
type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
type Repeated<N extends number, Out extends ReadonlyArray<Key> = readonly []> = Out["length"] extends N
  ? Out
  : Repeated<N, readonly [...Out, Key]>

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

/** Two random words for every element of a shape, as vectors: what every distribution is made of. Not public. */
export const pairsOf = (k: Key, shape: ReadonlyArray<number>): readonly [AnyTensor, AnyTensor] => words(k, check(shape))

/**
 * Several independent keys from one, two unless given; the one given must not be used again. A literal count gives a
 * tuple.
 *
 * ```ts
 * const [a, b, c] = Key.split(Key.key(42), 3)
 * const x = Key.normal(a, [4, 2])
 * ```
 */
export const split = <const N extends number = 2>(k: Key, count?: N): Keys<N> => {
  const n: number = count ?? 2
  const [a, b] = words(k, check([n]))
  const pairs = ops.concat([ops.reshape(a, [n, 1]), ops.reshape(b, [n, 1])], 1)
  const keys = Array.from(
    { length: n },
    (_, i) => ops.reshape(ops.slice(pairs, { start: [i, 0], limit: [i + 1, 2], step: [1, 1] }), [2]) as Key
  )
  // There are as many as the count says.
  return keys as ReadonlyArray<Key> as Keys<N>
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
  const [a, b] = pairsOf(k, shape)
  return ops.reshape(ops.xor(a, b), shape) as Tensor<Mutable<S>, "u32">
}
