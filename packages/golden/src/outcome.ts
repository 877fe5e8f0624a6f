/** What became of a golden case. */
import type { Comparison } from "./comparison.ts"

/** Something that differed. */
export type Fault =
  /** A number: element `index` of what stands at `path`, computed by `target`. */
  | {
      readonly tag: "number"
      readonly target: string
      readonly path: string
      readonly index: number
      readonly expected: number
      readonly actual: number
      readonly error: number
    }
  /** Anything else, such as a shape, as a sentence. */
  | { readonly tag: "sentence"; readonly target: string; readonly path: string; readonly sentence: string }

/** What became of a case. */
export type Outcome =
  /** Everything agreed; `worst` is the largest error. `notes` say where a golden number is known to be wrong. */
  | { readonly tag: "passed"; readonly id: string; readonly worst: number; readonly notes: ReadonlyArray<string> }
  | { readonly tag: "failed"; readonly id: string; readonly faults: ReadonlyArray<Fault> }
  /** Not run: the project has no operation of this name. */
  | { readonly tag: "skipped"; readonly id: string; readonly missing: string }

/** The name of an operation that the project does not have: what an adapter gives in place of a result. */
export class Missing {
  readonly operation: string
  constructor(operation: string) {
    this.operation = operation
  }
}

/** What a check found: how large the errors were, and which of them were too large. */
export interface Findings {
  readonly worst: number
  readonly faults: ReadonlyArray<Fault>
  readonly notes: ReadonlyArray<string>
}

/** Nothing compared yet. */
export const nothing: Findings = { worst: 0, faults: [], notes: [] }

/** The findings of several checks. */
export const together = (all: ReadonlyArray<Findings>): Findings => ({
  worst: all.reduce((most, { worst }) => Math.max(most, worst), 0),
  faults: all.flatMap(({ faults }) => faults),
  notes: [...new Set(all.flatMap(({ notes }) => notes))]
})

/** A finding that is not about a number. */
export const fault = (target: string, path: string, sentence: string): Findings => ({
  ...nothing,
  faults: [{ tag: "sentence", target, path, sentence }]
})

/** The finding of a comparison. */
export const found = (
  target: string,
  path: string,
  { agrees, error, index, expected, actual }: Comparison
): Findings => ({
  ...nothing,
  worst: error,
  faults: agrees ? [] : [{ tag: "number", target, path, index, expected, actual, error }]
})

/** The outcome of a case that was run. */
export const outcomeOf = (id: string, { worst, faults, notes }: Findings): Outcome =>
  faults.length === 0 ? { tag: "passed", id, worst, notes } : { tag: "failed", id, faults }

/** The sentence of anything thrown. */
export const sentenceOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** The findings of a check, or what it threw as a finding. */
export const attempt = (target: string, path: string, check: () => Findings): Findings => {
  try {
    return check()
  } catch (thrown) {
    return fault(target, path, sentenceOf(thrown))
  }
}
