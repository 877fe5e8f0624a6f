/**
 * Kernel replay: what the compiler generates for every model, as hashes. A change that should leave all kernels as they are,
 * a refactoring, is seen to do so; one that changes some says which. `npm run bench -- replay` compares,
 * `npm run bench -- replay --write` records.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Schema from "effect/Schema"
import { Printer } from "@cotangent/kernel"
import { layoutOf, plan, type Planned, toJavaScript } from "@cotangent/compiler"
import { Hash } from "@cotangent/graph"
import { alone, codeOf } from "../alone.ts"
import { type Model, models } from "./models.ts"

const Code = Schema.Struct({ bytes: Schema.Int, hash: Schema.String })

/** What is recorded of one model. */
const Recorded = Schema.Struct({
  /** Of the canonical graph. */
  graph: Schema.String,
  /** Every kernel in its order: its name, and the hash of its text. */
  kernels: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  /** The same for 256-bit vectors. */
  wideKernels: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  scratchBytes: Schema.Int,
  constantBytes: Schema.Int,
  narrow: Code,
  wide: Code,
  javascript: Code
})
export type Recorded = typeof Recorded.Type
const Records = Schema.fromJsonString(Schema.Record(Schema.String, Recorded))

const file = fileURLToPath(new URL("./kernels.json", import.meta.url))

/** The first 16 digits say enough. */
const short = (text: string): string => Hash.hashText(text).slice(0, 16)

const kernelsOf = ({ kernels }: Planned): Recorded["kernels"] =>
  kernels.map((kernel) => [kernel.name, short(Printer.print(kernel))] as const)

/** What the compiler generates for a model now. */
export const record = ({ graph, replaces }: Model): Recorded => {
  const planFor = (vectors: 1 | 2): Planned => plan(graph, { replaces, tile: { rows: 4, vectors } })
  const [narrow, wide] = [planFor(1), planFor(2)]
  const code = (planned: Planned, isWide: boolean) => {
    const bytes = codeOf(planned, isWide)
    return { bytes: bytes.length, hash: short(Buffer.from(bytes).toString("latin1")) }
  }
  const source = toJavaScript(narrow, layoutOf(narrow, alone(narrow).addresses))
  return {
    graph: Hash.hash(narrow.graph).slice(0, 16),
    kernels: kernelsOf(narrow),
    wideKernels: kernelsOf(wide),
    scratchBytes: narrow.cost.scratchBytes,
    constantBytes: narrow.cost.constantBytes,
    narrow: code(narrow, false),
    wide: code(wide, true),
    javascript: { bytes: source.length, hash: short(source) }
  }
}

const changedKernels = (before: Recorded["kernels"], now: Recorded["kernels"]): ReadonlyArray<string> => {
  const known = new Set(before.map(([name, hash]) => `${name} ${hash}`))
  return now.filter(([name, hash]) => !known.has(`${name} ${hash}`)).map(([name]) => name)
}

/** What is different between two records, as sentences; none when nothing is. */
export const differencesOf = (before: Recorded, now: Recorded): ReadonlyArray<string> => {
  const number = (what: string, a: number, b: number): ReadonlyArray<string> =>
    a === b ? [] : [`${what} ${a}, now ${b}`]
  const list = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
    names.length === 0
      ? []
      : [`${what}: ${names.slice(0, 6).join(", ")}${names.length > 6 ? `, ${names.length} in all` : ""}`]
  const code = (what: "narrow" | "wide" | "javascript"): ReadonlyArray<string> =>
    before[what].hash === now[what].hash ? [] : [`${what} code ${before[what].bytes} bytes, now ${now[what].bytes}`]
  return [
    ...(before.graph === now.graph ? [] : ["another canonical graph"]),
    ...number("kernels", before.kernels.length, now.kernels.length),
    ...list("kernels that changed", changedKernels(before.kernels, now.kernels)),
    ...list("wide kernels that changed", changedKernels(before.wideKernels, now.wideKernels)),
    ...number("scratch bytes", before.scratchBytes, now.scratchBytes),
    ...number("constant bytes", before.constantBytes, now.constantBytes),
    ...code("narrow"),
    ...code("wide"),
    ...code("javascript")
  ]
}

/** The records of all models, as they are generated now. */
export const recordAll = (): Readonly<Record<string, Recorded>> =>
  Object.fromEntries(Object.entries(models).map(([name, make]) => [name, record(make())]))

/** The records that are kept. */
export const readRecords = (): Readonly<Record<string, Recorded>> =>
  existsSync(file) ? Schema.decodeUnknownSync(Records)(readFileSync(file, "utf8")) : {}

/** Keeps records. */
export const writeRecords = (records: Readonly<Record<string, Recorded>>): void => {
  const lines = Object.entries(records).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  writeFileSync(file, `{\n${lines.join(",\n")}\n}\n`)
}

/** Every model that changed and how, as one sentence each. */
export const compareAll = (
  before: Readonly<Record<string, Recorded>>,
  now: Readonly<Record<string, Recorded>>
): ReadonlyArray<string> =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
    const [a, b] = [before[name], now[name]]
    if (a === undefined) return [`${name}: new`]
    if (b === undefined) return [`${name}: gone`]
    const differences = differencesOf(a, b)
    return differences.length === 0 ? [] : [`${name}: ${differences.join("; ")}`]
  })
