/**
 * Experiments: a model, its data and how to train it, as one value. A file that exports one is all that the `cotangent`
 * command needs to train, resume, measure, sweep and predict.
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type * as Stream from "effect/Stream"
import { type AnyDataset, type Dataset, Split } from "@cotangent/data"
import type { DType, Shape, Value } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { RangeTestOptions, RateFinding, Rule } from "@cotangent/optim"
import type { Compute } from "@cotangent/runtime"
import type { CheckpointStore } from "./checkpoint-store.ts"
import type { Monitor } from "./callback.ts"
import { ExperimentError, FitError } from "./errors.ts"
import type { Stopped, TrainEvent } from "./events.ts"
import { findRate as findRateOf, type FindRateFailure } from "./find-rate.ts"
import { events as eventsOf, type FitFailure, type FitsData } from "./fit.ts"
import type { History } from "./history.ts"
import { type EvaluateFailure, evaluate as evaluateOf, predict as predictOf } from "./measuring.ts"
import type { CheckpointOptions, FitOptions, Learning, MetricRecord } from "./options.ts"
import { type AnyFitOptions, makePlan } from "./plan.ts"
import { has, isDataset, isRecord, metricProblems } from "./untyped.ts"
import { settingsOf } from "./resume.ts"
import type { Settings } from "./checkpoint.ts"
import { type AnyOptimizer, type Sweep, sweep as sweepOf, type TrialResult } from "./sweep.ts"

const typeId = "~cotangent/Experiment"

/** What reading data may need. */
type World = FileSystem.FileSystem | Path.Path

/** Optimizers by name, each made of a rate. */
export interface OptimizersOfRate {
  readonly [name: string]: (learningRate: number) => AnyOptimizer
}

/** A run that is described and not begun; `make` makes it, and has checked that its parts fit. */
export interface Experiment {
  readonly [typeId]: typeof typeId
  /** What pictures and logs call it; the file's name unless given. */
  readonly name: string | undefined
  readonly model: Model.AnyModel
  readonly data: Effect.Effect<AnyDataset, unknown, World>
  /** Data that the run never sees, to measure the trained model on. */
  readonly test: Effect.Effect<AnyDataset, unknown, World> | undefined
  /** Options of `Trainer.fit`. */
  readonly fit: AnyFitOptions
  /** Optimizers of one's own that a comparison can name. */
  readonly optimizers: OptimizersOfRate
}

/** The options of `fit` but for what belongs to a particular run of the experiment. */
type Fit<K extends Loss.TargetKind, R extends Rule, M extends MetricRecord<K>, P, S> = FitOptions<K, R, M, P, S> & {
  /** Checkpoints go where the run is kept; who starts it says where that is. */
  readonly checkpoints?: never
  readonly initialEpoch?: never
}

/** What is wrong with a definition that nothing has checked: a file of TypeScript may run without its types being looked at. */
const problemsOf = (definition: unknown): ReadonlyArray<string> => {
  if (!isRecord(definition)) return ["a record with model, data and fit is needed"]
  const { model, data, test, fit, optimizers = {} } = definition
  const { loss, optimizer, metrics = {}, epochs, checkpoints, initialEpoch } = isRecord(fit) ? fit : {}
  return [
    ...(has(model, "init", "apply") ? [] : ["model is no model; make it with pipe(Model.input([...]), ...)"]),
    ...(Effect.isEffect(data) ? [] : ["data is no Effect of a data set; Effect.succeed(data) makes one of a data set"]),
    ...(test === undefined || Effect.isEffect(test) ? [] : ["test is no Effect of a data set"]),
    ...(isRecord(fit) ? [] : ["fit is missing: the options of Trainer.fit"]),
    ...(has(loss, "validateTargets") ? [] : ["fit.loss is no loss; see Loss"]),
    ...(has(optimizer, "init", "step") ? [] : ["fit.optimizer is no optimizer; see Optimizer"]),
    ...(typeof epochs === "number" ? [] : ["fit.epochs is no number"]),
    ...metricProblems("fit.metrics", metrics),
    ...(checkpoints === undefined && initialEpoch === undefined
      ? []
      : ["fit has checkpoints or initialEpoch, which are for who starts a run"]),
    ...(isRecord(optimizers)
      ? Object.entries(optimizers).flatMap(([name, make]) =>
          typeof make === "function" ? [] : [`optimizers.${name} is no function of a learning rate`]
        )
      : ["optimizers is no record of functions of a learning rate"])
  ]
}

/** The data of an experiment, or the sentence that they are none. */
const dataSet = (name: string, data: Effect.Effect<AnyDataset, unknown, World>) =>
  Effect.flatMap(data, (found: unknown) =>
    isDataset(found)
      ? // The parts of a data set are there; the trainer looks at what they hold.
        Effect.succeed(found as unknown as AnyDataset)
      : Effect.fail(
          new ExperimentError({ problems: [`${name} gives no data set; make it with Dataset or read it with Csv`] })
        )
  )

/**
 * An experiment of a model, an Effect of its data, and options of `Trainer.fit`. The same guards as those of `fit` hold: data
 * that do not fit the model or the loss do not compile, and the message is a sentence.
 *
 * ```ts
 * const digits = Experiment.make({
 *   model: Model.dense("logits", 10)(Model.input([64])),
 *   data: Dataset.digits,
 *   fit: {
 *     loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
 *     optimizer: Optimizer.adam({ learningRate: 0.001 }),
 *     metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
 *     epochs: 10,
 *     validationSplit: 0.2
 *   }
 * })
 * ```
 *
 * As the default export of a file it is what `cotangent train FILE.ts` takes. Throws an ExperimentError that lists what is
 * missing or something else, for files whose types nobody has checked.
 */
export const make = <
  I extends Shape,
  O extends Shape,
  P,
  S,
  K extends Loss.TargetKind,
  R extends Rule,
  X extends Shape,
  Y extends Shape,
  YD extends DType,
  const M extends MetricRecord<K> = {}
>(definition: {
  readonly name?: string
  readonly model: Model.Model<I, O, P, S>
  readonly data: Effect.Effect<Dataset<X, Y, YD> & FitsData<I, O, K, X, Y, YD>, unknown, World>
  /** Data that the run never sees, to measure the trained model on. */
  readonly test?: Effect.Effect<Dataset<X, Y, YD>, unknown, World>
  readonly fit: Learning<K, R, M> & Fit<K, R, M, NoInfer<P>, NoInfer<S>>
  /** Optimizers of one's own that a comparison can name, each made of a rate. */
  readonly optimizers?: OptimizersOfRate
}): Experiment => {
  const problems = problemsOf(definition)
  if (problems.length > 0) throw new ExperimentError({ problems })
  const { name, model, data, test, fit, optimizers = {} } = definition
  return {
    [typeId]: typeId,
    name,
    // From here on shapes and trees are numbers and records, as in `fit`: the types above checked them.
    model: Model.forgetShapes(model) as unknown as Model.AnyModel,
    data: dataSet("data", data),
    test: test === undefined ? undefined : dataSet("test", test),
    fit: { ...fit, metrics: fit.metrics ?? {} } as unknown as AnyFitOptions,
    optimizers
  }
}

/** Whether a value is an experiment, made by this copy of the package or another. */
export const isExperiment = (value: unknown): value is Experiment =>
  typeof value === "object" && value !== null && typeId in value && value[typeId] === typeId

/** What a particular run of an experiment has of its own. */
export interface Overrides {
  readonly epochs?: number
  readonly batchSize?: number
  readonly seed?: number
  readonly checkpoints?: CheckpointOptions
}

/** Weights of an experiment's model. */
export interface Weights {
  readonly params: unknown
  readonly modelState: unknown
}

/** What a run of an experiment leaves. */
export interface Trained extends Weights {
  readonly history: History
  readonly stopped: Stopped
}

/** The last event of a run. */
export interface Done {
  readonly _tag: "Done"
  readonly run: Trained
}

/** The trainer's functions for models and data whose types `make` has checked and forgotten. */
const erased = {
  events: eventsOf as unknown as (
    model: Model.AnyModel,
    options: AnyFitOptions
  ) => (data: AnyDataset) => Stream.Stream<TrainEvent<string> | Done, FitFailure, Compute>,
  evaluate: evaluateOf as unknown as (
    model: Model.AnyModel,
    options: object
  ) => (
    weights: Weights
  ) => (data: AnyDataset) => Effect.Effect<{ readonly [name: string]: number }, EvaluateFailure, Compute>,
  predict: predictOf as unknown as (
    model: Model.AnyModel,
    options?: { readonly batchSize?: number }
  ) => (weights: Weights) => (x: Value) => Effect.Effect<Value, EvaluateFailure, Compute>,
  findRate: findRateOf as unknown as (
    model: Model.AnyModel,
    options: object
  ) => (data: AnyDataset) => Effect.Effect<RateFinding, FindRateFailure, Compute>,
  sweep: sweepOf as unknown as <E, W>(
    model: Model.AnyModel,
    options: object
  ) => (data: AnyDataset) => Effect.Effect<Sweep<unknown, unknown, string>, FitFailure | E, Compute | W>
}

/** The run as a Stream of events; the last one, `Done`, holds what it leaves. See `Trainer.events`. */
export const events =
  (experiment: Experiment, overrides: Overrides = {}) =>
  (data: AnyDataset): Stream.Stream<TrainEvent<string> | Done, FitFailure, Compute> =>
    erased.events(experiment.model, { ...experiment.fit, ...overrides })(data)

/**
 * What the numbers of a run depend on, beside the shapes of its tensors: model, loss, optimizer, sizes, checksums of the data.
 * Fails with a FitError that lists everything that is wrong with options and data; nothing is compiled and nothing runs.
 */
export const settings =
  (experiment: Experiment, overrides: Overrides = {}) =>
  (data: AnyDataset): Effect.Effect<Settings, FitError> =>
    Effect.map(makePlan(experiment.model, { ...experiment.fit, ...overrides }, data), settingsOf)

/** The data of an experiment as its run divides them; `validation` is absent when nothing is held out. */
export const parts =
  ({ fit }: Experiment) =>
  (
    data: AnyDataset
  ): Effect.Effect<{ readonly train: AnyDataset; readonly validation: AnyDataset | undefined }, FitError> =>
    Effect.try({
      try: () =>
        fit.validationSplit === undefined
          ? { train: data, validation: fit.validationData }
          : Split.validation(data, fit.validationSplit),
      catch: (thrown) => new FitError({ problems: [thrown instanceof Error ? thrown.message : String(thrown)] })
    })

/** The mean loss and the metrics of weights on data. See `Trainer.evaluate`. */
export const evaluate =
  ({ model, fit }: Experiment, { batchSize }: Pick<Overrides, "batchSize"> = {}) =>
  (weights: Weights) =>
  (data: AnyDataset): Effect.Effect<{ readonly [name: string]: number }, EvaluateFailure, Compute> =>
    erased.evaluate(model, {
      loss: fit.loss,
      metrics: fit.metrics,
      ...(batchSize === undefined ? {} : { batchSize })
    })(weights)(data)

/** The outputs of weights for every row of `x`. See `Trainer.predict`. */
export const predict =
  ({ model }: Experiment) =>
  (weights: Weights) =>
  (x: Value): Effect.Effect<Value, EvaluateFailure, Compute> =>
    erased.predict(model)(weights)(x)

/** A learning rate for the experiment's optimizer; only what is trained on is looked at. See `Trainer.findRate`. */
export const findRate =
  (experiment: Experiment, options: RangeTestOptions & Omit<Overrides, "epochs" | "checkpoints"> = {}) =>
  (data: AnyDataset): Effect.Effect<RateFinding, FindRateFailure, Compute> =>
    Effect.flatMap(parts(experiment)(data), ({ train }) => {
      const { loss, optimizer, batchSize, seed, shuffle } = experiment.fit
      return erased.findRate(experiment.model, {
        loss,
        optimizer,
        ...(batchSize === undefined ? {} : { batchSize }),
        ...(seed === undefined ? {} : { seed }),
        ...(shuffle === undefined ? {} : { shuffle }),
        ...options
      })(train)
    })

/** What is tried with an experiment. */
export interface Grid<E = never, W = never> extends Monitor, Omit<Overrides, "checkpoints"> {
  readonly optimizers: OptimizersOfRate
  readonly learningRates: ReadonlyArray<number>
  readonly concurrency?: number
  readonly store?: (trial: string) => Effect.Effect<CheckpointStore, E, W>
  readonly onTrial?: (trial: TrialResult<string>) => Effect.Effect<void>
}

/**
 * The experiment with other optimizers at several rates. See `Trainer.sweep`, which keeps the best weights of each trial: a
 * callback of the experiment that does so too is left out.
 */
export const sweep =
  <E = never, W = never>({ model, fit }: Experiment, grid: Grid<E, W>) =>
  (data: AnyDataset): Effect.Effect<Sweep<unknown, unknown, string>, FitFailure | E, Compute | W> => {
    const { optimizer: _, from: __, ...options } = fit
    const callbacks = (options.callbacks ?? []).filter(({ name }) => name !== "keepBest")
    return erased.sweep<E, W>(model, { ...options, callbacks, ...grid })(data)
  }
