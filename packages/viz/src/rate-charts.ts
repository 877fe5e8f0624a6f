/** The chart of a learning-rate finder: the loss over the rates that were tried. */
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import { argument, draw, type PageSize } from "./line-charts.ts"
import type { AxisScale, LinePanel, Points } from "./line-panel.ts"
import { stroke } from "./style.ts"

/** What a finder has found: what `Trainer.findRate` gives. */
export interface FoundRates {
  readonly points: ReadonlyArray<{ readonly rate: number; readonly loss: number; readonly smoothed: number }>
  readonly suggestion?: number
  readonly beforeMinimum: number
}

/** The number with three digits, as `0.0123` or `1.23e-6`. */
const short = (x: number): string => String(Number(x.toPrecision(3)))

/**
 * The loss over the rates that a finder tried, as measured and smoothed, and the rate it suggests as an upright line (a
 * tenth of the rate of the smallest loss as another). The chart fails with a `VizError` when no rate was tried.
 */
export const rates = (
  found: FoundRates,
  options: PageSize & { readonly title?: string; readonly lossScale?: AxisScale } = {}
): Chart => {
  const { points, suggestion, beforeMinimum } = found
  const { title = "Learning-rate finder", lossScale = "linear" } = options
  const heights = points.flatMap(({ smoothed }) => (Number.isFinite(smoothed) ? [smoothed] : []))
  const upright = (rate: number): Points => [
    [rate, Math.min(...heights)],
    [rate, Math.max(...heights)]
  ]
  const panel: LinePanel = {
    title: "",
    xTitle: "learning rate",
    yTitle: "loss",
    lines: [
      { label: "smoothed", points: points.map(({ rate, smoothed }) => [rate, smoothed]), stroke: stroke(0) },
      { label: "loss of the batch", points: points.map(({ rate, loss }) => [rate, loss]), stroke: stroke(2) },
      ...(suggestion === undefined || heights.length === 0
        ? []
        : [{ label: `steepest at ${short(suggestion)}`, points: upright(suggestion), stroke: stroke(1) }]),
      ...(Number.isFinite(beforeMinimum) && heights.length > 0
        ? [
            {
              label: `a tenth of the lowest, ${short(beforeMinimum)}`,
              points: upright(beforeMinimum),
              stroke: stroke(3)
            }
          ]
        : [])
    ],
    counts: false,
    xScale: "log",
    yScale: lossScale
  }
  return make(
    Effect.suspend(() =>
      points.length === 0
        ? argument("the finder tried no rates, so there is nothing to draw")
        : draw(title, [panel], { width: 900, height: 520, ...options })
    )
  )
}
