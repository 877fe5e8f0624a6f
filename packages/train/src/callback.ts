/**
 * Callbacks: what decides about a run while it goes on. A callback is a fold over the epochs of a run: it sees what an
 * epoch measured and answers with its next state and with commands. It is pure, and its state is JSON, so that it stands
 * in checkpoints and a resumed run decides as if it had never stopped. What only watches is an operator on the Stream of
 * events instead (see `Log`).
 */
import type { EpochRecord } from "./history.ts"

/** What a callback may remember. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** What a callback asks for. */
export type Command =
  | { readonly _tag: "Stop" }
  | { readonly _tag: "SetLearningRate"; readonly learningRate: number }
  | { readonly _tag: "KeepWeights" }

/** Ends the run after this epoch. */
export const stop: Command = { _tag: "Stop" }

/** Goes on with another learning rate; for optimizers whose rate is a number. */
export const setLearningRate = (learningRate: number): Command => ({ _tag: "SetLearningRate", learningRate })

/** Remembers the weights as they are: the run gives back those remembered last. */
export const keepWeights: Command = { _tag: "KeepWeights" }

/** What a callback sees after an epoch. */
export interface EpochSeen {
  readonly record: EpochRecord
  /** The epochs so far, this one last. */
  readonly history: ReadonlyArray<EpochRecord>
  readonly learningRate: number
}

/** A callback whose state is its own affair. */
export interface Callback {
  readonly name: string
  readonly initial: Json
  readonly onEpoch: (state: Json, seen: EpochSeen) => readonly [state: Json, commands: ReadonlyArray<Command>]
  /** Names that the records of the run must have. */
  readonly monitors: ReadonlyArray<string>
}

/** What `make` needs. */
export interface CallbackDefinition<S extends Json> {
  /** Its name in checkpoints, and in `stopped` when it ends the run. */
  readonly name: string
  readonly initial: S
  readonly onEpoch: (state: S, seen: EpochSeen) => readonly [state: S, commands: ReadonlyArray<Command>]
  readonly monitors?: ReadonlyArray<string>
}

/**
 * A callback from its first state and what it does after an epoch.
 *
 * ```ts
 * const goodEnough = Callback.make<null>({
 *   name: "goodEnough",
 *   initial: null,
 *   onEpoch: (state, { record }) => [state, (record["accuracy"] ?? 0) > 0.95 ? [Callback.stop] : []]
 * })
 * ```
 */
export const make = <S extends Json>({ name, initial, onEpoch, monitors = [] }: CallbackDefinition<S>): Callback => ({
  name,
  initial,
  monitors,
  // A run gives a callback only the states that it made itself.
  onEpoch: (state, seen) => onEpoch(state as S, seen)
})

/** Which number of an epoch is watched, and what is better. */
export interface Monitor {
  /** The name in the epoch's record: `valLoss` (with validation) or `loss` unless given. */
  readonly monitor?: string
  /** What counts as an improvement: more than this, 0 unless given. */
  readonly minDelta?: number
  /**
   * Whether smaller or larger is better. Unless given it goes by the name: `max` for one that contains acc, auc, precision,
   * recall, specificity, sensitivity, f1, fbeta, iou, kappa, r2 or correlation, in small letters or large, else `min`.
   */
  readonly mode?: "min" | "max"
}

/** Names of metrics that grow as a model gets better, within the names that people give them. */
const largerIsBetter = /acc|auc|precision|recall|specificity|sensitivity|f1|fbeta|iou|kappa|r2|correlation/i

/** The number that is watched, larger being better, and what it is called. */
export const monitored = (
  { monitor, mode }: Monitor,
  record: EpochRecord
): { readonly name: string; readonly value: number } => {
  const name = monitor ?? (record.valLoss === undefined ? "loss" : "valLoss")
  const larger = (mode ?? (largerIsBetter.test(name) ? "max" : "min")) === "max"
  return { name, value: (larger ? 1 : -1) * (record[name] ?? Number.NaN) }
}

/** Whether a number is better than the best before it; anything but NaN is better than nothing. */
export const isBetter = (value: number, best: number | null, minDelta: number): boolean =>
  best === null ? !Number.isNaN(value) && value > Number.NEGATIVE_INFINITY : value > best + minDelta
