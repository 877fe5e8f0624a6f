/** Permutations that depend on a seed and an epoch alone: the order in which a run sees its samples. */
import { argumentError } from "./data-error.ts"
import { fold, seedKey, uniformBelow } from "./word-stream.ts"

/**
 * A permutation of 0, 1, ..., n - 1, every one equally likely: the Fisher-Yates shuffle on words of the key
 * `fold(key(seed), epoch)`. Durstenfeld, Algorithm 235 (CACM 1964).
 * Throws a `DataError` when an argument is not a whole number, or `n` does not fit 31 bits.
 */
export const of = (seed: number, epoch: number, n: number): Int32Array => {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31)
    throw argumentError("permutation", `cannot permute ${n} rows; a whole number from 0 to 2^31 - 1 is needed`)
  if (!Number.isSafeInteger(epoch)) throw argumentError("permutation", `the epoch ${epoch} is not a whole number`)
  const below = uniformBelow(fold(seedKey(seed), epoch))
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1)
    const swapped = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = swapped
  }
  return order
}
