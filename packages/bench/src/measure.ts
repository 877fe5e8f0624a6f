/**
 * Measures one workload in this process: `node measure.ts W1 wide 2`, the mode and the number of threads. Prints one line of
 * JSON.
 *
 * A step is the compiled program of a session: gather a batch from resident data, forward, backward, Adam. Times are of
 * chunks of steps divided by their number, as the trainer runs them.
 */
import * as Effect from "effect/Effect"
import { isMode, layerOf, type Mode, nameOf } from "./mode.ts"
import { isWorkload, type Measurement, type WorkloadName, workloadNames, workloads } from "./workloads.ts"
import type { Workload } from "./workload/workload.ts"

const median = (xs: ReadonlyArray<number>): number => xs.toSorted((a, b) => a - b)[xs.length >> 1] ?? Number.NaN
const round = (x: number, digits: number): number => Number(x.toFixed(digits))

/** Milliseconds of warming up and of measuring, and of one timed chunk. */
const [warmMillis, measureMillis, chunkMillis] = [800, 1500, 3]
/** Microseconds per step of the chunks of one session. */
const runSession = ({ open, stepsFromStart }: Workload, until: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const running = yield* open
      const loss = yield* running.first
      const firstStep = performance.now()
      const times: Array<number> = []
      let [chunk, done, last] = [1, 0, loss]
      while (done < stepsFromStart && (performance.now() < until || times.length < 3)) {
        const before = performance.now()
        last = yield* running.loop(chunk)
        const each = ((performance.now() - before) * 1000) / chunk
        times.push(each)
        done += chunk
        chunk = Math.max(1, Math.min(stepsFromStart - done, Math.round((chunkMillis * 1000) / each)))
      }
      // The first chunk is a single step, timed with the overhead of a call.
      return { loss, last, firstStep, times: times.slice(1), steps: done }
    })
  )

const run = (name: WorkloadName, mode: Mode, threads: number): Effect.Effect<Measurement, unknown> =>
  Effect.gen(function* () {
    const workload = workloads[name]
    const { loss, firstStep } = yield* runSession(workload, 0)
    for (const until = performance.now() + warmMillis; performance.now() < until;) yield* runSession(workload, until)
    const times: Array<number> = []
    let [steps, last] = [0, loss]
    for (const until = performance.now() + measureMillis; performance.now() < until || times.length < 3;) {
      const session = yield* runSession(workload, until)
      times.push(...session.times)
      steps += session.steps
      last = session.last
    }
    return {
      peer: nameOf(mode, threads),
      workload: name,
      us_per_step: round(median(times), 2),
      min_us: round(Math.min(...times), 2),
      steps,
      first_step_ms: Math.round(firstStep),
      ...(loss === undefined ? {} : { loss_first: round(loss, 4) }),
      ...(last === undefined ? {} : { loss_last: round(last, 4) }),
      total_ms: Math.round(performance.now()),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024)
    }
  }).pipe(Effect.provide(layerOf(mode, threads)))

const [name = "W1", mode = "wide", threads = "1"] = process.argv.slice(2)
if (isWorkload(name) && isMode(mode))
  console.log(JSON.stringify(await Effect.runPromise(run(name, mode, Number(threads)))))
else {
  console.error(
    `measure: ${name} ${mode} is not a workload (${workloadNames.join(", ")}) and a mode (narrow, wide, fast, js)`
  )
  process.exitCode = 1
}
