/**
 * Whether speed has cliffs: `node sweep.ts narrow|wide [MILLIS]`, a line of JSON per size. The training step of a perceptron
 * with one hidden layer, `width -> width -> 10`, for widths from 16 to 2048 and batches from 1 to 1024.
 */
import * as Effect from "effect/Effect"
import { plan } from "@cotangent/compiler"
import { Compute } from "@cotangent/runtime"
import { isMode, layerOf } from "./mode.ts"
import { stepGraph } from "./replay/models.ts"
import { perceptron } from "./workload/perceptron.ts"

/** One size. */
export interface Point {
  readonly width: number
  readonly batch: number
  readonly flops: number
  /** What its kernels read and write. */
  readonly bytes: number
  readonly us: number
}

/** Widths with at most half as much between neighbours, and every power of two as a batch. */
export const widths = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048] as const
export const batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const

/** The least time of a step, over some chunks of about 2 ms. */
const measurePoint = (width: number, batch: number, millis: number): Effect.Effect<Point, unknown, Compute> =>
  Effect.scoped(
    Effect.gen(function* () {
      const workload = perceptron([width, width, 10], batch, 1)
      const { graph, replaces } = stepGraph(workload.parts())
      const { bytes, flops } = plan(graph, { replaces }).cost
      const running = yield* workload.open
      yield* running.first
      let [least, chunk] = [Infinity, 1]
      const until = performance.now() + millis
      for (let rounds = 0; performance.now() < until || rounds < 3; rounds++) {
        const before = performance.now()
        yield* running.loop(chunk)
        const each = ((performance.now() - before) * 1000) / chunk
        least = Math.min(least, each)
        chunk = Math.max(1, Math.round(2000 / each))
      }
      return { width, batch, flops, bytes, us: Number(least.toFixed(2)) }
    })
  )

/** The fastest of several rounds, size by size: what others do on the machine makes a round slower and never faster. */
export const leastOf = (rounds: ReadonlyArray<ReadonlyArray<Point>>): ReadonlyArray<Point> =>
  (rounds[0] ?? []).map((point, i) => ({ ...point, us: Math.min(...rounds.map((round) => round[i]?.us ?? Infinity)) }))

/** Two neighbours whose time per FLOP differs by a factor that is too large. */
export interface Cliff {
  readonly from: Point
  readonly to: Point
  /** Above 1 the larger size takes longer per FLOP. */
  readonly factor: number
}

/** The largest factor that is none, and from how many microseconds a step counts. */
export const [tolerated, counts] = [1.3, 20] as const

/** The cliffs among points: neighbours in width and in batch, both of which take long enough to count. */
export const cliffsOf = (points: ReadonlyArray<Point>): ReadonlyArray<Cliff> => {
  const at = new Map(points.map((point) => [`${point.width} ${point.batch}`, point]))
  const sizes = (of: (point: Point) => number): ReadonlyArray<number> =>
    [...new Set(points.map(of))].toSorted((a, b) => a - b)
  const [ws, bs] = [sizes((p) => p.width), sizes((p) => p.batch)]
  return points.flatMap((from) => {
    const [wider, larger] = [ws[ws.indexOf(from.width) + 1], bs[bs.indexOf(from.batch) + 1]]
    return [at.get(`${wider} ${from.batch}`), at.get(`${from.width} ${larger}`)].flatMap((to) => {
      if (to === undefined || from.us < counts || to.us < counts) return []
      const factor = to.us / to.flops / (from.us / from.flops)
      return factor > tolerated || factor < 1 / tolerated ? [{ from, to, factor }] : []
    })
  })
}

/** The step of every size; the curves of `sweep` are drawn from these. */
const sweep = (millis: number): Effect.Effect<void, unknown, Compute> =>
  Effect.gen(function* () {
    for (const batch of batches)
      for (const width of widths) console.log(JSON.stringify(yield* measurePoint(width, batch, millis)))
  })

if (import.meta.main) {
  const [mode = "wide", millis = "60"] = process.argv.slice(2)
  await Effect.runPromise(sweep(Number(millis)).pipe(Effect.provide(layerOf(isMode(mode) ? mode : "wide"))))
}
