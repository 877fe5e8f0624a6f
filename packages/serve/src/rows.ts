/** Rows as a model is given them, and the numbers it takes. */
import * as Result from "effect/Result"
import * as Preprocess from "@cotangent/data/preprocess"
import { sizeOf } from "@cotangent/graph"
import type { Artifact } from "./artifact.ts"
import { RowError } from "./errors.ts"

/** A row without preprocessing: the numbers of one sample, row-major. */
export type Numbers = ArrayLike<number>

/** The rows that preprocessing takes; plain numbers where there is none. */
export type RowOf<F> = F extends Preprocess.Fitted<infer R> ? R : Numbers

/** Writes the numbers of a row to `out` from `at` on. Throws a RowError when it is not what the model takes. */
export type Encoder<R> = (row: R, out: Float32Array, at: number) => void

const show = (cell: unknown): string => (typeof cell === "string" ? JSON.stringify(cell) : String(cell))

const refuse = (sentence: string): RowError => new RowError({ message: `predict: ${sentence}` })

const isList = (row: unknown): row is ArrayLike<unknown> =>
  Array.isArray(row) || (ArrayBuffer.isView(row) && "length" in row)

const numbersEncoder =
  (size: number): Encoder<unknown> =>
  (row, out, at) => {
    if (!isList(row)) throw refuse(`a row must be a list of ${size} numbers`)
    if (row.length !== size) throw refuse(`a row has ${size} numbers, this one has ${row.length}`)
    for (let i = 0; i < size; i++) {
      const x = row[i]
      if (typeof x !== "number" || !Number.isFinite(x))
        throw refuse(`number ${i} of the row is ${show(x)}; every one must be finite`)
      out[at + i] = x
    }
  }

const preprocessingEncoder =
  (fitted: Preprocess.LoadedFitted): Encoder<unknown> =>
  (row, out, at) => {
    if (typeof row !== "object" || row === null) throw refuse(`a row must be a record of cells, it is ${show(row)}`)
    const encoded = Preprocess.row(fitted, row as Readonly<Record<string, unknown>>, out, at)
    if (Result.isFailure(encoded)) throw refuse(encoded.failure.problems.map(({ sentence }) => sentence).join("; "))
  }

/** The encoder of the rows of an artifact. */
export const encoderOf = <R, L extends string>({ inputShape, preprocessing }: Artifact<R, L>): Encoder<R> =>
  // Both look at what they are given, whatever its type.
  preprocessing === undefined ? numbersEncoder(sizeOf(inputShape)) : preprocessingEncoder(preprocessing)
