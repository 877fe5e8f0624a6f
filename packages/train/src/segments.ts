/** Steps of a run as arithmetic: which window of the rows a step looks at, and which program makes it. */
import type { Windows } from "./feed.ts"
import { cut, type Plan, stepsOf } from "./plan.ts"

/** What of a plan decides about steps. */
export type StepPlan = Pick<Plan, "batchSize" | "accumulate" | "firstStep"> & { readonly train: Windows }

/** A window of rows, and a place in it. */
export interface WindowAt {
  /** Its number, from 0 over all passes. */
  readonly number: number
  /** How many rows it has. */
  readonly rows: number
  /** The step in it, from 0. */
  readonly at: number
}

/** Steps of one program in a row. */
export interface Segment {
  readonly program: "train" | "trainRest" | "accumulate" | "accumulateRest"
  readonly count: number
  /** The window that the steps look at, and the place of the first of them. */
  readonly window: WindowAt
}

/** The window that the step after `done` steps belongs to. */
export const windowAt = ({ train: { size, window }, batchSize }: StepPlan, done: number): WindowAt => {
  const steps = stepsOf(size, batchSize)
  // All windows but the last are of whole batches.
  const perWindow = stepsOf(window, batchSize)
  const [pass, step] = [Math.floor(done / steps), done % steps]
  const place = Math.floor(step / perWindow)
  return {
    number: pass * stepsOf(size, window) + place,
    rows: Math.min(window, size - place * window),
    at: step - place * perWindow
  }
}

/** The next steps after `done` steps that one program makes, `most` of them at most. */
export const segmentAt = (plan: StepPlan, done: number, most: number): Segment => {
  const { batchSize, accumulate, firstStep } = plan
  const window = windowAt(plan, done)
  const { full } = cut(window.rows, batchSize)
  const inFull = window.at < full
  const sameSize = inFull ? full - window.at : 1
  // Of every `accumulate` batches, all but the last only add up their gradients.
  const adding = accumulate - 1 - ((done - firstStep) % accumulate)
  const adds = adding > 0
  return {
    program: inFull ? (adds ? "accumulate" : "train") : adds ? "accumulateRest" : "trainRest",
    count: Math.max(1, Math.min(most, sameSize, accumulate === 1 ? most : adds ? adding : 1)),
    window
  }
}
