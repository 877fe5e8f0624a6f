/** Options of layers: what is wrong with each, all of it in one OptionError. */
import { OptionError } from "@cotangent/graph"

/** What is wrong with options, as sentences without the name of the layer. */
export type Problems = ReadonlyArray<string>

const shown = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(shown).join(", ")}]`
    : typeof value === "object" && value !== null
      ? JSON.stringify(value)
      : String(value)

/** Nothing when an option holds, else `what must be ..., got value`. */
export const must = (holds: boolean, what: string, range: string, value: unknown): Problems =>
  holds ? [] : [`${what} must be ${range}, got ${shown(value)}`]

const isWhole = (x: unknown, least: number): boolean => typeof x === "number" && Number.isInteger(x) && x >= least

/** A whole number above 0. */
export const count = (what: string, n: unknown): Problems => must(isWhole(n, 1), what, "a whole number above 0", n)

/** A positive, finite number. */
export const positive = (what: string, x: number): Problems =>
  must(x > 0 && Number.isFinite(x), what, "a positive number", x)

/** A share below 1. */
export const belowOne = (what: string, x: number): Problems => must(x >= 0 && x < 1, what, "0 or more and below 1", x)

/** One of some names. */
export const oneOf = (what: string, value: unknown, names: ReadonlyArray<string>): Problems =>
  must(
    names.some((name) => name === value),
    what,
    names.map((name) => `"${name}"`).join(" or "),
    value
  )

/** A whole number for all of n axes, or a list of one for each. */
export const perAxis = (what: string, n: number, value: unknown, least = 1): Problems =>
  must(
    Array.isArray(value) ? value.length === n && value.every((x) => isWhole(x, least)) : isWhole(value, least),
    what,
    `a whole number ${least === 0 ? "of 0 or more" : "above 0"}${n === 1 ? "" : `, or ${n} of them`}`,
    value
  )

/** Throws an OptionError with everything that is wrong with the options of a layer, if anything is. */
export const checkOptions = (operation: string, ...problems: ReadonlyArray<Problems>): void => {
  const all = problems.flat()
  if (all.length > 0) throw new OptionError(all.map((problem) => `${operation}: ${problem}`).join("\n"))
}
