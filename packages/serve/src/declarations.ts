/** The types of an exported model's ES module. */
import type * as Preprocess from "@cotangent/data/preprocess"
import { sizeOf } from "@cotangent/graph"
import type { AnyArtifact } from "./artifact.ts"
import { isEstimate } from "./estimate.ts"
import { described } from "./glue.ts"

type Step = Preprocess.LoadedFitted["inputs"][number]["steps"][number]

const literal = (value: unknown): string => JSON.stringify(value)

/** The type of the cells that a chain of steps takes. */
const cellType = ([first, ...rest]: ReadonlyArray<Step>): string => {
  switch (first?._tag) {
    case undefined:
      return "number | boolean"
    case "Impute":
      return `${cellType(rest)} | null`
    case "OneHot":
    case "Index":
      return first.unknown === "error"
        ? first.categories.map(literal).join(" | ")
        : [...new Set(first.categories.map((category) => typeof category))].join(" | ")
    case "Tokenise":
      return "string"
    case "Standardise":
    case "MinMax":
    case "Bucket":
      return "number"
  }
}

const rowType = ({ inputShape, preprocessing }: AnyArtifact): string => {
  if (preprocessing === undefined)
    return `/** The ${sizeOf(inputShape)} numbers of [${inputShape.join(", ")}], row-major. */
export type Row = ArrayLike<number>`
  const columns = new Map<string, ReadonlyArray<string>>()
  for (const { column, steps } of preprocessing.inputs)
    columns.set(column, [...(columns.get(column) ?? []), `(${cellType(steps)})`])
  const fields = [...columns].map(([column, types]) => {
    const [only = "", ...others] = new Set(types)
    return `  readonly ${literal(column)}: ${others.length === 0 ? only.slice(1, -1) : [only, ...others].join(" & ")}`
  })
  return `/** A row by its columns. */
export interface Row {
${fields.join("\n")}
}`
}

const labelTypes = (labels: ReadonlyArray<string>): string => `
/** What the outputs are called. */
export type Label = ${labels.map(literal).join(" | ")}
export declare const labels: ReadonlyArray<Label>
/** The label of the largest output; for a single output, the second label from the threshold on. */
export interface Classification {
  readonly label: Label
  /** The number of the label. */
  readonly index: number
  /** The output that decided. */
  readonly score: number
}
`

/** The types of the ES module. */
export const declarationsOf = (artifact: AnyArtifact): string => {
  const { inputShape, labels, outputShape } = artifact
  const classifying = `
  readonly classify: (row: Row) => Classification
  readonly classifyBatch: (rows: Iterable<Row>) => Array<Classification>`
  const estimating = `
  /** The output in the units of the table. */
  readonly estimate: (row: Row) => number`
  return `/** ${described(artifact)}. Made by \`cotangent export\`. */
${rowType(artifact)}
${labels === undefined ? "" : labelTypes(labels)}
export declare const name: string
export declare const inputShape: readonly [${inputShape.join(", ")}]
export declare const outputShape: readonly [${outputShape.join(", ")}]

/** A row is not what the model takes. */
export declare class RowError extends Error {
  readonly _tag: "RowError"
}

/** The model. All calls are synchronous and throw a RowError when a row is not what it takes. */
export interface Predictor {
  /** The ${sizeOf(outputShape)} outputs for one row: an array of its own. */
  readonly predict: (row: Row) => Float32Array
  readonly predictBatch: (rows: Iterable<Row>) => Array<Float32Array>${labels === undefined ? "" : classifying}${isEstimate(artifact) ? estimating : ""}
}

/** A predictor from the bytes of model.wasm, or the compiled module, at once. Some browsers do so for small modules only. */
export declare const instantiate: (source: BufferSource | WebAssembly.Module) => Predictor
/** A predictor from model.wasm beside the ES module, or wherever it is. */
export declare const load: (source?: URL | string | BufferSource | WebAssembly.Module) => Promise<Predictor>
`
}
