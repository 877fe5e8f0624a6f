/** Golden files: JSON of one of four forms, told apart by what is in them. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Gradients } from "./gradients.ts"
import { Optimizers } from "./optimizers.ts"
import { Schedules } from "./schedules.ts"
import { Training } from "./training.ts"

/** A golden file that was read. */
export type Document =
  | { readonly form: "gradients"; readonly content: Gradients }
  | { readonly form: "optimizers"; readonly content: Optimizers }
  | { readonly form: "schedules"; readonly content: Schedules }
  | { readonly form: "training"; readonly content: Training }

/** The name of a form. */
export type Form = Document["form"]

/** A golden file that cannot be used; the message is a sentence. */
export class DocumentError extends Data.TaggedError("DocumentError")<{
  readonly file: string
  readonly message: string
}> {}

const isRecord = (u: unknown): u is { readonly [key: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** The first entry of the list under `key`. */
const firstOf = (json: { readonly [key: string]: unknown }, key: string): { readonly [key: string]: unknown } => {
  const list = json[key]
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  return isRecord(first) ? first : {}
}

/** What only files of a form have. */
const marks: ReadonlyArray<readonly [Form, (json: { readonly [key: string]: unknown }) => boolean]> = [
  ["training", (json) => "runs" in json],
  ["optimizers", (json) => "gradients" in json],
  ["schedules", (json) => "lr" in firstOf(json, "cases")],
  ["gradients", (json) => "second_order" in json || "jacobians" in json || "inputs" in firstOf(json, "cases")]
]

/** The form of a golden file, by its content. */
export const formOf = (json: unknown): Form | undefined =>
  isRecord(json) ? marks.find(([, holds]) => holds(json))?.[0] : undefined

// The JSON codec of a number also reads "NaN", "Infinity" and "-Infinity".
const decoders: { readonly [F in Form]: (json: unknown) => Effect.Effect<Document, Schema.SchemaError> } = {
  gradients: (json) =>
    Effect.map(Schema.decodeUnknownEffect(Schema.toCodecJson(Gradients))(json), (content) => ({
      form: "gradients",
      content
    })),
  optimizers: (json) =>
    Effect.map(Schema.decodeUnknownEffect(Schema.toCodecJson(Optimizers))(json), (content) => ({
      form: "optimizers",
      content
    })),
  schedules: (json) =>
    Effect.map(Schema.decodeUnknownEffect(Schema.toCodecJson(Schedules))(json), (content) => ({
      form: "schedules",
      content
    })),
  training: (json) =>
    Effect.map(Schema.decodeUnknownEffect(Schema.toCodecJson(Training))(json), (content) => ({
      form: "training",
      content
    }))
}

const unknownForm =
  "is none of the four golden forms: gradients (cases with inputs), optimizers (gradients and cases), schedules (cases with lr), training (runs)"

/** Reads the text of a golden file; fails with a DocumentError that says what is wrong with it. */
export const parseDocument = (file: string, text: string): Effect.Effect<Document, DocumentError> =>
  Effect.gen(function* () {
    const because = (message: string) => new DocumentError({ file, message })
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (thrown) => because(`${file} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    })
    const form = formOf(json)
    if (form === undefined) return yield* because(`${file} ${unknownForm}`)
    return yield* Effect.mapError(decoders[form](json), (error) =>
      because(`${file} looks like a ${form} file, but ${oneLine(error.message)}`)
    )
  })

const oneLine = (message: string): string => message.replaceAll(/\s+/g, " ").trim()
