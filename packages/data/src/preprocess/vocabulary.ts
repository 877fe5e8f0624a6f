/** Vocabularies: the pieces of texts, each with a number. 0 fills up short texts, 1 is a piece that was never seen. */
import * as Schema from "effect/Schema"
import { argumentError } from "../data-error.ts"

/** The number that fills up a text that is too short. */
export const padding = 0
/** The number of a piece that the training texts do not have. */
export const unknown = 1
/** The number of the first piece. */
const first = 2

/**
 * The pieces of texts, the frequent ones first; piece i has the number i + 2. Numbers 0 and 1 are padding and unknown
 * pieces, as in Keras' TextVectorization.
 */
export const codec = Schema.Struct({
  by: Schema.Literals(["characters", "words"]),
  lowercase: Schema.Boolean,
  pieces: Schema.Array(Schema.NonEmptyString).check(
    Schema.makeFilter((all) => new Set(all).size === all.length || "pieces must differ from each other")
  )
})
export type Vocabulary = typeof codec.Type

/** How a vocabulary is made. */
export interface VocabularyOptions {
  /** Characters are code points; words are runs of letters, digits and apostrophes. */
  readonly by: "characters" | "words"
  /** The most pieces to keep; all by default. */
  readonly size?: number
  /** Leaves out pieces that occur less often; 1 by default. */
  readonly minCount?: number
  /** Whether texts are put in lower case first; false by default. */
  readonly lowercase?: boolean
}

/** The pieces of a text. */
export const split = (text: string, { by, lowercase }: Pick<Vocabulary, "by" | "lowercase">): ReadonlyArray<string> => {
  const cased = lowercase ? text.toLowerCase() : text
  return by === "characters" ? Array.from(cased) : (cased.match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? [])
}

/**
 * The vocabulary of texts: pieces by how often they occur, equals by code units.
 * Throws a `DataError` when `size` or `minCount` is not a whole number from 1.
 *
 * ```ts
 * const words = Vocabulary.fit(["the cat and the dog", "the end"], { by: "words", size: 3 })
 * console.log(words.pieces, Vocabulary.encode(words, "the bird and cat"))
 * // => [ 'the', 'and', 'cat' ] [ 2, 1, 3, 4 ]
 * ```
 */
export const fit = (texts: Iterable<string>, options: VocabularyOptions): Vocabulary => {
  const { by, lowercase = false, minCount = 1, size = 2 ** 31 - 1 } = options
  for (const [name, value] of Object.entries({ minCount, size }))
    if (!Number.isInteger(value) || value < 1)
      throw argumentError("vocabulary", `\`${name}\` is ${value}; a whole number from 1 is needed`)
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const piece of split(text, { by, lowercase })) counts.set(piece, (counts.get(piece) ?? 0) + 1)
  const pieces = [...counts]
    .filter(([, count]) => count >= minCount)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([piece]) => piece)
  return { by, lowercase, pieces }
}

/** How many numbers there are, padding and unknown included: the size of an embedding. */
export const size = (self: Vocabulary): number => self.pieces.length + first

const tables = new WeakMap<Vocabulary, ReadonlyMap<string, number>>()

/** The number of every piece; made once for a vocabulary, which never changes. */
const numbersOf = (self: Vocabulary): ReadonlyMap<string, number> => {
  const made = tables.get(self) ?? new Map(self.pieces.map((piece, i) => [piece, i + first]))
  tables.set(self, made)
  return made
}

/** The numbers of the pieces of a text. */
export const encode = (self: Vocabulary, text: string): ReadonlyArray<number> => {
  const numbers = numbersOf(self)
  return split(text, self).map((piece) => numbers.get(piece) ?? unknown)
}

/** The pieces of numbers, joined: characters without, words with a blank between. Padding is left out. */
export const decode = (self: Vocabulary, numbers: ArrayLike<number>): string =>
  Array.from(numbers)
    .filter((number) => number !== padding)
    .map((number) => self.pieces[number - first] ?? "\u{fffd}")
    .join(self.by === "words" ? " " : "")
