/**
 * One update of every rule: `node optimizers.ts narrow|wide [TENSORS] [MILLIS]`, a line of JSON per rule. The parameters are
 * tensors of 2^20 numbers in float32; the gradients are given and stay the same.
 */
import * as Effect from "effect/Effect"
import { plan } from "@cotangent/compiler"
import { optimizers, type OptimizerSample } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import { type Fusion, fusionOf } from "./fusion.ts"
import { stepGraph } from "./replay/models.ts"
import { matrices, type Matrices, million, update } from "./workload/update.ts"

/** The update of one rule. */
export interface UpdateTime extends Fusion {
  readonly rule: string
  readonly parameters: number
  /** Nanoseconds per parameter: of the fastest step, and of the middle one. */
  readonly ns: number
  readonly median_ns: number
}

const round = (x: number): number => Number(x.toFixed(3))

/** Times the steps of one row of the table. */
export const measureUpdate = (
  row: OptimizerSample,
  params: Matrices,
  gradients: Matrices,
  millis: number
): Effect.Effect<UpdateTime, unknown, Compute> =>
  Effect.scoped(
    Effect.gen(function* () {
      const workload = update(row, params, gradients)
      const { graph, replaces } = stepGraph(workload.parts())
      const [rows = 0, columns = 0] = params[0]?.shape ?? []
      const parameters = params.length * rows * columns
      const running = yield* workload.open
      yield* running.first
      yield* running.loop(2)
      const times: Array<number> = []
      for (
        const until = performance.now() + millis;
        times.length < 3 || (performance.now() < until && times.length < workload.stepsFromStart);
      ) {
        const before = performance.now()
        yield* running.loop(1)
        times.push(((performance.now() - before) * 1e6) / parameters)
      }
      times.sort((a, b) => a - b)
      return {
        rule: row.name,
        parameters,
        ns: round(times[0] ?? Number.NaN),
        median_ns: round(times[times.length >> 1] ?? Number.NaN),
        ...fusionOf(plan(graph, { replaces }), params.length, rows * columns)
      }
    })
  )

if (import.meta.main) {
  const [mode = "wide", tensors = "10", millis = "300"] = process.argv.slice(2)
  const [params, gradients] = [matrices(0, Number(tensors), million), matrices(50, Number(tensors), million)]
  const program = Effect.forEach(optimizers, (row) =>
    Effect.map(measureUpdate(row, params, gradients, Number(millis)), (time) => console.log(JSON.stringify(time)))
  )
  await Effect.runPromise(program.pipe(Effect.provide(mode === "wide" ? Compute.wide : Compute.layer)))
}
