/** What a workload is: a resident state, data, and the step that is timed. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Shape, type Tensor, Tree, type Value } from "@cotangent/graph"
import { type CompileError, type RunError, Compute, step } from "@cotangent/runtime"

/** A tensor of any shape, as models built from tables of sizes have them. */
export type Dyn = Tensor<Shape>

/** A workload running in a session. */
export interface Running {
  /** One step; the loss before its update, for workloads that have one. */
  readonly first: Effect.Effect<number | undefined, RunError>
  /** Many steps; the loss before the last one's update. */
  readonly loop: (count: number) => Effect.Effect<number | undefined, RunError>
}

/** The step of a workload as a function of trees of tensors. */
export interface Parts {
  readonly state: unknown
  readonly data: unknown
  readonly step: (state: never, data: never) => readonly [unknown, unknown]
}

/** Something to measure. */
export interface Workload {
  readonly parts: () => Parts
  readonly open: Effect.Effect<Running, RunError | CompileError, Compute | Scope.Scope>
  /**
   * Steps from the first weights before a new session starts over. Trained much longer on so little data a model has
   * converged, its moments are denormal numbers, and the processor computes those several times slower.
   */
  readonly stepsFromStart: number
}

/** A workload from its first state, its data and its step, which may give a loss. */
export const workload = <S, D, O extends { readonly loss?: Tensor<[]> }>(
  make: () => { readonly state: S; readonly data: D; readonly step: (state: S, data: D) => readonly [S, O] },
  stepsFromStart = 10_000
): Workload => {
  let parts: ReturnType<typeof make> | undefined
  // The peers make their numbers once.
  const made = (): ReturnType<typeof make> => (parts ??= make())
  return {
    parts: made,
    stepsFromStart,
    open: Effect.suspend(() => {
      const { state, data, step: f } = made()
      const lossOf = (outputs: unknown): number | undefined => Tree.leaves<Value>(outputs)[0]?.data[0]
      return Effect.map(Compute.session({ state, data, programs: { step: step(f) } }), (session): Running => ({
        // A step without input takes none, whatever its state is.
        first: Effect.map((session.step as (name: "step") => Effect.Effect<unknown, RunError>)("step"), lossOf),
        loop: (count) => Effect.map(session.loop("step", { count, sliceMillis: 1000 }), lossOf)
      }))
    })
  }
}
