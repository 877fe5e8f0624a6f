/** The session of a run and its epochs: training steps over shuffled rows, and measurements. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type AnyDataset, Permutation } from "@cotangent/data"
import { Key, T, Tree, type Value } from "@cotangent/graph"
import { Compute, type Session, step } from "@cotangent/runtime"
import type { TrainEvent } from "./events.ts"
import { type EpochRecord, validationName } from "./history.ts"
import type { Plan } from "./plan.ts"
import { evaluateStep, noSums, type Subject, type TrainData, trainStep, type TrainState } from "./programs.ts"

/** Rows measured per step of evaluation, at most. */
const evaluationBatch = 512
/** Progress is told at most this often, in milliseconds. */
const progressInterval = 100

/** Where a run sends what happens. */
export type Emit = (event: TrainEvent<string>) => Effect.Effect<void>

/** Sizes of runs of rows: how often a full one, and how many rows are left. */
export const cut = (rows: number, size: number) => ({
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
/** The session of a run. */
export type TrainSession = Session<TrainState, Programs>

/** Opens the session of a run: first parameters by the seed, the data resident. */
export const openSession = (plan: Plan) =>
  Effect.suspend(() => {
    const { debug, subject, train, validation, seed } = plan
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
    return Compute.session<TrainState, TrainData, Programs>({
      state,
      data,
      programs: makePrograms(plan),
      ...(debug === undefined ? {} : { debug })
    })
  })

const resetSums = (session: TrainSession, subject: Subject) =>
  Effect.gen(function* () {
    yield* session.write((s) => s.cursor, [0])
    yield* session.write((s) => s.sums.loss, [0])
    yield* session.write((s) => s.sums.samples, [0])
    for (const [name, metric] of Object.entries(subject.metrics)) {
      const first = T.evaluate<unknown>(metric.init())
      for (const [i, { data }] of Tree.leaves<Value>(first).entries())
        // `noSums` made a tree of the same structure for every metric.
        yield* session.write((s) => Tree.leaves(s.sums.metrics[name])[i] ?? s.sums.loss, data)
    }
  })

/** The mean loss and every metric of what was summed since the last reset. */
const measure = (session: TrainSession, { metrics }: Subject) =>
  Effect.gen(function* () {
    const number = ({ data }: Value): number => data[0] ?? Number.NaN
    const samples = number(yield* session.read((s) => s.sums.samples))
    const loss = number(yield* session.read((s) => s.sums.loss)) / samples
    const states: Record<string, unknown> = {}
    for (const name of Object.keys(metrics)) states[name] = yield* session.read<unknown>((s) => s.sums.metrics[name])
    return {
      loss,
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, metric]) => [
          name,
          // The state is of the structure that the metric made.
          number(T.evaluate(metric.result(T.fromValues<unknown>(states[name]) as never)))
        ])
      )
    }
  })

/** One pass over the training data; gives the mean loss and metrics of its steps. */
export const trainEpoch = (plan: Plan, session: TrainSession, epoch: number, emit: Emit) =>
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
    return yield* measure(session, subject)
  })

/** Measures the validation data. */
export const evaluateEpoch = (plan: Plan, session: TrainSession, validation: AnyDataset) =>
  Effect.gen(function* () {
    const { full, rest } = cut(validation.size, evaluationBatch)
    yield* resetSums(session, plan.subject)
    if (full > 0) yield* session.loop("evaluate", { count: full })
    if (rest > 0) yield* session.step("evaluateRest")
    return yield* measure(session, plan.subject)
  })

/** What an epoch leaves in the history. */
export const epochRecord = (epoch: number, trained: Measured, validated: Measured | undefined): EpochRecord => ({
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
