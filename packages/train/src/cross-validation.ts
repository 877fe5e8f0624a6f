/** Cross-validation: a model trained once for each fold of the data without it, and measured on the fold. */
import * as Effect from "effect/Effect"
import type { DType, Shape } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import type { Compute } from "@cotangent/runtime"
import type { CheckpointStore } from "./checkpoint-store.ts"
import { FitError } from "./errors.ts"
import { fit, type FitFailure, type FitsData, type MetricNames, type Run } from "./fit.ts"
import { evaluate, type EvaluateFailure, type Measured } from "./measuring.ts"
import { cutRows } from "./fold-rows.ts"
import type { FitOptions, Learning, MetricRecord } from "./options.ts"
import type { Subject } from "./programs.ts"
import type { AnySource, Source } from "./source.ts"
import { shown, textTable } from "./table.ts"
import { trainingProblems } from "./untyped.ts"

/** How to cross-validate: how to train, and into how many folds the data is cut. */
export interface CrossValidationOptions<
  K extends Loss.TargetKind,
  R extends Rule,
  M extends MetricRecord<K>,
  P = unknown,
  S = unknown,
  E = never,
  W = never
> extends Omit<FitOptions<K, R, M, P, S>, "validationSplit" | "validationData" | "checkpoints"> {
  /** 5 unless given. */
  readonly folds?: number
  /** Whether every class is spread evenly over the folds: true for labels in memory unless given; streams cannot. */
  readonly stratified?: boolean
  /** How many folds are trained at the same time: 1 unless given. */
  readonly concurrency?: number
  /** Where the fold of this name, `fold-1` and so on, keeps its checkpoints; what is there already is gone on from. */
  readonly store?: (fold: string) => Effect.Effect<CheckpointStore, E, W>
}

/** One fold. */
export interface Fold<P, S, R extends Rule, M extends string> {
  /** Its number, from 1. */
  readonly fold: number
  readonly run: Run<P, S, R, M>
  /** What the weights of the run give on the rows that were held out. */
  readonly measured: Measured<M>
}

/** What cross-validation says. */
export interface CrossValidation<P, S, R extends Rule, M extends string> {
  readonly folds: ReadonlyArray<Fold<P, S, R, M>>
  /** The means over the folds. */
  readonly mean: Measured<M>
  /** The standard deviations over the folds, by n - 1. */
  readonly deviation: Measured<M>
  /** A row per fold, and the means, as text. */
  readonly table: string
}

const meanOf = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + x, 0) / xs.length

const deviationOf = (xs: ReadonlyArray<number>): number => {
  const mean = meanOf(xs)
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (xs.length - 1))
}

const summarise = (measured: ReadonlyArray<Readonly<Record<string, number>>>) => {
  const names = Object.keys(measured[0] ?? {})
  const over = (by: (xs: ReadonlyArray<number>) => number): Readonly<Record<string, number>> =>
    Object.fromEntries(names.map((name) => [name, by(measured.map((each) => each[name] ?? Number.NaN))]))
  const [mean, deviation] = [over(meanOf), over(deviationOf)]
  const row = (title: string, values: Readonly<Record<string, number>>): ReadonlyArray<string> => [
    title,
    ...names.map((name) => shown(values[name] ?? Number.NaN))
  ]
  const table = textTable([
    ["fold", ...names],
    ...measured.map((values, i) => row(String(i + 1), values)),
    row("mean", mean),
    row("deviation", deviation)
  ])
  return { mean, deviation, table }
}

/**
 * Trains a model once for every fold of the data, without the fold, and measures it there. Every row is measured once, by weights that have not seen it.
 * The folds depend on the seed alone. scikit-learn: `cross_validate`.
 *
 * The fold is the run's validation data too: with early stopping, the epoch is chosen by the rows that are measured, which
 * flatters. With `store`, an interrupted cross-validation goes on where it was.
 *
 * The folds of a stream are those of a data set of the same rows that are not stratified: which fold a row is in depends on
 * its number, the number of rows and the seed. The rows to train on come in windows, those of one fold are read into memory.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const optimizer = Optimizer.adam({ learningRate: 0.01 })
 * const validated = Trainer.crossValidate(model, { loss, optimizer, epochs: 10, folds: 3 })(data)
 * ```
 *
 * Fails with a FitError when there are fewer rows than folds or a stream's should be stratified, and as `fit` does.
 */
export const crossValidate =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    R extends Rule,
    const M extends MetricRecord<K> = {},
    E = never,
    W = never
  >(
    model: Model.Model<I, O, P, S>,
    options: Learning<K, R, M> & CrossValidationOptions<K, R, M, NoInfer<P>, NoInfer<S>, E, W>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, F = never, V = never>(
    source: Source<X, Y, YD, F, V> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<CrossValidation<P, S, R, MetricNames<M>>, FitFailure | EvaluateFailure | E | F, Compute | W | V> =>
    Effect.gen(function* () {
      const whole: AnySource<F, V> = source
      const { folds: count = 5, concurrency = 1, store, stratified, ...training } = options
      // Shapes are numbers from here on, as in `fit`.
      const fits = { model: Model.forgetShapes(model), loss: options.loss } as unknown as Pick<
        Subject,
        "model" | "loss"
      >
      const untyped = trainingProblems(model, options, whole)
      if (untyped.length > 0) return yield* new FitError({ problems: untyped })
      const cut = yield* cutRows(fits, whole, { folds: count, seed: options.seed ?? 0, stratified })
      const weights = options.sampleWeight
      const problems = [
        ...(weights === undefined || weights.length === cut.size
          ? []
          : [`sampleWeight has ${weights.length} numbers, the data has ${cut.size} samples`]),
        ...(Number.isInteger(concurrency) && concurrency > 0
          ? []
          : [`concurrency is ${concurrency}; a whole number of 1 or more is needed`])
      ]
      if (problems.length > 0) return yield* new FitError({ problems })
      const folds = yield* Effect.forEach(
        cut.folds,
        ({ train, held, numbersOf }, i) =>
          Effect.gen(function* () {
            const checkpoints =
              store === undefined ? {} : { checkpoints: { store: yield* store(`fold-${i + 1}`), resume: true } }
            const sampleWeight = weights === undefined ? {} : { sampleWeight: numbersOf(weights) }
            const validationData = yield* held
            const described = fit<I, O, P, S, K, R, M>(model, {
              ...training,
              ...sampleWeight,
              ...checkpoints,
              validationData
            } as FitOptions<K, R, M, P, S>)
            // Some of the rows that fit the model fit it; what they fail with and need is in the type of this function.
            const running = described(train as never) as Effect.Effect<
              Run<P, S, R, MetricNames<M>>,
              FitFailure | F,
              Compute | V
            >
            const run = yield* running
            const measuring = evaluate<I, O, P, S, K, M>(model, {
              loss: options.loss,
              ...(options.metrics === undefined ? {} : { metrics: options.metrics })
            })
            return { fold: i + 1, run, measured: yield* measuring(run)(validationData as never) }
          }),
        { concurrency }
      )
      const { mean, deviation, table } = summarise(folds.map(({ measured }) => measured))
      // They have the names of what was measured.
      return {
        folds,
        mean: mean as Measured<MetricNames<M>>,
        deviation: deviation as Measured<MetricNames<M>>,
        table
      }
    })
