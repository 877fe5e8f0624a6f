/** Steps of a run as arithmetic: which pass over the data a step belongs to, and which program makes it. */
import { cut, type Plan, stepsOf } from "./plan.ts"

/** What of a plan decides about steps. */
export type StepPlan = Pick<Plan, "batchSize" | "accumulate" | "firstStep"> & {
  readonly train: { readonly size: number }
}

/** Steps of one program in a row. */
export interface Segment {
  readonly program: "train" | "trainRest" | "accumulate" | "accumulateRest"
  readonly count: number
  /** The place of the first step in its pass over the data. */
  readonly at: number
}

/** The pass, from 1, that the step after `done` steps belongs to. */
export const passAt = ({ train, batchSize }: StepPlan, done: number): number =>
  Math.floor(done / stepsOf(train.size, batchSize)) + 1

/** The next steps after `done` steps that one program makes, `most` of them at most. */
export const segmentAt = (
  { train, batchSize, accumulate, firstStep }: StepPlan,
  done: number,
  most: number
): Segment => {
  const { full } = cut(train.size, batchSize)
  const at = done % stepsOf(train.size, batchSize)
  const inFull = at < full
  const sameSize = inFull ? full - at : 1
  // Of every `accumulate` batches, all but the last only add up their gradients.
  const adding = accumulate - 1 - ((done - firstStep) % accumulate)
  const adds = adding > 0
  return {
    program: inFull ? (adds ? "accumulate" : "train") : adds ? "accumulateRest" : "trainRest",
    count: Math.max(1, Math.min(most, sameSize, accumulate === 1 ? most : adds ? adding : 1)),
    at
  }
}
