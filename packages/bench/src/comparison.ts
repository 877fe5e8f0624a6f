/** Contenders side by side: each in a process of its own, in turn, and a table of ratios with the roofline of the machine. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Cost, plan } from "@cotangent/compiler"
import type { Speed } from "./machine.ts"
import type { Contender } from "./peers.ts"
import { linesOf, own } from "./processes.ts"
import { stepGraph } from "./replay/models.ts"
import { table } from "./table.ts"
import { type Measurement, type WorkloadName, workloads } from "./workloads.ts"

const Line = Schema.fromJsonString(
  Schema.Struct({
    peer: Schema.String,
    us_per_step: Schema.Finite,
    min_us: Schema.Finite,
    steps: Schema.Int,
    first_step_ms: Schema.Finite,
    loss_first: Schema.optionalKey(Schema.Finite),
    loss_last: Schema.optionalKey(Schema.Finite),
    total_ms: Schema.optionalKey(Schema.Finite),
    rss_mb: Schema.Finite
  })
)

const SpeedLine = Schema.fromJsonString(
  Schema.Struct({
    mode: Schema.Literals(["narrow", "wide"]),
    gigaflops: Schema.Finite,
    gigabytes: Schema.Finite
  })
)

/** The speed of the machine with vectors of 128 bits and of 256, measured in processes of their own. */
export const measureSpeeds = (core: number): Effect.Effect<ReadonlyArray<Speed>> =>
  Effect.forEach(["narrow", "wide"] as const, (mode) =>
    linesOf(own("machine", mode), core).pipe(
      Effect.map(([line = ""]) => Schema.decodeUnknownSync(SpeedLine)(line)),
      Effect.orDie
    )
  )

/** One contender and what it measured, round by round. */
export interface Row {
  readonly peer: string
  readonly runs: ReadonlyArray<Measurement>
}

/** Runs every contender that can, in turn, round by round. What fails is said and left out. */
export const compare = (
  workload: WorkloadName,
  contenders: ReadonlyArray<Contender>,
  { core, json, rounds }: { readonly rounds: number; readonly core: number; readonly json: boolean }
): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.gen(function* () {
    const runs = new Map<string, Array<Measurement>>()
    const able = contenders.filter((c) => c.missing === undefined && c.workloads.includes(workload))
    for (let round = 0; round < rounds; round++) {
      for (const contender of able) {
        const lines = yield* linesOf(contender.command(workload), core, { cores: contender.cores ?? 1 }).pipe(
          Effect.catch(({ message }) => Effect.as(Console.error(message), [] as ReadonlyArray<string>))
        )
        for (const line of lines) {
          const measurement = { ...Schema.decodeUnknownSync(Line)(line), workload }
          if (json) yield* Console.log(JSON.stringify(measurement))
          runs.set(contender.name, [...(runs.get(contender.name) ?? []), measurement])
        }
      }
    }
    return [...runs].map(([peer, list]) => ({ peer, runs: list }))
  })

/** What a step of a workload computes and moves, known before it runs. */
export const costOf = (workload: WorkloadName): Cost => {
  const { graph, replaces } = stepGraph(workloads[workload].parts())
  return plan(graph, { replaces }).cost
}

const least = ({ runs }: Row, of: (m: Measurement) => number): number => Math.min(...runs.map(of))
const middle = ({ runs }: Row, of: (m: Measurement) => number): number =>
  runs.map(of).toSorted((a, b) => a - b)[runs.length >> 1] ?? Number.NaN
const percent = (part: number, whole: number | undefined): string =>
  whole === undefined || whole === 0 ? "-" : `${((100 * part) / whole).toFixed(0)}%`

/** The FLOPs and bytes of a step are those of our program, for every contender. */
export const ratioTable = (
  workload: WorkloadName,
  rows: ReadonlyArray<Row>,
  speeds: ReadonlyArray<Speed>,
  { bytes, flops }: Pick<Cost, "bytes" | "flops">
): string => {
  const best = Math.min(...rows.map((row) => least(row, (m) => m.min_us)))
  const peak = (mode: Speed["mode"]): number | undefined => speeds.find((s) => s.mode === mode)?.gigaflops
  const copy = Math.max(0, ...speeds.map((s) => s.gigabytes))
  const lines = rows.map((row) => {
    const min = least(row, (m) => m.min_us)
    const [gigaflops, gigabytes] = [flops / min / 1000, bytes / min / 1000]
    return [
      row.peer,
      min.toFixed(1),
      middle(row, (m) => m.us_per_step).toFixed(1),
      (min / best).toFixed(1),
      gigaflops.toFixed(1),
      percent(gigaflops, peak("narrow")),
      percent(gigaflops, peak("wide")),
      gigabytes.toFixed(1),
      percent(gigabytes, copy),
      middle(row, (m) => m.first_step_ms).toFixed(0),
      middle(row, (m) => m.rss_mb).toFixed(0),
      row.runs[0]?.loss_first?.toFixed(4) ?? "-"
    ]
  })
  const head = [
    workload,
    "min us/step",
    "median",
    "times slower",
    "GFLOP/s",
    "of 128 bit",
    "of 256 bit",
    "GB/s",
    "of copy",
    "first step ms",
    "memory MB",
    "first loss"
  ]
  return table(head, lines)
}
