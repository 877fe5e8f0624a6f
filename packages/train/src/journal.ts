/** What a run remembers beside the state of its session, and how both become a checkpoint. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Tree } from "@cotangent/graph"
import type { BorderError } from "@cotangent/runtime"
import type { Json } from "./callback.ts"
import type { Checkpoint, Settings } from "./checkpoint.ts"
import { type Emit, findWindow, openPace, type Pace, stepsDone, type TrainSession } from "./epochs.ts"
import type { CheckpointError, ResumeError } from "./errors.ts"
import type { EpochRecord } from "./history.ts"
import { freshState } from "./initial-state.ts"
import type { Plan } from "./plan.ts"
import { named, partOf, restore, settingsOf } from "./resume.ts"

/** Weights to give back. */
export interface AnyWeights {
  readonly params: unknown
  readonly modelState: unknown
}

/** The memory of a run; it changes between steps only. */
export interface Journal {
  readonly epochs: Array<EpochRecord>
  readonly callbacks: Record<string, Json>
  readonly pace: Pace
  /** What the run was described by, for checkpoints. */
  readonly settings: Settings
  retries: number
  stopped: string | undefined
  /** The weights that a callback asked to keep. */
  best: AnyWeights | undefined
  /** The state at the end of the last good epoch, when the run may go back to it. */
  good: unknown
  /** What the last checkpoint held. */
  saved: string
  savedAt: number
}

const restored = (part: string, like: unknown, checkpoint: Checkpoint) =>
  Object.keys(partOf(checkpoint, part)).length === 0 ? Effect.succeed(undefined) : restore(part, like, checkpoint)

/** The journal of a run that begins, or goes on from a checkpoint. */
export const openJournal = (
  plan: Plan,
  session: TrainSession,
  checkpoint: Checkpoint | undefined
): Effect.Effect<Journal, ResumeError | BorderError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const initial = Object.fromEntries(plan.callbacks.map((callback) => [callback.name, callback.initial]))
    const pace = openPace(plan)
    const journal: Journal = {
      epochs: [],
      callbacks: initial,
      pace,
      settings: plan.checkpoints === undefined ? {} : settingsOf(plan),
      retries: 0,
      stopped: undefined,
      best: undefined,
      good: undefined,
      saved: "",
      savedAt: now
    }
    if (checkpoint === undefined) return journal
    const fresh = freshState(plan)
    yield* findWindow(plan, session, pace, checkpoint.step)
    const weights = { params: fresh.optimizer.params, modelState: fresh.model }
    return {
      ...journal,
      epochs: [...checkpoint.history.epochs],
      callbacks: { ...initial, ...checkpoint.callbacks },
      retries: checkpoint.retries,
      // A run that did all its epochs may be asked for more.
      stopped: checkpoint.stopped === "epochs" ? undefined : checkpoint.stopped,
      // `restore` gives the structure of what it is given.
      best: (yield* restored("best", weights, checkpoint)) as AnyWeights | undefined,
      good: yield* restored("good", fresh, checkpoint)
    }
  })

/** The steps and epochs of a journal, as text that is equal when nothing has happened in between. */
const placeOf = (step: number, { epochs, retries, stopped }: Journal): string =>
  `${step} ${epochs.length} ${retries} ${stopped ?? ""}`

/** Writes a checkpoint, unless the last one says the same. */
export const save = (
  plan: Plan,
  session: TrainSession,
  journal: Journal,
  emit: Emit
): Effect.Effect<void, CheckpointError | BorderError> =>
  Effect.gen(function* () {
    const { checkpoints } = plan
    if (checkpoints === undefined) return
    const step = yield* stepsDone(plan, session, journal.pace)
    const place = placeOf(step, journal)
    if (journal.saved === place) return
    const { best, good, stopped, retries, callbacks, epochs } = journal
    const tensors = Object.fromEntries([
      ...named("state", yield* session.state),
      ...(best === undefined ? [] : named("best", best)),
      ...(good === undefined || Tree.leaves(good).length === 0 ? [] : named("good", good))
    ])
    yield* checkpoints.store.save({
      step,
      history: { epochs: [...epochs] },
      settings: journal.settings,
      callbacks: { ...callbacks },
      retries,
      ...(stopped === undefined ? {} : { stopped }),
      tensors
    })
    journal.saved = place
    journal.savedAt = yield* Clock.currentTimeMillis
    yield* emit({ _tag: "Saved", step, epochs: epochs.length })
  })
