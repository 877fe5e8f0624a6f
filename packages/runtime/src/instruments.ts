/** What a program may be asked to show and to check while it runs. None of it changes a bit of what it computes. */
import type * as Effect from "effect/Effect"
import type { Value } from "@cotangent/graph"

/** A value that a tap shows. */
export interface TapEvent {
  readonly label: string
  /** `gradient`: the cotangent of a `T.tapGradient`. */
  readonly observes: "value" | "gradient"
  /** Inside scans the values of all steps, stacked; inside a `whileLoop` that of the last step. */
  readonly value: Value
  /** Which steps of the loops around the tap showed something, where a branch in them may not have been taken. */
  readonly ran?: Value
  /** The program of the session, or `run`, or `eval`. */
  readonly program: string
  /** Which step of the session, or which run, from 1. */
  readonly step: number
}

/**
 * Who looks at taps: called after each step, once per tap, in the order in which the taps were built. It must not use the
 * session it looks at, which is still in its step.
 */
export type TapHandler = (event: TapEvent) => Effect.Effect<void>

/** How debug mode looks. */
export interface DebugOptions {
  /** Whether an infinity that an operation made counts, where it reaches a result and no NaN does; true unless given. */
  readonly infinities?: boolean
  /**
   * Looks at every operation, also where its NaN or infinity is masked and reaches no result; false unless given. A flag for
   * each operation is computed beside the program. What `T.where` masks on purpose is reported, too.
   */
  readonly everywhere?: boolean
}

/** Options of `Compute.compile`, `Compute.session`, `Compute.eval` and `Compute.instrumented`. */
export interface Instruments {
  /** Looks at every `T.tap` and `T.tapGradient`. */
  readonly taps?: TapHandler
  /**
   * Fails with a NonFiniteError when a result is NaN or infinite, naming the operation that made it so. A step costs a copy
   * of the state and a look at every result more; compiled code stays as it is.
   */
  readonly debug?: boolean | DebugOptions
  /** Fails with an IndexError when an index is out of range, where unchecked programs move it to the nearest row. */
  readonly checked?: boolean
}
