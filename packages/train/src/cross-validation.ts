/** Cross-validation: a model trained once for each fold of the data without it, and measured on the fold. */
import * as Effect from "effect/Effect"
import { type AnyDataset, DataError, Dataset, Split } from "@cotangent/data"
import { type DType, type Shape, Values } from "@cotangent/graph"
import type { Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import type { Compute } from "@cotangent/runtime"
import type { CheckpointStore } from "./checkpoint-store.ts"
import { FitError } from "./errors.ts"
import { fit, type FitFailure, type FitsData, type MetricNames, type Run } from "./fit.ts"
import { evaluate, type EvaluateFailure, type Measured } from "./measuring.ts"
import type { FitOptions, Learning, MetricRecord } from "./options.ts"
import { shown, textTable } from "./table.ts"

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
  /** Whether every class is spread evenly over the folds: true for labels unless given. */
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

/** Which rows train and which are held out, fold by fold. */
const rowsOfFolds = (data: AnyDataset, count: number, seed: number, stratified: boolean) =>
  Effect.try({
    try: () => {
      // The numbers of the rows, cut in place of the rows themselves: the weights of samples are cut by them too.
      const numbers = Int32Array.from({ length: data.size }, (_, i) => i)
      const rows = Dataset.make({ x: Values.of(numbers, [data.size], "i32"), y: data.y })
      const parts = stratified ? Split.stratifiedFolds(rows, count, seed) : Split.folds(rows, count, seed)
      return parts.map(({ train, validation }) => ({ train: train.x.data, held: validation.x.data }))
    },
    catch: (thrown) =>
      new FitError({ problems: [thrown instanceof DataError ? thrown.message : `folds: ${String(thrown)}`] })
  })

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
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const optimizer = Optimizer.adam({ learningRate: 0.01 })
 * const validated = Trainer.crossValidate(model, { loss, optimizer, epochs: 10, folds: 3 })(data)
 * ```
 *
 * Fails with a FitError when there are fewer rows than folds, and as `fit` does.
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
  <X extends Shape, Y extends Shape, YD extends DType>(
    data: Dataset<X, Y, YD> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<CrossValidation<P, S, R, MetricNames<M>>, FitFailure | EvaluateFailure | E, Compute | W> =>
    Effect.gen(function* () {
      const whole: AnyDataset = data
      const { folds: count = 5, concurrency = 1, store, stratified, ...training } = options
      const labelled = whole.targetDtype === "i32" && whole.targetShape.length === 0
      const cut = yield* rowsOfFolds(whole, count, options.seed ?? 0, stratified ?? labelled)
      const weights = options.sampleWeight
      const problems = [
        ...(weights === undefined || weights.length === whole.size
          ? []
          : [`sampleWeight has ${weights.length} numbers, the data has ${whole.size} samples`]),
        ...(Number.isInteger(concurrency) && concurrency > 0
          ? []
          : [`concurrency is ${concurrency}; a whole number of 1 or more is needed`])
      ]
      if (problems.length > 0) return yield* new FitError({ problems })
      const folds = yield* Effect.forEach(
        cut,
        ({ train, held }, i) =>
          Effect.gen(function* () {
            const checkpoints =
              store === undefined ? {} : { checkpoints: { store: yield* store(`fold-${i + 1}`), resume: true } }
            const sampleWeight =
              weights === undefined ? {} : { sampleWeight: Array.from(train, (row) => weights[row] ?? 1) }
            const validationData = Dataset.take(whole, held)
            const described = fit<I, O, P, S, K, R, M>(model, {
              ...training,
              ...sampleWeight,
              ...checkpoints,
              validationData
            } as FitOptions<K, R, M, P, S>)
            // Rows of data that fits the model fit it.
            const run = yield* described(Dataset.take(whole, train) as never)
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
