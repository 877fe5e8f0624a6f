/** The session of a run and its epochs: training steps over shuffled rows, and measurements. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type AnyDataset, Permutation } from "@cotangent/data"
import { type AnyTensor, T, Tree, type Value, type ValuesOf } from "@cotangent/graph"
import { type BorderError, Compute, type ElementsOf, type Session, step } from "@cotangent/runtime"
import type { TrainEvent } from "./events.ts"
import type { Feed, Load } from "./feed.ts"
import { type EpochRecord, validationName } from "./history.ts"
import { freshState } from "./initial-state.ts"
import { cut, type Plan } from "./plan.ts"
import {
  evaluateStep,
  type Measuring,
  noSums,
  type Subject,
  type Sums,
  type TrainData,
  trainStep,
  type TrainState
} from "./programs.ts"
import { segmentAt, type WindowAt } from "./segments.ts"

export { cut } from "./plan.ts"

/** Rows measured per step of evaluation, at most. */
export const evaluationBatch = 512
/** Progress is told at most this often, in milliseconds. */
const progressInterval = 100
/** Others have a turn at least this often, in milliseconds. */
const turnMillis = 5
/** Steps run in one go for about this long, in milliseconds, before the run looks up. */
const segmentMillis = 50

/** Where a run sends what happens. */
export type Emit = (event: TrainEvent<string>) => Effect.Effect<unknown>

const makePrograms = ({ subject, train, validation, batchSize, accumulate }: Plan) => {
  const training = cut(train.size, batchSize)
  const measuring = validation === undefined ? undefined : cut(validation.size, evaluationBatch)
  const updates = accumulate === 1 ? undefined : { updates: true }
  const adds = { updates: false }
  const waits = accumulate > 1
  return {
    ...(training.full > 0 ? { train: step(trainStep(subject, batchSize, updates)) } : {}),
    ...(training.rest > 0 ? { trainRest: step(trainStep(subject, training.rest, updates)) } : {}),
    ...(training.full > 0 && waits ? { accumulate: step(trainStep(subject, batchSize, adds)) } : {}),
    ...(training.rest > 0 && waits ? { accumulateRest: step(trainStep(subject, training.rest, adds)) } : {}),
    ...(measuring !== undefined && measuring.full > 0 ? { evaluate: step(evaluateStep(subject, measuring.size)) } : {}),
    ...(measuring !== undefined && measuring.rest > 0
      ? { evaluateRest: step(evaluateStep(subject, measuring.rest)) }
      : {})
  }
}
type Programs = Record<string, ReturnType<typeof step<TrainState, TrainData, {}>>>
/** The session of a run. */
export type TrainSession = Session<TrainState, Programs, TrainData>

const tensorOf = (name: "train" | "validation", value: Value | undefined) =>
  value === undefined ? {} : { [name]: T.fromValue(value) }

/** Opens the session of a run: the state to begin with, a fresh one unless given, and the rows it begins with. */
export const openSession = (plan: Plan, state?: TrainState) =>
  Effect.suspend(() => {
    const { debug, train, validation, validationWeights } = plan
    const data: TrainData = {
      x: T.fromValue(train.x),
      y: T.fromValue(train.y),
      validation: validation === undefined ? {} : { x: T.fromValue(validation.x), y: T.fromValue(validation.y) },
      weights: { ...tensorOf("train", train.weights), ...tensorOf("validation", validationWeights) }
    }
    return Compute.session<TrainState, TrainData, Programs>({
      state: state ?? freshState(plan),
      data,
      programs: makePrograms(plan),
      ...(debug === undefined ? {} : { debug })
    })
  })

const partOf = ({ weights, x, y }: TrainData, part: "x" | "y" | "weights"): AnyTensor => {
  const found = { x, y, weights: weights.train }[part]
  if (found === undefined) throw new RangeError("weights are loaded into a session without weights")
  return found
}

/** Writes rows where the steps of a session look for them. */
export const loadInto =
  (session: TrainSession): Load =>
  (part, elements, at) =>
    session.load((data) => partOf(data, part), elements, at)

/** What training sums up, and what evaluation does. */
const training = (state: TrainState): Measuring => state
const evaluation = (state: TrainState): Measuring => state.evaluation

/** What `resetMeasuring` and `measureOf` need of a session. */
type Measured<S> = Pick<Session<S, never>, "read" | "write">

/** What sums are when nothing was summed yet, to write it into a session. */
const emptySums = (subject: Pick<Subject, "metrics">): ElementsOf<Sums> => {
  const values = T.evaluate<unknown>(noSums(subject))
  // The arrays stand where the sums stand.
  return Tree.rebuildWith(
    values,
    Tree.leaves<Value>(values).map(({ data }) => data)
  ) as ElementsOf<Sums>
}

/** Begins a measurement anew, its rows from the first. */
export const resetMeasuring = <S>(
  session: Measured<S>,
  subject: Pick<Subject, "metrics">,
  part: (state: S) => Measuring
) =>
  session.write<Measuring>(
    (s) => {
      const { cursor, sums } = part(s)
      return { cursor, sums }
    },
    { cursor: [0], sums: emptySums(subject) }
  )

const number = (value: Value): number => value.data[0] ?? Number.NaN

/** A mean; where every target so far is ignored, nothing was lost. */
export const meanOf = ({ loss, samples }: ValuesOf<Pick<Sums, "loss" | "samples">>): number =>
  number(samples) === 0 ? number(loss) : number(loss) / number(samples)

/** The metrics of what was summed since the last reset. */
const metricsOf = <S>(session: Measured<S>, { metrics }: Pick<Subject, "metrics">, part: (state: S) => Measuring) =>
  Effect.gen(function* () {
    const measured: Record<string, number> = {}
    for (const [name, metric] of Object.entries(metrics)) {
      const state = yield* session.read<unknown>((s) => part(s).sums.metrics[name])
      // The state is of the structure that the metric made.
      measured[name] = number(T.evaluate(metric.result(T.fromValues<unknown>(state) as never)))
    }
    return measured
  })

/** The mean loss and every metric of what was summed since the last reset. */
export const measureOf = <S>(session: Measured<S>, subject: Pick<Subject, "metrics">, part: (state: S) => Measuring) =>
  Effect.gen(function* () {
    const sums = yield* session.read((s): Pick<Sums, "loss" | "samples"> => {
      const { loss, samples } = part(s).sums
      return { loss, samples }
    })
    return { loss: meanOf(sums), metrics: yield* metricsOf(session, subject, part) }
  })
type Measurement = Effect.Success<ReturnType<typeof measureOf>>

/** How a run goes through its steps; changes from segment to segment. */
export interface Pace {
  /** Steps that take about `segmentMillis`. */
  steps: number
  /** When progress was last told, in milliseconds. */
  told: number
  /** When others last had a turn, in milliseconds. */
  yielded: number
  /** The steps done before the current window of rows; unknown before the first. */
  windowStart: number | undefined
  /** Room for the order of the rows of a window. */
  readonly order: Int32Array
  readonly emptySums: ElementsOf<Sums>
}

/** The pace of a run that begins. */
export const openPace = ({ subject, train }: Plan): Pace => ({
  steps: 1,
  told: 0,
  yielded: 0,
  windowStart: undefined,
  order: new Int32Array(train.window),
  emptySums: emptySums(subject)
})

/** The steps a run has done: what its state says, for a step is done when the state has moved. */
export const stepsDone = ({ batchSize, firstStep }: Plan, session: TrainSession, { windowStart }: Pace) =>
  Effect.map(
    session.read((s) => s.cursor),
    (cursor) => (windowStart === undefined ? firstStep : windowStart + Math.ceil(number(cursor) / batchSize))
  )

/** Finds the window that a state is in, after `done` steps. */
export const findWindow = ({ batchSize }: Plan, session: TrainSession, pace: Pace, done: number) =>
  Effect.map(
    session.read((s) => s.cursor),
    (cursor) => {
      pace.windowStart = done - Math.ceil(number(cursor) / batchSize)
    }
  )

/** The order of the rows of a window, by its number; rows that it lacks beside a full one are not in it. */
const orderInto = (order: Int32Array, seed: number, { number, rows }: WindowAt): Int32Array => {
  Permutation.into(rows === order.length ? order : order.subarray(0, rows), seed, number + 1)
  return order.fill(0, rows)
}

/** What is written before a segment of steps: fresh sums at the start of an epoch, order and cursor at that of a window. */
export const beginSteps = (
  { batchSize, seed, shuffle }: Plan,
  session: TrainSession,
  pace: Pace,
  done: number,
  window: WindowAt,
  startsEpoch: boolean
): Effect.Effect<void, BorderError> => {
  const startsWindow = window.at === 0 || pace.windowStart === undefined
  if (!startsWindow) return startsEpoch ? session.write<Sums>((s) => s.sums, pace.emptySums) : Effect.void
  const orders = shuffle ? { order: orderInto(pace.order, seed, window) } : {}
  const sums = startsEpoch ? { sums: pace.emptySums } : {}
  const written = session.write(
    ({ cursor, order, sums }): Partial<Pick<TrainState, "cursor" | "order" | "sums">> => ({
      cursor,
      ...(shuffle ? { order } : {}),
      ...(startsEpoch ? { sums } : {})
    }),
    { cursor: [window.at * batchSize], ...orders, ...sums }
  )
  return Effect.map(written, () => {
    pace.windowStart = done - window.at
  }).pipe(Effect.uninterruptible)
}

/** What training has come to. */
const standing = (session: TrainSession) =>
  Effect.map(
    session.read(({ optimizer: { learningRate }, sums: { loss, samples } }) => ({ learningRate, loss, samples })),
    ({ learningRate, ...sums }) => ({ loss: meanOf(sums), learningRate: number(learningRate) })
  )

/** What a run does between segments of steps. */
export interface Borders<E> {
  /** The most steps until the next border. */
  readonly most: (done: number) => number
  readonly at: (done: number) => Effect.Effect<void, E>
}

/** An epoch, or what is left of it, as steps. */
export interface EpochSteps {
  readonly epoch: number
  readonly from: number
  readonly end: number
}

/** What the steps of an epoch have come to, and how long they took. */
export interface Trained extends Measurement {
  readonly learningRate: number
  readonly seconds: number
}

/** Trains to the end of an epoch and gives its mean loss and metrics; stops before it when the loss is not finite any more. */
export const trainEpoch = <E, F>(
  plan: Plan,
  { session, feed, clock }: { readonly session: TrainSession; readonly feed: Feed<F>; readonly clock: Clock.Clock },
  pace: Pace,
  { epoch, from, end }: EpochSteps,
  emit: Emit,
  borders: Borders<E>
) =>
  Effect.gen(function* () {
    const steps = plan.stepsPerEpoch
    const looks = standing(session)
    const began = clock.currentTimeNanosUnsafe()
    let after = began
    let seen: Effect.Success<typeof looks> | undefined
    for (let done = from; done < end;) {
      const segment = segmentAt(plan, done, Math.min(pace.steps, end - done, borders.most(done)))
      const { window } = segment
      yield* feed.bring(window.number)
      yield* beginSteps(plan, session, pace, done, window, done === end - steps)
      const before = clock.currentTimeNanosUnsafe()
      yield* session.loop(segment.program, { count: segment.count })
      done += segment.count
      after = clock.currentTimeNanosUnsafe()
      const millis = Number(after - before) / 1e6
      const now = Number(after) / 1e6
      if (segment.count === pace.steps || millis > segmentMillis) {
        const aim = Math.floor((segment.count * segmentMillis) / Math.max(millis, 1e-3))
        pace.steps = Math.max(1, Math.min(8 * segment.count, aim))
      }
      seen = yield* looks
      const { loss } = seen
      if (!Number.isFinite(loss)) break
      if (now - pace.told >= progressInterval) {
        pace.told = now
        yield* emit({ _tag: "Progress", epoch, step: steps - (end - done), steps, loss })
      }
      yield* borders.at(done)
      if (now - pace.yielded >= turnMillis) {
        pace.yielded = now
        yield* Effect.yieldNow
      }
    }
    const reached = seen ?? (yield* looks)
    const trained: Trained = {
      ...reached,
      // An epoch that ended early did so after some steps or others, as time had it: the metrics of those would not be the same
      // twice.
      metrics: Number.isFinite(reached.loss)
        ? yield* metricsOf(session, plan.subject, training)
        : Object.fromEntries(Object.keys(plan.subject.metrics).map((name) => [name, Number.NaN])),
      seconds: Number(after - began) / 1e9
    }
    return trained
  })

/** Measures the validation data. */
export const evaluateEpoch = (plan: Plan, session: TrainSession, validation: AnyDataset) =>
  Effect.gen(function* () {
    const { full, rest } = cut(validation.size, evaluationBatch)
    yield* resetMeasuring(session, plan.subject, evaluation)
    if (full > 0) yield* session.loop("evaluate", { count: full })
    if (rest > 0) yield* session.step("evaluateRest")
    return yield* measureOf(session, plan.subject, evaluation)
  })

/** What an epoch leaves in the history. */
export const epochRecord = (epoch: number, trained: Measurement, validated: Measurement | undefined): EpochRecord => ({
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
