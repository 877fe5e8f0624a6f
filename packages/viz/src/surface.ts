/** A function of two variables sampled on a grid, and the levels at which to draw its contours. */

/** A function of two variables over a rectangle. */
export interface Surface {
  readonly name: string
  readonly f: (x: number, y: number) => number
  readonly x: readonly [low: number, high: number]
  readonly y: readonly [low: number, high: number]
  /** Where the function is smallest, if that is to be marked. */
  readonly minimum?: readonly [x: number, y: number]
  readonly xTitle?: string
  readonly yTitle?: string
}

/** Values at the middles of `columns` by `rows` cells, row after row from the top left (smallest x, largest y). */
export interface Grid {
  readonly columns: number
  readonly rows: number
  readonly values: ReadonlyArray<number>
}

/** Samples a surface. Where it is not finite it counts as high as its highest value. */
export const sample = ({ f, x, y }: Surface, columns: number, rows: number): Grid => {
  const values = Array.from({ length: columns * rows }, (_, i) => {
    const across = ((i % columns) + 0.5) / columns
    const down = (Math.floor(i / columns) + 0.5) / rows
    return f(x[0] + across * (x[1] - x[0]), y[1] - down * (y[1] - y[0]))
  })
  const top = values.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, b) : a), -Infinity)
  return { columns, rows, values: values.map((value) => (Number.isFinite(value) ? value : top)) }
}

/**
 * Rising levels, so that level k of n encloses the share ((k + 1) / (n + 1))^2 of the rectangle: around the minimum of a quadratic
 * they are evenly spaced rings, and no part of a steep valley is left without lines, whatever the size of the values.
 */
export const levels = (grid: Grid, n: number): ReadonlyArray<number> => {
  const sorted = Float64Array.from(grid.values).sort()
  const chosen = Array.from(
    { length: n - 1 },
    (_, k) => sorted[Math.floor(((k + 2) / (n + 1)) ** 2 * (sorted.length - 1))] ?? 0
  )
  return [...new Set(chosen)].filter((level) => level > (sorted[0] ?? 0))
}
