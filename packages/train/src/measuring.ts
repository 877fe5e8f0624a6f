/** Evaluating a trained model on data, and predicting with it. */
import * as Effect from "effect/Effect"
import type { AnyDataset, Dataset } from "@cotangent/data"
import {
  type AnyTensor,
  operations as ops,
  T,
  type Tensor,
  type Value,
  Values,
  type DType,
  type Shape,
  allocate,
  sizeOf
} from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import {
  type BorderError,
  type CompileError,
  Compute,
  type IndexError,
  type NonFiniteError,
  step,
  type ThreadError
} from "@cotangent/runtime"
import { dataProblems } from "./data-problems.ts"
import { evaluationBatch, measureOf, resetMeasuring } from "./epochs.ts"
import { FitError } from "./errors.ts"
import type { FitsData, MetricNames } from "./fit.ts"
import { type MetricRecord, weightProblems } from "./options.ts"
import { cut } from "./plan.ts"
import { type Measuring, measureRows, noSums, type Subject, type Trees } from "./programs.ts"
import { measuringProblems, weightProblems as noWeights } from "./untyped.ts"
import type { Weights } from "./weights.ts"

/** Why a measurement or a prediction can fail. */
export type EvaluateFailure = FitError | CompileError | BorderError | IndexError | NonFiniteError | ThreadError

/** What to measure. */
export interface EvaluateOptions<K extends Loss.TargetKind, M extends MetricRecord<K>> {
  readonly loss: Loss.Loss<K>
  readonly metrics?: M
  /** Rows per step, 512 unless given; the sums are of the rows, whatever it is, but for rounding. */
  readonly batchSize?: number
  /** How much each sample counts in the loss. */
  readonly sampleWeight?: ArrayLike<number>
}

/** The loss and the metrics of some data. */
export type Measured<M extends string> = { readonly loss: number } & { readonly [K in M]: number }

interface EvaluateState {
  readonly params: Trees
  readonly state: Trees
  readonly evaluation: Measuring
}

interface EvaluateData {
  readonly x: AnyTensor
  readonly y: AnyTensor
  readonly weights: { readonly rows?: AnyTensor }
}

type AnyWeights = { readonly params: unknown; readonly modelState: unknown }

const treesOf = ({ params, modelState }: AnyWeights) => ({
  // Weights have the structure of the model they are of; the model looks at them again when it is applied.
  params: T.fromValues<unknown>(params as never) as Trees,
  state: T.fromValues<unknown>(modelState as never) as Trees
})

const runEvaluation = (
  subject: Omit<Subject, "optimizer">,
  weights: AnyWeights,
  data: AnyDataset,
  batchSize: number,
  sampleWeight: ArrayLike<number> | undefined
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const untyped = [...measuringProblems(subject.model, subject, data), ...noWeights(weights)]
      if (untyped.length > 0) return yield* new FitError({ problems: untyped })
      const problems = [
        ...dataProblems(subject, data),
        ...weightProblems("sampleWeight", sampleWeight),
        ...(Number.isInteger(batchSize) && batchSize > 0
          ? []
          : [`batchSize is ${batchSize}; a whole number of 1 or more is needed`]),
        ...(sampleWeight === undefined || sampleWeight.length === data.size
          ? []
          : [`sampleWeight has ${sampleWeight.length} numbers, the data has ${data.size} samples`])
      ]
      if (problems.length > 0) return yield* new FitError({ problems })
      const { full, rest, size } = cut(data.size, batchSize)
      const measuring = (rows: number) =>
        step<EvaluateState, EvaluateData, {}>((state, { x, y, weights: { rows: counts } }) => [
          { ...state, evaluation: measureRows(subject, state, state.evaluation, { x, y, weights: counts }, rows) },
          {}
        ])
      const session = yield* Compute.session<EvaluateState, EvaluateData, Record<string, ReturnType<typeof measuring>>>(
        {
          state: { ...treesOf(weights), evaluation: { cursor: T.constant(0, "i32"), sums: noSums(subject) } },
          data: {
            x: T.fromValue(data.x),
            y: T.fromValue(data.y),
            weights:
              sampleWeight === undefined
                ? {}
                : { rows: T.fromArray(Float32Array.from(sampleWeight), [data.size], "f32") }
          },
          programs: {
            ...(full > 0 ? { evaluate: measuring(size) } : {}),
            ...(rest > 0 ? { evaluateRest: measuring(rest) } : {})
          }
        }
      )
      const part = ({ evaluation }: EvaluateState): Measuring => evaluation
      yield* resetMeasuring(session, subject, part)
      if (full > 0) yield* session.loop("evaluate", { count: full })
      if (rest > 0) yield* session.step("evaluateRest")
      const { loss, metrics } = yield* measureOf(session, subject, part)
      return { loss, ...metrics }
    })
  )

/**
 * Measures a trained model on data: the mean loss and the metrics. The weights are what `fit` gave, or those of a checkpoint.
 * Keras: `model.evaluate`.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const measure = Trainer.evaluate(model, { loss, metrics: { accuracy: Metrics.sparseCategoricalAccuracy } })
 * ```
 *
 * Fails with a FitError that says everything that is wrong with data and options.
 */
export const evaluate =
  <I extends Shape, O extends Shape, P, S, K extends Loss.TargetKind, const M extends MetricRecord<K> = {}>(
    model: Model.Model<I, O, P, S>,
    options: EvaluateOptions<K, M>
  ) =>
  (weights: Weights<P, S>) =>
  <X extends Shape, Y extends Shape, YD extends DType>(
    data: Dataset<X, Y, YD> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<Measured<MetricNames<M>>, EvaluateFailure, Compute> => {
    const { loss, metrics = {}, batchSize = evaluationBatch, sampleWeight } = options
    // From here on shapes and trees are numbers and records: the guard of the data checked them.
    const subject = { model: Model.forgetShapes(model), loss, metrics } as unknown as Omit<Subject, "optimizer">
    return runEvaluation(subject, weights, data, batchSize, sampleWeight) as unknown as Effect.Effect<
      Measured<MetricNames<M>>,
      EvaluateFailure,
      Compute
    >
  }

interface PredictState {
  readonly params: Trees
  readonly state: Trees
}

/** The outputs of all rows, one after another. */
const joined = (parts: ReadonlyArray<Value>, rows: number): Value => {
  const [first] = parts
  if (first === undefined) throw new RangeError("there are no rows")
  const shape = [rows, ...first.shape.slice(1)]
  const data = allocate(first.dtype, sizeOf(shape))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return Values.of(data, shape, first.dtype)
}

const runPrediction = (model: Model.AnyModel, weights: AnyWeights, x: Value, batchSize: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const untyped = noWeights(weights)
      if (untyped.length > 0) return yield* new FitError({ problems: untyped })
      const [rows = 0, ...sample] = x.shape
      const problems = [
        ...(sample.join() === model.inputShape.join()
          ? []
          : [`the model takes [${model.inputShape.join(", ")}] per sample, got [${sample.join(", ")}]`]),
        ...(rows > 0 ? [] : ["there are no samples to predict"]),
        ...(Number.isInteger(batchSize) && batchSize > 0
          ? []
          : [`batchSize is ${batchSize}; a whole number of 1 or more is needed`])
      ]
      if (problems.length > 0) return yield* new FitError({ problems })
      const { full, rest, size } = cut(rows, batchSize)
      const predicting = (count: number) => ({
        input: { from: { shape: [], dtype: "i32" as const } },
        step: (
          state: PredictState,
          data: { readonly x: AnyTensor },
          { from }: { readonly from: Tensor<[], "i32"> }
        ) => {
          const at = ops.add(from, ops.iota([count], 0, "i32"))
          return [
            state,
            { y: model.apply(state.params, state.state, ops.gather(data.x, at, 0), Model.evaluate).y }
          ] as const
        }
      })
      const session = yield* Compute.session<
        PredictState,
        { readonly x: AnyTensor },
        Record<string, ReturnType<typeof predicting>>
      >({
        state: treesOf(weights),
        data: { x: T.fromValue(x) },
        programs: {
          ...(full > 0 ? { predict: predicting(size) } : {}),
          ...(rest > 0 ? { predictRest: predicting(rest) } : {})
        }
      })
      const parts: Array<Value> = []
      for (let from = 0; from < rows; from += size) {
        const program = from < full * size ? "predict" : "predictRest"
        const { y } = yield* session.step(program, { from: Values.of(Int32Array.of(from), [], "i32") })
        parts.push(y)
        yield* Effect.yieldNow
      }
      return joined(parts, rows)
    })
  )

/**
 * The outputs of a trained model for every row of `x`, `[rows, ...]`: `Trainer.predict(model)(run)(data.x)`. Keras:
 * `model.predict`. For single rows without Effect see `Predictor`.
 */
export const predict =
  <I extends Shape, O extends Shape, P, S>(
    model: Model.Model<I, O, P, S>,
    { batchSize = evaluationBatch }: { readonly batchSize?: number } = {}
  ) =>
  (weights: Weights<P, S>) =>
  <X extends Shape>(x: Value<X, "f32">): Effect.Effect<Value<O, "f32">, EvaluateFailure, Compute> =>
    runPrediction(
      // Shapes are checked above, as numbers.
      Model.forgetShapes(model) as unknown as Model.AnyModel,
      weights,
      x,
      batchSize
    ) as Effect.Effect<Value<O, "f32">, EvaluateFailure, Compute>
