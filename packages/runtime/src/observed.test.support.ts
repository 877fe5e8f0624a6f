/** What tests of instruments share: events collected, errors taken, and the line a test stands on. */
import * as Effect from "effect/Effect"
import { type Tensor, Values } from "@cotangent/graph"
import { CompileError, Compute, IndexError, type Instruments, NonFiniteError, type TapEvent } from "./index.ts"

export type Scalar = Tensor<[]>
export type Vector = Tensor<[number]>
export type Matrix = Tensor<[number, number]>

/** A value of f32 numbers. */
export const value = (nested: Values.Nested) => Values.fromNested(nested) as never
export const indices = (nested: Values.Nested) => Values.fromNested(nested, "i32") as never

/** The line this is called from. */
export const here = (): number =>
  Number(/:(\d+):\d+\)?$/.exec((new Error("position").stack ?? "").split("\n")[2] ?? "")?.[1])

/** The line of a position. */
export const lineOf = (position: string | undefined): number =>
  Number(/\.test\.ts:(\d+):\d+$/.exec(position ?? "")?.[1])

/** An observer that keeps what it is shown. */
export const collector = () => {
  const events: Array<TapEvent> = []
  const instruments: Instruments = { taps: (event) => Effect.sync(() => void events.push(event)) }
  return {
    instruments,
    /** What was shown since this was last asked: label, and the numbers. */
    shown: () => events.splice(0).map(({ label, value: { data } }) => [label, ...data]),
    events
  }
}

/** The error of an effect that must fail with a NonFiniteError. */
export const nonFinite = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<NonFiniteError, never, R> =>
  Effect.flatMap(Effect.flip(effect), (error) =>
    error instanceof NonFiniteError ? Effect.succeed(error) : Effect.die(error)
  ).pipe(Effect.orDie)

/** The error of an effect that must fail with an IndexError. */
export const outOfRange = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<IndexError, never, R> =>
  Effect.flatMap(Effect.flip(effect), (error) =>
    error instanceof IndexError ? Effect.succeed(error) : Effect.die(error)
  ).pipe(Effect.orDie)

/** The report of a function of which one must be given. */
export const reportOf = (
  found: Effect.Effect<NonFiniteError | undefined, CompileError, Compute>
): Effect.Effect<NonFiniteError, never, Compute> =>
  Effect.flatMap(found, (error) =>
    error === undefined ? Effect.die(new Error("every result was finite")) : Effect.succeed(error)
  ).pipe(Effect.orDie)
