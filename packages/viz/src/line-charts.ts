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

/** A panel for `panels`, and all of `lines`: series over axes of their own. */
export interface PanelOptions {
  readonly title: string
  readonly series: ReadonlyArray<Series>
  readonly xTitle?: string
  readonly yTitle?: string
  readonly xScale?: AxisScale
  readonly yScale?: AxisScale
  /** Whether x counts things, so that only whole numbers are marked; false unless given. */
  readonly counts?: boolean
}

const toPanel = (options: PanelOptions, strokes: ReadonlyArray<string>): LinePanel => {
  const { counts = false, series, title, xScale = "linear", xTitle = "x", yScale = "linear", yTitle = "y" } = options
  return {
    title,
    xTitle,
    yTitle,
    lines: series.map(({ label, points }) => ({
      label,
      points: toPoints(points),
      stroke: stroke(strokes.indexOf(label))
    })),
    counts,
    xScale,
    yScale
  }
}

/** What is wrong with a panel, as a sentence. */
const complaint = ({ series, title }: PanelOptions): string | undefined => {
  if (series.length === 0) return `"${title}" has no series, so there is nothing to draw`
  const empty = series.find(({ points }) => points.length === 0)
  if (empty !== undefined) return `the series "${empty.label}" has no points`
  const twice = series.find(({ label }, i) => series.findIndex((other) => other.label === label) !== i)
  return twice === undefined ? undefined : `two series are called "${twice.label}"; labels must differ`
}

/**
 * Panels of lines side by side, three in a row unless `columns` says otherwise, each with axes of its own. Series of one
 * label are drawn alike in all of them. The chart fails with a `VizError` when there is no panel, or for a panel as
 * `lines` does.
 */
export const panels = (
  options: PageSize & {
    readonly title: string
    readonly panels: ReadonlyArray<PanelOptions>
    readonly columns?: number
  }
): Chart =>
  make(
    Effect.suspend(() => {
      const { panels, title } = options
      const wrong =
        panels.length === 0
          ? `"${title}" has no panels, so there is nothing to draw`
          : panels.map(complaint).find((sentence) => sentence !== undefined)
      if (wrong !== undefined) return argument(wrong)
      const labels = [...new Set(panels.flatMap(({ series }) => series.map(({ label }) => label)))]
      return draw(
        title,
        panels.map((panel) => toPanel(panel, labels)),
        options
      )
    })
  )

/**
 * Lines over one axis, told apart by colour and dashes. The chart fails with a `VizError` when there is no series, two
 * have the same label, or one has no points.
 */
export const lines = (options: PageSize & PanelOptions): Chart =>
  make(
    Effect.suspend(() => {
      const wrong = complaint(options)
      if (wrong !== undefined) return argument(wrong)
      const labels = options.series.map(({ label }) => label)
      return draw(options.title, [{ ...toPanel(options, labels), title: "" }], options)
    })
  )
