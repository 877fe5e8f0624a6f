/** The plan of a run: options and data checked against each other, and the data cut, before anything runs. */
import * as Effect from "effect/Effect"
import { type AnyDataset, Split } from "@cotangent/data"
import type { Value } from "@cotangent/graph"
import type { Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import { FitError } from "./errors.ts"
import { type EarlyStopping, type FitOptions, type MetricRecord, problemsOf } from "./options.ts"
import type { Subject } from "./programs.ts"

/** What a run will do. */
export interface Plan {
  readonly subject: Subject
  readonly train: AnyDataset
  readonly validation: AnyDataset | undefined
  readonly batchSize: number
  readonly epochs: number
  readonly seed: number
  readonly shuffle: boolean
  readonly earlyStopping: EarlyStopping | undefined
  /** `undefined`: as the layer has it. */
  readonly debug: boolean | undefined
}

/** The options of a run whose shapes were checked where it was described. */
export type AnyFitOptions = Omit<
  FitOptions<Loss.TargetKind, Rule, MetricRecord<Loss.TargetKind>>,
  "loss" | "optimizer" | "metrics"
> &
  Omit<Subject, "model">

const notFinite = (what: string, value: Value): ReadonlyArray<string> => {
  const at = value.data.findIndex((x) => !Number.isFinite(x))
  if (at < 0) return []
  const row = Math.floor(at / Math.max(1, value.data.length / (value.shape[0] ?? 1)))
  return [`${what} ${row} of the data holds ${value.data[at]}; every number must be finite`]
}

/** Checks everything that can be wrong before a run; fails with all problems at once. */
export const makePlan = (
  model: Model.AnyModel,
  options: AnyFitOptions,
  data: AnyDataset
): Effect.Effect<Plan, FitError> =>
  Effect.suspend(() => {
    const problems = [
      ...problemsOf(options),
      ...(data.size === 0 ? ["the data has no samples"] : []),
      ...(model.inputShape.join() === data.inputShape.join()
        ? []
        : [
            `the model takes [${model.inputShape.join(", ")}] per sample, the data has [${data.inputShape.join(", ")}]`
          ]),
      ...notFinite("sample", data.x)
    ]
    const targets = options.loss.validateTargets(data.y, model.outputShape)
    if (targets !== undefined) problems.push(targets)
    if (problems.length > 0) return Effect.fail(new FitError({ problems }))
    const subject: Subject = { model, loss: options.loss, optimizer: options.optimizer, metrics: options.metrics }
    const { validationSplit, batchSize = 32, epochs, seed = 0, shuffle = true, earlyStopping, debug } = options
    const plan = (train: AnyDataset, validation: AnyDataset | undefined): Plan => ({
      subject,
      train,
      validation,
      batchSize,
      epochs,
      seed,
      shuffle,
      earlyStopping,
      debug
    })
    if (validationSplit === undefined) return Effect.succeed(plan(data, undefined))
    return Effect.try({
      try: () => Split.validation(data, validationSplit),
      catch: (thrown) => new FitError({ problems: [thrown instanceof Error ? thrown.message : String(thrown)] })
    }).pipe(Effect.map(({ train, validation }) => plan(train, validation)))
  })
