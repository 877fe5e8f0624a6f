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

/** The most pieces of a text; their numbers are exact in f32 up to this. */
const longest = 2 ** 24

const Fitted = Schema.Struct({
  _tag: Schema.Literal("Tokenise"),
  length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: longest })),
  vocabulary: Vocabulary.codec
})

const notText = (cell: unknown): string =>
  isMissing(cell)
    ? "the cell is missing; put Preprocess.impute first, or fill it in"
    : `${show(cell)} is a ${typeof cell}; text is needed`

/** The numbers of the first `length` pieces; a shorter text is filled up with 0. */
export const tokenise: Kind<Plan, typeof Fitted.Type> = {
  schema: Fitted,
  learner: ({ length, vocabulary }) => {
    const counter = Vocabulary.counter(vocabulary)
    return {
      take: (cell) => {
        if (typeof cell !== "string") return notText(cell)
        counter.take(cell)
        return undefined
      },
      learned: () =>
        Number.isInteger(length) && length >= 1 && length <= longest
          ? { _tag: "Tokenise", length, vocabulary: counter.fitted() }
          : `the length is ${length}; a whole number from 1 to 2^24 is needed`
    }
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
