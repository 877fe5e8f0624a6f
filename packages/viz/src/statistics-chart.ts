/** The chart of layer statistics: how large activations and gradients are, layer by layer. */
import * as Effect from "effect/Effect"
import type { TopLevelSpec } from "vega-lite"
import { type Chart, make } from "./chart.ts"
import { argument, type PageSize } from "./line-charts.ts"
import { layout, type LegendEntry, page } from "./page.ts"
import { drawVegaLite } from "./renderer.ts"
import { config, ink, shapes, size, stroke } from "./style.ts"

/** A number, or the value of a scalar as `Compute.eval` and compiled programs give it. */
export type Scalar = number | { readonly data: ArrayLike<number> }

/** What the chart shows of a layer or a parameter; the values of `Inspect.statistics` are such. */
export interface LayerStatistics {
  readonly mean: Scalar
  readonly deviation: Scalar
  readonly min: Scalar
  readonly max: Scalar
  /** The share of numbers that are 0. */
  readonly zeros?: Scalar
}

/** Statistics by the path of a layer or a parameter, in the order in which they are drawn. */
export type StatisticsByPath = { readonly [path: string]: LayerStatistics }

interface Row {
  readonly path: string
  /** The root of the mean square. */
  readonly typical: number
  readonly largest: number
  readonly zeros: number | undefined
}

/** What of a layer is no number: given as an expression, usually. */
const missing = ({ deviation, max, mean, min, zeros }: LayerStatistics): string | undefined => {
  const isNumber = (value: Scalar | undefined): boolean => typeof value === "number" || value?.data !== undefined
  const [wrong] = Object.entries({ mean, deviation, min, max, ...(zeros === undefined ? {} : { zeros }) }).filter(
    ([, value]) => !isNumber(value)
  )
  return wrong?.[0]
}

const numberOf = (value: Scalar | undefined): number =>
  typeof value === "number" ? value : (value?.data?.[0] ?? Number.NaN)

const rowOf = ([path, { deviation, max, mean, min, zeros }]: readonly [string, LayerStatistics]): Row => ({
  path: path === "" ? "all" : path,
  typical: Math.hypot(numberOf(mean), numberOf(deviation)),
  largest: Math.max(Math.abs(numberOf(min)), Math.abs(numberOf(max))),
  zeros: zeros === undefined ? undefined : numberOf(zeros)
})

const isDrawn = ({ largest, typical }: Row): boolean =>
  typical > 0 && largest > 0 && Number.isFinite(typical) && Number.isFinite(largest)

/** What stands in place of a point that has no place on the axis. */
const instead = (row: Row): string => (row.largest === 0 ? "all are 0" : "not finite")

const percent = (share: number): string => {
  const hundredths = 100 * share
  if (hundredths === 0) return ""
  return hundredths < 0.5 ? "<1%" : hundredths > 99.5 && hundredths < 100 ? ">99%" : `${Math.round(hundredths)}%`
}

/** Whole powers of ten around all numbers, or the decade of 1 when there are none. */
const decades = (rows: ReadonlyArray<Row>): readonly [from: number, to: number] => {
  const powers = rows.filter(isDrawn).flatMap(({ largest, typical }) => [Math.log10(typical), Math.log10(largest)])
  if (powers.length === 0) return [-1, 0]
  const [from, to] = [Math.floor(Math.min(...powers) + 1e-9), Math.ceil(Math.max(...powers) - 1e-9)]
  return from === to ? [from - 1, to] : [from, to]
}

interface SpecOptions {
  readonly decades: readonly [from: number, to: number]
  readonly hasZeros: boolean
  readonly width: number
  readonly height: number
}

const spec = (rows: ReadonlyArray<Row>, options: SpecOptions): TopLevelSpec => {
  const { hasZeros, height, width } = options
  const [from, to] = options.decades
  const every = Math.ceil((to - from + 1) / 7)
  const values = rows.map((row, order) => {
    const drawn = isDrawn(row)
    return {
      path: row.path,
      order,
      typical: drawn ? row.typical : null,
      largest: drawn ? row.largest : null,
      instead: drawn ? "" : instead(row),
      zeros: row.zeros === undefined ? "" : percent(row.zeros)
    }
  })
  const [typical, largest] = [stroke(0), stroke(1)]
  const point = { type: "point" as const, filled: true, opacity: 1, stroke: ink.paper, strokeWidth: 1 }
  return {
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    padding: { left: 0, bottom: 0, top: hasZeros ? 18 : 4, right: hasZeros ? 56 : 8 },
    config,
    data: { values },
    encoding: {
      y: {
        field: "path",
        type: "ordinal",
        sort: null,
        title: null,
        // Of its own accord Vega takes the rows of one layer after those of another.
        scale: { domain: rows.map(({ path }) => path) },
        axis: { grid: true, ticks: false, domain: false, labelLimit: 0.4 * width, labelOverlap: false }
      }
    },
    layer: [
      {
        mark: { type: "rule", stroke: ink.axis, strokeWidth: 1.5 },
        encoding: {
          x: {
            field: "typical",
            type: "quantitative",
            title: "size",
            scale: { type: "log", domain: [10 ** from, 10 ** to], nice: false, padding: 8 },
            axis: {
              grid: true,
              ticks: false,
              values: Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => 10 ** (from + i * every)),
              format: from < -3 || to > 5 ? ".0e" : "~g"
            }
          },
          x2: { field: "largest" }
        }
      },
      {
        mark: {
          type: "line",
          stroke: typical.color,
          strokeWidth: 2.5,
          strokeJoin: "round",
          invalid: "break-paths-show-path-domains"
        },
        encoding: { x: { field: "typical", type: "quantitative" }, order: { field: "order", type: "quantitative" } }
      },
      {
        mark: { ...point, size: 70, shape: shapes[largest.shape], fill: largest.color, invalid: "filter" },
        encoding: { x: { field: "largest", type: "quantitative" } }
      },
      {
        mark: { ...point, size: 80, shape: shapes[typical.shape], fill: typical.color, invalid: "filter" },
        encoding: { x: { field: "typical", type: "quantitative" } }
      },
      {
        transform: [{ filter: "datum.instead !== ''" }],
        mark: { type: "text", align: "left", dx: 8, fontSize: size.label, fill: largest.color, fontWeight: "bold" },
        encoding: { x: { value: 0 }, text: { field: "instead" } }
      },
      ...(hasZeros
        ? [
            {
              mark: { type: "text" as const, align: "left" as const, dx: 10, fontSize: size.label, fill: ink.muted },
              encoding: { x: { value: "width" as const }, text: { field: "zeros" } }
            },
            {
              data: { values: [{}] },
              mark: { type: "text" as const, align: "left" as const, dx: 10, fontSize: size.label, fill: ink.muted },
              encoding: { x: { value: "width" as const }, y: { value: -10 }, text: { value: "zeros" } }
            }
          ]
        : [])
    ]
  }
}

const legend: ReadonlyArray<LegendEntry> = [
  {
    label: "root of the mean square",
    line: stroke(0),
    point: { shape: stroke(0).shape, fill: stroke(0).color, stroke: ink.paper }
  },
  {
    label: "largest absolute value",
    point: { shape: stroke(1).shape, fill: stroke(1).color, stroke: ink.paper }
  }
]

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * How large the numbers of each layer are, first layer on top, on a logarithmic axis: their root of the mean square and
 * their largest absolute value, and the share of zeros beside them. A line that leans left going down is a signal that vanishes, one that leans right
 * a signal that explodes. Each group is a panel: activations, gradients, an optimizer's moments.
 *
 * ```ts
 * const chart = Viz.statistics({
 *   activations: { hidden: { mean: 0.4, deviation: 0.5, min: 0, max: 2, zeros: 0.5 } },
 *   gradients: { "hidden.kernel": { mean: 0, deviation: 1e-3, min: -4e-3, max: 3e-3 } }
 * })
 * ```
 *
 * The numbers are those of `Inspect.activationStatistics` and `Inspect.treeStatistics`, computed: what `Compute.eval` gives.
 * Layers whose numbers are all 0, or not all finite, say so instead. The chart fails with a `VizError` when there is no group,
 * a group has no layers, or the page is too small.
 */
export const statistics = (
  groups: { readonly [group: string]: StatisticsByPath },
  options: PageSize & {
    readonly title?: string
    /** Whether all panels have one axis, to compare groups; each has its own unless given. */
    readonly oneAxis?: boolean
  } = {}
): Chart =>
  make(
    Effect.suspend(() => {
      const panels = Object.entries(groups).map(([name, layers]) => ({
        title: sentenceCase(name),
        rows: Object.entries(layers).map(rowOf)
      }))
      if (panels.length === 0) return argument("there are no statistics, so there is nothing to draw")
      const empty = panels.find(({ rows }) => rows.length === 0)
      if (empty !== undefined) return argument(`the group "${empty.title}" has no layers, so there is nothing to draw`)
      for (const [name, layers] of Object.entries(groups))
        for (const [path, layer] of Object.entries(layers)) {
          const what = missing(layer)
          if (what !== undefined)
            return argument(
              `the ${what} of "${path}" in "${name}" is no number; compute expressions with Compute.eval first`
            )
        }
      const columns = Math.min(panels.length, 3)
      const rowsOfPanels = Math.ceil(panels.length / columns)
      const most = panels.reduce((max, { rows }) => Math.max(max, rows.length), 0)
      const { title = "Statistics of layers", width = columns === 1 ? 760 : 1200 } = options
      const { height = 90 + rowsOfPanels * (110 + 27 * most) } = options
      const places = layout(
        panels.map((panel) => panel.title),
        legend,
        [],
        { width, height, columns }
      )
      if (places.panels.some((place) => !(place.width >= 150 && place.height >= 80 + 14 * most)))
        return argument(
          `${panels.length} panels of ${most} layers do not fit on ${width} x ${height} pixels; ask for a larger page`
        )
      const all = panels.flatMap(({ rows }) => rows)
      const hasZeros = all.some(({ zeros = 0 }) => zeros > 0)
      return Effect.map(
        Effect.forEach(panels, ({ rows }, i) =>
          drawVegaLite(
            spec(rows, {
              decades: decades(options.oneAxis === true ? all : rows),
              hasZeros,
              width: places.panels[i]?.width ?? 0,
              height: places.panels[i]?.height ?? 0
            })
          )
        ),
        (drawings) => page({ title, layout: places, drawings })
      )
    })
  )
