/** Charts of optimizer paths over functions of two variables. */
import * as Effect from "effect/Effect"
import { type Chart, make } from "./chart.ts"
import type { PageSize } from "./line-charts.ts"
import { layout, type LegendEntry, page } from "./page.ts"
import { followed, pathPanelSpec } from "./path-panel.ts"
import { drawVega } from "./renderer.ts"
import { ink, stroke } from "./style.ts"
import type { Surface } from "./surface.ts"
import { VizError } from "./viz-error.ts"

/** The points an optimizer went through on the surface of that name, first to last. Equal labels are drawn alike. */
export interface Trace {
  readonly label: string
  readonly surface: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

interface PathChart extends PageSize {
  readonly title: string
  readonly surfaces: ReadonlyArray<Surface>
  readonly traces: ReadonlyArray<Trace>
}

/** What is wrong with the arguments, as a sentence. */
const complaint = ({ surfaces, traces }: PathChart): string | undefined => {
  if (surfaces.length === 0) return "there are no surfaces, so there is nothing to draw"
  const names = surfaces.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return `two surfaces are called "${twice}"; names must differ`
  const flat = surfaces.find(({ x, y }) => ![...x, ...y].every(Number.isFinite) || !(x[0] < x[1] && y[0] < y[1]))
  if (flat !== undefined)
    return `the surface "${flat.name}" spans x ${flat.x.join(" to ")} and y ${flat.y.join(" to ")}; both must be finite and rise`
  const lost = traces.find(({ surface }) => !names.includes(surface))
  if (lost !== undefined)
    return `the trace "${lost.label}" is on the surface "${lost.surface}"; the surfaces are ${names.map((name) => `"${name}"`).join(", ")}`
  const empty = traces.find(({ points }) => points.length === 0)
  return empty === undefined ? undefined : `the trace "${empty.label}" on "${empty.surface}" has no points`
}

const legendOf = ({ surfaces, traces }: PathChart, labels: ReadonlyArray<string>): ReadonlyArray<LegendEntry> => [
  ...labels.map((label, i): LegendEntry => {
    const { color, dash, shape } = stroke(i)
    return { label, line: { color, dash }, point: { shape, fill: color, stroke: ink.paper } }
  }),
  ...(traces.length === 0
    ? []
    : [{ label: "start", point: { shape: "circle", fill: ink.paper, stroke: ink.text } } as const]),
  ...(surfaces.every(({ minimum }) => minimum === undefined)
    ? []
    : [{ label: "minimum", point: { shape: "star", fill: "#ffd92f", stroke: ink.text } } as const])
]

/** What is not drawn: the rest of a path that left for infinity. */
const notesOf = ({ surfaces, traces }: PathChart): ReadonlyArray<string> =>
  traces.flatMap(({ label, points, surface }) => {
    const on = surfaces.find(({ name }) => name === surface)
    const drawn = on === undefined ? points.length : followed(points, on).length
    return drawn === points.length
      ? []
      : [`${surface}, ${label}: diverges, drawn up to point ${drawn} of ${points.length}`]
  })

const draw = (chart: PathChart): Effect.Effect<string, VizError> =>
  Effect.gen(function* () {
    const { surfaces, title, traces, width = 1200 } = chart
    const wrong = complaint(chart)
    if (wrong !== undefined) return yield* new VizError({ kind: "argument", message: `viz: ${wrong}` })
    const labels = [...new Set(traces.map(({ label }) => label))]
    const columns = 3
    const height = chart.height ?? 60 + 420 * Math.ceil(surfaces.length / columns)
    const places = layout(
      surfaces.map(({ name }) => name),
      legendOf(chart, labels),
      notesOf(chart),
      { width, height, columns }
    )
    const drawings = yield* Effect.forEach(surfaces, (surface, i) => {
      const paths = traces
        .filter((trace) => trace.surface === surface.name)
        .map(({ label, points }) => ({ points, stroke: stroke(labels.indexOf(label)) }))
      return Effect.flatMap(
        Effect.try({
          try: () => pathPanelSpec(surface, paths, places.panels[i]?.width ?? 0, places.panels[i]?.height ?? 0),
          catch: (cause) =>
            new VizError({
              kind: "argument",
              message: `viz: the surface "${surface.name}" cannot be computed: ${cause instanceof Error ? cause.message : String(cause)}`
            })
        }),
        drawVega
      )
    })
    return page({ title, layout: places, drawings, digits: 1 })
  })

/**
 * The paths of optimizers over the contours of one or more functions, a panel each, darker where the function is higher.
 * A path is told by its colour, its dashes and the mark at its end; up to 60 points are marked one by one. A path that
 * leaves for infinity is cut, and a note says where. The chart fails with a `VizError` when there is no surface, two have
 * the same name, or a trace has no points or names an unknown surface.
 */
export const paths = (options: PathChart): Chart => make(Effect.suspend(() => draw(options)))
