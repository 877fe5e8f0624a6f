/**
 * A picture per family of rules for docs/optimizers.md: their paths down three valleys, each at the best of some rates at which
 * it stays in the picture. Compiled; the rate is a number in the state. `npm run docs:optimizers` runs this.
 */
import { Console, Effect, Path } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Files, grad, Optimizer, step, T, Viz } from "cotangent"
import { type Landscape, landscapes, type Point } from "./landscapes.ts"

/** From large to small: one at which a picture is crossed in a few steps, down to those that plain descent needs in a steep valley. */
const rates = [1, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 0.0005] as const

interface Walk {
  readonly rate: number
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  /** The mean height over the last quarter, infinite where it went away: one lucky step does not count. */
  readonly end: number
  /** Whether all of it is in the picture. */
  readonly stays: boolean
}

/** Whether a walk is the better one to show: it stays in the picture, and ends lower. */
const isBetter = (one: Walk, other: Walk): boolean =>
  one.stays === other.stays ? one.end < other.end : one.stays && one.end < Infinity

/** The best walk of a rule down a valley. */
const walk = <F extends Optimizer.Rule>(optimizer: Optimizer.Optimizer<F>, landscape: Landscape) =>
  Effect.gen(function* () {
    const { height, loss, start, steps } = landscape
    const within = (at: number, [low, high]: readonly [number, number]): boolean => low <= at && at <= high
    const first = optimizer.init<Point>(T.constant([start], "f64"))
    const walks: Array<Walk> = []
    for (const rate of rates) {
      const session = yield* Compute.session({
        // The state of every rule, with another rate.
        state: { ...first, learningRate: T.constant(rate, "f64") } as Optimizer.StateOf<F, Point>,
        data: {},
        programs: {
          step: step((state: Optimizer.StateOf<F, Point>) => {
            // Where the gradient is taken, which the state of every rule holds.
            const at = state.params as Point
            const next = optimizer.step<Point>(state, grad(loss)(at))
            return [next, { point: optimizer.evalParams<Point>(next) }]
          })
        }
      })
      const points: Array<readonly [number, number]> = [start]
      for (let k = 0; k < steps; k++) {
        const { point } = yield* session.loop("step", { count: 1 })
        points.push([point.data[0] ?? Number.NaN, point.data[1] ?? Number.NaN])
      }
      const last = points.slice(-Math.ceil(steps / 4))
      const end = last.reduce((sum, [x, y]) => sum + height(x, y), 0) / last.length
      const stays = points.every(([x, y]) => within(x, landscape.x) && within(y, landscape.y))
      walks.push({ rate, points, end: Number.isFinite(end) ? end : Infinity, stays })
    }
    return walks.reduce((best, one) => (isBetter(one, best) ? one : best))
  }).pipe(Effect.scoped)

const program = Effect.gen(function* () {
  const { join } = yield* Path.Path
  const folder = join("docs", "pictures")
  yield* Files.prepareFolder(folder)
  for (const { name: family, pictured, title } of Optimizer.optimizerFamilies) {
    const traces: Array<Viz.Trace> = []
    for (const name of pictured)
      for (const landscape of landscapes) {
        const row = Optimizer.optimizers.find((sample) => sample.name === name)
        if (row === undefined) continue
        const { end, points, rate } = yield* row.use((optimizer) => walk(optimizer, landscape))
        yield* Console.log(
          `${name.padEnd(50)}${landscape.name.padEnd(12)}${String(rate).padEnd(8)}${end.toExponential(1)}`
        )
        traces.push({ label: name, surface: `${landscape.name}, ${landscape.steps} steps`, points })
      }
    const file = join(folder, `paths-${family}.png`)
    yield* Viz.paths({
      title,
      width: 1440,
      height: 560,
      surfaces: landscapes.map((landscape) => ({
        ...landscape,
        name: `${landscape.name}, ${landscape.steps} steps`,
        f: landscape.height
      })),
      traces
    }).writePng(file)
    yield* Console.log(`wrote ${file}\n`)
  }
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
