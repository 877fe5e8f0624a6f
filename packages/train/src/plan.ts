/** The plan of a run: options and data checked against each other, and the data cut, before anything runs. */
import * as Effect from "effect/Effect"
import { type AnyDataset, Split } from "@cotangent/data"
import { type Value, Values } from "@cotangent/graph"
import type { Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import type { Callback } from "./callback.ts"
import { earlyStopping } from "./early-stopping.ts"
import { FitError } from "./errors.ts"
import {
  type CheckpointOptions,
  type FitOptions,
  type From,
  type MetricRecord,
  problemsOf,
  type Recovery,
  weightsOf
} from "./options.ts"
import type { Subject } from "./programs.ts"

/** What a run will do. */
export interface Plan {
  readonly subject: Subject
  readonly train: AnyDataset
  readonly validation: AnyDataset | undefined
  readonly weights: { readonly train: Value | undefined; readonly validation: Value | undefined }
  readonly batchSize: number
  readonly stepsPerEpoch: number
  readonly accumulate: number
  readonly initialEpoch: number
  /** The steps that count as done before the run: those of `initialEpoch` epochs. */
  readonly firstStep: number
  readonly epochs: number
  readonly seed: number
  readonly shuffle: boolean
  readonly callbacks: ReadonlyArray<Callback>
  readonly checkpoints: CheckpointOptions | undefined
  readonly recovery: Recovery | undefined
  readonly nonFinite: "fail" | "stop"
  readonly from: From<unknown, unknown> | undefined
  /** `undefined`: as the layer has it. */
  readonly debug: boolean | undefined
}

/** The options of a run whose shapes were checked where it was described. */
export type AnyFitOptions = Omit<
  FitOptions<Loss.TargetKind, Rule, MetricRecord<Loss.TargetKind>>,
  "loss" | "optimizer" | "metrics"
> &
  Omit<Subject, "model">

/** Sizes of runs of rows: how often a full one, and how many rows are left. */
export const cut = (rows: number, size: number) => ({
  full: Math.floor(rows / size),
  rest: rows % size,
  size: Math.min(size, rows)
})

/** Steps of one pass over some rows. */
export const stepsOf = (rows: number, size: number): number => Math.ceil(rows / size)

const notFinite = (what: string, value: Value): ReadonlyArray<string> => {
  const at = value.data.findIndex((x) => !Number.isFinite(x))
  if (at < 0) return []
  const row = Math.floor(at / Math.max(1, value.data.length / (value.shape[0] ?? 1)))
  return [`${what} ${row} of the data holds ${value.data[at]}; every number must be finite`]
}

/** What is wrong with data for a model and a loss. */
export const dataProblems = (
  { model, loss }: Pick<Subject, "model" | "loss">,
  data: AnyDataset,
  name = "the data"
): ReadonlyArray<string> => {
  const targets = loss.validateTargets(data.y, model.outputShape)
  return [
    ...(data.size === 0 ? [`${name} has no samples`] : []),
    ...(model.inputShape.join() === data.inputShape.join()
      ? []
      : [`the model takes [${model.inputShape.join(", ")}] per sample, ${name} has [${data.inputShape.join(", ")}]`]),
    ...notFinite("sample", data.x),
    ...(targets === undefined ? [] : [targets])
  ]
}

const weightProblems = ({ sampleWeight, classWeight }: AnyFitOptions, data: AnyDataset): ReadonlyArray<string> => [
  ...(sampleWeight === undefined || sampleWeight.length === data.size
    ? []
    : [`sampleWeight has ${sampleWeight.length} numbers, the data has ${data.size} samples`]),
  ...(classWeight === undefined || data.targetDtype === "i32"
    ? []
    : ["classWeight is given and the targets are no labels; use sampleWeight"])
]

/** Whether an option somewhere in a record is a schedule of the rate. */
export const scheduled = (options: object): boolean =>
  Object.entries(options).some(([name, value]: readonly [string, unknown]) =>
    name === "learningRate"
      ? typeof value === "function"
      : typeof value === "object" && value !== null && !Array.isArray(value) && scheduled(value)
  )

/** A rate that follows a schedule pays no heed to the one in the state, so that nobody else can set it. */
const rateProblems = ({ optimizer, recovery, callbacks = [] }: AnyFitOptions): ReadonlyArray<string> => {
  const setters = [
    ...(recovery === undefined ? [] : ["recovery"]),
    ...callbacks.filter(({ name }) => name === "plateau").map(({ name }) => name)
  ]
  return scheduled(optimizer.options)
    ? setters.map(
        (name) => `${name} sets the learning rate, which a schedule of the optimizer decides; give it a number`
      )
    : []
}

const part = (weights: Float32Array | undefined, start: number, end: number): Value | undefined =>
  weights === undefined ? undefined : Values.of(weights.slice(start, end), [end - start], "f32")

/** Checks everything that can be wrong before a run; fails with all problems at once. */
export const makePlan = (
  model: Model.AnyModel,
  options: AnyFitOptions,
  data: AnyDataset
): Effect.Effect<Plan, FitError> =>
  Effect.suspend(() => {
    const subject: Subject = { model, loss: options.loss, optimizer: options.optimizer, metrics: options.metrics }
    const { validationData, validationSplit, batchSize = 32, initialEpoch = 0, accumulate = 1 } = options
    const problems = [
      ...problemsOf(options),
      ...dataProblems(subject, data),
      ...(validationData === undefined ? [] : dataProblems(subject, validationData, "the validation data")),
      ...weightProblems(options, data),
      ...rateProblems(options)
    ]
    if (problems.length > 0) return Effect.fail(new FitError({ problems }))
    const weights = weightsOf(options, data.y)
    // Classes are weighed in training only, as in Keras.
    const samples = weightsOf(options.sampleWeight === undefined ? {} : { sampleWeight: options.sampleWeight }, data.y)
    const planned = (train: AnyDataset, validation: AnyDataset | undefined): Plan => {
      const stepsPerEpoch = options.stepsPerEpoch ?? stepsOf(train.size, batchSize)
      return {
        subject,
        train,
        validation,
        weights: {
          train: part(weights, 0, train.size),
          validation:
            validation === undefined || validationData !== undefined ? undefined : part(samples, train.size, data.size)
        },
        batchSize,
        stepsPerEpoch,
        accumulate,
        initialEpoch,
        firstStep: initialEpoch * stepsPerEpoch,
        epochs: options.epochs,
        seed: options.seed ?? 0,
        shuffle: options.shuffle ?? true,
        callbacks: [
          ...(options.earlyStopping === undefined ? [] : [earlyStopping(options.earlyStopping)]),
          ...(options.callbacks ?? [])
        ],
        checkpoints: options.checkpoints,
        recovery: options.recovery,
        nonFinite: options.nonFinite ?? "fail",
        from: options.from,
        debug: options.debug
      }
    }
    if (validationSplit === undefined) return Effect.succeed(planned(data, validationData))
    return Effect.try({
      try: () => Split.validation(data, validationSplit),
      catch: (thrown) => new FitError({ problems: [thrown instanceof Error ? thrown.message : String(thrown)] })
    }).pipe(Effect.map(({ train, validation }) => planned(train, validation)))
  })
