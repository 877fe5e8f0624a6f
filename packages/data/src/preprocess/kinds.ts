/** All kinds of steps, and what follows from the table of them: the codec, learning a chain, running a chain. */
import * as Schema from "effect/Schema"
import { bucket } from "./bucket.ts"
import { index, oneHot } from "./encode.ts"
import { impute } from "./impute.ts"
import { minMax, standardise } from "./scale.ts"
import { type Kind, lastWriter, type Writer } from "./step.ts"
import { tokenise } from "./tokenise.ts"

/** The kinds by the tag of their plans and of what they learn. */
const kinds = {
  Impute: impute,
  Standardise: standardise,
  MinMax: minMax,
  OneHot: oneHot,
  Index: index,
  Bucket: bucket,
  Tokenise: tokenise
} as const

type Kinds = typeof kinds
type PlanOf<K> = K extends Kind<infer P, infer _> ? P : never

/** The description of a step. */
export type Plan = { [K in keyof Kinds]: PlanOf<Kinds[K]> }[keyof Kinds]

/** What a step has learned, as JSON stores it. */
export const Learned = Schema.Union([
  impute.schema,
  standardise.schema,
  minMax.schema,
  oneHot.schema,
  index.schema,
  bucket.schema,
  tokenise.schema
])
export type Learned = typeof Learned.Type

// The tag says which kind a plan or a learned step belongs to; TypeScript does not follow that through the table.
const kindOf = (tag: Learned["_tag"]): Kind<Plan, Learned> => kinds[tag] as unknown as Kind<Plan, Learned>

/** One writer for a chain of learned steps. */
export const compile = (steps: ReadonlyArray<Learned>, last: Writer = lastWriter): Writer =>
  steps.reduceRight((next, step) => kindOf(step._tag).compile(step, next), last)

/** The number that the chain makes `y` of. A step without inverse changes no number that is not missing. */
export const invert = (steps: ReadonlyArray<Learned>, y: number): number =>
  steps.reduceRight((value, step) => kindOf(step._tag).invert?.(step, value) ?? value, y)

/** The first cell that a writer refuses, as a sentence. */
const firstRefused = (cells: ReadonlyArray<unknown>, writer: Writer): string | undefined => {
  const room = new Float32Array(writer.width)
  for (const [i, cell] of cells.entries()) {
    const sentence = writer.write(cell, room, 0)
    if (sentence !== undefined) return `row ${i}: ${sentence}`
  }
  return undefined
}

/**
 * Learns a chain step by step, each from the cells that the steps before it make of the training rows. What is learned
 * takes all of those rows.
 */
export const learn = (
  plans: ReadonlyArray<Plan>,
  cells: ReadonlyArray<unknown>
): ReadonlyArray<Learned> | { readonly sentence: string } => {
  const learned: Array<Learned> = []
  let current = cells
  for (const plan of plans) {
    const step = kindOf(plan._tag).fit(plan, current)
    if (typeof step === "string") return { sentence: step }
    learned.push(step)
    const passed: Array<unknown> = []
    const collector: Writer = {
      width: 0,
      names: () => [],
      write: (cell) => {
        passed.push(cell)
        return undefined
      }
    }
    const sentence = firstRefused(current, compile([step], collector))
    if (sentence !== undefined) return { sentence }
    // A step that writes numbers passes no cells on, and ends the chain.
    current = passed
  }
  const sentence = firstRefused(cells, compile(learned))
  return sentence === undefined ? learned : { sentence }
}
