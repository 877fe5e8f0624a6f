/** The plan of a run: options and data checked against each other, and the data cut, before anything runs. */
import * as Effect from "effect/Effect"
import { type AnyDataset, Split } from "@cotangent/data"
import { allocate, sizeOf, type Value, Values } from "@cotangent/graph"
import type { Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import type { Callback } from "./callback.ts"
import { checksum } from "./crc32.ts"
import { chunkProblems, dataProblems, streamProblems } from "./data-problems.ts"
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
import {
  type AnyRowStream,
  type AnySource,
  countRows,
  datasetRows,
  type RowsLike,
  streamRows,
  type TrainRows
} from "./source.ts"
import { trainingProblems } from "./untyped.ts"

/** What a run will do, on rows that fail to come with an `E` and need an `R`. */
export interface Plan<out E = unknown, out R = unknown> {
  readonly subject: Subject
  readonly train: TrainRows<E, R>
  readonly validation: AnyDataset | undefined
  readonly validationWeights: Value | undefined
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

/** Classes of `classWeight` that the model does not have. */
const classProblems = (
  { classWeight = {} }: AnyFitOptions,
  { targetDtype }: RowsLike,
  { outputShape }: Model.AnyModel
): ReadonlyArray<string> => {
  const classes = outputShape.at(-1) ?? 1
  if (targetDtype !== "i32") return []
  return Object.keys(classWeight).flatMap((label) =>
    Number.isInteger(Number(label)) && Number(label) >= 0 && Number(label) < classes
      ? []
      : [`classWeight names ${label}, which is not a class from 0 to ${classes - 1}`]
  )
}

const weightProblems = (
  { sampleWeight, classWeight }: AnyFitOptions,
  { targetDtype }: RowsLike,
  size: number | undefined
): ReadonlyArray<string> => [
  ...(sampleWeight === undefined || size === undefined || sampleWeight.length === size
    ? []
    : [`sampleWeight has ${sampleWeight.length} numbers, the data has ${size} samples`]),
  ...(classWeight === undefined || targetDtype === "i32"
    ? []
    : ["classWeight is given and the targets are no labels; use sampleWeight"])
]

/** Options that only make sense for rows in memory, or only for a stream. */
const sourceProblems = (
  { batchSize = 32, prefetch, validationSplit, window }: AnyFitOptions,
  isStream: boolean
): ReadonlyArray<string> => {
  if (!isStream)
    return Object.entries({ window, prefetch }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} is ${value}; it is for streams, and a data set is in memory as a whole`]
    )
  return [
    ...(validationSplit === undefined
      ? []
      : ["validationSplit needs rows in memory; hold rows of the stream out as validationData"]),
    ...(window === undefined || batchSize < 1 || window % batchSize === 0
      ? []
      : [`window is ${window} and batchSize ${batchSize}; a window is a whole number of batches`])
  ]
}

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

/** The rows of a run: those to train on, and those to measure. */
type PlannedRows<E, R> = Pick<Plan<E, R>, "train" | "validation" | "validationWeights">

/** A data set as it is, or cut in two. */
const planDataset = (options: AnyFitOptions, data: AnyDataset): Effect.Effect<PlannedRows<never, never>, FitError> => {
  const { validationData, validationSplit } = options
  const weights = weightsOf(options, data.y)
  const trained = (train: AnyDataset) => datasetRows(train, part(weights, 0, train.size))
  if (validationSplit === undefined)
    return Effect.succeed({ train: trained(data), validation: validationData, validationWeights: undefined })
  // Classes are weighed in training only, as in Keras.
  const samples = weightsOf(options.sampleWeight === undefined ? {} : { sampleWeight: options.sampleWeight }, data.y)
  return Effect.try({
    try: () => Split.validation(data, validationSplit),
    catch: (thrown) => new FitError({ problems: [thrown instanceof Error ? thrown.message : String(thrown)] })
  }).pipe(
    Effect.map(({ train, validation }) => ({
      train: trained(train),
      validation,
      validationWeights: part(samples, train.size, data.size)
    }))
  )
}

/** Bytes of the window of a stream, unless its rows are given. */
const windowBytes = 2 ** 24

/** The rows of a window: whole batches. */
const windowOf = ({ batchSize = 32, window }: AnyFitOptions, { inputDtype, inputShape }: RowsLike): number => {
  if (window !== undefined) return window
  const rowBytes = sizeOf(inputShape.map(Number)) * allocate(inputDtype, 1).BYTES_PER_ELEMENT
  return Math.max(1, Math.floor(windowBytes / Math.max(1, rowBytes * batchSize))) * batchSize
}

/** A stream whose rows are known, or counted first. */
const planStream = <E, R>(
  subject: Subject,
  options: AnyFitOptions,
  stream: AnyRowStream<E, R>
): Effect.Effect<PlannedRows<E, R>, E | FitError, R> =>
  Effect.gen(function* () {
    const { classWeight, prefetch = 2, sampleWeight, validationData } = options
    const size = yield* countRows(stream)
    const problems = [
      ...(size === 0 ? ["the stream has no rows"] : []),
      ...(stream.size === undefined ? weightProblems(options, stream, size) : [])
    ]
    if (problems.length > 0) return yield* new FitError({ problems })
    const samples = sampleWeight === undefined ? undefined : { data: Float32Array.from(sampleWeight) }
    const weighs = sampleWeight !== undefined || classWeight !== undefined
    const train = streamRows(stream, {
      size,
      window: Math.min(size, windowOf(options, stream)),
      prefetch,
      weigh: weighs ? (targets, first) => weightsOf(options, targets, first) : undefined,
      problems: (chunk, first) => chunkProblems(subject, stream, chunk, first),
      weighing: weighs ? `, weighed ${JSON.stringify([checksum([samples]), classWeight ?? {}])}` : ""
    })
    return { train, validation: validationData, validationWeights: undefined }
  })

/** Checks everything that can be wrong before a run; fails with all problems at once. */
export const makePlan = <E = never, R = never>(
  model: Model.AnyModel,
  options: AnyFitOptions,
  source: AnySource<E, R>
): Effect.Effect<Plan<E, R>, E | FitError, R> =>
  Effect.gen(function* () {
    const subject: Subject = { model, loss: options.loss, optimizer: options.optimizer, metrics: options.metrics }
    const { validationData, batchSize = 32, initialEpoch = 0, accumulate = 1 } = options
    const untyped = trainingProblems(model, options, source)
    if (untyped.length > 0) return yield* new FitError({ problems: untyped })
    const problems = [
      ...problemsOf(options),
      ...("chunks" in source ? streamProblems(subject, source) : dataProblems(subject, source)),
      ...sourceProblems(options, "chunks" in source),
      ...(validationData === undefined ? [] : dataProblems(subject, validationData, "the validation data")),
      ...weightProblems(options, source, source.size),
      ...classProblems(options, source, model),
      ...rateProblems(options)
    ]
    if (problems.length > 0) return yield* new FitError({ problems })
    const rows: PlannedRows<E, R> = yield* "chunks" in source
      ? planStream(subject, options, source)
      : planDataset(options, source)
    const stepsPerEpoch = options.stepsPerEpoch ?? stepsOf(rows.train.size, batchSize)
    return {
      subject,
      ...rows,
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
  })
