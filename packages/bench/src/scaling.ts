/**
 * How near threads come to what the processors can do: steps per second of one program shared by two threads, beside those of two
 * programs of one thread that run at the same time.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { compare, type Row } from "./comparison.ts"
import type { Mode } from "./mode.ts"
import { cotangent } from "./peers.ts"
import { linesOf, own } from "./processes.ts"
import { table } from "./table.ts"
import type { WorkloadName } from "./workloads.ts"

/** The workloads that are worth sharing. */
export const sharedWorkloads = ["W3", "W4", "W5"] as const satisfies ReadonlyArray<WorkloadName>

/** What was measured of one workload, in microseconds per step. */
export interface Scaling {
  readonly workload: WorkloadName
  /** Alone, on one processor. */
  readonly alone: number
  /** Two programs side by side, each on a processor of its own. */
  readonly beside: readonly [number, number]
  /** One program shared by two threads. */
  readonly shared: number
  /** Nanoseconds until one processor sees what the other wrote, before and after the shared program ran. */
  readonly handover: readonly [number, number]
}

const Handover = Schema.fromJsonString(Schema.Struct({ handover_ns: Schema.Finite }))

/** How far the two processors are from each other: a virtual machine may move them between dies from minute to minute. */
const measureHandover = (core: number): Effect.Effect<number> =>
  linesOf(own("handover"), core, { cores: 2 }).pipe(
    Effect.map(([line = ""]) => Schema.decodeUnknownSync(Handover)(line).handover_ns),
    Effect.orDie
  )

const leastOf = (rows: ReadonlyArray<Row>): number =>
  Math.min(...rows.flatMap(({ runs }) => runs.map(({ us_per_step }) => us_per_step)))

/** Measures a workload all three ways, one after another. */
export const measureScaling = (
  workload: WorkloadName,
  mode: Mode,
  options: { readonly rounds: number; readonly core: number; readonly json: boolean }
): Effect.Effect<Scaling> =>
  Effect.gen(function* () {
    const on = (core: number, threads: number): Effect.Effect<number> =>
      Effect.map(compare(workload, [cotangent(mode, threads)], { ...options, core }), leastOf)
    const alone = yield* on(options.core, 1)
    const before = yield* measureHandover(options.core)
    const shared = yield* on(options.core, 2)
    const after = yield* measureHandover(options.core)
    const beside = yield* Effect.all([on(options.core, 1), on(options.core + 1, 1)], { concurrency: 2 })
    return { workload, alone, shared, beside, handover: [before, after] }
  })

/** What share of the two programs' speed the shared one reaches. */
export const reached = ({ beside, shared }: Scaling): number => 1 / shared / beside.reduce((sum, t) => sum + 1 / t, 0)

/** A row for each workload. */
export const scalingTable = (rows: ReadonlyArray<Scaling>): string =>
  table(
    ["workload", "alone us", "2 threads us", "times faster", "2 programs us", "of what both reach", "handover ns"],
    rows.map((row) => [
      row.workload,
      row.alone.toFixed(0),
      row.shared.toFixed(0),
      (row.alone / row.shared).toFixed(2),
      row.beside.map((t) => t.toFixed(0)).join(", "),
      `${(100 * reached(row)).toFixed(0)}%`,
      row.handover.join(", ")
    ])
  )
