/** The drawing of a model: its layers as boxes, in the order in which they are applied. */
import { showShape } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import * as Effect from "effect/Effect"
import { type Box, box, boxWidth, branches, bypassed, column, type Drawing, frame } from "./block-drawing.ts"
import { type Chart, make } from "./chart.ts"
import { argument } from "./line-charts.ts"
import { layout, page } from "./page.ts"
import { size } from "./style.ts"
import { textWidth } from "./text-width.ts"
import { VizError } from "./viz-error.ts"

/** What a drawing shows of a model; any `Model` is one. */
export type DrawnModel = Pick<Model.AnyModel, "inputShape" | "layers">

/** A layer with its line of the summary, and those inside it. */
interface Node {
  readonly layer: Model.AnyLayer
  readonly row: Model.SummaryRow
  readonly inner: ReadonlyArray<Node>
}

/** Rows come in the order of a walk: a block, what is inside it, what is after it. */
const nodesOf = (layers: ReadonlyArray<Model.AnyLayer>, rows: Iterator<Model.SummaryRow>): ReadonlyArray<Node> =>
  layers.flatMap((layer) => {
    const next = rows.next()
    return next.done === true ? [] : [{ layer, row: next.value, inner: nodesOf(layer.layers, rows) }]
  })

const counted = (n: number): string => n.toLocaleString("en-US")

const details = ({ outputShape, parameters }: Model.SummaryRow): string =>
  [showShape(outputShape), ...(parameters === 0 ? [] : [`${counted(parameters)} parameters`])].join(", ")

const boxOf = ({ layer, row }: Node): Box => ({
  name: layer.name ?? "",
  kind: layer.kind,
  details: details(row),
  style: row.parameters === 0 ? "plain" : "learns"
})

const parametersIn = ({ inner, row }: Node): number =>
  inner.reduce((sum, node) => sum + parametersIn(node), row.parameters)

/** Layers one after the other; boxes of a series are equally wide. */
const series = (
  nodes: ReadonlyArray<Node>,
  bypasses: ReadonlyArray<Model.Bypass>,
  start: ReadonlyArray<Box> = []
): Drawing => {
  const boxes = [...start, ...nodes.filter(({ inner }) => inner.length === 0).map(boxOf)]
  const width = Math.max(0, ...boxes.map(boxWidth))
  const drawings = nodes.map((node) => drawingOf(node, width))
  const parts: Array<Drawing> = start.map((content) => box(content, width))
  for (let i = 0; i < drawings.length;) {
    const around = bypasses.find(({ from, to }) => from === i && to > i)
    const end = around?.to ?? i + 1
    const inside = column(drawings.slice(i, end))
    parts.push(around === undefined ? inside : bypassed(inside, around.join))
    i = end
  }
  return column(parts)
}

const drawingOf = (node: Node, width: number): Drawing => {
  const { inner, layer } = node
  const { kind, name = "", outputShape, wiring } = layer
  if (inner.length === 0 && wiring === undefined) return box(boxOf(node), width)
  const shape = showShape(["batch", ...outputShape])
  if (wiring?.form === "branches")
    return frame(
      name,
      kind,
      shape,
      branches(
        inner.map((branch) => ({ name: branch.layer.name ?? "", drawing: series(branch.inner, []) })),
        wiring.join
      )
    )
  if (wiring?.form === "repeat") {
    const [first] = inner
    const each = first === undefined ? 0 : parametersIn(first)
    return frame(
      name,
      kind,
      each === 0 ? shape : `${shape}, ${counted(each)} parameters each`,
      series(first?.inner ?? [], []),
      inner.length
    )
  }
  return frame(name, kind, shape, series(inner, wiring?.bypasses ?? []))
}

/**
 * A model as a drawing: a box for each layer with its name, kind, output shape and parameters (blue where it has any),
 * frames around blocks. Branches stand side by side and meet where they are joined, residual blocks have a way around, and a repeated
 * block is drawn once, as a pile.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([4]), Model.dense("hidden", 8, { activation: "relu" }), Model.dense("out", 3))
 * const chart = Viz.model(model, { title: "A small model" })
 * ```
 *
 * The page is as large as the drawing. The chart fails with a `VizError` for a model without layers, and when what is given
 * is not a model.
 */
export const model = (model: DrawnModel, options: { readonly title?: string } = {}): Chart =>
  make(
    Effect.suspend(() => {
      const { title = "Model" } = options
      if (!Array.isArray(model?.layers) || !Array.isArray(model.inputShape))
        return argument(`"${title}" is not given a model; one is made with Model.input`)
      if (model.layers.length === 0) return argument("the model has no layers, so there is nothing to draw; add one")
      return Effect.map(
        Effect.try({
          try: () => Model.summary(model),
          catch: (cause) =>
            new VizError({
              kind: "argument",
              message: `viz: the model cannot be applied: ${cause instanceof Error ? cause.message : String(cause)}`
            })
        }),
        (summary) => {
          const rows = summary.rows[Symbol.iterator]()
          rows.next()
          const input: Box = {
            name: "",
            kind: "Input",
            details: showShape(["batch", ...model.inputShape]),
            style: "input"
          }
          const drawing = series(nodesOf(model.layers, rows), [], [input])
          const note = `${counted(summary.parameters)} parameters, ${counted(Math.round(summary.flops))} FLOPs per sample`
          const width = Math.ceil(
            Math.max(drawing.width, textWidth(note, size.note), 1.1 * textWidth(title, size.title)) + 36
          )
          const empty = layout([""], [], [note], { width, height: 0, columns: 1 })
          const top = empty.panels[0]?.y ?? 0
          const places = layout([""], [], [note], {
            width,
            height: Math.ceil(top + drawing.height + 20),
            columns: 1
          })
          const left = Math.max(1, (width - 32 - drawing.width) / 2)
          return page({
            title,
            layout: places,
            drawings: [`<svg><g transform="translate(${left},2)">${drawing.svg}</g></svg>`]
          })
        }
      )
    })
  )
