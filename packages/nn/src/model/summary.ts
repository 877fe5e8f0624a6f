/** What a model is made of, as data and as a table. */
import { type AnyTensor, Key, operations, showShape, sizeOf, Tree } from "@cotangent/graph"
import { flopsOf } from "../inspect/flops.ts"
import type { AnyLayer, Evaluate, Sizes } from "./layer.ts"

/** One line of a summary. */
export interface SummaryRow {
  /** The path of the layer in the parameter tree, `block.up`; empty for a layer without a name. */
  readonly layer: string
  readonly kind: string
  readonly outputShape: ReadonlyArray<number | "batch">
  /** The number of parameters; those of a block stand at its layers. */
  readonly parameters: number
  /** Operations for one sample in evaluate mode, a multiplication and an addition being two; those of a block stand at its layers. */
  readonly flops: number
}

/** The rows of a model with their totals, and the same as a printed table. */
export interface Summary {
  readonly rows: ReadonlyArray<SummaryRow>
  /** Numbers that training changes. */
  readonly parameters: number
  /** Numbers that applying changes, such as running statistics. */
  readonly state: number
  /** Operations for one sample in evaluate mode. */
  readonly flops: number
  /** Numbers that all layers put out for one sample: what a step of training keeps of each, at the most. */
  readonly activations: number
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

const mode: Evaluate = { mode: "evaluate" }

/** The operations of a layer for one sample of these sizes. */
const layerFlops = (layer: AnyLayer, inputShape: Sizes): number => {
  const x = operations.parameter("x", [1, ...inputShape], "f32")
  const unknown = (tree: unknown): unknown =>
    Tree.map(tree, (leaf, path) => operations.parameter(path, leaf.shape, leaf.dtype))
  const { params, state } = variablesOf(layer)
  const [own, before] = [unknown(params), unknown(state)]
  // Trees of the structure that the layer made.
  const { y } = layer.apply(own as never, before as never, x, mode)
  return flopsOf([y], [x, ...Tree.leaves(own), ...Tree.leaves(before)])
}

/** A row and what its layers take together. */
interface Walked {
  readonly rows: ReadonlyArray<SummaryRow>
  readonly flops: number
  readonly activations: number
}

/** The rows of layers in a row, from samples of these sizes. */
const walk = (layers: ReadonlyArray<AnyLayer>, inputShape: Sizes, prefix: string): Walked => {
  let shape = inputShape
  const all = layers.map((layer): Walked => {
    const path = `${prefix}${layer.name ?? ""}`
    const from = layer.inputShape ?? shape
    const flops = layerFlops(layer, from)
    const inner = walk(layer.layers, from, `${path}.`)
    shape = layer.outputShape
    const isBlock = layer.layers.length > 0
    const row: SummaryRow = {
      layer: layer.name === undefined ? "" : path,
      kind: layer.kind,
      outputShape: ["batch", ...layer.outputShape],
      parameters: isBlock ? 0 : count(variablesOf(layer).params),
      flops: flops - inner.flops
    }
    const activations = sizeOf(layer.outputShape) + inner.activations
    return { rows: [row, ...inner.rows], flops, activations }
  })
  return {
    rows: all.flatMap(({ rows }) => rows),
    flops: all.reduce((sum, { flops }) => sum + flops, 0),
    activations: all.reduce((sum, { activations }) => sum + activations, 0)
  }
}

/** The number of parameters of a model: of numbers that training changes. */
export const parameterCount = ({ layers }: Pick<Described, "layers">): number =>
  layers.reduce((sum, layer) => sum + count(variablesOf(layer).params), 0)

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",")

const sized = (what: string, n: number): string => `${what}: ${grouped(n)} (${grouped(4 * n)} bytes)`

const table = (rows: ReadonlyArray<SummaryRow>, totals: ReadonlyArray<string>): string => {
  const lines = [
    ["Layer", "Kind", "Output shape", "Parameters", "FLOPs"],
    ...rows.map((row) => [
      row.layer,
      row.kind,
      showShape(row.outputShape),
      grouped(row.parameters),
      grouped(Math.round(row.flops))
    ])
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const print = (line: ReadonlyArray<string>): string =>
    line
      .map((text, column) => (column >= 3 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)))
      .join("  ")
  const [head = [], ...body] = lines
  const rule = "-".repeat(print(head).length)
  return [print(head), rule, ...body.map(print), rule, ...totals].join("\n")
}

/**
 * What a model is made of: a row per layer (those of blocks below their block) with its parameters and operations, the
 * totals, and a table to print: `console.log(Model.summary(mlp).text)`. Operations and activations are for one sample;
 * training takes about three times the operations, for it goes back through every product twice.
 */
export const summary = (model: Described): Summary => {
  const start: SummaryRow = {
    layer: "",
    kind: "Input",
    outputShape: ["batch", ...model.inputShape],
    parameters: 0,
    flops: 0
  }
  const walked = walk(model.layers, model.inputShape, "")
  const rows = [start, ...walked.rows]
  const parameters = parameterCount(model)
  const state = model.layers.reduce((sum, layer) => sum + count(variablesOf(layer).state), 0)
  const { flops, activations } = walked
  const totals = [
    sized("Parameters", parameters),
    ...(state === 0 ? [] : [sized("State", state)]),
    `FLOPs per sample: ${grouped(Math.round(flops))}`,
    sized("Activations per sample", activations)
  ]
  return { rows, parameters, state, flops, activations, text: table(rows, totals) }
}
