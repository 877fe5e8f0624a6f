/**
 * What a session leaves on the heap: `node heap.ts [STEPS]`, a line of JSON. W1 runs in chunks as a trainer runs it; the used
 * heap is looked at after a collection before and after.
 */
import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Compute } from "@cotangent/runtime"
import { workloads } from "./workloads.ts"

setFlagsFromString("--expose-gc")
// The name that the flag adds to new contexts.
const collect = runInNewContext("gc") as () => void

const used = (): number => {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** How the heap grew over steps of W1. */
export interface Growth {
  readonly steps: number
  readonly heap_kb: number
  readonly growth_kb: number
}

/** Runs the steps, after as many as it takes to have compiled everything. */
export const measureGrowth = (steps: number): Effect.Effect<Growth, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const running = yield* workloads.W1.open
      for (let i = 0; i < 50; i++) yield* running.loop(400)
      const before = used()
      for (let done = 0; done < steps; done += 1000) yield* running.loop(Math.min(1000, steps - done))
      const after = used()
      return {
        steps,
        heap_kb: Math.round(after / 1024),
        growth_kb: Number(((after - before) / 1024).toFixed(1))
      }
    })
  ).pipe(Effect.provide(Compute.layer))

if (import.meta.main)
  console.log(JSON.stringify(await Effect.runPromise(measureGrowth(Number(process.argv[2] ?? 100_000)))))
