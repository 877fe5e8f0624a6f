/** Recovery: back to the end of the last good epoch, with a smaller rate, as often as a Schedule says. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type { Duration } from "effect/Duration"
import { Tree, type Value } from "@cotangent/graph"
import type { BorderError } from "@cotangent/runtime"
import { type Emit, findWindow, type TrainSession } from "./epochs.ts"
import type { Journal } from "./journal.ts"
import type { LossSpike, Recovery } from "./options.ts"
import type { Plan } from "./plan.ts"

const threeTimes: Schedule.Schedule<unknown, LossSpike> = Schedule.recurs(3)

/** Whether a loss is one to go back from, beside the loss of the last good epoch. */
export const isSpike = ({ spike = 3 }: Recovery, loss: number, before: number | undefined): boolean =>
  !Number.isFinite(loss) || (before !== undefined && loss > spike * before)

/** Asks a schedule for the pause before the next retry; `undefined` when it has had enough. */
export type Asks = (spike: LossSpike) => Effect.Effect<Duration | undefined>

/** The schedule of a run that was rolled back `retries` times before. */
export const openSchedule = ({ schedule = threeTimes }: Recovery, retries: number): Effect.Effect<Asks> =>
  Effect.gen(function* () {
    const step = yield* Schedule.toStep(schedule)
    const asks: Asks = (spike) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        return yield* Pull.catchDone(
          Effect.map(step(now, spike), ([, pause]): Duration | undefined => pause),
          () => Effect.succeed<Duration | undefined>(undefined)
        )
      })
    for (let i = 0; i < retries; i++) yield* asks({ epoch: 0, loss: Number.NaN, learningRate: 0 })
    return asks
  })

/** Puts the last good state back. */
export const putBack = (
  plan: Plan,
  session: TrainSession,
  journal: Journal,
  done: number
): Effect.Effect<void, BorderError> =>
  Effect.gen(function* () {
    for (const [i, { data }] of Tree.leaves<Value>(journal.good).entries())
      yield* session.write((state) => {
        const leaf = Tree.leaves(state)[i]
        if (leaf === undefined) throw new RangeError("the good state has another structure than the session's")
        return leaf
      }, data)
    if (done === plan.firstStep) journal.pace.windowStart = undefined
    else yield* findWindow(plan, session, journal.pace, done)
  }).pipe(Effect.uninterruptible)

/** Goes back before `epoch`, whose loss jumped, with a smaller rate. Gives whether there is another try. */
export const rollBack = (
  plan: Plan,
  recovery: Recovery,
  asks: Asks,
  session: TrainSession,
  journal: Journal,
  spike: LossSpike,
  emit: Emit
): Effect.Effect<boolean, BorderError> =>
  Effect.gen(function* () {
    const pause = yield* asks(spike)
    yield* putBack(plan, session, journal, (spike.epoch - 1) * plan.stepsPerEpoch)
    if (pause === undefined) return false
    const learningRate = spike.learningRate * (recovery.rateFactor ?? 0.5)
    yield* Effect.andThen(
      session.write((s) => s.optimizer.learningRate, [learningRate]),
      Effect.sync(() => {
        journal.retries++
      })
    ).pipe(Effect.uninterruptible)
    yield* emit({ _tag: "RolledBack", epoch: spike.epoch, loss: spike.loss, learningRate, retries: journal.retries })
    yield* Effect.sleep(pause)
    return true
  })
