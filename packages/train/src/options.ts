/** Options of a training run and their validation. */
import type { Loss, Metrics } from "@cotangent/nn"
import type { Optimizer, Rule } from "@cotangent/optim"
import { isValidationName, validationName } from "./history.ts"

/** Stop when a measured number has not improved for a while. */
export interface EarlyStopping {
  /** The name in the epoch's record: `valLoss` (with validation) or `loss` unless given. */
  readonly monitor?: string
  /** The run stops after this many epochs in a row without improvement, as in Keras. */
  readonly patience: number
  /** What counts as an improvement: more than this, 0 unless given. */
  readonly minDelta?: number
  /** Whether smaller or larger is better: `max` for names that contain "accuracy", else `min`. */
  readonly mode?: "min" | "max"
  /** Give back the parameters of the best epoch instead of the last; true unless given. */
  readonly restoreBest?: boolean
}

/** Metrics by the name they have in the history. */
export type MetricRecord<K extends Loss.TargetKind> = { readonly [name: string]: Metrics.AnyMetric<K> }

/** How to train; the names and meanings are Keras's where Keras has them. */
export interface FitOptions<K extends Loss.TargetKind, R extends Rule, M extends MetricRecord<K>> {
  readonly loss: Loss.Loss<K>
  readonly optimizer: Optimizer<R>
  readonly metrics?: M
  /** Passes over the training data, 1 or more. */
  readonly epochs: number
  /** Samples per step, 32 unless given; the last batch of an epoch may be smaller. */
  readonly batchSize?: number
  /** The share of the data, taken from its end before shuffling, that is measured and not trained on. */
  readonly validationSplit?: number
  /** Decides the first parameters, the order of samples and every random layer; 0 unless given. */
  readonly seed?: number
  /** A new order of the samples in each epoch; true unless given. */
  readonly shuffle?: boolean
  readonly earlyStopping?: EarlyStopping
  /**
   * Looks at every number of every step: when one is NaN or infinite the run fails at once, and the NonFiniteError says which
   * operation of which layer made it so. Each step is looked at on its own, which costs time.
   */
  readonly debug?: boolean
}

const wholeFrom = (name: string, value: number | undefined, least: number): ReadonlyArray<string> =>
  value === undefined || (Number.isInteger(value) && value >= least)
    ? []
    : [`${name} is ${value}; a whole number of ${least} or more is needed`]

/** A monitor that no epoch records would never improve. */
const monitorProblems = (
  earlyStopping: EarlyStopping | undefined,
  metrics: ReadonlyArray<string>,
  validates: boolean
): ReadonlyArray<string> => {
  const monitor = earlyStopping?.monitor
  const recorded = ["loss", ...metrics].flatMap((name) => (validates ? [name, validationName(name)] : [name]))
  return monitor === undefined || recorded.includes(monitor)
    ? []
    : [`earlyStopping.monitor is ${monitor}; an epoch of this run records ${recorded.join(", ")}`]
}

/** Everything that is wrong with the options, as sentences. */
export const problemsOf = (
  options: Omit<FitOptions<Loss.TargetKind, Rule, MetricRecord<Loss.TargetKind>>, "loss" | "optimizer" | "metrics"> & {
    readonly metrics?: object
  }
): ReadonlyArray<string> => {
  const { validationSplit: split, earlyStopping, metrics = {} } = options
  const reserved = Object.keys(metrics).filter((name) => name === "loss" || name === "epoch" || isValidationName(name))
  return [
    ...wholeFrom("epochs", options.epochs, 1),
    ...wholeFrom("batchSize", options.batchSize, 1),
    ...wholeFrom("earlyStopping.patience", earlyStopping?.patience, 0),
    ...(earlyStopping?.minDelta === undefined || earlyStopping.minDelta >= 0
      ? []
      : [`earlyStopping.minDelta is ${earlyStopping.minDelta}; a number of 0 or more is needed`]),
    ...(options.seed === undefined || Number.isSafeInteger(options.seed)
      ? []
      : [`seed is ${options.seed}; a whole number is needed`]),
    ...(split === undefined || (split > 0 && split < 1)
      ? []
      : [`validationSplit is ${split}; a number between 0 and 1, both excluded, is needed`]),
    ...monitorProblems(earlyStopping, Object.keys(metrics), split !== undefined),
    ...reserved.map((name) => `a metric is named ${name}, which the history uses for something else`)
  ]
}
