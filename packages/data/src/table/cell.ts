/**
 * Cells of text files as Effect Schemas, to write a row type with: `Schema.Struct({ age: Cell.optional(Cell.number) })`.
 * Any other Schema that decodes text works beside them.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { issuesOf } from "./issues.ts"

/** A Schema that decodes the text of a cell. */
export type CellCodec<A = unknown> = Schema.Codec<A, string>

/** Why a cell cannot be read. */
export class Refusal {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

/** Reads the text of a cell; what it reads, or a `Refusal`. */
export type ReadCell = (cell: string) => unknown

const quoted = (cell: string): string => JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}...` : cell)

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** How cells are read without the machinery of Schema, for the cells of this module. */
const readers = new WeakMap<object, ReadCell>()

/** A cell read by a function, which the Schema decodes with, too. */
const cellOf = <A>(to: Schema.Codec<A, A>, read: ReadCell, write: (value: A) => string): CellCodec<A> => {
  const codec = Schema.String.pipe(
    Schema.decodeTo(
      to,
      SchemaTransformation.transformEffect({
        decode: (cell) => {
          const reading = read(cell)
          return reading instanceof Refusal
            ? Effect.fail(new SchemaIssue.InvalidValue({ message: reading.sentence }))
            : // `read` gives what `to` describes, which `to` checks after this.
              Effect.succeed(reading as A)
        },
        encode: (value) => Effect.succeed(write(value))
      })
    )
  )
  readers.set(codec, read)
  return codec
}

const powersOfTen = Array.from({ length: 16 }, (_, i) => 10 ** i)

/**
 * A number of up to 15 digits with or without a point; undefined for any other text. Its digits are a whole number below
 * 2^53 and the power of ten is exact, so their quotient is the nearest float64, as `Number` gives it, in less time.
 * Clinger: How to read floating point numbers accurately (PLDI 1990).
 */
const shortNumber = (cell: string): number | undefined => {
  const sign = cell.charCodeAt(0)
  let i = sign === 45 || sign === 43 ? 1 : 0
  if (cell.length - i > 16) return undefined
  let digits = 0
  let count = 0
  let decimals = -1
  for (; i < cell.length; i++) {
    const code = cell.charCodeAt(i)
    if (code >= 48 && code <= 57) {
      digits = digits * 10 + code - 48
      count++
    } else if (code === 46 && decimals < 0) decimals = count
    else return undefined
  }
  if (count === 0 || count > 15) return undefined
  const value = decimals < 0 ? digits : digits / (powersOfTen[count - decimals] ?? 1)
  return sign === 45 ? -value : value
}

const readNumber = (cell: string): number | Refusal => {
  const short = shortNumber(cell)
  if (short !== undefined) return short
  if (cell === "") return new Refusal("the cell is empty; a number is needed, or Cell.optional(Cell.number)")
  if (!decimal.test(cell)) return new Refusal(`${quoted(cell)} is not a number in decimal notation`)
  const value = Number(cell)
  return Number.isFinite(value) ? value : new Refusal(`${quoted(cell)} is too large for a number`)
}

/** A finite number in decimal notation. */
export const number: CellCodec<number> = cellOf(Schema.Finite, readNumber, String)

/** A whole number that is exact in a float64. */
export const integer: CellCodec<number> = cellOf(
  Schema.Int,
  (cell) => {
    const reading = readNumber(cell)
    return reading instanceof Refusal || Number.isSafeInteger(reading)
      ? reading
      : new Refusal(`${quoted(cell)} is not a whole number below 2^53`)
  },
  String
)

/** Text that is not empty. */
export const text: CellCodec<string> = cellOf(
  Schema.String,
  (cell) => (cell === "" ? new Refusal("the cell is empty; text is needed, or Cell.optional(Cell.text)") : cell),
  (value) => value
)

const truths: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false]
])

/** A truth value: true or false, yes or no, 1 or 0, in upper or lower case. */
export const boolean: CellCodec<boolean> = cellOf(
  Schema.Boolean,
  (cell) => {
    const value = truths.get(cell.toLowerCase())
    return value === undefined ? new Refusal(`${quoted(cell)} is none of true, false, yes, no, 1, 0`) : value
  },
  String
)

/** One of these texts. */
export const oneOf = <const A extends ReadonlyArray<string>>(choices: A): CellCodec<A[number]> =>
  cellOf(
    // The choices are a tuple of text, which makes a union of literals.
    Schema.Literals(choices) as unknown as Schema.Codec<A[number], A[number]>,
    (cell) =>
      choices.includes(cell) ? cell : new Refusal(`${quoted(cell)} is none of ${choices.map(quoted).join(", ")}`),
    (value) => value
  )

/** A time as milliseconds since 1970 in UTC, written as ISO 8601 or another form that `Date` reads without doubt. */
export const time: CellCodec<number> = cellOf(
  Schema.Finite,
  (cell) => {
    const iso = /^\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)?$/.test(cell)
    // A time without a zone is UTC here, as a date alone is.
    const zoned = /[T ]/.test(cell) && !/(?:Z|[+-]\d\d:?\d\d)$/.test(cell) ? `${cell.replace(" ", "T")}Z` : cell
    const value = iso ? Date.parse(zoned) : Number.NaN
    return Number.isNaN(value)
      ? new Refusal(`${quoted(cell)} is not a time such as 2026-11-24 or 2026-11-24T13:23:09Z`)
      : value
  },
  (value) => new Date(value).toISOString()
)

/** The texts that stand for a missing cell, unless said otherwise. */
export const missing: ReadonlyArray<string> = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]

/** A cell that may be missing, and is `null` then. `markers` are the texts that say so; `Cell.missing` by default. */
export const optional = <A>(cell: CellCodec<A>, markers: ReadonlyArray<string> = missing): CellCodec<A | null> => {
  const absent = new Set(markers)
  const read = readerOf(cell)
  const write = Schema.encodeSync(cell)
  return cellOf<A | null>(
    Schema.NullOr(Schema.toType(cell)),
    (found) => (absent.has(found) ? null : read(found)),
    (value) => (value === null ? (markers[0] ?? "") : write(value))
  )
}

/** Reads cells by a Schema: directly for those of this module, decoded for any other. */
export const readerOf = (codec: CellCodec): ReadCell => {
  const own = readers.get(codec)
  if (own !== undefined) return own
  const decode = Schema.decodeUnknownResult(codec)
  return (cell) => {
    const decoded = decode(cell)
    return Result.isSuccess(decoded)
      ? decoded.success
      : new Refusal(`${quoted(cell)}: ${issuesOf(decoded.failure, cell).join("; ")}`)
  }
}
