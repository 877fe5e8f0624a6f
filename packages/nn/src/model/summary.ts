/** What a model is made of, as data and as a table. */
import { type AnyTensor, Key, showShape, sizeOf, Tree } from "@cotangent/graph"
import type { AnyLayer, Sizes } from "./layer.ts"

/** One line of a summary. */
export interface SummaryRow {
  /** The path of the layer in the parameter tree, `block.up`; empty for a layer without a name. */
  readonly layer: string
  readonly kind: string
  readonly outputShape: ReadonlyArray<number | "batch">
  /** The number of parameters; those of a block stand at its layers. */
  readonly parameters: number
}

/** The rows of a model with their totals, and the same as a printed table. */
export interface Summary {
  readonly rows: ReadonlyArray<SummaryRow>
  /** Numbers that training changes. */
  readonly parameters: number
  /** Numbers that applying changes, such as running statistics. */
  readonly state: number
  readonly text: string
}

/** What a summary needs to know of a model. */
export interface Described {
  readonly inputShape: Sizes
  readonly layers: ReadonlyArray<AnyLayer>
}

const count = (tree: unknown): number => Tree.leaves<AnyTensor>(tree).reduce((sum, leaf) => sum + sizeOf(leaf.shape), 0)

// Only shapes are looked at, so any key does.
const variablesOf = ({ init }: AnyLayer) => init(Key.key(0))

const rowsOf = (layers: ReadonlyArray<AnyLayer>, prefix: string): ReadonlyArray<SummaryRow> =>
  layers.flatMap((layer) => {
    const path = `${prefix}${layer.name ?? ""}`
    const inner = layer.layers.length > 0
    const row: SummaryRow = {
      layer: layer.name === undefined ? "" : path,
      kind: layer.kind,
      outputShape: ["batch", ...layer.outputShape],
      parameters: inner ? 0 : count(variablesOf(layer).params)
    }
    return [row, ...rowsOf(layer.layers, `${path}.`)]
  })

/** The number of parameters of a model: of numbers that training changes. */
export const parameterCount = ({ layers }: Pick<Described, "layers">): number =>
  layers.reduce((sum, layer) => sum + count(variablesOf(layer).params), 0)

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",")

const table = (rows: ReadonlyArray<SummaryRow>, parameters: number, state: number): string => {
  const lines = [
    ["Layer", "Kind", "Output shape", "Parameters"],
    ...rows.map((row) => [row.layer, row.kind, showShape(row.outputShape), grouped(row.parameters)])
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const print = (line: ReadonlyArray<string>): string =>
    line
      .map((text, column) => (column === 3 ? text.padStart(widths[3] ?? 0) : text.padEnd(widths[column] ?? 0)))
      .join("  ")
  const [head = [], ...body] = lines
  const rule = "-".repeat(print(head).length)
  const totals = [
    `Parameters: ${grouped(parameters)} (${grouped(4 * parameters)} bytes)`,
    ...(state === 0 ? [] : [`State: ${grouped(state)} (${grouped(4 * state)} bytes)`])
  ]
  return [print(head), rule, ...body.map(print), rule, ...totals].join("\n")
}

/**
 * What a model is made of: a row per layer (those of blocks below their block), the totals, and a table to print:
 * `console.log(Model.summary(mlp).text)`.
 */
export const summary = (model: Described): Summary => {
  const start: SummaryRow = { layer: "", kind: "Input", outputShape: ["batch", ...model.inputShape], parameters: 0 }
  const rows = [start, ...rowsOf(model.layers, "")]
  const parameters = parameterCount(model)
  const state = model.layers.reduce((sum, layer) => sum + count(variablesOf(layer).state), 0)
  return { rows, parameters, state, text: table(rows, parameters, state) }
}
