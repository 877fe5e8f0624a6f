/** Reads one cell: a number, or a class. A cell that cannot be read gives the sentence that says why. */
import { isClass } from "./dataset.ts"

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Reads the text of a cell. */
export type ReadCell = (cell: string) => number | string

const quoted = (cell: string): string => JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}...` : cell)

/** A finite number in decimal notation, one that f32 can hold. */
export const readNumber: ReadCell = (cell) => {
  if (cell === "") return "the cell is empty; a number is needed"
  if (!decimal.test(cell)) {
    return /^[+-]?(?:nan|inf(?:inity)?|null|na|\?)$/i.test(cell)
      ? `${quoted(cell)} is not a finite number; fill in or remove the row first`
      : `${quoted(cell)} is not a number`
  }
  const value = Number(cell)
  return Number.isFinite(Math.fround(value)) ? value : `${quoted(cell)} is too large for f32`
}

/** A class as a whole number below `count`. */
export const readClassIndex =
  (count: number): ReadCell =>
  (cell) => {
    const value = readNumber(cell)
    if (typeof value === "string" || isClass(value, count)) return value
    return Number.isInteger(value)
      ? `label ${cell} is out of range; the ${count} classes are 0 to ${count - 1}`
      : `label ${cell} is not a whole number; the ${count} classes are 0 to ${count - 1}`
  }

/** A class by its name. */
export const readClassName = (names: ReadonlyArray<string>): ReadCell => {
  const indices = new Map(names.map((name, i) => [name, i]))
  return (cell) => indices.get(cell) ?? `label ${quoted(cell)} is none of the classes ${names.map(quoted).join(", ")}`
}
