/** Which rows of an experiment are measured or predicted. */
import * as Effect from "effect/Effect"
import { Flag } from "effect/cli"
import type { AnyDataset } from "@cotangent/data"
import { Experiment } from "@cotangent/train"
import { usage } from "./exit-code.ts"

const choices = ["test", "validation", "train", "all"] as const

/** The flag. */
export const onFlag = Flag.Literals("on", choices).pipe(
  Flag.withDescription(
    "which rows: the experiment's test data, what its run validates on, what it trains on, or all it reads; the first of these that there is unless given"
  ),
  Flag.optional
)

/** Rows and what they are called. */
export interface Part {
  readonly part: (typeof choices)[number]
  readonly rows: AnyDataset
}

/** The rows that are asked for, or the first of test and validation that there is. Fails when there are none. */
export const partOf = (experiment: Experiment.Experiment, wanted: Part["part"] | undefined) =>
  Effect.gen(function* () {
    if (wanted === "test" || (wanted === undefined && experiment.test !== undefined)) {
      if (experiment.test === undefined)
        return yield* usage("the experiment has no test data; give it test, or choose other rows with --on")
      return { part: "test", rows: yield* experiment.test } satisfies Part
    }
    const data = yield* experiment.data
    if (wanted === "all") return { part: "all", rows: data } satisfies Part
    const { train, validation } = yield* Experiment.parts(experiment)(data)
    if (wanted === "train") return { part: "train", rows: train } satisfies Part
    if (validation !== undefined) return { part: "validation", rows: validation } satisfies Part
    if (wanted === "validation")
      return yield* usage(
        "the experiment validates on nothing; give it validationSplit, or choose other rows with --on"
      )
    return { part: "train", rows: train } satisfies Part
  })
