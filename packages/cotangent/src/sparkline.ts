/** A row of numbers as a line of text. */

const bars = "▁▂▃▄▅▆▇█"

/** Values in at most `width` runs of about the same length, each as its mean. */
const condensed = (values: ReadonlyArray<number>, width: number): ReadonlyArray<number> => {
  if (values.length <= width) return values
  return Array.from({ length: width }, (_, i) => {
    const run = values.slice(Math.floor((i * values.length) / width), Math.floor(((i + 1) * values.length) / width))
    return run.reduce((sum, x) => sum + x, 0) / run.length
  })
}

/**
 * Values as bars from the smallest to the largest, at most `width` of them: by their logarithms when all are above 0, so that
 * the first losses of a run do not flatten the rest. A dot stands for a value that is not finite.
 */
export const sparkline = (values: ReadonlyArray<number>, width = 24): string => {
  const means = condensed(values, width)
  const shown = means.every((x) => !Number.isFinite(x) || x > 0) ? means.map(Math.log) : means
  const finite = shown.filter(Number.isFinite)
  const low = Math.min(...finite)
  const span = Math.max(...finite) - low
  const barOf = (x: number): string =>
    bars[span === 0 ? 0 : Math.min(bars.length - 1, Math.floor(((x - low) / span) * bars.length))] ?? ""
  return shown.map((x) => (Number.isFinite(x) ? barOf(x) : "·")).join("")
}
