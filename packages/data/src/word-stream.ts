/**
 * Random words on the host: the same Threefry-2x32 generator as `Key`, so that
 * `word(fold(seedKey(seed), n), i)` is element i of `Key.bits(Key.fold(Key.key(seed), n), [...])`.
 */
import { threefryFill, threefryWords } from "@cotangent/graph"
import { argumentError } from "./data-error.ts"

/** The two words of a key, high word first. */
export type Words = readonly [number, number]

/** The key of a seed, as `Key.key` makes it. Throws a `DataError` when the seed is not a whole number. */
export const seedKey = (seed: number): Words => {
  if (!Number.isSafeInteger(seed)) throw argumentError("seed", `the seed ${seed} is not a whole number`)
  return [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0]
}

/** The key for number `n` of a series, as `Key.fold` makes it. */
export const fold = (key: Words, n: number): Words => threefryWords(key[0], key[1], 0, n >>> 0)

/** Word `i` of the stream of a key: all 32 bits uniform. */
export const word = (key: Words, i: number): number => {
  const [a, b] = threefryWords(key[0], key[1], Math.floor(i / 2 ** 32), i >>> 0)
  return (a ^ b) >>> 0
}

/** A power of two, so that a stretch of words has one high counter. */
const wordsAtOnce = 64

/**
 * Draws whole numbers below a bound, each equally likely, from the stream of a key. A word of the last, incomplete
 * multiple of the bound is thrown away and the next one is taken: without that, small numbers would come more often.
 */
export const uniformBelow = (key: Words): ((bound: number) => number) => {
  const [high, low] = key
  const words = new Uint32Array(wordsAtOnce)
  let next = 0
  return (bound) => {
    for (;;) {
      const at = next % wordsAtOnce
      if (at === 0) threefryFill(words, high, low, Math.floor(next / 2 ** 32), next >>> 0)
      next++
      const drawn = words[at] ?? 0
      // The remainder, exactly: the quotient of two whole numbers below 2^32 never rounds up to the next whole one.
      const multiple = Math.floor(drawn / bound) * bound
      if (multiple <= 2 ** 32 - bound) return drawn - multiple
    }
  }
}
