/** A learning rate and a momentum, learnt by descending the gradient of a whole run of 60 steps. */
import { Console, Effect } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, grad, Optimizer, step, T, type Tensor, valueAndGrad } from "cotangent"

type Scalar = Tensor<[], "f64">
type Point = Tensor<[4], "f64">

/** What is trained: `sum l_i x_i^2 / 2`, 100 times as steep in one direction as in another. */
const steepness = [1, 5, 25, 100] as const
const height = (p: Point): Scalar => T.sum(T.mul(T.mul(T.square(p), T.constant(steepness, "f64")), 0.5))
const start: Point = T.constant([1, 1, 1, 1], "f64")
const [early, late] = [40, 20]

/** What is learnt: both numbers through functions that keep them where they make sense. */
interface Settings {
  readonly logRate: Scalar
  readonly momentumLogit: Scalar
}
const rateOf = ({ logRate }: Settings): Scalar => T.exp(logRate)
const momentumOf = ({ momentumLogit }: Settings): Scalar => T.sigmoid(momentumLogit)

/** The logarithm of the mean height over the last 20 of 60 steps of momentum with these settings. */
const outcome = (settings: Settings): Scalar => {
  const optimizer = Optimizer.fromTransform(Optimizer.trace(momentumOf(settings)), { learningRate: 1 })
  const before = { ...optimizer.init(start), learningRate: rateOf(settings) }
  let state = Optimizer.unroll(optimizer)<Point>(before, (p) => grad(height)(p), early)
  let sum: Scalar = T.constant(0, "f64")
  for (let k = 0; k < late; k++) {
    state = optimizer.step<Point>(state, grad(height)(state.params))
    sum = T.add(sum, height(state.params))
  }
  return T.log(T.div(sum, late))
}

/** Adam on the settings: its gradient is the gradient of the whole run. */
const teacher = Optimizer.adam({ learningRate: Optimizer.Schedule.cosine({ from: 0.05, steps: 200 }) })
const lesson = step((state: Optimizer.AdamState<Settings>) => {
  const [value, gradient] = valueAndGrad(outcome)(state.params)
  const { params } = state
  return [teacher.step(state, gradient), { value, rate: rateOf(params), momentum: momentumOf(params) }]
})

const first: Settings = { logRate: T.constant(Math.log(0.003), "f64"), momentumLogit: T.constant(0, "f64") }
const number = ({ data }: { readonly data: ArrayLike<number> }): number => data[0] ?? Number.NaN

interface Pair {
  readonly rate: number
  readonly momentum: number
}
const show = ({ rate, momentum, height }: Pair & { readonly height: number }): string =>
  `rate ${rate.toFixed(5)}, momentum ${momentum.toFixed(4)}, mean height ${height.toExponential(1)}`

/** The same run in plain numbers: the mean height over its last steps. */
const simulated = ({ rate, momentum }: Pair): number => {
  const [x, u] = [steepness.map(() => 1), steepness.map(() => 0)]
  let sum = 0
  for (let k = 0; k < early + late; k++) {
    for (const [i, slope] of steepness.entries()) {
      u[i] = momentum * (u[i] ?? 0) + slope * (x[i] ?? 0)
      x[i] = (x[i] ?? 0) - rate * u[i]
      if (k >= early) sum += (slope * x[i] ** 2) / 2
    }
  }
  return sum / late
}

/** The best of 100 rates and 100 momenta. */
const bestOfGrid = () =>
  Array.from({ length: 10_000 }, (_, i): Pair => ({
    rate: 0.001 * 40 ** (Math.floor(i / 100) / 99),
    momentum: (i % 100) / 100
  }))
    .map((pair) => ({ ...pair, height: simulated(pair) }))
    .reduce((best, next) => (next.height < best.height ? next : best))

const program = Effect.gen(function* () {
  const session = yield* Compute.session({ state: teacher.init(first), data: {}, programs: { lesson } })
  yield* Console.log("lesson    rate  momentum  mean height at the end")
  for (let k = 0; k <= 200; k++) {
    const { value, rate, momentum } = yield* session.step("lesson")
    if (k % 40 === 0)
      yield* Console.log(
        `${k}`.padStart(6) +
          number(rate).toFixed(5).padStart(8) +
          number(momentum).toFixed(4).padStart(10) +
          Math.exp(number(value)).toExponential(1).padStart(24)
      )
  }
  yield* Console.log(`\nthe best of a grid, in plain numbers: ${show(bestOfGrid())}`)
  // Polyak 1964: the best for endless runs.
  const [low, high] = [Math.sqrt(steepness[0]), Math.sqrt(steepness[3])]
  const polyak = { rate: (2 / (low + high)) ** 2, momentum: ((high - low) / (high + low)) ** 2 }
  yield* Console.log(`Polyak's, best for endless runs:      ${show({ ...polyak, height: simulated(polyak) })}`)
}).pipe(Effect.scoped)

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
