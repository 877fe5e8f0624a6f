/** All kinds of steps, and what follows from the table of them: the codec, learning a chain, running a chain. */
import * as Schema from "effect/Schema"
import { bucket } from "./bucket.ts"
import { index, oneHot } from "./encode.ts"
import { impute } from "./impute.ts"
import { minMax, standardise } from "./scale.ts"
import { type Kind, lastWriter, type Learner, type Writer } from "./step.ts"
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

/** Learns a chain of steps in passes over the training rows. */
export interface ChainLearner {
  /** Takes the cell of a row. */
  readonly take: (cell: unknown, row: number) => void
  /** Ends a pass; gives whether another one is needed. */
  readonly end: () => boolean
  /** What was learned, or the sentence that says why it cannot be. */
  readonly result: () => ReadonlyArray<Learned> | { readonly sentence: string }
}

/** Gives every cell to a learner. */
const feed = (learner: Learner<Learned>): Writer => ({ width: 0, names: () => [], write: learner.take })

/**
 * A learner of a chain: in pass i, step i learns from the cells that the steps before it make of the rows. With `check`
 * one more pass sees that what was learned takes every row.
 */
export const chainLearner = (plans: ReadonlyArray<Plan>, check: boolean): ChainLearner => {
  const learned: Array<Learned> = []
  let sentence: string | undefined
  let learner: Learner<Learned> | undefined
  let writer: Writer | undefined
  let room = new Float32Array()
  const start = () => {
    const plan = plans[learned.length]
    learner = plan === undefined ? undefined : kindOf(plan._tag).learner(plan)
    writer = learner === undefined ? (check ? compile(learned) : undefined) : compile(learned, feed(learner))
    room = new Float32Array(writer?.width ?? 0)
  }
  start()
  return {
    take: (cell, row) => {
      if (sentence !== undefined) return
      const refused = writer?.write(cell, room, 0)
      if (refused !== undefined) sentence = `row ${row}: ${refused}`
    },
    end: () => {
      if (sentence !== undefined || learner === undefined) return false
      const step = learner.learned()
      if (typeof step === "string") sentence = step
      else {
        learned.push(step)
        start()
      }
      return sentence === undefined && writer !== undefined
    },
    result: () => (sentence === undefined ? learned : { sentence })
  }
}
