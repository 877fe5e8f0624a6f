/** What is given to a constructor in place of an optimizer or a transform: refused with what it is, before anything runs. */
import { OptimizerError } from "./errors.ts"
import { show } from "./validation.ts"

const functionsOf = (value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, member]) => (typeof member === "function" ? [name] : []))
    : []

const describe = (value: unknown): string => {
  const functions = functionsOf(value)
  if (functions.includes("step")) return "it is an optimizer"
  if (functions.includes("update")) return "it is a transform; fromTransform makes an optimizer of it"
  return `it is ${show(value)}`
}

const mistakes = (wanted: "step" | "update", parts: { readonly [name: string]: unknown }): ReadonlyArray<string> =>
  Object.entries(parts).flatMap(([name, value]) =>
    functionsOf(value).includes("init") && functionsOf(value).includes(wanted)
      ? []
      : [`${name} must be ${wanted === "step" ? "an optimizer" : "a transform"}, ${describe(value)}`]
  )

const refuse = (constructed: string, sentences: ReadonlyArray<string>): void => {
  if (sentences.length > 0) throw new OptimizerError(constructed, sentences)
}

/** Throws an OptimizerError with a sentence for each part that is no optimizer. */
export const assertOptimizers = (constructed: string, parts: { readonly [name: string]: unknown }): void =>
  refuse(constructed, mistakes("step", parts))

/** Throws an OptimizerError with a sentence for each part that is no transform. */
export const assertTransforms = (constructed: string, parts: { readonly [name: string]: unknown }): void =>
  refuse(constructed, mistakes("update", parts))

/** Throws an OptimizerError unless a value is a record. */
export const assertRecord = (constructed: string, what: string, value: unknown): void =>
  refuse(
    constructed,
    typeof value === "object" && value !== null
      ? []
      : [`${what} must be given by name, { name: ... }, ${describe(value)}`]
  )
