/** A run from its first step, or its checkpoint, to its end. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Model } from "@cotangent/nn"
import {
  type BorderError,
  type CompileError,
  type Compute,
  type IndexError,
  NonFiniteError as NonFiniteOperation,
  type ThreadError
} from "@cotangent/runtime"
import type { Command } from "./callback.ts"
import {
  type Borders,
  cut,
  type Emit,
  epochRecord,
  evaluateEpoch,
  loadInto,
  openSession,
  trainEpoch,
  type TrainSession
} from "./epochs.ts"
import { type CheckpointError, FitError, LossSpikeError, NonFiniteError, type ResumeError } from "./errors.ts"
import type { Stopped } from "./events.ts"
import type { Feed } from "./feed.ts"
import type { EpochRecord, History } from "./history.ts"
import { initialState } from "./initial-state.ts"
import { type AnyWeights, type Journal, openJournal, save } from "./journal.ts"
import type { CheckpointOptions } from "./options.ts"
import { type AnyFitOptions, makePlan, type Plan, scheduled, stepsOf } from "./plan.ts"
import { type Asks, isSpike, openSchedule, rollBack } from "./recovery.ts"
import type { AnySource } from "./source.ts"

/** Why a run can fail. */
export type FitFailure =
  | FitError
  | NonFiniteError
  | LossSpikeError
  | CheckpointError
  | ResumeError
  | CompileError
  | BorderError
  | IndexError
  | ThreadError

/** A run whose trees are not known to the types. */
export interface AnyRun extends AnyWeights {
  readonly optimizerState: unknown
  readonly history: History
  readonly stopped: Stopped
}

/** What the parts of a run share; its rows can fail to come with an `E`. */
interface Running<out E = unknown> {
  readonly plan: Plan
  readonly session: TrainSession
  readonly feed: Feed<E>
  readonly journal: Journal
  readonly clock: Clock.Clock
  readonly emit: Emit
  readonly asks: Asks | undefined
}

/** The parameters meant for evaluation, and the model's state, copied out. */
const weightsOf = (session: TrainSession, { subject }: Plan): Effect.Effect<AnyWeights, BorderError> =>
  Effect.all({
    params: session.read<unknown>((s) => subject.optimizer.evalParams<unknown>(s.optimizer)),
    modelState: session.read<unknown>((s) => s.model)
  })

const tellStart = ({ plan, session, journal, emit }: Running, step: number) =>
  emit({
    _tag: "Started",
    summary: Model.summary(plan.subject.model),
    cost: session.cost(cut(plan.train.size, plan.batchSize).full > 0 ? "train" : "trainRest"),
    trainSize: plan.train.size,
    validationSize: plan.validation?.size ?? 0,
    stepsPerEpoch: plan.stepsPerEpoch,
    epochs: plan.epochs,
    history: [...journal.epochs],
    step
  })

const rateOf = (session: TrainSession) =>
  Effect.map(
    session.read((s) => s.optimizer.learningRate),
    ({ data }) => data[0] ?? Number.NaN
  )

/** When checkpoints are due. */
const bordersOf = (running: Running): Borders<CheckpointError | BorderError> => {
  const { plan, session, journal, clock, emit } = running
  const { everySteps, everySeconds }: Partial<CheckpointOptions> = plan.checkpoints ?? {}
  return {
    most: (done) => (everySteps === undefined ? Number.POSITIVE_INFINITY : everySteps - (done % everySteps)),
    at: (done) => {
      const isDue =
        (everySteps !== undefined && done % everySteps === 0) ||
        (everySeconds !== undefined && clock.currentTimeMillisUnsafe() - journal.savedAt >= 1000 * everySeconds)
      return isDue ? save(plan, session, journal, emit) : Effect.void
    }
  }
}

const savesEpoch = ({ everySteps, everySeconds, everyEpochs }: CheckpointOptions, epoch: number): boolean =>
  everyEpochs === undefined ? everySteps === undefined && everySeconds === undefined : epoch % everyEpochs === 0

const obey = ({ plan, session, journal }: Running, name: string, command: Command) =>
  Effect.gen(function* () {
    switch (command._tag) {
      case "Stop":
        journal.stopped ??= name
        return
      case "KeepWeights":
        journal.best = yield* weightsOf(session, plan)
        return
      case "SetLearningRate":
        if (scheduled(plan.subject.optimizer.options))
          return yield* new FitError({
            problems: [`${name} sets the learning rate, which a schedule of the optimizer decides; give it a number`]
          })
        yield* session.write((s) => s.optimizer.learningRate, [command.learningRate])
    }
  })

/** Puts an epoch into the history and does what the callbacks ask for: all of it or, interrupted before, nothing. */
const commit = (running: Running, record: EpochRecord, learningRate: number) =>
  Effect.gen(function* () {
    const { plan, session, journal } = running
    journal.epochs.push(record)
    for (const { name, initial, onEpoch } of plan.callbacks) {
      const seen = { record, history: [...journal.epochs], learningRate }
      const [state, commands] = onEpoch(journal.callbacks[name] ?? initial, seen)
      journal.callbacks[name] = state
      for (const command of commands) yield* obey(running, name, command)
    }
    if (plan.recovery !== undefined) journal.good = yield* session.state
  }).pipe(Effect.uninterruptible)

/** An epoch as it was measured, or why it could not be. */
interface Outcome {
  readonly record: EpochRecord
  readonly learningRate: number
  readonly seconds: number
  readonly samplesPerSecond: number
  readonly origin?: NonFiniteOperation
}

/** Trains and measures one epoch. */
const runEpoch = <E>(
  running: Running<E>,
  borders: Borders<CheckpointError | BorderError>,
  epoch: number,
  from: number
) =>
  Effect.gen(function* () {
    const { plan, session, journal, emit } = running
    const { train, validation, stepsPerEpoch, batchSize } = plan
    const end = epoch * stepsPerEpoch
    const trained = yield* trainEpoch(plan, running, journal.pace, { epoch, from, end }, emit, borders)
    const { learningRate, seconds } = trained
    const validated =
      validation === undefined || !Number.isFinite(trained.loss)
        ? undefined
        : yield* evaluateEpoch(plan, session, validation)
    const outcome: Outcome = {
      record: epochRecord(epoch, trained, validated),
      learningRate,
      seconds,
      samplesPerSecond: (train.size * (end - from)) / stepsOf(train.size, batchSize) / seconds
    }
    return outcome
  }).pipe(
    // The errors of a stream are not known, so that a tag does not tell them apart.
    Effect.catchIf(
      (error): error is NonFiniteOperation => error instanceof NonFiniteOperation,
      (origin) =>
        // Debug mode has put the state back to what it was before the step.
        Effect.map(rateOf(running.session), (learningRate): Outcome => ({
          record: { epoch, loss: Number.NaN },
          learningRate,
          seconds: 0,
          samplesPerSecond: 0,
          origin
        }))
    )
  )

/** What becomes of an epoch whose loss jumped or is not finite: another try, the end of the run, or its failure. */
const fallBack = (running: Running, { record, learningRate, origin }: Outcome) =>
  Effect.gen(function* () {
    const { plan, session, journal, emit, asks } = running
    const { epoch, loss } = record
    if (plan.recovery !== undefined && asks !== undefined) {
      const again = yield* rollBack(plan, plan.recovery, asks, session, journal, { epoch, loss, learningRate }, emit)
      if (again) return
      yield* save(plan, session, journal, emit)
      const history = { epochs: [...journal.epochs] }
      if (Number.isFinite(loss)) return yield* new LossSpikeError({ epoch, loss, retries: journal.retries, history })
      return yield* new NonFiniteError({ epoch, loss, history, ...(origin === undefined ? {} : { origin }) })
    }
    const history = { epochs: [...journal.epochs, ...(origin === undefined ? [record] : [])] }
    if (plan.nonFinite === "fail")
      return yield* new NonFiniteError({ epoch, loss, history, ...(origin === undefined ? {} : { origin }) })
    journal.epochs.push(record)
    journal.stopped = "nonFinite"
  })

const runEpochs = <E>(running: Running<E>, firstStep: number) =>
  Effect.gen(function* () {
    const { plan, session, journal, emit } = running
    const { checkpoints, recovery, initialEpoch, stepsPerEpoch } = plan
    const borders = bordersOf(running)
    if (recovery !== undefined) journal.good ??= yield* session.state
    let from = firstStep
    while (journal.stopped === undefined) {
      const epoch = initialEpoch + journal.epochs.length + 1
      if (epoch > plan.epochs) break
      const outcome = yield* runEpoch(running, borders, epoch, from)
      const { record, learningRate, seconds, samplesPerSecond } = outcome
      const before = journal.epochs.at(-1)?.loss
      if (!Number.isFinite(record.loss) || (recovery !== undefined && isSpike(recovery, record.loss, before)))
        yield* fallBack(running, outcome)
      else {
        if (plan.callbacks.length === 0 && recovery === undefined) journal.epochs.push(record)
        else yield* commit(running, record, learningRate)
        yield* emit({ _tag: "Epoch", record, learningRate, samplesPerSecond, seconds })
        if (checkpoints !== undefined && savesEpoch(checkpoints, epoch)) yield* save(plan, session, journal, emit)
      }
      from = (initialEpoch + journal.epochs.length) * stepsPerEpoch
    }
    journal.stopped ??= "epochs"
    if (journal.stopped !== "nonFinite") yield* save(plan, session, journal, emit)
    return journal.stopped
  })

/** Interrupted: what was done since the last checkpoint is kept. */
const saveInterrupted = ({ plan, session, journal }: Running) =>
  save(plan, session, journal, () => Effect.void).pipe(
    Effect.catch((error) => Effect.logError(`the run was interrupted and not saved: ${error.message}`))
  )

/** Trains a model by erased options, checked where the run was described. */
export const runTraining = <E, R>(
  model: Model.AnyModel,
  options: AnyFitOptions,
  source: AnySource<E, R>,
  emit: Emit
): Effect.Effect<AnyRun, FitFailure | E, Compute | R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = yield* makePlan(model, options, source)
      const { checkpoints, recovery } = plan
      const checkpoint = checkpoints?.resume === true ? yield* checkpoints.store.latest : undefined
      const session = yield* openSession(plan, yield* initialState(plan, checkpoint))
      const journal = yield* openJournal(plan, session, checkpoint)
      const asks = recovery === undefined ? undefined : yield* openSchedule(recovery, journal.retries)
      const feed = yield* plan.train.feed(loadInto(session))
      const running: Running<E> = { plan, session, feed, journal, clock: yield* Clock.Clock, emit, asks }
      const step = checkpoint?.step ?? plan.firstStep
      const stopped = yield* Effect.andThen(tellStart(running, step), runEpochs(running, step)).pipe(
        Effect.onInterrupt(() => saveInterrupted(running))
      )
      const weights = journal.best ?? (yield* weightsOf(session, plan))
      const optimizerState: unknown = yield* session.read<unknown>((s) => s.optimizer)
      yield* emit({ _tag: "Finished", epochs: journal.epochs.length, stopped })
      return { ...weights, optimizerState, history: { epochs: [...journal.epochs] }, stopped }
    })
  )
