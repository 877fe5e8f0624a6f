/** The five optimizers, and how one of them runs over a landscape: compiled, one call per step. */
import { Effect } from "effect"
import { type RunError, type CompileError, Compute, grad, Optimizer, RandomKey, step, T, type Tensor } from "cotangent"
import type { Point, Problem } from "./problems.ts"

/** Where an optimizer was before every step and after the last one, and how high the landscape is there. */
export interface Run {
  readonly learningRate: number
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  readonly heights: ReadonlyArray<number>
}

/** An optimizer in the race: how it runs over a landscape at a learning rate. */
export interface Racer {
  readonly name: string
  readonly run: (problem: Problem, learningRate: number) => Effect.Effect<Run, CompileError | RunError, Compute>
}

/**
 * A racer made of an optimizer. `exact` ones see the gradient itself, the others the gradient plus the noise of the
 * landscape, which is the same for all of them. The rate is a number in the state, so every rate runs the same compiled
 * program.
 */
const racer = <F extends Optimizer.Rule>(
  name: string,
  make: (learningRate: number) => Optimizer.Optimizer<F>,
  { exact = false }: { readonly exact?: boolean } = {}
): Racer => ({
  name,
  run: ({ loss, noise, start, steps }, learningRate) =>
    Effect.gen(function* () {
      const optimizer = make(learningRate)
      const session = yield* Compute.session({
        state: optimizer.init<Point>(T.constant(start, "f64")),
        data: { noise: T.constant(exact ? 0 : noise, "f64") },
        programs: {
          step: step((state: Optimizer.StateOf<F, Point>, data: { readonly noise: Tensor<[], "f64"> }) => {
            const point = optimizer.evalParams<Point>(state)
            const draw = RandomKey.normal(RandomKey.fold(RandomKey.key(2), state.step), [2], { dtype: "f64" })
            const gradient = T.add(grad(loss)(point), T.mul(draw, data.noise))
            return [optimizer.step<Point>(state, gradient), { point, height: loss(point) }]
          })
        }
      })
      const points: Array<readonly [number, number]> = []
      const heights: Array<number> = []
      for (let k = 0; k <= steps; k++) {
        const { height, point } = yield* session.loop("step", { count: 1 })
        points.push([point.data[0] ?? Number.NaN, point.data[1] ?? Number.NaN])
        heights.push(height.data[0] ?? Number.NaN)
      }
      return { learningRate, points, heights }
    }).pipe(Effect.scoped)
})

/** The five. Betas, momentum and rho are the usual ones; learning rates are chosen by `tuned`. */
export const racers: ReadonlyArray<Racer> = [
  racer("gradient descent", (learningRate) => Optimizer.gradientDescent({ learningRate }), { exact: true }),
  racer("SGD", (learningRate) => Optimizer.sgd({ learningRate })),
  racer("momentum 0.9", (learningRate) => Optimizer.sgd({ learningRate, momentum: 0.9 })),
  racer("RMSprop", (learningRate) => Optimizer.rmsprop({ learningRate, rho: 0.9 })),
  racer("Adam", (learningRate) => Optimizer.adam({ learningRate }))
]

/** The rates that are tried. */
export const rates: ReadonlyArray<number> = [
  0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2
]

/** How well a run did: the mean height over its last tenth, so that one lucky step of a noisy run does not count. */
export const score = ({ heights }: Run): number => {
  const tail = heights.slice(-Math.ceil(heights.length / 10))
  return tail.reduce((sum, height) => sum + height, 0) / tail.length
}

/** The best run of a racer over a landscape, among all rates. */
export const tuned = (racer: Racer, problem: Problem) =>
  Effect.map(
    Effect.forEach(rates, (rate) => racer.run(problem, rate)),
    (runs) => runs.reduce((best, run) => (score(run) < score(best) || Number.isNaN(score(best)) ? run : best))
  )
