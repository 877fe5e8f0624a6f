/** Reads texts: a corpus as windows of a language model, and folders or lines of documents. */
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type { DataError } from "../data-error.ts"
import { argumentError } from "../data-error.ts"
import { type Dataset, make } from "../dataset.ts"
import * as Vocabulary from "../preprocess/vocabulary.ts"
import { readText } from "../table-file.ts"

/** Reads a text file, plain or gzip, with line ends as "\n". Fails with a `DataError`. */
export const read = (path: string): Effect.Effect<string, DataError, FileSystem.FileSystem> =>
  Effect.map(readText(path), (bytes) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\n"))

/** The parts of a text by position: the first `1 - fraction` of its characters to train on, the rest to validate on. */
export const split = (text: string, fraction: number): { readonly train: string; readonly validation: string } => {
  if (!(fraction > 0 && fraction < 1))
    throw argumentError("text", `the fraction is ${fraction}; a number between 0 and 1, both excluded, is needed`)
  let at = Math.floor(text.length * (1 - fraction))
  // Not between the two halves of a character.
  if (/[\udc00-\udfff]/.test(text.charAt(at))) at++
  return { train: text.slice(0, at), validation: text.slice(at) }
}

/** How a text is cut into samples. */
export interface WindowOptions {
  /** How many pieces a sample has. */
  readonly length: number
  /** How many pieces the next sample begins later; `length` by default, so that samples do not overlap. */
  readonly stride?: number
  /** The name of the data set; "text" by default. */
  readonly name?: string
}

/**
 * Samples of a language model: the numbers of `length` pieces of the text, and as targets the pieces that follow each.
 * Make the vocabulary of the training text alone. Throws a `DataError` when the options do not fit or the text is too
 * short for one sample.
 *
 * ```ts
 * const letters = Vocabulary.fit(["abcab"], { by: "characters" })
 * const pairs = Text.windows("abcab", letters, { length: 2 })
 * console.log(Values.toNested(pairs.x), Values.toNested(pairs.y)) // => [ [ 2, 3 ], [ 4, 2 ] ] [ [ 3, 4 ], [ 2, 3 ] ]
 * ```
 */
export const windows = <const L extends number>(
  text: string,
  vocabulary: Vocabulary.Vocabulary,
  options: WindowOptions & { readonly length: L }
): Dataset<[L], [L], "i32"> => {
  const { length, name = "text", stride = length } = options
  for (const [what, value] of Object.entries({ length, stride }))
    if (!Number.isInteger(value) || value < 1)
      throw argumentError(name, `\`${what}\` is ${value}; a whole number from 1 is needed`)
  const numbers = Int32Array.from(Vocabulary.encode(vocabulary, text))
  const count = Math.floor((numbers.length - 1 - length) / stride) + 1
  if (count < 1) throw argumentError(name, `the text has ${numbers.length} pieces, one sample needs ${length + 1}`)
  const x = new Float32Array(count * length)
  const y = new Int32Array(count * length)
  for (let i = 0; i < count; i++) {
    x.set(numbers.subarray(i * stride, i * stride + length), i * length)
    y.set(numbers.subarray(i * stride + 1, i * stride + 1 + length), i * length)
  }
  return make({
    name,
    // `length` is the option whose type is L.
    x: Values.of(x, [count, length as L], "f32"),
    y: Values.of(y, [count, length as L], "i32"),
    classNames: ["", "\u{fffd}", ...vocabulary.pieces]
  })
}
