/** The text of an exported model's ES module and of its types. */
import type { Artifact } from "./artifact.ts"
import { type Column, widthOf } from "./columns.ts"
import type { WasmModel } from "./standalone.ts"

/** JSON that may stand in a script: line separators are no line ends there, but were once. */
const json = (value: unknown): string =>
  JSON.stringify(value, null, 2).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** Words of a model that stand in a comment. */
const inComment = (text: string): string => text.replaceAll("*/", "* /").replaceAll(/\s+/g, " ")

const described = ({ inputShape, name, outputShape }: Artifact): string =>
  `${inComment(name)}: [${inputShape.join(", ")}] to [${outputShape.join(", ")}]`

const numbersGlue = `const encode = (row, at) => {
  if (typeof row !== "object" || row === null || typeof row.length !== "number") refuse(\`a row must be a list of \${about.inputs} numbers\`)
  if (row.length !== about.inputs) refuse(\`a row has \${about.inputs} numbers, this one has \${row.length}\`)
  for (let i = 0; i < about.inputs; i++) {
    if (typeof row[i] !== "number" || !Number.isFinite(row[i])) refuse(\`number \${i} of the row is \${show(row[i])}; every one must be finite\`)
    at[i] = row[i]
  }
}`

const columnsGlue = `const numbered = about.columns.map((column) => new Map((column.values ?? []).map((value, i) => [value, i])))
const names = new Set(about.columns.map(({ name }) => name))
const encodeCell = ({ name, kind, values, encoding, mean = 0, scale = 1, fill }, numbers, cell, at, offset) => {
  if (kind === "number") {
    const x = cell ?? fill
    if (typeof x !== "number" || !Number.isFinite(x)) refuse(\`the column \${name} holds \${show(cell)}; a finite number is needed\`)
    at[offset] = (x - mean) / scale
    return 1
  }
  const number = numbers.get(String(cell))
  if (number === undefined) refuse(\`the column \${name} holds \${show(cell)}; it may hold \${values.slice(0, 20).join(", ")}\${values.length > 20 ? \` and \${values.length - 20} more\` : ""}\`)
  if (encoding === "index") {
    at[offset] = number
    return 1
  }
  at.fill(0, offset, offset + values.length)
  at[offset + number] = 1
  return values.length
}
const encode = (row, at) => {
  if (typeof row !== "object" || row === null) refuse(\`a row must be a list or a record, it is \${show(row)}\`)
  const isList = Array.isArray(row) || ArrayBuffer.isView(row)
  if (isList && row.length !== about.columns.length) refuse(\`a row has \${about.columns.length} cells, this one has \${row.length}\`)
  if (!isList) for (const name of Object.keys(row)) if (!names.has(name)) refuse(\`there is no column \${name}; there are \${[...names].join(", ")}\`)
  let offset = 0
  about.columns.forEach((column, i) => {
    const cell = isList ? row[i] : Object.hasOwn(row, column.name) ? row[column.name] : undefined
    offset += encodeCell(column, numbered[i], cell, at, offset)
  })
}`

const labelsGlue = `const label = (outputs) => {
  let index = 0
  if (outputs.length === 1) index = outputs[0] >= about.threshold ? 1 : 0
  else for (let i = 1; i < outputs.length; i++) if (outputs[i] > outputs[index]) index = i
  return { label: labels[index], index, score: outputs[outputs.length === 1 ? 0 : index] }
}`

/** The ES module. */
export const glueOf = (artifact: Artifact, model: WasmModel): string => {
  const { columns, inputShape, labels, name, outputShape, threshold } = artifact
  const about = {
    name,
    section: model.section,
    inputShape,
    outputShape,
    input: model.input,
    inputs: model.inputs,
    output: model.output,
    outputs: model.outputs,
    ...(labels === undefined ? {} : { threshold }),
    ...(columns === undefined ? {} : { columns })
  }
  return `/** ${described(artifact)}. Made by \`cotangent export\`; the weights are in model.wasm. */
const about = ${json(about)}
export const { name, inputShape, outputShape } = about
${labels === undefined ? "" : `export const labels = ${json(labels)}\n`}
/** A row is not what the model takes. */
export class RowError extends Error {
  name = "RowError"
  _tag = "RowError"
}
const refuse = (sentence) => {
  throw new RowError(\`predict: \${sentence}\`)
}
const show = (cell) => (typeof cell === "string" ? \`"\${cell}"\` : String(cell))
${columns === undefined ? numbersGlue : columnsGlue}
${labels === undefined ? "" : `${labelsGlue}\n`}
const moduleOf = (source) => {
  const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source)
  if (WebAssembly.Module.customSections(module, about.section).length === 0)
    throw new TypeError(\`\${about.name}: this WebAssembly module belongs to another export; copy both files together\`)
  return module
}

/** A predictor from the bytes of model.wasm, or the compiled module, at once. */
export const instantiate = (source) => {
  const { memory, step } = new WebAssembly.Instance(moduleOf(source)).exports
  const input = new Float32Array(memory.buffer, about.input, about.inputs)
  const output = new Float32Array(memory.buffer, about.output, about.outputs)
  const run = (row) => {
    encode(row, input)
    step()
    return output
  }
  const predict = (row) => run(row).slice()
  return {
    predict,
    predictBatch: (rows) => Array.from(rows, predict)${
      labels === undefined
        ? ""
        : `,
    classify: (row) => label(run(row)),
    classifyBatch: (rows) => Array.from(rows, (row) => label(run(row)))`
    }
  }
}

const fetched = async (url) => {
  if (url.protocol === "file:" && typeof process === "object") {
    const files = await import(/* @vite-ignore */ /* webpackIgnore: true */ \`node:\${"fs/promises"}\`)
    return files.readFile(url)
  }
  const response = await fetch(url)
  if (!response.ok) throw new TypeError(\`\${about.name}: \${url} answers \${response.status}\`)
  return response.arrayBuffer()
}

/** A predictor from model.wasm beside this file, or wherever it is. */
export const load = async (source = new URL("./model.wasm", import.meta.url)) => {
  if (source instanceof WebAssembly.Module) return instantiate(source)
  const bytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source) ? source : await fetched(new URL(source, import.meta.url))
  return instantiate(await WebAssembly.compile(bytes))
}
`
}

const literal = (text: string): string => JSON.stringify(text)

const rowField = (column: Column): string =>
  column.kind === "number"
    ? `  readonly ${literal(column.name)}${column.fill === undefined ? ": number" : "?: number | null | undefined"}`
    : `  readonly ${literal(column.name)}: ${column.values.map(literal).join(" | ")}`

const rowCell = (column: Column): string =>
  column.kind === "number"
    ? `${column.fill === undefined ? "number" : "number | null"}`
    : column.values.map(literal).join(" | ")

const rowType = ({ columns, inputShape }: Artifact, inputs: number): string =>
  columns === undefined
    ? `/** The ${inputs} numbers of [${inputShape.join(", ")}], row-major. */
export type Row = ArrayLike<number>`
    : `/** A row by its columns; ${columns.reduce((n, column) => n + widthOf(column), 0)} numbers for the model. */
export interface Row {
${columns.map(rowField).join("\n")}
}
/** A row in the order of its columns. */
export type Cells = readonly [${columns.map(rowCell).join(", ")}]`

/** The types of the ES module. */
export const declarationsOf = (artifact: Artifact): string => {
  const { columns, inputShape, labels, outputShape } = artifact
  const row = columns === undefined ? "Row" : "Row | Cells"
  const sizes = (shape: ReadonlyArray<number>): string => `readonly [${shape.join(", ")}]`
  return `/** ${described(artifact)}. Made by \`cotangent export\`. */
${rowType(
  artifact,
  inputShape.reduce((n, d) => n * d, 1)
)}
${
  labels === undefined
    ? ""
    : `
/** What the outputs are called. */
export type Label = ${labels.map(literal).join(" | ")}
export declare const labels: ReadonlyArray<Label>
/** The label of the largest output; for a single output, the second label from the threshold on. */
export interface Classification {
  readonly label: Label
  readonly index: number
  readonly score: number
}
`
}
export declare const name: string
export declare const inputShape: ${sizes(inputShape)}
export declare const outputShape: ${sizes(outputShape)}

/** A row is not what the model takes. */
export declare class RowError extends Error {
  readonly _tag: "RowError"
}

/** The model. All calls are synchronous and throw a RowError when a row is not what it takes. */
export interface Predictor {
  /** The ${outputShape.reduce((n, d) => n * d, 1)} outputs for one row: an array of its own. */
  readonly predict: (row: ${row}) => Float32Array
  readonly predictBatch: (rows: Iterable<${row}>) => Array<Float32Array>${
    labels === undefined
      ? ""
      : `
  readonly classify: (row: ${row}) => Classification
  readonly classifyBatch: (rows: Iterable<${row}>) => Array<Classification>`
  }
}

/** A predictor from the bytes of model.wasm, or the compiled module, at once. Browsers ask for \`load\` above 4 KB or so. */
export declare const instantiate: (source: BufferSource | WebAssembly.Module) => Predictor
/** A predictor from model.wasm beside the ES module, or wherever it is. */
export declare const load: (source?: URL | string | BufferSource | WebAssembly.Module) => Promise<Predictor>
`
}
