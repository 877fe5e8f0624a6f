/** Values kept beside a test: compared with a committed JSON file, and written to it on request. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Schema from "effect/Schema"
import { type AnyTensor, isFloat, isTensor, showShape, T, Tree, type Value, Values } from "@cotangent/graph"
import { compare, type Tolerance } from "./comparison.ts"

/** Where golden values are kept, and how closely they must agree. */
export interface GoldenOptions {
  /** The folder of the JSON files: `golden` in the working directory unless given. `new URL("./golden", import.meta.url)` is beside the test. */
  readonly directory?: string | URL
  /** 1e-12 for f64 and 1e-6 for f32 unless given; integers must be equal. */
  readonly tolerance?: number
}

/** A value differs from the committed one, or there is none; the message is a sentence. */
export class GoldenMismatch extends Error {
  readonly _tag = "GoldenMismatch"
  override readonly name = "GoldenMismatch"
}

const Leaf = Schema.Struct({
  shape: Schema.Array(Schema.Int),
  dtype: Schema.Literals(["f32", "f64", "i32", "u32", "bool"]),
  data: Schema.Array(Schema.Number)
})
const File = Schema.toCodecJson(Schema.Record(Schema.String, Leaf))

/** The name of the environment variable that has golden files written. */
const update = "UPDATE_GOLDEN"

/** JSON has no NaN and no infinities: they are strings. */
const encoded = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value

/** The leaves of a value: tensors are evaluated, numbers and nested arrays of numbers are f64. */
const leavesOf = (value: unknown): ReadonlyArray<Tree.Leaf<Value>> => {
  if (typeof value === "number") return [{ path: "", leaf: Values.fromNested(value, "f64") }]
  if (Array.isArray(value) && value.every((x) => typeof x === "number"))
    return [{ path: "", leaf: Values.fromNested(value, "f64") }]
  const entries = Tree.entries<AnyTensor | Value>(value)
  const tensors = entries.flatMap(({ leaf }) => (isTensor(leaf) ? [leaf] : []))
  const evaluated = T.evaluate(tensors)
  let next = 0
  return entries.map(({ path, leaf }) => ({
    path,
    leaf: isTensor(leaf) ? (evaluated[next++] ?? Values.fromNested([])) : leaf
  }))
}

const defaultTolerance = (value: Value): Tolerance =>
  isFloat(value.dtype) ? { relative: value.dtype === "f64" ? 1e-12 : 1e-6, floor: 1 } : { relative: 0, floor: 1 }

const fileOf = (name: string, { directory = "golden" }: GoldenOptions): string => {
  if (!/^[\w.\- ]+$/.test(name))
    throw new GoldenMismatch(
      `expectGolden: ${JSON.stringify(name)} is not a file name; use letters, digits, dots, dashes and spaces`
    )
  return resolve(directory instanceof URL ? fileURLToPath(directory) : directory, `${name}.json`)
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

const parse = (file: string, text: string): typeof File.Type => {
  try {
    return Schema.decodeUnknownSync(File)(JSON.parse(text))
  } catch (thrown) {
    throw new GoldenMismatch(
      `expectGolden: ${file} is not a golden value: ${thrown instanceof Error ? thrown.message.replaceAll(/\s+/g, " ") : String(thrown)}; write it again with ${update}=1`
    )
  }
}

/**
 * Compares a value with the committed JSON file `<directory>/<name>.json`: a tensor or a tree of tensors, which are
 * evaluated, a `Value`, a number or a list of numbers. With the environment variable `UPDATE_GOLDEN=1` the file is
 * written instead; commit it.
 *
 * ```ts
 * expectGolden("gelu at -2..2", T.gelu(x), { directory: new URL("./golden", import.meta.url) })
 * ```
 *
 * Throws a GoldenMismatch that names the path, the index and both numbers, or says that there is no file.
 */
export const expectGolden = (name: string, value: unknown, options: GoldenOptions = {}): void => {
  const file = fileOf(name, options)
  const actual = leavesOf(value)
  if (process.env[update] === "1") {
    const record = Object.fromEntries(
      actual.map(({ path, leaf }) => [path, { shape: leaf.shape, dtype: leaf.dtype, data: Array.from(leaf.data) }])
    )
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(record, encoded, 1)}\n`)
    return
  }
  const text = read(file)
  if (text === undefined)
    throw new GoldenMismatch(
      `expectGolden: there is no ${file}; run the test once with ${update}=1 to write it, and commit it`
    )
  const expected = parse(file, text)
  const at = (path: string): string => `${name}${path === "" ? "" : ` at ${path}`}`
  const extra = Object.keys(expected).find((path) => !actual.some((leaf) => leaf.path === path))
  if (extra !== undefined)
    throw new GoldenMismatch(`expectGolden: ${at(extra)}: the golden value has this leaf, the value has none`)
  for (const { path, leaf } of actual) {
    const golden = expected[path]
    if (golden === undefined)
      throw new GoldenMismatch(
        `expectGolden: ${at(path)}: the golden value has no such leaf; write it again with ${update}=1 if that is right`
      )
    if (golden.dtype !== leaf.dtype || showShape(golden.shape) !== showShape(leaf.shape)) {
      throw new GoldenMismatch(
        `expectGolden: ${at(path)} is ${leaf.dtype}${showShape(leaf.shape)}, the golden value is ${golden.dtype}${showShape(golden.shape)}`
      )
    }
    const tolerance =
      options.tolerance === undefined ? defaultTolerance(leaf) : { relative: options.tolerance, floor: 1 }
    const { agrees, index, expected: wanted, actual: got, error } = compare(golden.data, leaf.data, tolerance)
    if (!agrees)
      throw new GoldenMismatch(
        `expectGolden: ${at(path)}[${index}] is ${got}, the golden value is ${wanted} (relative error ${error.toExponential(2)})`
      )
  }
}
