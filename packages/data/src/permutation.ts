/** Permutations that depend on a seed and an epoch alone: the order in which a run sees its samples. */
import { threefryFill } from "@cotangent/graph"
import { argumentError } from "./data-error.ts"
import { fold, seedKey } from "./word-stream.ts"

/** Words are drawn this many at a time: a power of two, so that those of one time have one high counter. */
const words = new Uint32Array(64)

/**
 * A permutation of 0, 1, ..., n - 1, every one equally likely: the Fisher-Yates shuffle on words of the key
 * `fold(key(seed), epoch)`. Durstenfeld, Algorithm 235 (CACM 1964).
 * Throws a `DataError` when an argument is not a whole number, or `n` does not fit 31 bits.
 */
export const of = (seed: number, epoch: number, n: number): Int32Array => {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31)
    throw argumentError("permutation", `cannot permute ${n} rows; a whole number from 0 to 2^31 - 1 is needed`)
  return into(new Int32Array(n), seed, epoch)
}

/**
 * Writes the permutation `of(seed, epoch, order.length)` over `order`, and gives it back: a run that needs an order in each
 * epoch has room for one. Throws a `DataError` when seed or epoch is not a whole number.
 */
export const into = (order: Int32Array, seed: number, epoch: number): Int32Array => {
  if (!Number.isSafeInteger(epoch)) throw argumentError("permutation", `the epoch ${epoch} is not a whole number`)
  const [high, low] = fold(seedKey(seed), epoch)
  for (let i = 0; i < order.length; i++) order[i] = i
  // The numbers of `uniformBelow`, written out: this is the inner loop of every epoch.
  let next = 0
  for (let i = order.length - 1; i > 0;) {
    threefryFill(words, high, low, Math.floor(next / 2 ** 32), next >>> 0)
    next += words.length
    for (let at = 0; at < words.length && i > 0; at++) {
      const drawn = words[at] ?? 0
      const bound = i + 1
      const multiple = Math.floor(drawn / bound) * bound
      if (multiple > 2 ** 32 - bound) continue
      const j = (drawn - multiple) | 0
      const swapped = order[i] ?? 0
      order[i] = order[j] ?? 0
      order[j] = swapped
      i--
    }
  }
  return order
}
