/**
 * The trainer: describes a run as data, trains it in one session, and tells what happens as a Stream of events.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AnyDataset, Dataset } from "@cotangent/data"
import type { DType, Guard, Mismatch, Shape, Show, ValuesOf } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { Rule, StateOf } from "@cotangent/optim"
import type { BorderError, CompileError, Compute, IndexError, ThreadError } from "@cotangent/runtime"
import { makeWatcher } from "./early-stopping.ts"
import { cut, type Emit, epochRecord, evaluateEpoch, openSession, trainEpoch, type TrainSession } from "./epochs.ts"
import { type FitError, NonFiniteError } from "./errors.ts"
import type { TrainEvent } from "./events.ts"
import type { EpochRecord, History } from "./history.ts"
import type { FitOptions, MetricRecord } from "./options.ts"
import { type AnyFitOptions, makePlan, type Plan } from "./plan.ts"

/** What a run leaves. */
export interface Run<P, S, R extends Rule, M extends string> {
  /** The trained parameters, those of the best epoch when early stopping restores them. */
  readonly params: ValuesOf<P>
  readonly modelState: ValuesOf<S>
  /** The optimizer's state after the last step. */
  readonly optimizerState: ValuesOf<StateOf<R, P>>
  readonly history: History<M>
  readonly stopped: "epochs" | "earlyStopping"
}

/** Why a run can fail. */
export type FitFailure = FitError | NonFiniteError | CompileError | BorderError | IndexError | ThreadError

/** The guard of the data: its samples are what the model takes and its targets what the loss needs. */
export type FitsData<
  I extends Shape,
  O extends Shape,
  K extends Loss.TargetKind,
  X extends Shape,
  Y extends Shape,
  YD extends DType
> = [WithoutBatch<I>] extends [X]
  ? [X] extends [WithoutBatch<I>]
    ? Loss.TargetRule<"fit", K, O, "f32", ["batch", ...Y], YD>
    : InputSentence<I, X>
  : InputSentence<I, X>
type InputSentence<I extends Shape, X extends Shape> = number extends X["length"]
  ? unknown
  : Guard<Mismatch<`fit: the model takes ${Show<WithoutBatch<I>>} per sample, the data has ${Show<X>}`>>
type WithoutBatch<S extends Shape> = S extends readonly [unknown, ...infer R extends Shape] ? R : Shape

/** Names of the metrics of a run. */
export type MetricNames<M> = keyof M & string

/** A run whose trees are not known to the types. */
interface AnyRun extends Omit<Run<unknown, unknown, Rule, string>, "params" | "modelState" | "optimizerState"> {
  readonly params: unknown
  readonly modelState: unknown
  readonly optimizerState: unknown
}

type Weights = Pick<AnyRun, "params" | "modelState">

/** The parameters meant for evaluation, and the model's state, copied out. */
const weightsOf = (session: TrainSession, { subject }: Plan): Effect.Effect<Weights, BorderError> =>
  Effect.all({
    params: session.read<unknown>((s) => subject.optimizer.evalParams<unknown>(s.optimizer)),
    modelState: session.read<unknown>((s) => s.model)
  })

const tellStart = (plan: Plan, session: TrainSession, emit: Emit) => {
  const { full, rest } = cut(plan.train.size, plan.batchSize)
  return emit({
    _tag: "Started",
    summary: Model.summary(plan.subject.model),
    cost: session.cost(full > 0 ? "train" : "trainRest"),
    trainSize: plan.train.size,
    validationSize: plan.validation?.size ?? 0,
    stepsPerEpoch: full + (rest > 0 ? 1 : 0),
    epochs: plan.epochs
  })
}

/** Trains and measures one epoch, and tells what it measured. */
const runEpoch = (plan: Plan, session: TrainSession, epoch: number, emit: Emit) =>
  Effect.gen(function* () {
    const { train, validation } = plan
    const started = yield* Clock.currentTimeNanos
    const trained = yield* trainEpoch(plan, session, epoch, emit)
    const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9
    const validated = validation === undefined ? undefined : yield* evaluateEpoch(plan, session, validation)
    const record = epochRecord(epoch, trained, validated)
    const learningRate = (yield* session.read((s) => s.optimizer.learningRate)).data[0] ?? Number.NaN
    yield* emit({ _tag: "Epoch", record, learningRate, samplesPerSecond: train.size / seconds, seconds })
    return record
  })

const runTraining = (
  model: Model.AnyModel,
  options: AnyFitOptions,
  data: AnyDataset,
  emit: Emit
): Effect.Effect<AnyRun, FitFailure, Compute> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = yield* makePlan(model, options, data)
      const session = yield* openSession(plan)
      yield* tellStart(plan, session, emit)
      const watch = makeWatcher(plan)
      const keepsBest = plan.earlyStopping !== undefined && plan.earlyStopping.restoreBest !== false
      const epochs: Array<EpochRecord> = []
      let best: Weights | undefined
      let stop = false
      for (let epoch = 1; epoch <= plan.epochs && !stop; epoch++) {
        const record = yield* runEpoch(plan, session, epoch, emit).pipe(
          Effect.catchTag("NonFiniteError", (origin) =>
            Effect.fail(new NonFiniteError({ epoch, loss: Number.NaN, history: { epochs }, origin }))
          )
        )
        epochs.push(record)
        if (!Number.isFinite(record.loss))
          return yield* new NonFiniteError({ epoch, loss: record.loss, history: { epochs } })
        const seen = watch(record)
        if (seen.improved && keepsBest) best = yield* weightsOf(session, plan)
        stop = seen.stop
      }
      const weights = best ?? (yield* weightsOf(session, plan))
      const optimizerState: unknown = yield* session.read<unknown>((s) => s.optimizer)
      const stopped = stop ? "earlyStopping" : "epochs"
      yield* emit({ _tag: "Finished", epochs: epochs.length, stopped })
      return { ...weights, optimizerState, history: { epochs }, stopped }
    })
  )

/** A described run: events as a Stream, and the run to its end. */
interface Described<P, S, R extends Rule, M extends string> {
  readonly events: Stream.Stream<TrainEvent<M> | Done<P, S, R, M>, FitFailure, Compute>
  readonly run: Effect.Effect<Run<P, S, R, M>, FitFailure, Compute>
}

/** The last element of `events`: the run itself. */
export interface Done<P, S, R extends Rule, M extends string> {
  readonly _tag: "Done"
  readonly run: Run<P, S, R, M>
}

const describe = <
  I extends Shape,
  O extends Shape,
  P,
  S,
  K extends Loss.TargetKind,
  R extends Rule,
  M extends MetricRecord<K>
>(
  model: Model.Model<I, O, P, S>,
  options: FitOptions<K, R, M>,
  data: AnyDataset
): Described<P, S, R, MetricNames<M>> => {
  // From here on shapes and trees are numbers and records: the types above were checked by the guards of `fit`.
  const erased = { ...options, metrics: options.metrics ?? {} } as unknown as AnyFitOptions
  const train = (emit: Emit) =>
    runTraining(Model.forgetShapes(model) as unknown as Model.AnyModel, erased, data, emit) as unknown as Effect.Effect<
      Run<P, S, R, MetricNames<M>>,
      FitFailure,
      Compute
    >
  return {
    run: train(() => Effect.void),
    events: Stream.callback<TrainEvent<MetricNames<M>> | Done<P, S, R, MetricNames<M>>, FitFailure, Compute>(
      (queue) =>
        train((event) => Effect.asVoid(Queue.offer(queue, event as TrainEvent<MetricNames<M>>))).pipe(
          Effect.flatMap((run) => Queue.offer(queue, { _tag: "Done", run })),
          Effect.andThen(Queue.end(queue)),
          Effect.catchCause((cause) => Queue.failCause(queue, cause as Cause.Cause<FitFailure | Cause.Done>))
        ),
      { bufferSize: 16 }
    )
  }
}

/**
 * Trains a model on a data set.
 *
 * `Trainer.fit(model, options)(data)` is an Effect of the run: trained parameters and history. Two runs with equal model,
 * options and data give the same bits. Interrupting stops at the next chunk of steps, within some milliseconds.
 */
export const fit =
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
    options: FitOptions<K, R, M>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType>(
    data: Dataset<X, Y, YD> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<Run<P, S, R, MetricNames<M>>, FitFailure, Compute> =>
    describe(model, options, data).run

/** The same run as a Stream of typed events; the last one, `Done`, holds the run. */
export const events =
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
    options: FitOptions<K, R, M>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType>(
    data: Dataset<X, Y, YD> & FitsData<I, O, K, X, Y, YD>
  ): Stream.Stream<TrainEvent<MetricNames<M>> | Done<P, S, R, MetricNames<M>>, FitFailure, Compute> =>
    describe(model, options, data).events
