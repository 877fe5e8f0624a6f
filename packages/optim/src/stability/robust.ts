/** Statistics that a few wild numbers do not move. */

/** The median: the middle number, or the mean of the two in the middle; NaN of nothing. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** What the median absolute deviation of normal numbers is multiplied by to give their standard deviation. */
const normal = 1.482602218505602

/**
 * The spread by the median absolute deviation, `1.4826 median |x - median(x)|`: the standard deviation of normal numbers.
 *
 * Source: Hampel 1974, The Influence Curve and its Role in Robust Estimation.
 */
export const medianSpread = (values: ReadonlyArray<number>): number => {
  const center = median(values)
  return normal * median(values.map((value) => Math.abs(value - center)))
}
