/** `npm run bench -- W1 [--json]`: Cotangent and its peers in turn, each run in a process of its own on one core. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Argument, Command, Flag } from "effect/cli"
import { type Contender, contenders } from "./peers.ts"
import { type Measurement, type WorkloadName, workloadNames } from "./workloads.ts"

const Line = Schema.fromJsonString(
  Schema.Struct({
    peer: Schema.String,
    us_per_step: Schema.Finite,
    min_us: Schema.Finite,
    steps: Schema.Int,
    first_step_ms: Schema.Finite,
    loss_first: Schema.optionalKey(Schema.Finite),
    rss_mb: Schema.Finite
  })
)

/** One process pinned to a core where the system can, with one thread and the allocator kept from giving pages back. */
const runOnce = ({ name, command }: Contender, workload: WorkloadName, core: number): Measurement | string => {
  const pinned = existsSync("/usr/bin/taskset") ? ["/usr/bin/taskset", "-c", String(core)] : []
  const [program = "", ...args] = [...pinned, ...command(workload)]
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...inherited } = process.env
  const env = {
    ...inherited,
    OMP_NUM_THREADS: "1",
    OPENBLAS_NUM_THREADS: "1",
    MALLOC_MMAP_MAX_: "0",
    MALLOC_TRIM_THRESHOLD_: "8589934592",
    MALLOC_TOP_PAD_: "67108864"
  }
  const { stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: 300_000 })
  const line = stdout.split("\n").find((text) => text.startsWith("{"))
  if (line === undefined) return `${name}: ${stderr.trim().split("\n").at(-1) ?? "printed nothing"}`
  return { ...Schema.decodeUnknownSync(Line)(line), workload }
}

interface Row {
  readonly peer: string
  readonly runs: ReadonlyArray<Measurement>
}

const least = (row: Row, of: (m: Measurement) => number): number => Math.min(...row.runs.map(of))
const middle = (row: Row, of: (m: Measurement) => number): number =>
  row.runs.map(of).toSorted((a, b) => a - b)[row.runs.length >> 1] ?? Number.NaN

const table = (workload: WorkloadName, rows: ReadonlyArray<Row>): string => {
  const best = Math.min(...rows.map((row) => least(row, (m) => m.min_us)))
  const head = ["", "min us/step", "median us/step", "times slower", "first step ms", "memory MB", "first loss"]
  const lines = rows.map((row) => [
    row.peer,
    least(row, (m) => m.min_us).toFixed(1),
    middle(row, (m) => m.us_per_step).toFixed(1),
    (least(row, (m) => m.min_us) / best).toFixed(1),
    middle(row, (m) => m.first_step_ms).toFixed(0),
    middle(row, (m) => m.rss_mb).toFixed(0),
    row.runs[0]?.loss_first?.toFixed(4) ?? "-"
  ])
  const widths = head.map((text, i) => Math.max(text.length, ...lines.map((line) => line[i]?.length ?? 0)))
  const show = (line: ReadonlyArray<string>): string =>
    `| ${line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(" | ")} |`
  return [`${workload}`, show(head), `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`, ...lines.map(show)].join(
    "\n"
  )
}

const names = ["all", ...workloadNames] as const

const bench = Command.make(
  "bench",
  {
    workload: Argument.Literals("workload", names).pipe(Argument.withDefault("W1" as "all" | WorkloadName)),
    rounds: Flag.Int("rounds").pipe(
      Flag.withDescription("how often each contender runs, in turn"),
      Flag.withDefault(3)
    ),
    core: Flag.Int("core").pipe(Flag.withDescription("the processor to run on"), Flag.withDefault(0)),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("print every measurement as a line of JSON"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ workload, rounds, core, json }) {
    if (!json) for (const c of contenders) if (c.missing !== undefined) yield* Console.log(`${c.name}: ${c.missing}`)
    for (const name of workload === "all" ? workloadNames : [workload]) {
      const runs = new Map<string, Array<Measurement>>()
      const able = contenders.filter((c) => c.missing === undefined && c.workloads.includes(name))
      for (let round = 0; round < rounds; round++) {
        for (const contender of able) {
          const result = runOnce(contender, name, core)
          if (typeof result === "string") yield* Console.error(result)
          else {
            if (json) yield* Console.log(JSON.stringify(result))
            runs.set(contender.name, [...(runs.get(contender.name) ?? []), result])
          }
        }
      }
      const rows = [...runs].map(([peer, list]) => ({ peer, runs: list }))
      if (!json) yield* Console.log(table(name, rows))
    }
  })
).pipe(Command.withDescription("Measure workloads beside what a user would pick instead"))

bench.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), (program) =>
  NodeRuntime.runMain(program)
)
