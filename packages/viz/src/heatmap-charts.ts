/** Numbers of matrices as colours: what was taken for what, what a model looks at. */
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import { argument, type PageSize } from "./line-charts.ts"
import { escapeXml, layout, page } from "./page.ts"
import { ink, size } from "./style.ts"
import { textWidth } from "./text-width.ts"
import type { VizError } from "./viz-error.ts"

/** A matrix: rows of numbers, or a value of rank 2 as `T.evaluate` and compiled programs give it. */
export type Matrix =
  | ReadonlyArray<ArrayLike<number>>
  | { readonly shape: ReadonlyArray<number>; readonly data: ArrayLike<number> }

/** A matrix to be drawn, first row on top. */
export interface Heatmap {
  readonly title?: string
  readonly values: Matrix
  readonly rowLabels?: ReadonlyArray<string>
  readonly columnLabels?: ReadonlyArray<string>
  readonly xTitle?: string
  readonly yTitle?: string
  /**
   * `blue` from white up to the largest; `grey` from white to black, for images; `diverging` from red over white, which is 0,
   * to blue. Diverging where there are negative numbers and blue elsewhere unless given.
   */
  readonly colors?: Colors
  /** Whether cells show their numbers; they do when there are labels unless given. */
  readonly numbers?: boolean
  /** What the colours show, one number for each cell, where that is not the numbers: the shares of a row. */
  readonly shades?: Matrix
}

/** A scale of colours. */
export type Colors = "blue" | "grey" | "diverging"

type Rgb = readonly [number, number, number]

const ends: Readonly<Record<Colors, readonly [low: Rgb, high: Rgb]>> = {
  blue: [
    [255, 255, 255],
    [8, 64, 129]
  ],
  grey: [
    [255, 255, 255],
    [0, 0, 0]
  ],
  diverging: [
    [178, 40, 20],
    [8, 64, 129]
  ]
}
const white: Rgb = [255, 255, 255]

const mixed = (from: Rgb, to: Rgb, part: number): Rgb => [
  Math.round(from[0] + (to[0] - from[0]) * part),
  Math.round(from[1] + (to[1] - from[1]) * part),
  Math.round(from[2] + (to[2] - from[2]) * part)
]

/** The colour at a place between 0 and 1 of a scale; of the diverging one, 0.5 is white. */
const colorAt = (colors: Colors, part: number): Rgb => {
  const [low, high] = ends[colors]
  if (colors !== "diverging") return mixed(low, high, part)
  return part < 0.5 ? mixed(low, white, 2 * part) : mixed(white, high, 2 * part - 1)
}

const css = ([r, g, b]: Rgb): string => `rgb(${r},${g},${b})`
const isDark = ([r, g, b]: Rgb): boolean => 0.299 * r + 0.587 * g + 0.114 * b < 140

interface Cells {
  readonly rows: number
  readonly columns: number
  readonly values: ReadonlyArray<number>
}

const isNumbers = (data: unknown): data is ArrayLike<number> => Array.isArray(data) || ArrayBuffer.isView(data)

/** The cells of a matrix; nothing when it is none, whatever it is. */
const cellsOf = (matrix: Matrix | undefined): Cells | undefined => {
  if (Array.isArray(matrix)) {
    // An array is one of rows, by the type.
    const rows = matrix as ReadonlyArray<ArrayLike<number>>
    const columns = rows[0]?.length ?? 0
    return rows.every((row) => isNumbers(row) && row.length === columns)
      ? { rows: rows.length, columns, values: rows.flatMap((row) => Array.from(row)) }
      : undefined
  }
  if (matrix === undefined || !("shape" in Object(matrix))) return undefined
  const { data, shape } = matrix as Exclude<Matrix, ReadonlyArray<unknown>>
  const [rows = 0, columns = 0] = shape
  return shape.length === 2 && isNumbers(data) && data.length === rows * columns
    ? { rows, columns, values: Array.from(data) }
    : undefined
}

/** A map with its numbers at hand. */
interface Prepared extends Cells {
  readonly map: Heatmap
  readonly shades: ReadonlyArray<number>
  readonly span: readonly [low: number, high: number]
  readonly colors: Colors
  readonly numbers: boolean
}

const prepare = (map: Heatmap): Prepared | string => {
  const name = map.title === undefined || map.title === "" ? "a heatmap" : `the heatmap "${map.title}"`
  const cells = cellsOf(map.values)
  if (cells === undefined)
    return `${name} is no matrix; rows of equal length, or a value of shape [rows, columns], are needed`
  const { columns, rows, values } = cells
  if (values.length === 0) return `${name} has no cells, so there is nothing to draw`
  const sides = [
    ["row", rows, map.rowLabels],
    ["column", columns, map.columnLabels]
  ] as const
  for (const [side, n, labels] of sides)
    if (labels !== undefined && labels.length !== n)
      return `${name} has ${n} ${side}s and ${labels.length} ${side} labels; one for each is needed`
  const shades = map.shades === undefined ? cells : cellsOf(map.shades)
  if (shades === undefined || shades.rows !== rows || shades.columns !== columns)
    return `${name} has shades of another shape than its ${rows} rows of ${columns}`
  const finite = shades.values.filter(Number.isFinite)
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b), 0), finite.reduce((a, b) => Math.max(a, b), 0)]
  const {
    colors = low < 0 ? "diverging" : "blue",
    numbers = map.rowLabels !== undefined || map.columnLabels !== undefined
  } = map
  const most = Math.max(-low, high) || 1
  const span = colors === "diverging" ? ([-most, most] as const) : ([low, high > low ? high : low + 1] as const)
  return { ...cells, map, shades: shades.values, span, colors, numbers }
}

const short = (x: number): string =>
  Number.isInteger(x) && Math.abs(x) < 1e6 ? x.toLocaleString("en-US") : String(Number(x.toPrecision(3)))

const widest = (labels: ReadonlyArray<string> | undefined): number =>
  (labels ?? []).reduce((most, label) => Math.max(most, textWidth(label, size.label)), 0)

const line = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" font-size="${size.label}" ${attributes}>${escapeXml(content)}</text>`

const scaleWidth = 76
const patternFor = "#d9d9d9"

/** What stands around the cells. */
interface Around {
  /** The widest cells there is room for. */
  readonly side: number
  readonly left: number
  /** Whether the labels of columns stand upright, because they are longer than a cell is wide. */
  readonly upright: boolean
  readonly labelSpace: number
  readonly bottom: number
}

const around = ({ columns, map }: Prepared, width: number): Around => {
  const [rowSpace, columnSpace] = [widest(map.rowLabels), widest(map.columnLabels)]
  const left = (map.yTitle === undefined ? 0 : 26) + (rowSpace === 0 ? 2 : rowSpace + 10)
  const side = (width - left - scaleWidth) / columns
  const upright = columnSpace > 0 && columnSpace + 6 > side
  const labelSpace = columnSpace === 0 ? 2 : (upright ? columnSpace : size.label) + 10
  return { side, left, upright, labelSpace, bottom: labelSpace + (map.xTitle === undefined ? 2 : 28) }
}

const drawing = (one: Prepared, place: { readonly width: number; readonly height: number }): string | undefined => {
  const { colors, columns, map, numbers, rows, shades, span, values } = one
  const { bottom, labelSpace, left, side: widestSide, upright } = around(one, place.width)
  const side = Math.min(widestSide, (place.height - bottom - 2) / rows)
  if (!(side > 0) || side * Math.max(rows, columns) < 40) return undefined
  const [width, height] = [side * columns, side * rows]
  const at = (value: number): Rgb | undefined =>
    Number.isFinite(value)
      ? colorAt(colors, Math.min(1, Math.max(0, (value - span[0]) / (span[1] - span[0]))))
      : undefined
  const texts = values.map(short)
  const largest = texts.reduce((most, text) => Math.max(most, textWidth(text, 1)), 0)
  const letter = Math.min(size.axis, (0.86 * side) / largest, 0.7 * side)
  const showsNumbers = numbers && letter >= 6
  const cells = shades.flatMap((value, i) => {
    const color = at(value)
    const [x, y] = [i % columns, Math.floor(i / columns)]
    const rect = `<rect x="${x}" y="${y}" width="1" height="1" fill="${color === undefined ? patternFor : css(color)}"/>`
    return color !== undefined && css(color) === css(white) ? [] : [rect]
  })
  const numbersOf = texts.map((content, i) => {
    const color = at(shades[i] ?? 0)
    const fill = color !== undefined && isDark(color) ? ink.paper : ink.text
    const [x, y] = [((i % columns) + 0.5) * side, (Math.floor(i / columns) + 0.5) * side + 0.36 * letter]
    return `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" font-size="${letter.toFixed(2)}" text-anchor="middle" fill="${fill}">${escapeXml(content)}</text>`
  })
  const rowTexts = (map.rowLabels ?? []).map((label, i) =>
    line(-8, (i + 0.5) * side + 5, label, `text-anchor="end" fill="${ink.text}"`)
  )
  const columnTexts = (map.columnLabels ?? []).map((label, i) => {
    const x = (i + 0.5) * side
    return upright
      ? `<g transform="translate(${(x + 5).toFixed(2)},${(height + 8).toFixed(2)}) rotate(-90)">${line(0, 0, label, `text-anchor="end" fill="${ink.text}"`)}</g>`
      : line(x, height + size.label + 6, label, `text-anchor="middle" fill="${ink.text}"`)
  })
  const titles = [
    map.xTitle === undefined
      ? ""
      : `<text x="${(width / 2).toFixed(2)}" y="${(height + labelSpace + 18).toFixed(2)}" font-size="${size.axis}" text-anchor="middle" fill="${ink.text}">${escapeXml(map.xTitle)}</text>`,
    map.yTitle === undefined
      ? ""
      : `<g transform="translate(${(16 - left).toFixed(2)},${(height / 2).toFixed(2)}) rotate(-90)"><text font-size="${size.axis}" text-anchor="middle" fill="${ink.text}">${escapeXml(map.yTitle)}</text></g>`
  ]
  return [
    `<svg><g transform="translate(${left.toFixed(2)},2)">`,
    `<g transform="scale(${side})" shape-rendering="crispEdges">${cells.join("")}</g>`,
    `<rect width="${width.toFixed(2)}" height="${height.toFixed(2)}" fill="none" stroke="${ink.axis}"/>`,
    ...(showsNumbers ? numbersOf : []),
    ...rowTexts,
    ...columnTexts,
    ...titles,
    scaleOf(colors, span, width + 14, height),
    "</g></svg>"
  ].join("")
}

/** The scale of a map's colours beside it. */
const scaleOf = (colors: Colors, [low, high]: readonly [number, number], x: number, height: number): string => {
  const steps = 64
  const bars = Array.from({ length: steps }, (_, i) => {
    const part = 1 - (i + 0.5) / steps
    return `<rect x="${x}" y="${((i * height) / steps).toFixed(2)}" width="12" height="${(height / steps + 0.5).toFixed(2)}" fill="${css(colorAt(colors, part))}"/>`
  })
  const marks = (colors === "diverging" ? [low, 0, high] : [low, high]).map((value) => {
    const y = height * (1 - (value - low) / (high - low))
    return line(x + 17, Math.min(height - 1, Math.max(10, y + 5)), short(value), `fill="${ink.muted}"`)
  })
  return [
    `<g shape-rendering="crispEdges">${bars.join("")}</g>`,
    `<rect x="${x}" width="12" height="${height.toFixed(2)}" fill="none" stroke="${ink.axis}"/>`,
    ...marks
  ].join("")
}

/** A heatmap, or several side by side. */
export interface HeatmapOptions extends PageSize {
  readonly title: string
  readonly maps: ReadonlyArray<Heatmap>
  /** How many stand in a row; at most 4 unless given. */
  readonly columns?: number
}

const gap = 24
const margin = 16

/** Draws maps on a page, with notes above them. */
const draw = (options: HeatmapOptions, notes: ReadonlyArray<string> = []): Effect.Effect<string, VizError> => {
  const { maps, title } = options
  if (maps.length === 0) return argument(`"${title}" has no heatmaps, so there is nothing to draw`)
  const prepared: Array<Prepared> = []
  for (const map of maps) {
    const one = prepare(map)
    if (typeof one === "string") return argument(one)
    prepared.push(one)
  }
  const { columns = 4, width = maps.length === 1 ? 640 : 1200 } = options
  if (!Number.isInteger(columns) || columns < 1)
    return argument(`"${title}" is asked for in ${columns} columns; a whole number above 0 is needed`)
  const across = Math.min(columns, maps.length)
  const place = (height: number) =>
    layout(
      maps.map((map) => map.title ?? ""),
      [],
      notes,
      { width, height, columns: across }
    )
  const panelWidth = (width - 2 * margin - gap * (across - 1)) / across
  const tallest = prepared.reduce((most, one) => {
    const { bottom, side } = around(one, panelWidth)
    return Math.max(most, side * one.rows + bottom + 2)
  }, 0)
  const rows = Math.ceil(maps.length / across)
  // Where the first panel begins, and what each row takes above it.
  const begin = place(0).panels[0]
  const top = begin === undefined ? 0 : begin.y + (rows - 1) * (begin.titleHeight + gap)
  const { height = Math.ceil(top + rows * tallest + margin) } = options
  const places = place(height)
  const drawings = prepared.flatMap((one, i) => {
    const at = places.panels[i]
    const drawn = at === undefined ? undefined : drawing(one, at)
    return drawn === undefined ? [] : [drawn]
  })
  return drawings.length < maps.length
    ? argument(`${maps.length} heatmaps do not fit on ${width} x ${height} pixels; ask for a larger page`)
    : Effect.succeed(page({ title, layout: places, drawings }))
}

/**
 * Matrices as colours, each with its scale: attributions of images, weights, attention. Cells are squares; what is not finite
 * is grey.
 *
 * ```ts
 * const chart = Viz.heatmap({ title: "A kernel", maps: [{ values: [[0.5, -1], [0, 2]] }] })
 * ```
 *
 * The chart fails with a `VizError` when there is no map, one is no matrix or has no cells, labels or shades do not fit it, or the
 * page is too small.
 */
export const heatmap = (options: HeatmapOptions): Chart => make(Effect.suspend(() => draw(options)))

/**
 * A confusion matrix, `matrix[i, j]` being how often class i was taken for class j: the numbers, coloured by their share of the
 * row, so that a rare class is seen as well as a frequent one.
 *
 * ```ts
 * const chart = Viz.confusion([[8, 2], [1, 9]], { labels: ["cat", "dog"] })
 * ```
 *
 * The matrix is a result of `Metrics.confusionMatrix`. The chart fails with a `VizError` unless the matrix is square, its
 * numbers are not negative, and there is a label for each class.
 */
export const confusion = (
  matrix: Matrix,
  options: PageSize & { readonly title?: string; readonly labels?: ReadonlyArray<string> } = {}
): Chart =>
  make(
    Effect.suspend(() => {
      const { title = "Confusion matrix" } = options
      const cells = cellsOf(matrix)
      if (cells === undefined || cells.rows !== cells.columns || cells.rows === 0)
        return argument(`"${title}" needs as many rows as columns, one for each class`)
      const { rows: n, values } = cells
      if (values.some((count) => !(count >= 0 && Number.isFinite(count))))
        return argument(`"${title}" has a count that is negative or not finite`)
      const { labels = Array.from({ length: n }, (_, i) => String(i)) } = options
      const shares = Array.from({ length: n }, (_, i) => {
        const row = values.slice(i * n, (i + 1) * n)
        const sum = row.reduce((a, b) => a + b, 0)
        return row.map((count) => (sum === 0 ? 0 : count / sum))
      })
      return draw(
        {
          width: Math.max(560, Math.min(1200, 200 + 52 * n)),
          ...options,
          title,
          maps: [
            {
              values: matrix,
              shades: shares,
              rowLabels: labels,
              columnLabels: labels,
              xTitle: "taken for",
              yTitle: "class"
            }
          ]
        },
        ["Colours show the share of the row."]
      )
    })
  )
