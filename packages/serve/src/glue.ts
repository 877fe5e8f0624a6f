/** The text of an exported model's ES module. It holds to `rows.ts`, `classification.ts` and the steps of preprocessing. */
import * as Preprocess from "@cotangent/data/preprocess"
import { sizeOf } from "@cotangent/graph"
import type { AnyArtifact } from "./artifact.ts"
import { isEstimate } from "./estimate.ts"
import { batchSection, type WasmModel } from "./wasm-model.ts"

/** JSON that may stand in a script: line separators are no line ends there, but were once. */
const json = (value: unknown): string =>
  JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** Words of a model that stand in a comment. */
const inComment = (text: string): string => text.replaceAll("*/", "* /").replaceAll(/\s+/g, " ")

/** What a model is, for the first line of a file. */
export const described = ({ inputShape, name, outputShape }: AnyArtifact): string =>
  `${inComment(name)}: [${inputShape.join(", ")}] to [${outputShape.join(", ")}]`

const numbersGlue = `
const encode = (row, out, from) => {
  if (!Array.isArray(row) && !(ArrayBuffer.isView(row) && "length" in row)) refuse(\`a row must be a list of \${about.inputs} numbers\`)
  if (row.length !== about.inputs) refuse(\`a row has \${about.inputs} numbers, this one has \${row.length}\`)
  for (let i = 0; i < about.inputs; i++) {
    if (!isNumber(row[i])) refuse(\`number \${i} of the row is \${show(row[i])}; every one must be finite\`)
    out[from + i] = row[i]
  }
}
`

const preprocessingGlue = `
const isMissing = (cell) => cell === null || cell === undefined || Number.isNaN(cell)
const needNumber = (cell) => (isNumber(cell) ? undefined : isMissing(cell) ? "the cell is missing" : \`\${show(cell)} is no finite number\`)
const last = {
  width: 1,
  write: (cell, out, at) => {
    const x = typeof cell === "boolean" ? Number(cell) : cell
    const wrong = needNumber(x)
    if (wrong !== undefined) return wrong
    out[at] = x
    return Number.isFinite(out[at]) ? undefined : \`\${x} is too large for f32\`
  }
}
const places = (values, from = 0) => new Map(values.map((value, i) => [value, i + from]))
const category = (known, { unknown }, cell) => {
  const isCategory = typeof cell === "string" || typeof cell === "boolean" || isNumber(cell)
  if (known.has(cell) || (isCategory && unknown !== "error")) return undefined
  return isCategory ? \`\${show(cell)} is none of \${[...known.keys()].slice(0, 8).map(show).join(", ")}\` : "the cell is missing, or no category"
}
const onlyNumbers = (change, next) => ({ ...next, write: (cell, out, at) => needNumber(cell) ?? next.write(change(cell), out, at) })
const kinds = {
  Impute: ({ value, indicator }, next) => ({
    width: next.width + (indicator ? 1 : 0),
    write: (cell, out, at) => {
      if (indicator) out[at + next.width] = isMissing(cell) ? 1 : 0
      return next.write(isMissing(cell) ? value : cell, out, at)
    }
  }),
  Standardise: ({ mean, deviation }, next) => onlyNumbers((x) => (x - mean) / deviation, next),
  MinMax: ({ min, range, low, high, clip }, next) => {
    const slope = (high - low) / range
    return onlyNumbers((x) => {
      const scaled = low + (x - min) * slope
      return clip ? Math.min(Math.max(scaled, low), high) : scaled
    }, next)
  },
  OneHot: (step) => {
    const known = places(step.categories)
    const width = step.categories.length + (step.unknown === "other" ? 1 : 0)
    return {
      width,
      write: (cell, out, at) => {
        const wrong = category(known, step, cell)
        if (wrong !== undefined) return wrong
        out.fill(0, at, at + width)
        if (known.has(cell)) out[at + known.get(cell)] = 1
        else if (step.unknown === "other") out[at + step.categories.length] = 1
      }
    }
  },
  Index: (step) => {
    const known = places(step.categories)
    return {
      width: 1,
      write: (cell, out, at) => {
        const wrong = category(known, step, cell)
        if (wrong !== undefined) return wrong
        out[at] = known.get(cell) ?? step.categories.length
      }
    }
  },
  Bucket: ({ edges, as }) => {
    const width = as === "oneHot" ? edges.length + 1 : 1
    return {
      width,
      write: (cell, out, at) => {
        const wrong = needNumber(cell)
        if (wrong !== undefined) return wrong
        const above = edges.findIndex((edge) => cell < edge)
        const place = above < 0 ? edges.length : above
        out.fill(0, at, at + width)
        if (as === "index") out[at] = place
        else out[at + place] = 1
      }
    }
  },
  Tokenise: ({ length, vocabulary: { by, lowercase, pieces } }) => {
    const known = places(pieces, 2)
    return {
      width: length,
      write: (cell, out, at) => {
        if (typeof cell !== "string") return \`\${show(cell)} is no text\`
        const text = lowercase ? cell.toLowerCase() : cell
        const found = by === "characters" ? Array.from(text) : (text.match(/[\\p{L}\\p{M}\\p{N}'’]+/gu) ?? [])
        for (let i = 0; i < length; i++) out[at + i] = i < found.length ? (known.get(found[i]) ?? 1) : 0
      }
    }
  }
}
let width = 0
const parts = about.inputsOf.map(({ column, steps }) => {
  const { write, width: own } = steps.reduceRight((next, step) => kinds[step._tag](step, next), last)
  width += own
  return { column, write, at: width - own }
})
const encode = (row, out, from) => {
  if (typeof row !== "object" || row === null) refuse(\`a row must be a record of cells, it is \${show(row)}\`)
  const problems = []
  for (const { column, at, write } of parts) {
    const wrong = column in row ? write(row[column], out, from + at) : "the row has no such cell; write null for one that is not known"
    if (wrong !== undefined) problems.push(\`column \${show(column)}: \${wrong}\`)
  }
  if (problems.length > 0) refuse([...new Set(problems)].join("; "))
}
`

const labelsGlue = `
const label = (outputs) => {
  let index = 0
  if (outputs.length === 1) index = outputs[0] >= about.threshold ? 1 : 0
  else for (let i = 1; i < outputs.length; i++) if (outputs[i] > outputs[index]) index = i
  return { label: labels[index], index, score: outputs[outputs.length === 1 ? 0 : index] }
}
`

const estimateGlue = `
const undo = { Standardise: ({ mean, deviation }, z) => mean + z * deviation, MinMax: ({ min, range, low, high }, y) => min + ((y - low) * range) / (high - low) }
const number = (outputs) => about.target.reduceRight((value, step) => undo[step._tag]?.(step, value) ?? value, outputs[0])
`

/** The steps of a target that is a number. */
const targetSteps = ({ preprocessing }: AnyArtifact): ReadonlyArray<unknown> => {
  const target = preprocessing === undefined ? undefined : Preprocess.encode(preprocessing).target
  return target?.kind === "number" ? target.steps : []
}

/** The text without blanks that only people need: indents, empty lines, and comments but for the first line. */
const short = (text: string): string => {
  const [first = "", ...lines] = text.split("\n").map((line) => line.trimStart())
  return [first, ...lines.filter((line) => line !== "" && !line.startsWith("/**")), ""].join("\n")
}

/** The ES module. */
export const glueOf = (artifact: AnyArtifact, { programs, section }: WasmModel): string => {
  const { inputShape, labels, name, outputShape, preprocessing, threshold } = artifact
  const about = {
    name,
    inputShape,
    outputShape,
    section,
    inputs: sizeOf(inputShape),
    outputs: sizeOf(outputShape),
    programs,
    ...(labels === undefined ? {} : { threshold }),
    ...(preprocessing === undefined ? {} : { inputsOf: Preprocess.encode(preprocessing).inputs }),
    ...(isEstimate(artifact) ? { target: targetSteps(artifact) } : {})
  }
  const classifying = `,
    classify: (row) => label(run(row)),
    classifyBatch: (rows) => each(rows, label)`
  const estimating = `,
    estimate: (row) => number(run(row))`
  return short(`/** ${described(artifact)}. Made by \`cotangent export\`; the weights are in model.wasm. */
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
const show = (cell) => (typeof cell === "string" ? JSON.stringify(cell) : String(cell))
const isNumber = (cell) => typeof cell === "number" && Number.isFinite(cell)
${preprocessing === undefined ? numbersGlue : preprocessingGlue}${labels === undefined ? "" : labelsGlue}${isEstimate(artifact) ? estimateGlue : ""}
const sections = (module, name) => WebAssembly.Module.customSections(module, name)
const predictorOf = (module, batch) => {
  if (sections(module, about.section).length === 0)
    throw new TypeError(\`\${about.name}: this WebAssembly module belongs to another export; copy both files together\`)
  const { memory, step } = new WebAssembly.Instance(module).exports
  const place = ({ rows, input, output }, step) => ({
    rows,
    step,
    input: new Float32Array(memory.buffer, input, rows * about.inputs),
    output: new Float32Array(memory.buffer, output, rows * about.outputs)
  })
  const one = place(about.programs[0], step)
  const many = batch ? place(about.programs[1], new WebAssembly.Instance(batch, { env: { memory } }).exports.step) : one
  const run = (row) => {
    encode(row, one.input, 0)
    step()
    return one.output
  }
  const each = (rows, look) => {
    const list = Array.from(rows)
    const results = []
    for (let from = 0; from < list.length; from += many.rows) {
      const count = Math.min(many.rows, list.length - from)
      const { input, output, step } = count === 1 ? one : many
      for (let i = 0; i < count; i++) encode(list[from + i], input, i * about.inputs)
      step()
      for (let i = 0; i < count; i++) results.push(look(output.subarray(i * about.outputs, (i + 1) * about.outputs)))
    }
    return results
  }
  return {
    predict: (row) => run(row).slice(),
    predictBatch: (rows) => each(rows, (outputs) => outputs.slice())${labels === undefined ? "" : classifying}${isEstimate(artifact) ? estimating : ""}
  }
}

/** A predictor from the bytes of model.wasm, or the compiled module, at once. */
export const instantiate = (source) => {
  const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source)
  const [batch] = sections(module, "${batchSection}")
  return predictorOf(module, batch && new WebAssembly.Module(batch))
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
  const isBytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source)
  const module =
    source instanceof WebAssembly.Module
      ? source
      : await WebAssembly.compile(isBytes ? source : await fetched(new URL(source, import.meta.url)))
  const [batch] = sections(module, "${batchSection}")
  return predictorOf(module, batch && (await WebAssembly.compile(batch)))
}
`)
}
