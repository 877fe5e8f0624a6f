/** Text as numbers of its pieces, always equally many. */
import * as Schema from "effect/Schema"
import { isMissing } from "../table/table.ts"
import { type Kind, show } from "./step.ts"
import * as Vocabulary from "./vocabulary.ts"

export interface Plan {
  readonly _tag: "Tokenise"
  readonly length: number
  readonly vocabulary: Vocabulary.VocabularyOptions
}

const Fitted = Schema.Struct({
  _tag: Schema.Literal("Tokenise"),
  length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 24 })),
  vocabulary: Vocabulary.codec
})

const notText = (cell: unknown): string =>
  isMissing(cell)
    ? "the cell is missing; put Preprocess.impute first, or fill it in"
    : `${show(cell)} is a ${typeof cell}; text is needed`

/** The numbers of the first `length` pieces; a shorter text is filled up with 0. */
export const tokenise: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  fit: ({ length, vocabulary }, cells) => {
    if (!Number.isInteger(length) || length < 1 || length > 2 ** 24)
      return `the length is ${length}; a whole number from 1 to 2^24 is needed`
    const at = cells.findIndex((cell) => typeof cell !== "string")
    if (at >= 0) return `row ${at}: ${notText(cells[at])}`
    const texts = cells.filter((cell) => typeof cell === "string")
    return { _tag: "Tokenise", length, vocabulary: Vocabulary.fit(texts, vocabulary) }
  },
  compile: ({ length, vocabulary }) => ({
    width: length,
    names: (column) => Array.from({ length }, (_, i) => `${column} ${i}`),
    write: (cell, out, at) => {
      if (typeof cell !== "string") return notText(cell)
      out.fill(Vocabulary.padding, at, at + length)
      const numbers = Vocabulary.encode(vocabulary, cell)
      for (let i = 0; i < Math.min(length, numbers.length); i++) out[at + i] = numbers[i] ?? Vocabulary.unknown
      return undefined
    }
  })
}
