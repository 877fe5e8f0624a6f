/** The five optimizers, and how one of them runs over a landscape: compiled, one call per step. */
import { Effect } from "effect"
import { Compute, grad, Optimizer, RandomKey, step, T } from "cotangent"
import type { Point, Problem } from "./problems.ts"

/** Where an optimizer was before every step and after the last one, and how high the landscape is there. */
export interface Path {
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  readonly values: ReadonlyArray<number>
}

/** Runs an optimizer at each of several learning rates; the program is compiled once, a rate is a number in its state. */
const follow =
  <F extends Optimizer.Rule>(optimizer: Optimizer.Optimizer<F>, noisy: boolean) =>
  (problem: Problem, learningRates: ReadonlyArray<number>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const initial = optimizer.init<Point>(T.constant(problem.start, "f64"))
        const noise = noisy ? problem.noise : 0
        const session = yield* Compute.session({
          state: initial,
          data: {},
          programs: {
            step: step((state: typeof initial) => {
              const p = optimizer.evalParams<Point>(state)
              const draw = RandomKey.normal(RandomKey.fold(RandomKey.key(2), state.step), [2], { dtype: "f64" })
              const gradient = T.add(grad(problem.loss)(p), T.mul(draw, noise))
              const next = optimizer.step<Point>(state, gradient)
              return [next, { before: p, height: problem.loss(p) }]
            })
          }
        })
        return 0
      })
    )
