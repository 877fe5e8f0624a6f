/** How charts look: one typeface, sizes that can be read at 1200 by 480, and marks that differ without colour. */

/** The typeface of every text; PNGs are drawn with the copy that comes with this package. */
export const font = "DejaVu Sans, sans-serif"

/** Heights of letters in pixels. */
export const size = { title: 21, note: 14, panel: 17, axis: 15, label: 14, legend: 15 } as const

/** The greys of text, axes and grid lines. */
export const ink = { text: "#1a1a1a", muted: "#555555", axis: "#888888", grid: "#e4e4e4", paper: "#ffffff" } as const

/** Points as SVG paths between -1 and 1, which is what Vega scales to the size of a symbol. */
export const shapes = {
  circle: "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
  square: "M-.9,-.9H.9V.9H-.9Z",
  up: "M0,-1L1,.8H-1Z",
  diamond: "M0,-1.2L1,0L0,1.2L-1,0Z",
  cross: "M-.35,-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z",
  down: "M0,1L1,-.8H-1Z",
  star: "M0,-1.2L.29,-.4L1.14,-.37L.47,.15L.71,.97L0,.5L-.71,.97L-.47,.15L-1.14,-.37L-.29,-.4Z"
} as const

/** The name of a point. */
export type ShapeName = keyof typeof shapes

/** How one series is drawn: its colour, the lengths of its dashes and gaps (none for a solid line), and its point. */
export interface Stroke {
  readonly color: string
  readonly dash: ReadonlyArray<number>
  readonly shape: ShapeName
}

/** Okabe and Ito, Color Universal Design (2008), without the yellow, which is too light on white. */
const colors = ["#0072b2", "#d55e00", "#009e73", "#a6397a", "#000000", "#8c6d00"] as const
const dashes = [[], [9, 5], [2.5, 4], [12, 4, 2.5, 4], [18, 5], [6, 3, 2, 3, 2, 3]] as const
const points = ["circle", "square", "up", "diamond", "cross", "down"] as const

/** The stroke of series `i`: after six, colours and dashes pair differently, so that 36 series can be told apart. */
export const stroke = (i: number): Stroke => {
  const round = Math.floor(i / colors.length)
  return {
    color: colors[i % colors.length] ?? ink.text,
    dash: dashes[(i + round) % dashes.length] ?? [],
    shape: points[(i + round) % points.length] ?? "circle"
  }
}

/** Axes and titles as Vega's configuration; Vega-Lite reads the same names. */
export const config = {
  aria: false,
  font,
  axis: {
    labelFont: font,
    labelFontSize: size.label,
    labelColor: ink.text,
    titleFont: font,
    titleFontSize: size.axis,
    titleFontWeight: "normal",
    titleColor: ink.text,
    titlePadding: 8,
    labelPadding: 5,
    gridColor: ink.grid,
    domainColor: ink.axis,
    tickColor: ink.axis
  },
  view: { stroke: null }
} as const
