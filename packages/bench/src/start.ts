/**
 * From the start of the process to the end of the first step: `node start.ts W1 narrow`, a line of JSON. What is imported here
 * is all that compiling and running need.
 */
import * as Effect from "effect/Effect"
import { isMode, layerOf, type Mode } from "./mode.ts"
import { isWorkload, type WorkloadName, workloadNames, workloads } from "./workloads.ts"

/** Milliseconds since the process started. */
export interface Start {
  readonly workload: string
  readonly mode: string
  readonly imported_ms: number
  /** The session is open: expressions built and differentiated, programs compiled, memory filled. */
  readonly compiled_ms: number
  readonly first_step_ms: number
  readonly rss_mb: number
}

const start = (workload: WorkloadName, mode: Mode): Effect.Effect<Start, unknown> => {
  const imported = performance.now()
  return Effect.scoped(
    Effect.gen(function* () {
      const running = yield* workloads[workload].open
      const compiled = performance.now()
      yield* running.first
      return {
        workload,
        mode,
        imported_ms: Math.round(imported),
        compiled_ms: Math.round(compiled),
        first_step_ms: Math.round(performance.now()),
        rss_mb: Math.round(process.resourceUsage().maxRSS / 1024)
      }
    })
  ).pipe(Effect.provide(layerOf(mode)))
}

const [name = "W1", mode = "narrow"] = process.argv.slice(2)
if (!isWorkload(name)) {
  console.error(`start: ${name} is not a workload; there are ${workloadNames.join(", ")}`)
  process.exitCode = 1
} else console.log(JSON.stringify(await Effect.runPromise(start(name, isMode(mode) ? mode : "narrow"))))
