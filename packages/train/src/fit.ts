/**
 * The trainer: describes a run as data, trains it in one session, and tells what happens as a Stream of events.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type AnyDataset, type Dataset, Permutation, Split } from "@cotangent/data"
import {
  type DType,
  Key,
  type Mismatch,
  type Guard,
  type Shape,
  type Show,
  T,
  type Value,
  type ValuesOf
} from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { Optimizer, Rule, StateOf } from "@cotangent/optim"
import { type BorderError, type CompileError, Compute, type Session, step } from "@cotangent/runtime"
import { FitError, NonFiniteError } from "./errors.ts"
import type { Epoch, TrainEvent } from "./events.ts"
import { type EpochRecord, type History, validationName } from "./history.ts"
import { type EarlyStopping, type FitOptions, type MetricRecord, problemsOf } from "./options.ts"
import { evaluateStep, noSums, type Subject, type TrainData, trainStep, type TrainState } from "./programs.ts"

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
export type FitFailure = FitError | NonFiniteError | CompileError | BorderError

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

/** Rows measured per step of evaluation, at most. */
const evaluationBatch = 512
/** Progress is told at most this often, in milliseconds. */
const progressInterval = 100

interface Plan {
  readonly subject: Subject
  readonly train: AnyDataset
  readonly validation: AnyDataset | undefined
  readonly batchSize: number
  readonly epochs: number
  readonly seed: number
  readonly shuffle: boolean
  readonly earlyStopping: EarlyStopping | undefined
}

type Emit = (event: TrainEvent<string>) => Effect.Effect<void>

type AnyFitOptions = Omit<
  FitOptions<Loss.TargetKind, Rule, MetricRecord<Loss.TargetKind>>,
  "loss" | "optimizer" | "metrics"
> &
  Omit<Subject, "model">

const notFinite = (what: string, value: Value): ReadonlyArray<string> => {
  const at = value.data.findIndex((x) => !Number.isFinite(x))
  if (at < 0) return []
  const row = Math.floor(at / Math.max(1, value.data.length / (value.shape[0] ?? 1)))
  return [`${what} ${row} of the data holds ${value.data[at]}; every number must be finite`]
}

const makePlan = (model: Model.AnyModel, options: AnyFitOptions, data: AnyDataset): Effect.Effect<Plan, FitError> =>
  Effect.suspend(() => {
    const problems = [
      ...problemsOf(options),
      ...(data.size === 0 ? ["the data has no samples"] : []),
      ...(model.inputShape.join() === data.inputShape.join()
        ? []
        : [
            `the model takes [${model.inputShape.join(", ")}] per sample, the data has [${data.inputShape.join(", ")}]`
          ]),
      ...notFinite("sample", data.x)
    ]
    const targets = options.loss.validateTargets(data.y, model.outputShape)
    if (targets !== undefined) problems.push(targets)
    if (problems.length > 0) return Effect.fail(new FitError({ problems }))
    const subject: Subject = { model, loss: options.loss, optimizer: options.optimizer, metrics: options.metrics }
    const { validationSplit, batchSize = 32, epochs, seed = 0, shuffle = true, earlyStopping } = options
    const plan = (train: AnyDataset, validation: AnyDataset | undefined): Plan => ({
      subject,
      train,
      validation,
      batchSize,
      epochs,
      seed,
      shuffle,
      earlyStopping
    })
    if (validationSplit === undefined) return Effect.succeed(plan(data, undefined))
    return Effect.try({
      try: () => Split.validation(data, validationSplit),
      catch: (thrown) => new FitError({ problems: [thrown instanceof Error ? thrown.message : String(thrown)] })
    }).pipe(Effect.map(({ train, validation }) => plan(train, validation)))
  })

/** Sizes of runs of rows: how often a full one, and how many rows are left. */
const cut = (rows: number, size: number) => ({
  full: Math.floor(rows / size),
  rest: rows % size,
  size: Math.min(size, rows)
})

const makePrograms = ({ subject, train, validation, batchSize }: Plan) => {
  const training = cut(train.size, batchSize)
  const measuring = validation === undefined ? undefined : cut(validation.size, evaluationBatch)
  return {
    ...(training.full > 0 ? { train: step(trainStep(subject, batchSize)) } : {}),
    ...(training.rest > 0 ? { trainRest: step(trainStep(subject, training.rest)) } : {}),
    ...(measuring !== undefined && measuring.full > 0 ? { evaluate: step(evaluateStep(subject, measuring.size)) } : {}),
    ...(measuring !== undefined && measuring.rest > 0
      ? { evaluateRest: step(evaluateStep(subject, measuring.rest)) }
      : {})
  }
}
type Programs = Record<string, ReturnType<typeof step<TrainState, TrainData, {}>>>
type TrainSession = Session<TrainState, Programs>

const openSession = (plan: Plan) =>
  Effect.suspend(() => {
    const { subject, train, validation, seed } = plan
    const [initKey = Key.key(seed), stepKey = Key.key(seed)] = Key.split(Key.key(seed))
    const { params, state: model } = subject.model.init(initKey)
    const state: TrainState = {
      optimizer: subject.optimizer.init<unknown>(params),
      model,
      key: stepKey,
      order: T.fromArray(
        Int32Array.from({ length: train.size }, (_, i) => i),
        [train.size],
        "i32"
      ),
      cursor: T.constant(0, "i32"),
      sums: noSums(subject)
    }
    const data: TrainData = {
      x: T.fromValue(train.x),
      y: T.fromValue(train.y),
      validation: validation === undefined ? {} : { x: T.fromValue(validation.x), y: T.fromValue(validation.y) }
    }
    return Compute.session<TrainState, TrainData, Programs>({ state, data, programs: makePrograms(plan) })
  })

const resetSums = (session: TrainSession, subject: Subject) =>
  Effect.gen(function* () {
    yield* session.write((s) => s.cursor, [0])
    yield* session.write((s) => s.sums.loss, [0])
    yield* session.write((s) => s.sums.samples, [0])
    for (const name of Object.keys(subject.metrics)) {
      // `noSums` made an entry for every metric.
      yield* session.write((s) => s.sums.metrics[name]?.total ?? s.sums.loss, [0])
      yield* session.write((s) => s.sums.metrics[name]?.count ?? s.sums.loss, [0])
    }
  })

/** The mean loss and every metric of what was summed since the last reset. */
const measure = (session: TrainSession) =>
  Effect.map(
    session.read((s) => s.sums),
    (sums) => {
      const number = (value: Value): number => value.data[0] ?? Number.NaN
      return {
        loss: number(sums.loss) / number(sums.samples),
        metrics: Object.fromEntries(
          Object.entries(sums.metrics).map(([name, mean]) => [name, number(mean.total) / number(mean.count)])
        )
      }
    }
  )

const trainEpoch = (plan: Plan, session: TrainSession, epoch: number, emit: Emit) =>
  Effect.gen(function* () {
    const { train, batchSize, subject } = plan
    const { full, rest } = cut(train.size, batchSize)
    const steps = full + (rest > 0 ? 1 : 0)
    yield* resetSums(session, subject)
    if (plan.shuffle) yield* session.write((s) => s.order, Permutation.of(plan.seed, epoch, train.size))
    let told = 0
    const onChunk = (done: number) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (now - told < progressInterval) return
        told = now
        yield* emit({ _tag: "Progress", epoch, step: done, steps })
      })
    if (full > 0) yield* session.loop("train", { count: full, onChunk })
    if (rest > 0) yield* session.step("trainRest")
    return yield* measure(session)
  })

const evaluateEpoch = (plan: Plan, session: TrainSession, validation: AnyDataset) =>
  Effect.gen(function* () {
    const { full, rest } = cut(validation.size, evaluationBatch)
    yield* resetSums(session, plan.subject)
    if (full > 0) yield* session.loop("evaluate", { count: full })
    if (rest > 0) yield* session.step("evaluateRest")
    return yield* measure(session)
  })

/** Whether an epoch is the best so far, and whether it is time to stop. */
const makeWatcher = ({ earlyStopping, validation }: Plan) => {
  const monitor = earlyStopping?.monitor ?? (validation === undefined ? "loss" : "valLoss")
  const better = (earlyStopping?.mode ?? (/accuracy/i.test(monitor) ? "max" : "min")) === "max" ? 1 : -1
  let best = Number.NEGATIVE_INFINITY
  let waited = 0
  return {
    monitor,
    look: (record: EpochRecord): { readonly improved: boolean; readonly stop: boolean } => {
      const value = better * (record[monitor] ?? Number.NaN)
      const improved = value > best + (earlyStopping?.minDelta ?? 0)
      if (improved) best = value
      waited = improved ? 0 : waited + 1
      return { improved, stop: earlyStopping !== undefined && !improved && waited >= earlyStopping.patience }
    }
  }
}

const epochRecord = (epoch: number, trained: Measured, validated: Measured | undefined): EpochRecord => ({
  epoch,
  loss: trained.loss,
  ...trained.metrics,
  ...(validated === undefined
    ? {}
    : {
        valLoss: validated.loss,
        ...Object.fromEntries(Object.entries(validated.metrics).map(([name, value]) => [validationName(name), value]))
      })
})
type Measured = Effect.Success<ReturnType<typeof measure>>

/** A run whose trees are not known to the types. */
interface AnyRun extends Omit<Run<unknown, unknown, Rule, string>, "params" | "modelState" | "optimizerState"> {
  readonly params: unknown
  readonly modelState: unknown
  readonly optimizerState: unknown
}

const runTraining = (
  model: Model.AnyModel,
  options: AnyFitOptions,
  data: AnyDataset,
  emit: Emit
): Effect.Effect<AnyRun, FitFailure, Compute> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = yield* makePlan(model, options, data)
      const { subject, train, validation, epochs } = plan
      const session = yield* openSession(plan)
      const { full, rest } = cut(train.size, plan.batchSize)
      yield* emit({
        _tag: "Started",
        summary: Model.summary(model),
        cost: session.cost(full > 0 ? "train" : "trainRest"),
        trainSize: train.size,
        validationSize: validation?.size ?? 0,
        stepsPerEpoch: full + (rest > 0 ? 1 : 0),
        epochs
      })
      const watcher = makeWatcher(plan)
      const records: Array<EpochRecord> = []
      const weights: Effect.Effect<Pick<AnyRun, "params" | "modelState">, BorderError> = Effect.all({
        params: session.read<unknown>((s) => subject.optimizer.evalParams<unknown>(s.optimizer)),
        modelState: session.read<unknown>((s) => s.model)
      })
      let best: Pick<AnyRun, "params" | "modelState"> | undefined
      let stopped: "epochs" | "earlyStopping" = "epochs"
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const started = yield* Clock.currentTimeNanos
        const trained = yield* trainEpoch(plan, session, epoch, emit)
        const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9
        const validated = validation === undefined ? undefined : yield* evaluateEpoch(plan, session, validation)
        const record = epochRecord(epoch, trained, validated)
        records.push(record)
        const learningRate = (yield* session.read((s) => s.optimizer.learningRate)).data[0] ?? Number.NaN
        yield* emit({ _tag: "Epoch", record, learningRate, samplesPerSecond: train.size / seconds, seconds })
        if (!Number.isFinite(record.loss))
          return yield* new NonFiniteError({ epoch, loss: record.loss, history: { epochs: records } })
        const { improved, stop } = watcher.look(record)
        if (improved && options.earlyStopping !== undefined && options.earlyStopping.restoreBest !== false)
          best = yield* weights
        if (stop) {
          stopped = "earlyStopping"
          break
        }
      }
      const last = best ?? (yield* weights)
      const optimizerState: unknown = yield* session.read<unknown>((s) => s.optimizer)
      yield* emit({ _tag: "Finished", epochs: records.length, stopped })
      return { ...last, optimizerState, history: { epochs: records }, stopped }
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

/** The optimizer type of a run, for signatures. */
export type OptimizerOf<R extends Rule> = Optimizer<R>
export type { Epoch }
