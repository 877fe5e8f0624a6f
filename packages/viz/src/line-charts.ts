/** Charts of lines: the history of a run, and any series of points. */
import { type History, historySeries, metricNames, validationName } from "@cotangent/train/history"
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import { type AxisScale, lineNotes, type LinePanel, linePanelSpec, type Points, showsPoints } from "./line-panel.ts"
import { layout, type LegendEntry, page } from "./page.ts"
import { drawVegaLite } from "./renderer.ts"
import { ink, stroke } from "./style.ts"
import { VizError } from "./viz-error.ts"

/** The size of a page in pixels. */
export interface PageSize {
  readonly width?: number
  readonly height?: number
}

/** The failure of a chart that was asked for wrongly. */
export const argument = (message: string): Effect.Effect<never, VizError> =>
  Effect.fail(new VizError({ kind: "argument", message: `viz: ${message}` }))

/** Draws panels of lines on a page, their legend shared by label. */
export const draw = (
  title: string,
  panels: ReadonlyArray<LinePanel>,
  { columns = 3, height, width = 1200 }: PageSize & { readonly columns?: number }
): Effect.Effect<string, VizError> => {
  const rows = Math.ceil(panels.length / columns)
  const labels = new Map(panels.flatMap(({ lines }) => lines).map((line) => [line.label, line]))
  const legend = [...labels.values()].map(({ label, stroke: line }): LegendEntry =>
    panels.some(showsPoints)
      ? { label, line, point: { shape: line.shape, fill: line.color, stroke: ink.paper } }
      : { label, line }
  )
  const places = layout(
    panels.map((panel) => panel.title),
    legend,
    panels.flatMap(lineNotes),
    { width, height: height ?? 60 + 420 * rows, columns }
  )
  if (places.panels.some((place) => !(place.width >= 150 && place.height >= 120))) {
    return argument(`${panels.length} panels do not fit on ${width} x ${places.height} pixels; ask for a larger page`)
  }
  return Effect.map(
    Effect.forEach(panels, (panel, i) =>
      drawVegaLite(linePanelSpec(panel, places.panels[i]?.width ?? 0, places.panels[i]?.height ?? 0))
    ),
    (drawings) => page({ title, layout: places, drawings })
  )
}

/** `topFiveAccuracy` as `top five accuracy`. */
const words = (name: string): string => name.replace(/(?<=[\p{Ll}\d])\p{Lu}/gu, (letter) => ` ${letter.toLowerCase()}`)

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * The history of a training run: the loss and every metric in a panel of its own, over the epochs, for training data
 * (solid) and validation data (dashed) where there is any. Epochs whose value is not finite are left out and counted
 * under the panel's title. The chart fails with a `VizError` for a history without epochs.
 */
export const history = (
  history: History,
  options: PageSize & { readonly title?: string; readonly lossScale?: AxisScale } = {}
): Chart => {
  const { lossScale = "linear", title = "Training history" } = options
  const panels = ["loss", ...metricNames(history)].map((name): LinePanel => {
    const lines = [
      { label: "training", points: historySeries(history, name), stroke: stroke(0) },
      { label: "validation", points: historySeries(history, validationName(name)), stroke: stroke(1) }
    ]
    return {
      title: sentenceCase(words(name)),
      xTitle: "epoch",
      yTitle: words(name),
      lines: lines.filter(({ points }) => points.length > 0),
      counts: true,
      xScale: "linear",
      yScale: name === "loss" ? lossScale : "linear"
    }
  })
  return make(
    Effect.suspend(() =>
      history.epochs.length === 0
        ? argument("the history has no epochs, so there is nothing to draw; train for one at least")
        : draw(title, panels, options)
    )
  )
}

/** A series for `lines`: points, or values that are counted from 0. */
export interface Series {
  readonly label: string
  readonly points: Points | ReadonlyArray<number> | Float32Array | Float64Array
}

const toPoints = (points: Series["points"]): Points =>
  Array.from<number | Points[number], Points[number]>(points, (point, i) =>
    typeof point === "number" ? [i, point] : point
  )

/**
 * Lines over one axis, told apart by colour and dashes. The chart fails with a `VizError` when there is no series, two
 * have the same label, or one has no points.
 */
export const lines = (
  options: PageSize & {
    readonly title: string
    readonly series: ReadonlyArray<Series>
    readonly xTitle?: string
    readonly yTitle?: string
    readonly xScale?: AxisScale
    readonly yScale?: AxisScale
  }
): Chart => {
  const { series, title, xScale = "linear", xTitle = "x", yScale = "linear", yTitle = "y" } = options
  const panel: LinePanel = {
    title: "",
    xTitle,
    yTitle,
    lines: series.map(({ label, points }, i) => ({ label, points: toPoints(points), stroke: stroke(i) })),
    counts: false,
    xScale,
    yScale
  }
  return make(
    Effect.suspend(() => {
      if (series.length === 0) return argument(`"${title}" has no series, so there is nothing to draw`)
      const empty = panel.lines.find(({ points }) => points.length === 0)
      if (empty !== undefined) return argument(`the series "${empty.label}" has no points`)
      const twice = series.find(({ label }, i) => series.findIndex((other) => other.label === label) !== i)
      if (twice !== undefined) return argument(`two series are called "${twice.label}"; labels must differ`)
      return draw(title, [panel], options)
    })
  )
}
