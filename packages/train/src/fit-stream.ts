/** Training on data that does not fit in memory: every step takes its batch from a stream. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type AnyDataset, type Batch, type DataError, Dataset, DataStream } from "@cotangent/data"
import { type AnyTensor, type DType, type Shape, T, type Value } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import { Compute, spec, step, stepWith } from "@cotangent/runtime"
import { epochRecord, evaluateEpoch, evaluationBatch, measure, resetSums, type TrainSession } from "./epochs.ts"
import { FitError, NonFiniteError } from "./errors.ts"
import type { FitsData, MetricNames, Run } from "./fit.ts"
import type { EpochRecord } from "./history.ts"
import { freshState } from "./initial-state.ts"
import type { FitOptions, Learning, MetricRecord } from "./options.ts"
import { type AnyFitOptions, cut, dataProblems, makePlan, type Plan } from "./plan.ts"
import { evaluateStep, type TrainData, trainStep, type TrainState } from "./programs.ts"
import type { AnyRun, FitFailure } from "./run.ts"

/** How to train on a stream: options of `fit`, with their meaning there. */
export interface StreamFitOptions<K extends Loss.TargetKind, R extends Rule, M extends MetricRecord<K>> extends Pick<
  FitOptions<K, R, M>,
  "loss" | "optimizer" | "metrics" | "epochs" | "batchSize" | "seed" | "validationData" | "debug"
> {
  /** Rows that wait to be mixed, by the seed and the epoch; 10,000 unless given, 0 for the order of the stream. */
  readonly shuffleBuffer?: number
  /** Batches that are made ahead; 2 unless given. */
  readonly prefetch?: number
}

type AnyBatch = Batch<Shape, Shape, DType, DType>
type AnyStreamOptions = AnyFitOptions & { readonly shuffleBuffer?: number; readonly prefetch?: number }

const asDataset = ({ x, y }: AnyBatch): AnyDataset => Dataset.make({ x, y })

/** What a step takes; the session checks shapes and types against those of its program. */
const inputOf = ({ x, y }: AnyBatch) => ({ x, y }) as unknown as Record<"x" | "y", Value<never, never>>

/** The batch of a step, where `trainStep` looks for rows of resident data. */
const onBatch = (plan: Plan, size: number) => {
  const { inputDtype, inputShape, targetDtype, targetShape } = plan.train
  const like = (shape: Shape, dtype: DType) => spec([size, ...shape.map(Number)], {}, dtype)
  const train = trainStep(plan.subject, size)
  return stepWith<TrainState, TrainData, { readonly x: AnyTensor; readonly y: AnyTensor }, {}>(
    { x: like(inputShape, inputDtype), y: like(targetShape, targetDtype) },
    (state, data, batch) => {
      // The order of the state is 0, 1, ..., so that these are the rows of the batch, from its first.
      const [next, output] = train({ ...state, cursor: T.constant(0, "i32") }, { ...data, ...batch })
      return [{ ...next, cursor: state.cursor }, output]
    }
  )
}

const openSession = (plan: Plan, rest: number) =>
  Effect.suspend(() => {
    const { debug, subject, validation } = plan
    const measuring = validation === undefined ? undefined : cut(validation.size, evaluationBatch)
    const data: TrainData = {
      // No step looks at these: each brings its batch.
      x: T.zeros([1]),
      y: T.zeros([1]),
      validation: validation === undefined ? {} : { x: T.fromValue(validation.x), y: T.fromValue(validation.y) },
      weights: {}
    }
    return Compute.session({
      state: freshState(plan),
      data,
      programs: {
        train: onBatch(plan, plan.batchSize),
        trainRest: onBatch(plan, rest === 0 ? plan.batchSize : rest),
        ...(measuring !== undefined && measuring.full > 0
          ? { evaluate: step(evaluateStep(subject, measuring.size)) }
          : {}),
        ...(measuring !== undefined && measuring.rest > 0
          ? { evaluateRest: step(evaluateStep(subject, measuring.rest)) }
          : {})
      },
      ...(debug === undefined ? {} : { debug })
    })
  })

/** Trains by erased options, checked where the run was described. */
const runStream = <W>(
  model: Model.AnyModel,
  { prefetch = 2, shuffleBuffer = 10_000, ...options }: AnyStreamOptions,
  data: DataStream.AnyDataStream<W>
): Effect.Effect<AnyRun, FitFailure | DataError, Compute | W> =>
  Effect.scoped(
    Effect.gen(function* () {
      const asked = options.batchSize ?? 32
      const batches = (batchSize: number, extra: Partial<DataStream.StreamBatchOptions>) =>
        Effect.try({
          try: () => DataStream.batches(data, { batchSize, prefetch, ...extra }),
          // It throws nothing else.
          catch: (thrown) => thrown as DataError
        })
      const head = yield* Stream.runHead(yield* batches(asked, { prefetch: 0 }))
      if (Option.isNone(head)) return yield* new FitError({ problems: ["the data has no samples"] })
      const first: AnyBatch = head.value
      const plan = yield* makePlan(model, { ...options, batchSize: first.size, shuffle: false }, asDataset(first))
      const { batchSize, epochs, seed, subject, validation } = plan
      const rest = data.size === undefined ? 0 : data.size % batchSize
      const session = yield* openSession(plan, rest)
      // Training steps take an input; what measures and resets does not run them.
      const measured = session as unknown as TrainSession
      const records: Array<EpochRecord> = []
      const runEpoch = (epoch: number) =>
        Effect.gen(function* () {
          yield* resetSums(measured, subject)
          const mixing = shuffleBuffer === 0 ? {} : { shuffle: { seed, epoch, buffer: shuffleBuffer } }
          yield* Stream.runForEach(yield* batches(batchSize, { dropLast: rest === 0, ...mixing }), (batch: AnyBatch) =>
            Effect.gen(function* () {
              const problems = dataProblems(subject, asDataset(batch), `batch ${batch.index} of the stream`)
              if (problems.length > 0) return yield* new FitError({ problems })
              yield* session.step(batch.size === batchSize ? "train" : "trainRest", inputOf(batch))
            })
          )
          const trained = yield* measure(measured, subject)
          const measures = validation !== undefined && Number.isFinite(trained.loss)
          const validated = measures ? yield* evaluateEpoch(plan, measured, validation) : undefined
          return epochRecord(epoch, trained, validated)
        }).pipe(
          // With `debug`, the operation that made the first number that is not finite.
          Effect.catchTag("NonFiniteError", (origin) =>
            Effect.fail(new NonFiniteError({ epoch, loss: Number.NaN, history: { epochs: [...records] }, origin }))
          )
        )
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const record = yield* runEpoch(epoch)
        records.push(record)
        if (!Number.isFinite(record.loss))
          return yield* new NonFiniteError({ epoch, loss: record.loss, history: { epochs: [...records] } })
      }
      const params = yield* session.read<unknown>((s) => subject.optimizer.evalParams<unknown>(s.optimizer))
      const modelState = yield* session.read<unknown>((s) => s.model)
      const optimizerState = yield* session.read<unknown>((s) => s.optimizer)
      return { params, modelState, optimizerState, history: { epochs: records }, stopped: "epochs" as const }
    })
  )

/**
 * Trains a model on a stream of data, which is run once an epoch and never held: `fit` for files larger than memory. A
 * step computes what a step of `fit` does, so with the same batches the weights have the same bits. The last batch of a
 * pass may be smaller where the stream knows its size; where it does not, a shorter one is left out.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const rows = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const trained = Trainer.fitStream(model, { loss, optimizer: Optimizer.adam({ learningRate: 0.01 }), epochs: 10 })(
 *   DataStream.fromDataset(rows)
 * )
 * ```
 *
 * Fails as `fit` does, and as the stream does.
 */
export const fitStream =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    R extends Rule,
    const M extends MetricRecord<K> = {}
  >(
    model: Model.Model<I, O, P, S>,
    options: Learning<K, R, M> & StreamFitOptions<K, R, M>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, W>(
    data: DataStream.DataStream<X, Y, YD, "f32", W> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<Run<P, S, R, MetricNames<M>>, FitFailure | DataError, Compute | W> => {
    // From here on shapes and trees are numbers and records: the types above were checked by the guard of the data.
    const erased = { ...options, metrics: options.metrics ?? {} } as unknown as AnyStreamOptions
    const run = runStream<W>(Model.forgetShapes(model) as unknown as Model.AnyModel, erased, data)
    return run as unknown as Effect.Effect<Run<P, S, R, MetricNames<M>>, FitFailure | DataError, Compute | W>
  }
