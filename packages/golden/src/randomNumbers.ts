/** Deterministic random numbers on the host, from the same Threefry words as `Key`: equal seeds, equal numbers, everywhere. */
import { threefryWords } from "@cotangent/graph"

/** A stream of random numbers. */
export interface RandomNumbers {
  /** Uniform in [low, high), a multiple of 2^-20 of the range. */
  readonly uniform: (low: number, high: number) => number
  /** One of 0, 1, ..., n - 1. */
  readonly below: (n: number) => number
  /** A stream of its own for every index. */
  readonly fork: (index: number) => RandomNumbers
}

/** The stream of a seed, a whole number of 0 or more. */
export const randomNumbers = (seed: number, stream = 0): RandomNumbers => {
  let counter = 0
  const word = (): number => threefryWords(seed >>> 0, stream >>> 0, counter++, 0)[0]
  return {
    uniform: (low, high) => low + ((word() >>> 12) / 2 ** 20) * (high - low),
    below: (n) => word() % n,
    fork: (index) => randomNumbers(threefryWords(seed >>> 0, stream >>> 0, index >>> 0, 1)[0], index + 1)
  }
}
