/**
 * What a preprocessing step is. A step is described by a plan, learns its statistics from cells, and is then a value
 * that stores as JSON. To run, it is compiled to a writer, given the writer of the step after it: a step that changes
 * a cell passes it on, one that makes numbers writes them. That one form serves learning, tables and single rows.
 */
import type * as Schema from "effect/Schema"
import { isMissing } from "../table/table.ts"

/** What stands for a category: text, a number or a truth value. */
export type Category = string | number | boolean

/** Takes one cell. */
export interface Writer {
  /** The names of the numbers that are written, the column's name given. */
  readonly names: (column: string) => ReadonlyArray<string>
  /** How many numbers are written. */
  readonly width: number
  /** Writes the numbers of a cell to `out` from `at` on; gives the sentence that says why it cannot. */
  readonly write: (cell: unknown, out: Float32Array, at: number) => string | undefined
}

/** Learns from the cells of training rows, one after the other. */
export interface Learner<out F> {
  /** Takes a cell; gives the sentence that says why nothing can be learned from it. */
  readonly take: (cell: unknown) => string | undefined
  /** What was learned, or the sentence that says why it cannot be. */
  readonly learned: () => F | string
}

/** All that the system knows of one kind of step, of plan `P` and learned statistics `F`. */
export interface Kind<P, F> {
  readonly schema: Schema.Codec<F, unknown>
  /** A learner of the plan, at the start of the training rows. */
  readonly learner: (plan: P) => Learner<F>
  readonly compile: (fitted: F, next: Writer) => Writer
  /** The cell that becomes `y`, for steps from number to number. */
  readonly invert?: (fitted: F, y: number) => number
}

/** Text in a sentence, shortened. */
export const show = (cell: unknown): string => {
  if (typeof cell === "string") return JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}...` : cell)
  return cell === null || typeof cell !== "object" ? String(cell) : Array.isArray(cell) ? "an array" : "an object"
}

/** The sentence for a cell that is no number. */
export const notNumber = (cell: unknown): string =>
  isMissing(cell)
    ? "the cell is missing; put Preprocess.impute first, or fill it in"
    : `${show(cell)} is ${typeof cell === "number" ? "not finite" : `a ${typeof cell}`}; a finite number is needed`

/** The sentence for a cell that is no category. */
export const notCategory = (cell: unknown): string =>
  isMissing(cell)
    ? "the cell is missing; put Preprocess.impute first, or fill it in"
    : `${show(cell)} is no category; text, a finite number or a boolean is needed`

/** Whether a cell is a finite number. */
export const isNumber = (cell: unknown): cell is number => typeof cell === "number" && Number.isFinite(cell)

/** Whether a cell can be a category. */
export const isCategory = (cell: unknown): cell is Category =>
  typeof cell === "string" || typeof cell === "boolean" || isNumber(cell)

/** A learner from numbers. */
export const numberLearner = <F>(take: (x: number) => void, learned: () => F | string): Learner<F> => ({
  take: (cell) => {
    if (!isNumber(cell)) return notNumber(cell)
    take(cell)
    return undefined
  },
  learned
})

/** What a learner says that has seen no row. */
export const noRows = "there are no rows to learn from"

/** The sentence for a cell that is neither a number nor a truth value. */
const noNumber = (cell: unknown): string =>
  `${show(cell)} is a ${typeof cell}; a finite number, true or false is needed`

/** What follows the last step: a number or a truth value (0 or 1), rounded to f32. */
export const lastWriter: Writer = {
  width: 1,
  names: (column) => [column],
  write: (cell, out, at) => {
    if (typeof cell === "boolean") {
      out[at] = cell ? 1 : 0
      return undefined
    }
    if (!isNumber(cell)) return isMissing(cell) || typeof cell === "number" ? notNumber(cell) : noNumber(cell)
    const rounded = Math.fround(cell)
    if (!Number.isFinite(rounded)) return `${cell} is too large for f32`
    out[at] = rounded
    return undefined
  }
}
