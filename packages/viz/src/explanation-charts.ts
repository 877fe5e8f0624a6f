/** Charts of explained steps: what each stage of an optimizer does in each layer, over time. */
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import { argument, draw, type PageSize } from "./line-charts.ts"
import type { AxisScale, LinePanel } from "./line-panel.ts"
import { stroke } from "./style.ts"

/** The numbers of one explained step, by layer: what `explanationRecord` of the optimizers gives. */
export interface ExplainedStep {
  readonly step: number
  readonly layers: {
    readonly [path: string]: {
      readonly updateToWeight: number
      readonly effectiveRate: number
      readonly signAgreement: number
      readonly signalToNoise?: number
      /** For each stage, how far it moves along the whole change. */
      readonly along: { readonly [stage: string]: number }
    }
  }
}

type Measure = Exclude<keyof ExplainedStep["layers"][string], "along">

const layersOf = (steps: ReadonlyArray<ExplainedStep>): ReadonlyArray<string> => [
  ...new Set(steps.flatMap(({ layers }) => Object.keys(layers)))
]

const checked = (steps: ReadonlyArray<ExplainedStep>, chart: () => ReturnType<typeof draw>): Chart =>
  make(
    Effect.suspend(() => {
      if (steps.length === 0) return argument("there are no explained steps, so there is nothing to draw")
      if (layersOf(steps).length === 0)
        return argument("the explained steps have no layers; explain floating-point ones")
      return chart()
    })
  )

const layerName = (path: string): string => (path === "" ? "parameters" : path)

/**
 * What each stage of an optimizer contributes, in a panel for each layer, over the steps. A line is the length of a
 * stage's contribution along the whole change, so that the lines of a panel add up to the length of the change; below 0 a
 * stage holds back. The chart fails with a `VizError` when there are no steps or no layers.
 */
export const explanation = (
  steps: ReadonlyArray<ExplainedStep>,
  options: PageSize & { readonly title?: string; readonly layers?: ReadonlyArray<string> } = {}
): Chart => {
  const { title = "What each stage contributes to a step" } = options
  const paths = options.layers ?? layersOf(steps)
  const stages = [
    ...new Set(steps.flatMap(({ layers }) => Object.values(layers).flatMap(({ along }) => Object.keys(along))))
  ]
  const panels = paths.map((path): LinePanel => ({
    title: layerName(path),
    xTitle: "step",
    yTitle: "length along the change",
    lines: stages.flatMap((label, i) => {
      const points = steps.flatMap(({ layers, step }) => {
        const value = layers[path]?.along[label]
        return value === undefined ? [] : [[step, value] as const]
      })
      return points.length === 0 ? [] : [{ label, points, stroke: stroke(i) }]
    }),
    counts: true,
    xScale: "linear",
    yScale: "linear"
  }))
  return checked(steps, () => draw(title, panels, { ...options, columns: panels.length === 4 ? 2 : 3 }))
}

const measures: ReadonlyArray<{
  readonly measure: Measure
  readonly title: string
  readonly yTitle: string
  readonly yScale: AxisScale
}> = [
  { measure: "updateToWeight", title: "Change against weights", yTitle: "|update| / |weights|", yScale: "log" },
  { measure: "effectiveRate", title: "Effective rate", yTitle: "|update| / |gradient|", yScale: "log" },
  { measure: "signAgreement", title: "Agreement of signs", yTitle: "share of elements", yScale: "linear" },
  { measure: "signalToNoise", title: "Signal to noise", yTitle: "mean of |m| / sqrt(v)", yScale: "linear" }
]

/**
 * How large the changes of each layer are: against its weights, against its gradient, the share of elements that move down
 * their gradient, and the signal-to-noise ratio where the rule has moments; a panel for each, a line for each layer. The
 * chart fails with a `VizError` when there are no steps or no layers.
 */
export const updates = (
  steps: ReadonlyArray<ExplainedStep>,
  options: PageSize & { readonly title?: string } = {}
): Chart => {
  const { title = "Changes of each layer" } = options
  const paths = layersOf(steps)
  const panels = measures.map(({ measure, ...panel }): LinePanel => ({
    ...panel,
    xTitle: "step",
    lines: paths.flatMap((path, i) => {
      const points = steps.flatMap(({ layers, step }) => {
        const value = layers[path]?.[measure]
        return value === undefined ? [] : [[step, value] as const]
      })
      return points.length === 0 ? [] : [{ label: layerName(path), points, stroke: stroke(i) }]
    }),
    counts: true,
    xScale: "linear"
  }))
  const shown = panels.filter(({ lines }) => lines.length > 0)
  return checked(steps, () => draw(title, shown, { ...options, columns: shown.length === 4 ? 2 : 3 }))
}
