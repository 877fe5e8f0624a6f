/** Options of a training run and their validation. */
import type * as Schedule from "effect/Schedule"
import type { AnyDataset } from "@cotangent/data"
import type { Value, ValuesOf } from "@cotangent/graph"
import type { Loss, Metrics } from "@cotangent/nn"
import type { Optimizer, Rule } from "@cotangent/optim"
import type { Callback } from "./callback.ts"
import type { CheckpointStore } from "./checkpoint-store.ts"
import type { EarlyStopping } from "./early-stopping.ts"
import { isValidationName, validationName } from "./history.ts"

export type { EarlyStopping } from "./early-stopping.ts"

/** Metrics by the name they have in the history. */
export type MetricRecord<K extends Loss.TargetKind> = { readonly [name: string]: Metrics.AnyMetric<K> }

/** Where checkpoints go, and when. One is also written when the run is interrupted, and one when it ends. */
export interface CheckpointOptions {
  /** `yield* Checkpoints.folder("runs/digits")`. */
  readonly store: CheckpointStore
  /** After every so many steps. */
  readonly everySteps?: number
  /** After every so many epochs: 1 unless one of the others is given. */
  readonly everyEpochs?: number
  /** When this time has passed since the last one. */
  readonly everySeconds?: number
  /** Goes on from the last checkpoint of the store if there is one; false unless given, and then the run begins anew. */
  readonly resume?: boolean
}

/** A loss that jumped, or is not finite any more. */
export interface LossSpike {
  readonly epoch: number
  readonly loss: number
  /** The rate that it happened with. */
  readonly learningRate: number
}

/** What to do when the loss jumps or stops being finite: back to the end of the last good epoch, with a smaller rate. */
export interface Recovery {
  /** How often, and after which pause, to try again: three times at once, unless given. */
  readonly schedule?: Schedule.Schedule<unknown, LossSpike>
  /** What the rate is multiplied by: 0.5 unless given. */
  readonly rateFactor?: number
  /** A loss above this many times that of the last good epoch is a jump: 3 unless given. */
  readonly spike?: number
}

/**
 * What a run begins with instead of fresh parameters; another run has the form. An optimizer that averages gives its average
 * for the parameters of a run: with `params: run.optimizerState.params` it goes on exactly.
 */
export interface From<P, S> {
  readonly params: ValuesOf<P>
  readonly modelState?: ValuesOf<S>
  /** The optimizer's state, so that its averages go on too; a new one unless given. Its parameters are not looked at. */
  readonly optimizerState?: unknown
}

/** How much each class counts: by its number, or in order. Classes that are not named count 1. */
export type ClassWeight = ReadonlyArray<number> | { readonly [label: number]: number }

/** What is learned, and what is measured. */
export interface Objective<K extends Loss.TargetKind, M extends MetricRecord<K>> {
  readonly loss: Loss.Loss<K>
  readonly metrics?: M
}

/**
 * What is learned, how, and what is measured. A function that infers types from options takes `Learning & FitOptions`: of an
 * object that lacks a member and has another instead (`epoch` for `epochs`) the compiler infers nothing, and would blame the
 * loss; these three members it always infers from, and then names the member that is wrong.
 */
export interface Learning<K extends Loss.TargetKind, R extends Rule, M extends MetricRecord<K>> extends Objective<
  K,
  M
> {
  readonly optimizer: Optimizer<R>
}

/** How to train; the names and meanings are Keras's where Keras has them. */
export interface FitOptions<
  K extends Loss.TargetKind,
  R extends Rule,
  M extends MetricRecord<K>,
  P = unknown,
  S = unknown
> extends Learning<K, R, M> {
  /** The last epoch; the first is 1, or the one after `initialEpoch`. */
  readonly epochs: number
  /** The epochs that `from` has behind it: numbers and orders of rows go on from there. 0 unless given. */
  readonly initialEpoch?: number
  /** Samples per step, 32 unless given; the last batch of a pass may be smaller. */
  readonly batchSize?: number
  /** Steps of an epoch: as many as a pass over the data has, unless given. Otherwise the passes go on across epochs. */
  readonly stepsPerEpoch?: number
  /**
   * Batches that make one update, 1 unless given: the update of one batch with the rows of all of them, where layers look at
   * each row alone (batch normalisation does not). Every row that counts weighs the same, in whichever batch it was.
   */
  readonly accumulate?: number
  /** The share of the data, taken from its end before shuffling, that is measured and not trained on. */
  readonly validationSplit?: number
  /** Data to measure after every epoch, instead of a share of the data. */
  readonly validationData?: AnyDataset
  /** How much each sample of the data counts in the loss. The loss of a batch stays a sum by the number of samples. */
  readonly sampleWeight?: ArrayLike<number>
  /** How much each class counts in the loss of training, for targets that are labels; multiplies `sampleWeight`. */
  readonly classWeight?: ClassWeight
  /** Decides the first parameters, the order of samples and every random layer; 0 unless given. */
  readonly seed?: number
  /** A new order of the samples in each pass; true unless given. The rows of a stream are mixed within their window. */
  readonly shuffle?: boolean
  /**
   * For a stream: the rows that are in memory at a time, a whole number of batches; as many as 16 MB of inputs unless given.
   * With a window for all rows the run is that of a data set, bit for bit.
   */
  readonly window?: number
  /** For a stream: the chunks that are read ahead while others are trained on, 2 unless given, 0 for none. */
  readonly prefetch?: number
  readonly earlyStopping?: EarlyStopping
  /** What else decides about the run, epoch by epoch, in this order. */
  readonly callbacks?: ReadonlyArray<Callback>
  readonly checkpoints?: CheckpointOptions
  readonly recovery?: Recovery
  /** What a loss that is not finite does: `"fail"` unless given; `"stop"` ends the run with what it has. */
  readonly nonFinite?: "fail" | "stop"
  readonly from?: From<P, S>
  /**
   * Looks at every number of every step: when one is NaN or infinite the run fails at once, and the NonFiniteError says which
   * operation of which layer made it so. Each step is looked at on its own, which costs time.
   */
  readonly debug?: boolean
}

/** The options that can be wrong by themselves. */
export type CheckedOptions = Omit<
  FitOptions<Loss.TargetKind, Rule, MetricRecord<Loss.TargetKind>>,
  "loss" | "optimizer" | "metrics"
> & { readonly metrics?: object }

const wholeFrom = (name: string, value: number | undefined, least: number): ReadonlyArray<string> =>
  value === undefined || (Number.isInteger(value) && value >= least)
    ? []
    : [`${name} is ${value}; a whole number of ${least} or more is needed`]

const numberWhere = (
  name: string,
  value: number | undefined,
  holds: (x: number) => boolean,
  needed: string
): ReadonlyArray<string> => (value === undefined || holds(value) ? [] : [`${name} is ${value}; ${needed} is needed`])

/** A monitor that no epoch records would never improve. */
const monitorProblems = (
  name: string,
  monitor: string | undefined,
  metrics: ReadonlyArray<string>,
  validates: boolean
): ReadonlyArray<string> => {
  const recorded = ["loss", ...metrics].flatMap((each) => (validates ? [each, validationName(each)] : [each]))
  return monitor === undefined || recorded.includes(monitor)
    ? []
    : [`${name} is ${monitor}; an epoch of this run records ${recorded.join(", ")}`]
}

/** Weights that are no numbers to multiply a loss by. */
export const weightProblems = (name: string, weights: ArrayLike<number> | undefined): ReadonlyArray<string> => {
  const wrong = Array.from(weights ?? []).findIndex((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY))
  return wrong < 0 ? [] : [`${name} ${wrong} is ${weights?.[wrong]}; a finite number of 0 or more is needed`]
}

const callbackProblems = ({ callbacks = [], earlyStopping }: CheckedOptions): ReadonlyArray<string> => {
  const names = [...(earlyStopping === undefined ? [] : ["earlyStopping"]), ...callbacks.map(({ name }) => name)]
  const twice = names.filter((name, i) => names.indexOf(name) !== i)
  return twice.map((name) => `two callbacks are named ${name}; checkpoints know them by their names`)
}

/** Everything that is wrong with the options, as sentences. */
export const problemsOf = (options: CheckedOptions): ReadonlyArray<string> => {
  const { validationSplit: split, validationData, earlyStopping, callbacks = [], metrics = {} } = options
  const { checkpoints, recovery } = options
  const reserved = Object.keys(metrics).filter((name) => name === "loss" || name === "epoch" || isValidationName(name))
  const validates = split !== undefined || validationData !== undefined
  const names = Object.keys(metrics)
  return [
    // Node looks at no types: without the number of the last epoch a run would never end.
    ...wholeFrom("epochs", options.epochs, 1),
    ...wholeFrom("initialEpoch", options.initialEpoch, 0),
    ...(options.epochs >= 1 && (options.initialEpoch ?? 0) >= options.epochs
      ? [`initialEpoch is ${options.initialEpoch} and epochs ${options.epochs}; epochs is the number of the last one`]
      : []),
    ...wholeFrom("batchSize", options.batchSize, 1),
    ...wholeFrom("stepsPerEpoch", options.stepsPerEpoch, 1),
    ...wholeFrom("accumulate", options.accumulate, 1),
    ...wholeFrom("window", options.window, 1),
    ...wholeFrom("prefetch", options.prefetch, 0),
    ...wholeFrom("earlyStopping.patience", earlyStopping?.patience, 0),
    ...numberWhere("earlyStopping.minDelta", earlyStopping?.minDelta, (x) => x >= 0, "a number of 0 or more"),
    ...numberWhere("seed", options.seed, Number.isSafeInteger, "a whole number"),
    ...numberWhere("validationSplit", split, (x) => x > 0 && x < 1, "a number between 0 and 1, both excluded,"),
    ...(split !== undefined && validationData !== undefined
      ? ["validationSplit and validationData are both given; one of them is needed"]
      : []),
    ...wholeFrom("checkpoints.everySteps", checkpoints?.everySteps, 1),
    ...wholeFrom("checkpoints.everyEpochs", checkpoints?.everyEpochs, 1),
    ...numberWhere("checkpoints.everySeconds", checkpoints?.everySeconds, (x) => x >= 0, "a number of 0 or more"),
    ...numberWhere("recovery.rateFactor", recovery?.rateFactor, (x) => x > 0 && x < 1, "a number between 0 and 1"),
    ...numberWhere("recovery.spike", recovery?.spike, (x) => x > 1, "a number above 1"),
    ...monitorProblems("earlyStopping.monitor", earlyStopping?.monitor, names, validates),
    ...callbacks.flatMap(({ name, monitors }) =>
      monitors.flatMap((monitor) => monitorProblems(`the monitor of ${name}`, monitor, names, validates))
    ),
    ...callbackProblems(options),
    ...weightProblems("sampleWeight", options.sampleWeight),
    ...weightProblems("classWeight", options.classWeight === undefined ? [] : Object.values(options.classWeight)),
    ...reserved.map((name) => `a metric is named ${name}, which the history uses for something else`)
  ]
}

/** The weight in the loss of samples from number `first` on; `undefined` when all count the same. */
export const weightsOf = (
  { sampleWeight, classWeight }: Pick<CheckedOptions, "sampleWeight" | "classWeight">,
  targets: Value,
  first = 0
): Float32Array | undefined => {
  if (sampleWeight === undefined && classWeight === undefined) return undefined
  const rows = targets.shape[0] ?? 0
  const byClass = new Map(Object.entries(classWeight ?? {}).map(([label, weight]) => [Number(label), weight]))
  return Float32Array.from(
    { length: rows },
    (_, i) =>
      (sampleWeight?.[first + i] ?? 1) * (classWeight === undefined ? 1 : (byClass.get(targets.data[i] ?? -1) ?? 1))
  )
}
