/** Statistics of numbers that come one after the other, and of numbers that are here. */

/** A sum whose rounding errors are added at the end. Neumaier (ZAMM 1974). */
export interface Sum {
  readonly add: (x: number) => void
  readonly value: () => number
}

export const makeSum = (): Sum => {
  let sum = 0
  let lost = 0
  return {
    add: (x) => {
      const next = sum + x
      lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum
      sum = next
    },
    value: () => sum + lost
  }
}

/** Count, mean and deviation of numbers, in one pass. */
export interface Moments {
  readonly take: (x: number) => void
  readonly count: () => number
  readonly mean: () => number
  /** The sum of squared differences from the mean. */
  readonly squares: () => number
}

/** Mean by a compensated sum, squares by Welford's recurrence (Technometrics 1962), which no offset disturbs. */
export const makeMoments = (): Moments => {
  const sum = makeSum()
  let count = 0
  let running = 0
  let squares = 0
  let first = 0
  let constant = true
  return {
    take: (x) => {
      if (count === 0) first = x
      else if (x !== first) constant = false
      count++
      sum.add(x)
      const before = x - running
      running += before / count
      squares += before * (x - running)
    },
    count: () => count,
    // Of equal numbers it is the number itself, and no rounding looks like a deviation.
    mean: () => (constant ? first : sum.value() / count),
    squares: () => (constant ? 0 : squares)
  }
}

/** The moments of numbers. */
export const momentsOf = (values: Iterable<number>): Moments => {
  const moments = makeMoments()
  for (const x of values) moments.take(x)
  return moments
}

/** The quantile q of sorted numbers, linear between neighbours (type 7 of Hyndman and Fan 1996, numpy's default). */
export const quantile = (sorted: Float64Array, q: number): number => {
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  return low + ((sorted[Math.min(below + 1, sorted.length - 1)] ?? low) - low) * (place - below)
}

/** Numbers that are kept, eight bytes each, because what is asked of them needs them sorted. */
export interface Kept {
  readonly take: (x: number) => void
  readonly sorted: () => Float64Array
}

export const makeKept = (): Kept => {
  let values = new Float64Array(1024)
  let count = 0
  return {
    take: (x) => {
      if (count === values.length) {
        const larger = new Float64Array(2 * count)
        larger.set(values)
        values = larger
      }
      values[count++] = x
    },
    sorted: () => values.slice(0, count).sort()
  }
}
