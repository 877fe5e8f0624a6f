/** One panel of lines over a shared axis, as a Vega-Lite specification. */
import type { TopLevelSpec } from "vega-lite"
import { config, ink, shapes, size, type Stroke } from "./style.ts"
import { textWidth } from "./text-width.ts"

/** Points of a line; a value that is not finite breaks it. */
export type Points = ReadonlyArray<readonly [x: number, y: number]>

/** A line and how it is drawn. */
export interface Line {
  readonly label: string
  readonly points: Points
  readonly stroke: Stroke
}

/** How values are spread on an axis. */
export type AxisScale = "linear" | "log"

/** A panel of lines. */
export interface LinePanel {
  readonly title: string
  readonly xTitle: string
  readonly yTitle: string
  readonly lines: ReadonlyArray<Line>
  /** Whether x counts things, so that only whole numbers are marked. */
  readonly counts: boolean
  readonly xScale: AxisScale
  readonly yScale: AxisScale
}

/** Above this many points a line is drawn without them. */
const mostPoints = 40

const drawable = (scale: AxisScale, value: number): boolean =>
  Number.isFinite(value) && (scale === "linear" || value > 0)

/** The span of an axis, widened where all values are equal; the unit span when there are none. */
const span = (values: ReadonlyArray<number>, scale: AxisScale): readonly [number, number] => {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (low > high) return scale === "log" ? [1, 10] : [0, 1]
  if (low < high) return [low, high]
  return scale === "log" ? [low / 2, low * 2] : [low - 0.5 * (Math.abs(low) || 1), low + 0.5 * (Math.abs(low) || 1)]
}

/** The first number of a count, and round ones after it: as many as `width` has room for, 12 at most. */
const countTicks = (span: readonly [number, number], width: number): Array<number> => {
  const [low, high] = [Math.ceil(span[0]), Math.floor(span[1])]
  const room = Math.min(12, Math.floor(width / (20 + textWidth(String(high), size.label))))
  const rough = Math.max(1, (high - low) / Math.max(1, room - 1))
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(1, power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10))
  const first = Math.ceil((low + 0.75 * step) / step) * step
  return [
    low,
    ...Array.from({ length: Math.max(0, Math.floor((high - first) / step) + 1) }, (_, i) => first + i * step)
  ]
}

/** About `most` marks; on a logarithmic axis over a hundredfold or more, whole powers of ten. */
const marks = (
  span: readonly [number, number],
  scale: AxisScale,
  most: number
): { readonly tickCount: number } | { readonly values: Array<number> } => {
  const [from, to] = [Math.ceil(Math.log10(span[0]) - 1e-9), Math.floor(Math.log10(span[1]) + 1e-9)]
  const count = to - from + 1
  const every = Math.ceil(count / most)
  // Vega drops marks given by value when a number of marks is given as well.
  return scale === "linear" || count < 2
    ? { tickCount: most }
    : { values: Array.from({ length: Math.ceil(count / every) }, (_, i) => 10 ** (from + i * every)) }
}

/** Very large and very small numbers are marked in powers of ten, to keep labels short. */
const numberFormat = ([low, high]: readonly [number, number], scale: AxisScale): { readonly format?: string } => {
  if (scale === "log" && low < 1e-4) return { format: ".0e" }
  const largest = Math.max(Math.abs(low), Math.abs(high))
  return largest >= 1e6 || largest < 1e-3 ? { format: ".1e" } : {}
}

/** What is not drawn, as sentences: `Loss, training: 3 of 10 values are not finite and are not drawn`. */
export const lineNotes = (panel: LinePanel): ReadonlyArray<string> => {
  const where = panel.title === "" ? "" : `${panel.title}, `
  return panel.lines.flatMap(({ label, points }) => {
    const missing = points.filter(([x, y]) => !drawable(panel.xScale, x) || !drawable(panel.yScale, y)).length
    const what = panel.yScale === "log" || panel.xScale === "log" ? "not above 0 and finite" : "not finite"
    return missing === 0
      ? []
      : [`${where}${label}: ${missing} of ${points.length} values are ${what} and are not drawn`]
  })
}

/** Whether the points of a panel's lines are drawn. */
export const showsPoints = (panel: LinePanel): boolean => panel.lines.every(({ points }) => points.length <= mostPoints)

/** The specification that draws the panel in `width` by `height`, labels and titles included. */
export const linePanelSpec = (panel: LinePanel, width: number, height: number): TopLevelSpec => {
  const values = panel.lines
    .flatMap(({ label, points }) =>
      points.map(([x, y]) => ({
        series: label,
        x,
        y: drawable(panel.yScale, y) && drawable(panel.xScale, x) ? y : null
      }))
    )
    .filter(({ x }) => drawable(panel.xScale, x))
  const labels = panel.lines.map(({ label }) => label)
  const strokes = panel.lines.map(({ stroke }) => stroke)
  const xSpan = span(
    values.map(({ x }) => x),
    panel.xScale
  )
  const ySpan = span(
    values.flatMap(({ y }) => (y === null ? [] : [y])),
    panel.yScale
  )
  return {
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    padding: 0,
    config,
    data: { values },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: panel.xTitle,
        scale: {
          type: panel.xScale,
          domain: [...xSpan],
          nice: false,
          padding: 8,
          ...(panel.xScale === "log" ? {} : { zero: false })
        },
        axis: {
          grid: false,
          ticks: true,
          labelFlush: false,
          ...(panel.counts
            ? { values: countTicks(xSpan, width - 90), labelOverlap: false, format: "d" }
            : { ...marks(xSpan, panel.xScale, 8), ...numberFormat(xSpan, panel.xScale) }),
          titleLimit: width - 60
        }
      },
      y: {
        field: "y",
        type: "quantitative",
        title: panel.yTitle,
        scale: {
          type: panel.yScale,
          domain: [...ySpan],
          ...(panel.yScale === "log" ? { padding: 8, nice: false } : { nice: true, zero: false })
        },
        axis: {
          grid: true,
          ticks: false,
          domain: false,
          ...marks(ySpan, panel.yScale, 6),
          ...numberFormat(ySpan, panel.yScale),
          titleLimit: height - 60
        }
      },
      color: {
        field: "series",
        type: "nominal",
        sort: null,
        scale: { domain: labels, range: strokes.map(({ color }) => color) },
        legend: null
      }
    },
    layer: [
      {
        mark: { type: "line", strokeWidth: 2.5, strokeJoin: "round", invalid: "break-paths-show-path-domains" },
        encoding: {
          strokeDash: {
            field: "series",
            type: "nominal",
            sort: null,
            scale: { domain: labels, range: strokes.map(({ dash }) => (dash.length === 0 ? [1, 0] : [...dash])) },
            legend: null
          }
        }
      },
      ...(showsPoints(panel)
        ? [
            {
              mark: {
                type: "point" as const,
                size: 46,
                filled: true,
                opacity: 1,
                stroke: ink.paper,
                strokeWidth: 1,
                invalid: "filter" as const
              },
              encoding: {
                shape: {
                  field: "series",
                  type: "nominal" as const,
                  sort: null,
                  scale: { domain: labels, range: strokes.map(({ shape }) => shapes[shape]) },
                  legend: null
                }
              }
            }
          ]
        : [])
    ]
  }
}
