/** Applies fitted preprocessing: to one row in microseconds, to tables, and predictions back to what they mean. */
import { type Value, Values } from "@cotangent/graph"
import * as Result from "effect/Result"
import { argumentError, DataError, type Problem } from "../data-error.ts"
import { type Dataset, make } from "../dataset.ts"
import { noColumn, type Row, type Table } from "../table/table.ts"
import { finder, unknownCategory } from "./categories.ts"
import type { AnyFitted, Fitted } from "./fitted.ts"
import { compile, invert } from "./kinds.ts"
import type { TargetKind } from "./recipe.ts"
import type { Category, Writer } from "./step.ts"

interface Compiled {
  readonly width: number
  readonly names: ReadonlyArray<string>
  readonly parts: ReadonlyArray<{ readonly column: string; readonly at: number; readonly writer: Writer }>
}

const made = new WeakMap<AnyFitted, Compiled>()

/** The writers of all inputs; made once for a fitted preprocessing, which never changes. */
const compiled = (self: AnyFitted): Compiled => {
  const known = made.get(self)
  if (known !== undefined) return known
  let width = 0
  const parts = self.inputs.map(({ column, steps }) => {
    const writer = compile(steps)
    const at = width
    width += writer.width
    return { column, at, writer }
  })
  const names = self.inputs.flatMap(({ name }, i) => parts[i]?.writer.names(name) ?? [])
  const all = { width, names, parts }
  made.set(self, all)
  return all
}

/** The names of the numbers that a row becomes, in their order. */
export const features = (self: AnyFitted): ReadonlyArray<string> => compiled(self).names

/** How many numbers a row becomes: the input size of a model. */
export const width = (self: AnyFitted): number => compiled(self).width

/** The columns that inputs are read from. */
export const columns = (self: AnyFitted): ReadonlyArray<string> => [...new Set(self.inputs.map(({ column }) => column))]

/** At most this many problems are collected. */
const limit = 100

const malformed = (source: string, problems: ReadonlyArray<Problem>): DataError | undefined => {
  // Two inputs may read one column and say the same of it.
  const [first, ...rest] = problems.filter(
    ({ sentence }, i) => problems.findIndex((p) => p.sentence === sentence) === i
  )
  return first === undefined ? undefined : new DataError({ source, kind: "malformed", problems: [first, ...rest] })
}

/**
 * The numbers of one row, without Effect: what a server does for a request. The result is a new array, or `out` from
 * `at` on. Columns that no input reads are ignored. Fails with a `DataError` that has a sentence per column which is not
 * there, missing, of another type, or of a category that was never seen.
 */
export const row = <R extends Row>(
  self: Fitted<R>,
  cells: NoInfer<R>,
  out?: Float32Array,
  at = 0
): Result.Result<Float32Array, DataError> => {
  const { parts, width: size } = compiled(self)
  const numbers = out ?? new Float32Array(size)
  let problems: Array<Problem> | undefined
  for (const part of parts) {
    const cell = cells[part.column]
    const sentence =
      cell === undefined && !(part.column in cells)
        ? "the row has no such cell; write null for one that is not known"
        : part.writer.write(cell, numbers, at + part.at)
    if (sentence !== undefined)
      (problems ??= []).push({ sentence: `column ${JSON.stringify(part.column)}: ${sentence}` })
  }
  const error = problems === undefined ? undefined : malformed("row", problems)
  return error === undefined ? Result.succeed(numbers) : Result.fail(error)
}

/** Writes a column of a table; gives its problems. */
const writeColumn = (
  cells: ReadonlyArray<unknown>,
  column: string,
  write: (cell: unknown, row: number) => string | undefined
): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  for (let i = 0; i < cells.length && problems.length < limit; i++) {
    const sentence = write(cells[i], i)
    if (sentence !== undefined) problems.push({ sentence: `row ${i}, column ${JSON.stringify(column)}: ${sentence}` })
  }
  return problems
}

/** The inputs of all rows of a table, of shape [rows, features]. Fails as `row` does, with row numbers from 0. */
export const inputs = <R extends Row>(
  self: Fitted<R>,
  table: Table<NoInfer<R>>
): Result.Result<Value<["batch", number], "f32">, DataError> => {
  const { parts, width: size } = compiled(self)
  const out = new Float32Array(table.size * size)
  const problems = parts.flatMap(({ at, column, writer }) =>
    Object.hasOwn(table.columns, column)
      ? writeColumn(table.columns[column] ?? [], column, (cell, i) => writer.write(cell, out, i * size + at))
      : [{ sentence: noColumn(table, column) }]
  )
  const error = malformed(table.name, problems.slice(0, limit))
  if (error !== undefined) return Result.fail(error)
  const value: Value<[number, number], "f32"> = Values.of(out, [table.size, size], "f32")
  // The first dimension counts rows, which a type names "batch".
  return Result.succeed(value as Value as Value<["batch", number], "f32">)
}

/** What targets of each kind are in a data set. */
export type TargetDType<K extends TargetKind> = K extends "label" ? "i32" : "f32"

/** How a data set is made of a table. */
export interface DatasetOptions<F extends number = number> {
  /** How many numbers a row becomes; it is checked, and gives their number to the type. */
  readonly features?: F
}

/** The sentence that says that a row does not become as many numbers as were asked for. */
export const otherWidth = (self: AnyFitted, features: number | undefined): string | undefined =>
  features === undefined || features === width(self)
    ? undefined
    : `a row becomes ${width(self)} numbers, ${features} were asked for with \`features\`: ${compiled(self).names.join(", ")}`

/**
 * A data set of the rows of a table: inputs, and the target of the recipe. Give it training and held-out rows alike:
 * nothing is learned here. With `features` their number is in the type, so that a model's input is checked against it.
 * Fails as `row` does, and where a target is missing or a class that was never seen.
 */
export const dataset = <R extends Row, K extends TargetKind, const F extends number = number>(
  self: Fitted<R, K>,
  table: Table<NoInfer<R>>,
  options: DatasetOptions<F> = {}
): Result.Result<Dataset<[F], [], TargetDType<K>>, DataError> => {
  const { target } = self
  const sentence =
    target === undefined
      ? "the recipe has no target; use Preprocess.inputs, or give the recipe one"
      : otherWidth(self, options.features)
  if (target === undefined || sentence !== undefined)
    return Result.fail(argumentError(table.name, sentence ?? "the recipe has no target"))
  const x = inputs(self, table)
  const cells = Object.hasOwn(table.columns, target.column) ? table.columns[target.column] : undefined
  const numbers = target.kind === "label" ? new Int32Array(table.size) : new Float32Array(table.size)
  const problems =
    cells === undefined
      ? [{ sentence: noColumn(table, target.column) }]
      : writeColumn(cells, target.column, targetWriter(target, numbers))
  if (Result.isFailure(x)) return Result.fail(malformed(table.name, [...x.failure.problems, ...problems]) ?? x.failure)
  const error = malformed(table.name, problems)
  if (error !== undefined) return Result.fail(error)
  const y = Values.of(numbers, [table.size], target.kind === "label" ? "i32" : "f32")
  const classNames = target.kind === "label" ? { classNames: target.classes.map(String) } : {}
  const set = make({ name: table.name, x: x.success, y, ...classNames })
  // The element type of the targets follows K, which says what `target.kind` is, and the width was checked against F.
  return Result.succeed(set as unknown as Dataset<[F], [], TargetDType<K>>)
}

const targetWriter = (
  target: NonNullable<AnyFitted["target"]>,
  out: Int32Array | Float32Array
): ((cell: unknown, row: number) => string | undefined) => {
  if (target.kind === "number") {
    const writer = compile(target.steps)
    const one = new Float32Array(1)
    return (cell, i) => {
      const sentence = writer.write(cell, one, 0)
      out[i] = one[0] ?? Number.NaN
      return sentence
    }
  }
  const find = finder(target.classes)
  return (cell, i) => {
    const place = find(cell)
    out[i] = place ?? -1
    return place === undefined ? unknownCategory(cell, target.classes) : undefined
  }
}

/**
 * What a prediction means: the class of an index, or the number in the units of the table, scaling undone.
 * Throws a `DataError` for an index that is no class, and where the recipe has no target.
 */
export const decodeTarget = <K extends TargetKind>(
  self: Fitted<never, K>,
  predicted: number
): K extends "label" ? Category : number => {
  const { target } = self
  if (target === undefined)
    throw argumentError("preprocessing", "the recipe has no target, so there is nothing to decode")
  const meaning = target.kind === "label" ? target.classes[predicted] : invert(target.steps, predicted)
  if (meaning === undefined)
    throw argumentError(
      "preprocessing",
      `class ${predicted} does not exist; the ${target.kind === "label" ? target.classes.length : 0} classes are counted from 0`
    )
  // The kind of the target is K.
  return meaning as K extends "label" ? Category : number
}
