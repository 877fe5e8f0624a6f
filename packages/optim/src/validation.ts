/** Checking options: a table of requirements, one for each option, and every mistake reported at once. */
import * as Either from "fp-ts/lib/Either.js"
import * as NonEmptyArray from "fp-ts/lib/NonEmptyArray.js"
import * as ReadonlyArrays from "fp-ts/lib/ReadonlyArray.js"
import { OptimizerError } from "./errors.ts"

/** What an option's value must be, in words and as a test. */
export interface Requirement {
  readonly mustBe: string
  readonly holds: (value: unknown) => boolean
}

/** A requirement on several options together; `otherwise` is the sentence when it does not hold. */
export interface Relation<O> {
  readonly holds: (options: O) => boolean
  /** A function where the sentence reads the options: it is asked only when the relation does not hold. */
  readonly otherwise: string | ((options: O) => string)
}

export const number = (mustBe: string, holds: (x: number) => boolean): Requirement => ({
  mustBe,
  holds: (value) => typeof value === "number" && Number.isFinite(value) && holds(value)
})

export const anyNumber = number("a finite number", () => true)
export const nonNegative = number("a finite number, 0 or more", (x) => x >= 0)
export const positive = number("a finite number above 0", (x) => x > 0)
/** A decay of moments: 1 would never forget, and leave nothing to correct a bias by. */
export const decayFactor = number("at least 0 and below 1", (x) => x >= 0 && x < 1)
export const fraction = number("between 0 and 1", (x) => x >= 0 && x <= 1)
export const count = number("a whole number, 1 or more", (x) => Number.isInteger(x) && x >= 1)
export const wholeFromZero = number("a whole number, 0 or more", (x) => Number.isInteger(x) && x >= 0)
export const flag: Requirement = { mustBe: "true or false", holds: (value) => typeof value === "boolean" }
export const rateOrSchedule: Requirement = {
  mustBe: "a finite number, 0 or more, or a schedule",
  holds: (value) => typeof value === "function" || nonNegative.holds(value)
}
export const oneOf = (...values: ReadonlyArray<string | false>): Requirement => ({
  mustBe: values.map((value) => JSON.stringify(value)).join(" or "),
  holds: (value) => values.some((known) => known === value)
})
export const orAbsent = ({ mustBe, holds }: Requirement): Requirement => ({
  mustBe: `${mustBe}, or left out`,
  holds: (value) => value === undefined || holds(value)
})
export const listOf = (what: string, holds: (values: ReadonlyArray<unknown>) => boolean): Requirement => ({
  mustBe: what,
  holds: (value) => Array.isArray(value) && holds(value)
})
export const milestones = listOf("whole numbers, 1 or more, each larger than the one before", (values) =>
  values.every((value, i) => count.holds(value) && (i === 0 || Number(value) > Number(values[i - 1])))
)

type Checked = Either.Either<NonEmptyArray.NonEmptyArray<string>, unknown>

const validation = Either.getApplicativeValidation(NonEmptyArray.getSemigroup<string>())
const all = ReadonlyArrays.sequence(validation)
const check = (holds: boolean, otherwise: string): Checked =>
  holds ? Either.right(undefined) : Either.left([otherwise])

/** No value is told at more length than this. */
const longest = 80

/** A value as a sentence tells it, whatever it is. */
export const show = (value: unknown): string => {
  if (value === undefined) return "absent"
  if (typeof value === "function") return "a function"
  if (typeof value === "bigint") return `the bigint ${value}`
  if (typeof value === "number" || typeof value === "symbol") return String(value)
  try {
    const text = JSON.stringify(value)
    return text.length > longest ? `${text.slice(0, longest)}...` : text
  } catch {
    // Members that JSON cannot tell, or a record within itself.
    return "an object"
  }
}

/** A table of requirements, one for every option. */
export type Requirements<O> = { readonly [K in keyof Required<O>]: Requirement }

/** Whether a relation holds, as far as it can be asked. */
const holds = <O>(relation: Relation<O>, options: O): boolean => {
  try {
    return relation.holds(options)
  } catch {
    // Asked of a value of another type, which has a sentence of its own.
    return true
  }
}

const sentenceOf = <O>({ otherwise }: Relation<O>, options: O): string =>
  typeof otherwise === "string" ? otherwise : otherwise(options)

/** A sentence for every requirement and relation that does not hold, and for every name that is no option. */
const mistakesIn = <O extends object>(
  options: O,
  requirements: Requirements<O>,
  relations: ReadonlyArray<Relation<O>>
): ReadonlyArray<string> => {
  // A program without types may give anything.
  if (typeof options !== "object" || options === null)
    return [`the options must be given by name, { ${Object.keys(requirements).join(", ")} }, they are ${show(options)}`]
  const table = Object.entries<Requirement>(requirements)
  const names = table.map(([name]) => name)
  const values = new Map<string, unknown>(Object.entries(options))
  const result = all([
    ...table.map(([name, { mustBe, holds: isRight }]) =>
      check(isRight(values.get(name)), `${name} must be ${mustBe}, it is ${show(values.get(name))}`)
    ),
    ...[...values.keys()].map((name) =>
      check(names.includes(name), `there is no option ${name}, the options are ${names.join(", ")}`)
    ),
    ...relations.flatMap((relation) => (holds(relation, options) ? [] : [check(false, sentenceOf(relation, options))]))
  ])
  return Either.isLeft(result) ? result.left : []
}

/**
 * The options themselves, frozen, if every requirement and relation holds; otherwise throws an OptimizerError with a
 * sentence for each mistake. `Requirements` has an entry for every option: an unchecked option does not compile, and a
 * name that is no option is a mistake too. `constructed` begins the message, `adam: beta1 must be ...`.
 */
export const validate = <O extends object>(
  constructed: string,
  options: O,
  requirements: Requirements<O>,
  relations: ReadonlyArray<Relation<O>> = []
): Readonly<O> => {
  const mistakes = mistakesIn(options, requirements, relations)
  if (mistakes.length > 0) throw new OptimizerError(constructed, mistakes)
  return Object.freeze({ ...options })
}

/** Like `validate`, for a list of options, one or more; `each` names one of them in front of its mistakes. */
export const validateEach = <O extends object>(
  constructed: string,
  each: string,
  list: ReadonlyArray<O>,
  requirements: Requirements<O>,
  relations: ReadonlyArray<Relation<O>> = []
): ReadonlyArray<Readonly<O>> => {
  const mistakes = list.flatMap((options, i) =>
    mistakesIn(options, requirements, relations).map((mistake) => `${each} ${i}: ${mistake}`)
  )
  if (list.length === 0) throw new OptimizerError(constructed, [`there must be at least one ${each}`])
  if (mistakes.length > 0) throw new OptimizerError(constructed, mistakes)
  return Object.freeze(list.map((options) => Object.freeze({ ...options })))
}
