/**
 * The history of a training run: what each epoch measured, and its file form.
 *
 * `history.json` is UTF-8 text holding `{ "version": 1, "epochs": [ ... ] }` with one epoch per line. An epoch is a flat
 * object of numbers: `epoch` (1 for the first), `loss`, one entry per metric, and after validation `valLoss` and
 * `val<Metric>`. Names stand in that order, metrics by name. A number is written with the fewest digits that read back
 * to the same double; "NaN", "Infinity" and "-Infinity" are strings. Nothing in the file depends on the clock or the
 * machine, so equal runs give equal bytes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** The name of a metric on validation data: `accuracy` becomes `valAccuracy`, `loss` becomes `valLoss`. */
export type ValidationName<M extends string> = `val${Capitalize<M>}`

/**
 * What one epoch measured, `M` being the names of the metrics: `EpochRecord<"accuracy">` has `epoch`, `loss`,
 * `accuracy`, and after validation `valLoss` and `valAccuracy`.
 */
export type EpochRecord<M extends string = string> = {
  readonly epoch: number
  readonly loss: number
  readonly valLoss?: number
} & { readonly [K in M]: number } & { readonly [K in M as ValidationName<K>]?: number }

/** The epochs of a run, oldest first. */
export interface History<M extends string = string> {
  readonly epochs: ReadonlyArray<EpochRecord<M>>
}

/** The version of `history.json` that this package writes. */
export const historyVersion = 1 as const

/** `accuracy` as `valAccuracy`: how a record names what was measured on validation data. */
export const validationName = <M extends string>(metric: M): ValidationName<M> =>
  // Template types cannot see through string methods; the two say the same.
  `val${metric.charAt(0).toUpperCase()}${metric.slice(1)}` as ValidationName<M>

/** Whether `name` is what `validationName` gives for some name: `val` and an upper-case letter. */
export const isValidationName = (name: string): boolean => /^val\p{Lu}/u.test(name)

/** The names of the metrics in a history, sorted, without `epoch`, `loss` and what belongs to validation. */
export const metricNames = (history: History): ReadonlyArray<string> =>
  [...new Set(history.epochs.flatMap(Object.keys))].filter((name) => orderOf(name) === 2).toSorted()

/** One column of a history: `[epoch, value]` for every epoch that has `name`. */
export const historySeries = (history: History, name: string): ReadonlyArray<readonly [epoch: number, value: number]> =>
  history.epochs.flatMap((record) => {
    const value = record[name]
    return value === undefined ? [] : [[record.epoch, value] as const]
  })

const orderOf = (name: string): number =>
  name === "epoch" ? 0 : name === "loss" ? 1 : name === "valLoss" ? 3 : isValidationName(name) ? 4 : 2

const byPlaceThenName = (a: string, b: string): number => orderOf(a) - orderOf(b) || (a < b ? -1 : a > b ? 1 : 0)

/** A record with its names in the order of the file. */
export const inFileOrder = (record: EpochRecord): EpochRecord => {
  const names = Object.keys(record).toSorted(byPlaceThenName)
  return Object.fromEntries(names.map((name) => [name, record[name]])) as EpochRecord
}

/** The Schema of epochs, numbered from anywhere and going up by one. */
export const Epochs = Schema.Array(
  Schema.StructWithRest(Schema.Struct({ epoch: Schema.Number, loss: Schema.Number }), [
    Schema.Record(Schema.String, Schema.Number)
  ])
).check(
  Schema.makeFilter((epochs) => {
    const wrong = epochs.findIndex(({ epoch }, i) => !Number.isInteger(epoch) || epoch !== (epochs[0]?.epoch ?? 1) + i)
    const first = epochs[0]?.epoch ?? 1
    if (wrong < 0 && first >= 1) return undefined
    const at = Math.max(wrong, 0)
    return `history: record ${at} says epoch ${epochs[at]?.epoch}; epochs are whole numbers from 1 that go up by one`
  })
)

const File = Schema.Struct({ version: Schema.Literal(historyVersion), epochs: Epochs })

// A string-valued text is what `toCodecJson` makes of a non-finite number.
const layout = (file: unknown): string => {
  const { version, epochs } = file as { readonly version: number; readonly epochs: ReadonlyArray<object> }
  const rows = epochs.map((record) => {
    const cells = Object.entries(record).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    return `\n    { ${cells.join(", ")} }`
  })
  return `{\n  "version": ${version},\n  "epochs": [${rows.join(",")}${rows.length === 0 ? "" : "\n  "}]\n}\n`
}

const isObject = (u: unknown): u is { readonly version?: unknown } => typeof u === "object" && u !== null

/** Parsed JSON of a version this package reads; another version gets a sentence of its own. */
const Json = Schema.String.pipe(
  Schema.decodeTo(
    Schema.Unknown,
    SchemaTransformation.makeTransformation({
      decode: SchemaGetter.parseJson<string>({}),
      encode: SchemaGetter.transform(layout)
    })
  ),
  Schema.decodeTo(
    Schema.Unknown,
    SchemaTransformation.transformEffect({
      decode: (json: unknown, options) =>
        isObject(json) && typeof json.version === "number" && json.version !== historyVersion
          ? Effect.fail(
              new SchemaIssue.InvalidValue(
                {
                  message: `history: the file has version ${json.version}, this program reads version ${historyVersion}`
                },
                json,
                options
              )
            )
          : Effect.succeed(json),
      encode: (json: unknown) => Effect.succeed(json)
    })
  )
)

/**
 * The codec between a history and the text of `history.json`.
 *
 * Decoding fails with a `SchemaError` for text that is no JSON, another version, a record without `epoch` or `loss`, a
 * value that is no number, and epochs that do not count up by one.
 */
export const HistoryFromJson: Schema.Codec<History, string> = Json.pipe(
  Schema.decodeTo(Schema.toCodecJson(File)),
  Schema.decodeTo(
    Schema.Struct({ epochs: Schema.toType(Epochs) }),
    SchemaTransformation.transform({
      decode: ({ epochs }: typeof File.Type) => ({ epochs }),
      encode: ({ epochs }: History): typeof File.Type => ({ version: historyVersion, epochs: epochs.map(inFileOrder) })
    })
  )
)

/** The text of `history.json`: equal histories give equal bytes. Throws, with a sentence, for a history no run makes. */
export const encodeHistory: (history: History) => string = Schema.encodeSync(HistoryFromJson)

/** The history in the text of a `history.json`. */
export const decodeHistory: (text: string) => Effect.Effect<History, Schema.SchemaError> =
  Schema.decodeEffect(HistoryFromJson)
