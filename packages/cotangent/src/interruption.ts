/** What a run says when it is interrupted. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** Says on standard error, after an interruption, that the run stopped between two steps, and what becomes of it. */
export const sayStopped =
  (consequence: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.onInterrupt(effect, () => Console.error(`\nStopped between two steps; ${consequence}`))
