/** One panel of optimizer paths over the contours of a function, as a Vega specification. */
import type { Data, Mark, Spec } from "vega"
import { config, ink, shapes, type Stroke } from "./style.ts"
import { levels, sample, type Surface } from "./surface.ts"

/** A path over a surface and how it is drawn. */
export interface Path {
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  readonly stroke: Stroke
}

const contours = 13
const gridColumns = 160

/** Up to this many points are marked one by one, so that the length of a step can be seen. */
const mostPoints = 60

/** More points than this are thinned: they would lie closer than a pixel. */
const mostVertices = 1500

/** Paths are followed this many widths of the panel outside, then they are cut: a diverging one reaches 1e300. */
const reach = 5

/** The part of a path that can be drawn: up to its first point that is not finite or far outside. */
export const followed = (points: Path["points"], { x, y }: Surface): Path["points"] => {
  const far = (v: number, [low, high]: readonly [number, number]) =>
    !(Math.abs(v - (low + high) / 2) <= (reach + 0.5) * (high - low))
  const end = points.findIndex((point) => far(point[0], x) || far(point[1], y))
  return end < 0 ? points : points.slice(0, end)
}

const thinned = (points: Path["points"]): Path["points"] => {
  const every = Math.ceil(points.length / mostVertices)
  return points.filter((_, i) => i % every === 0 || i === points.length - 1)
}

/** From paper to a blue grey that leaves the paths in front. */
const shade = (part: number): string => {
  const mix = (from: number, to: number): string =>
    Math.round(from + (to - from) * part)
      .toString(16)
      .padStart(2, "0")
  return `#${mix(0xfb, 0x9f)}${mix(0xfc, 0xb4)}${mix(0xfd, 0xcc)}`
}

const at = (key: "x" | "y") => ({ scale: key, field: key })

const line = (data: string, stroke: string, strokeWidth: number, dash: ReadonlyArray<number>): Mark => ({
  type: "line",
  from: { data },
  encode: {
    update: {
      x: at("x"),
      y: at("y"),
      stroke: { value: stroke },
      strokeWidth: { value: strokeWidth },
      strokeDash: { value: dash.length === 0 ? [1, 0] : [...dash] },
      strokeJoin: { value: "round" },
      strokeCap: { value: dash.length === 0 ? "round" : "butt" }
    }
  }
})

const symbols = (data: string, shape: string, area: number, fill: string, stroke: string): Mark => ({
  type: "symbol",
  from: { data },
  encode: {
    update: {
      x: at("x"),
      y: at("y"),
      shape: { value: shape },
      size: { value: area },
      fill: { value: fill },
      stroke: { value: stroke },
      strokeWidth: { value: 1.5 }
    }
  }
})

const rows = (name: string, points: Path["points"]): Data => ({ name, values: points.map(([x, y]) => ({ x, y })) })

const pathData = (path: Path, i: number, surface: Surface): ReadonlyArray<Data> => {
  const points = followed(path.points, surface)
  const few = points.length <= mostPoints
  return [
    rows(`path${i}`, thinned(points)),
    rows(`steps${i}`, few ? points.slice(1, -1) : []),
    rows(`ends${i}`, points.slice(-1))
  ]
}

const pathMarks = ({ stroke }: Path, i: number): ReadonlyArray<Mark> => [
  line(`path${i}`, stroke.color, 2.2, stroke.dash),
  symbols(`steps${i}`, shapes.circle, 14, stroke.color, stroke.color)
]

const axis = (orient: "bottom" | "left", scale: "x" | "y", title: string) => ({
  orient,
  scale,
  title,
  tickCount: 6,
  labelFlush: false,
  labelOverlap: true
})

/** The specification that draws the panel in `width` by `height`, labels and titles included. */
export const pathPanelSpec = (surface: Surface, paths: ReadonlyArray<Path>, width: number, height: number): Spec => {
  const grid = sample(surface, gridColumns, Math.max(2, Math.round((gridColumns * height) / width)))
  const thresholds = levels(grid, contours)
  const starts = paths.flatMap(({ points }) => followed(points, surface).slice(0, 1))
  const { view: _, ...common } = config
  return {
    width,
    height,
    padding: 0,
    autosize: { type: "fit", contains: "padding" },
    config: common,
    data: [
      { name: "grid", values: [{ width: grid.columns, height: grid.rows, values: [...grid.values] }] },
      {
        name: "contours",
        source: "grid",
        transform: [
          {
            type: "isocontour",
            thresholds: [...thresholds],
            scale: { expr: `[width / ${grid.columns}, height / ${grid.rows}]` },
            smooth: true
          }
        ]
      },
      ...paths.flatMap((path, i) => pathData(path, i, surface)),
      rows("starts", starts),
      rows("minimum", surface.minimum === undefined ? [] : [surface.minimum])
    ],
    scales: [
      { name: "x", type: "linear", domain: [...surface.x], range: "width", nice: false, zero: false },
      { name: "y", type: "linear", domain: [...surface.y], range: "height", nice: false, zero: false },
      {
        name: "level",
        type: "ordinal",
        domain: [...thresholds],
        range: thresholds.map((_, k) => shade((k + 1) / contours))
      }
    ],
    axes: [axis("bottom", "x", surface.xTitle ?? "x"), axis("left", "y", surface.yTitle ?? "y")],
    marks: [
      {
        type: "group",
        clip: true,
        encode: { update: { width: { signal: "width" }, height: { signal: "height" }, fill: { value: shade(0) } } },
        marks: [
          {
            type: "path",
            from: { data: "contours" },
            encode: {
              update: {
                fill: { scale: "level", field: "contour.value" },
                stroke: { value: "#7f96b2" },
                strokeWidth: { value: 0.6 }
              }
            },
            transform: [{ type: "geopath", field: "datum.contour" }]
          },
          symbols("minimum", shapes.star, 260, "#ffd92f", ink.text),
          // The light borders come first, so that where paths run together the dashes of one show the other.
          ...paths.map((_, i) => line(`path${i}`, ink.paper, 4.2, [])),
          ...paths.flatMap(pathMarks),
          symbols("starts", shapes.circle, 90, ink.paper, ink.text),
          ...paths.map(({ stroke }, i) => symbols(`ends${i}`, shapes[stroke.shape], 110, stroke.color, ink.paper))
        ]
      }
    ]
  }
}
