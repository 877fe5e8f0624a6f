/**
 * `npm run bench -- WHAT`: a workload, a group of them (W6), or all; or one of the tools: `compile`, `heap`, `machine`,
 * `optimizers`, `peers`, `replay`, `scaling`, `start`, `sweep`. Every measurement runs in a process of its own, on one core
 * unless threads are asked for.
 */
import { resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Argument, Command, Flag } from "effect/cli"
import type { CompileTimes } from "./compile.ts"
import type { UpdateTime } from "./optimizers.ts"
import { compare, costOf, measureSpeeds, ratioTable } from "./comparison.ts"
import { curvesOf } from "./curves.ts"
import type { Mode } from "./mode.ts"
import { cotangent, installPeers, peersIn, sources } from "./peers.ts"
import { BenchError, built, linesOf, own } from "./processes.ts"
import { compareAll, readRecords, recordAll, writeRecords } from "./replay/replay.ts"
import { measureScaling, scalingTable, sharedWorkloads } from "./scaling.ts"
import { cliffsOf, leastOf, type Point } from "./sweep.ts"
import { table } from "./table.ts"
import { compileLoops, type HandTime, sizes, type SizeTimes, updateTable } from "./update-table.ts"
import { workloadNames, workloadsOf } from "./workloads.ts"

/** What the command line says. */
interface Options {
  readonly what: string
  readonly folder: string
  readonly rounds: number
  readonly core: number
  readonly json: boolean
  readonly write: boolean
  readonly mode: Exclude<Mode, "js">
  readonly threads: number
  readonly target: "wasm" | "js"
  readonly workload: string
  readonly millis: number
  readonly picture: string
}

type Tool = (options: Options) => Effect.Effect<unknown, unknown, NodeServices.NodeServices>

const modeOf = ({ mode, target }: Options): Mode => (target === "js" ? "js" : mode)

const printed = (options: Options, lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.forEach(lines, (line) => (options.json ? Console.log(line) : Effect.void), { discard: true })

/** Lines of JSON that a script of ours printed, each an object of numbers and texts. */
const objects = (lines: ReadonlyArray<string>): ReadonlyArray<Readonly<Record<string, string | number>>> =>
  lines.map((line) =>
    Schema.decodeUnknownSync(
      Schema.fromJsonString(Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String])))
    )(line)
  )

const shown = (lines: ReadonlyArray<string>): string => {
  const rows = objects(lines)
  const head = Object.keys(rows[0] ?? {})
  return table(
    head,
    rows.map((row) => head.map((name) => String(row[name] ?? "")))
  )
}

/** Runs a script and shows its lines, as they are or as a table. */
const script =
  (name: string, ...args: ReadonlyArray<string>): Tool =>
  (options) =>
    linesOf(own(name, ...args), options.core, {
      onLine: (line) => (options.json ? console.log(line) : undefined)
    }).pipe(Effect.flatMap((lines) => (options.json ? Effect.void : Console.log(shown(lines)))))

const measure: Tool = (options) =>
  Effect.gen(function* () {
    const speeds = options.json ? [] : yield* measureSpeeds(options.core)
    for (const workload of workloadsOf(options.what)) {
      const rows = yield* compare(workload, [cotangent(modeOf(options), options.threads)], options)
      if (!options.json && rows.length > 0)
        yield* Console.log(`${ratioTable(workload, rows, speeds, costOf(workload))}\n`)
    }
  })

const peers: Tool = (options) =>
  Effect.gen(function* () {
    const folder = options.folder === "" ? sources : resolve(options.folder)
    yield* installPeers(folder)
    const contenders = [cotangent("wide"), cotangent("narrow"), cotangent("fast"), ...peersIn(folder)]
    const report = options.json ? Console.error : Console.log
    for (const { missing, name } of contenders) if (missing !== undefined) yield* report(`${name}: ${missing}`)
    const speeds = yield* measureSpeeds(options.core)
    yield* report(
      `${speeds.map((s) => `${s.mode}: ${s.gigaflops} GFLOP/s, copies ${s.gigabytes} GB/s`).join("; ")}, measured now\n`
    )
    for (const workload of workloadsOf(options.workload)) {
      const rows = yield* compare(workload, contenders, options)
      if (!options.json && rows.length > 0)
        yield* Console.log(`${ratioTable(workload, rows, speeds, costOf(workload))}\n`)
    }
  })

const machine: Tool = (options) =>
  Effect.flatMap(measureSpeeds(options.core), (speeds) => {
    const lines = speeds.map((speed) => JSON.stringify(speed))
    return options.json ? printed(options, lines) : Console.log(shown(lines))
  })

const compile: Tool = (options) =>
  Effect.gen(function* () {
    const lines = yield* linesOf(own("compile"), options.core)
    if (options.json) return yield* printed(options, lines)
    const rows = lines.map((line) => JSON.parse(line) as CompileTimes)
    const phases = ["build_ms", "passes_ms", "plan_ms", "emit_ms", "hash_ms"] as const
    const head = ["layers", "nodes", "kernels", ...phases.map((p) => p.replace("_", " ")), "us per node"]
    const body = rows.map((row) => [
      ...[row.layers, row.nodes, row.kernels].map(String),
      ...phases.map((phase) => row[phase].toFixed(1)),
      ((1000 * phases.reduce((sum, phase) => sum + row[phase], 0)) / row.nodes).toFixed(1)
    ])
    yield* Console.log(table(head, body))
  })

/** The least and the middle of some starts, for the workloads whose first step is promised: of what users install, and of a clone. */
const start: Tool = (options) =>
  Effect.gen(function* () {
    const rows: Array<ReadonlyArray<string>> = []
    for (const workload of ["W1", "W5"])
      for (const [packages, command] of [
        ["built", built("start", workload, options.mode)],
        ["from sources", own("start", workload, options.mode)]
      ] as const) {
        if (command === undefined) {
          yield* Console.error("the packages are not built: npm run build")
          continue
        }
        const times: Array<number> = []
        for (let round = 0; round < Math.max(3, options.rounds); round++) {
          const lines = yield* linesOf(command, options.core)
          yield* printed(options, lines)
          times.push(...objects(lines).map((line) => Number(line["first_step_ms"])))
        }
        const sorted = times.toSorted((a, b) => a - b)
        rows.push([workload, options.mode, packages, String(sorted[0]), String(sorted[sorted.length >> 1])])
      }
    if (!options.json)
      yield* Console.log(table(["workload", "mode", "packages", "least first step ms", "median ms"], rows))
  })

const sweep: Tool = (options) =>
  Effect.gen(function* () {
    const rounds: Array<ReadonlyArray<Point>> = []
    for (let round = 0; round < options.rounds; round++) {
      const lines = yield* linesOf(own("sweep", options.mode, String(options.millis)), options.core)
      yield* printed(options, lines)
      rounds.push(lines.map((line) => JSON.parse(line) as Point))
    }
    if (options.json) return
    const points = leastOf(rounds)
    const [widths, batches] = [[...new Set(points.map((p) => p.width))], [...new Set(points.map((p) => p.batch))]]
    const speed = (width: number, batch: number): string => {
      const point = points.find((p) => p.width === width && p.batch === batch)
      return point === undefined ? "" : (point.flops / point.us / 1000).toFixed(1)
    }
    const head = ["GFLOP/s, batch", ...widths.map((w) => `width ${w}`)]
    yield* Console.log(
      table(
        head,
        batches.map((b) => [String(b), ...widths.map((w) => speed(w, b))])
      )
    )
    const size = ({ batch, bytes, flops, us, width }: Point): string =>
      `width ${width}, batch ${batch} (${(flops / us / 1000).toFixed(1)} GFLOP/s, ${(bytes / us / 1000).toFixed(0)} GB/s)`
    const cliffs = cliffsOf(points)
    yield* Console.log(
      cliffs.length === 0
        ? "\nno cliffs: the time per FLOP of neighbours differs by less than 1.3 from 20 us on"
        : `\n${cliffs.length} neighbours differ by more than 1.3 in time per FLOP:\n${cliffs.map((c) => `${size(c.from)} to ${size(c.to)}: times ${c.factor.toFixed(2)}`).join("\n")}`
    )
    if (options.picture !== "")
      yield* curvesOf(points, "Training step of a perceptron, width -> width -> 10").writePng(resolve(options.picture))
  })

/** One update of every rule, 1 and 10 million parameters, beside loops in C. */
const optimizers: Tool = (options) =>
  Effect.gen(function* () {
    const loops = compileLoops()
    if ("missing" in loops) yield* Console.error(loops.missing)
    const times: Array<SizeTimes> = []
    for (const tensors of sizes) {
      const [rounds, byHand]: [Array<ReadonlyArray<UpdateTime>>, Array<ReadonlyArray<HandTime>>] = [[], []]
      for (let round = 0; round < options.rounds; round++) {
        const lines = yield* linesOf(
          own("optimizers", options.mode, String(tensors), String(options.millis)),
          options.core
        )
        yield* printed(options, lines)
        rounds.push(lines.map((line) => JSON.parse(line) as UpdateTime))
        if ("missing" in loops) continue
        const hand = yield* linesOf([loops.program, String(tensors), String(options.millis)], options.core)
        yield* printed(options, hand)
        byHand.push(hand.map((line) => JSON.parse(line) as HandTime))
      }
      times.push({ rounds, byHand })
    }
    if (!options.json) yield* Console.log(updateTable(times))
  })

const replay: Tool = (options) =>
  Effect.gen(function* () {
    const now = recordAll()
    const changes = compareAll(readRecords(), now)
    yield* Console.log(changes.length === 0 ? "all kernels are as they are recorded" : changes.join("\n"))
    if (options.write) writeRecords(now)
    else if (changes.length > 0)
      yield* new BenchError({ message: `${changes.length} models changed; --write records them` })
  })

/** What two threads reach together, of what two programs of one thread do. */
const scaling: Tool = (options) =>
  Effect.forEach(sharedWorkloads, (workload) => measureScaling(workload, modeOf(options), options)).pipe(
    Effect.flatMap((rows) => (options.json ? Effect.void : Console.log(scalingTable(rows))))
  )

const tools: Readonly<Record<string, Tool>> = {
  compile,
  heap: script("heap"),
  machine,
  optimizers,
  peers,
  replay,
  scaling,
  start,
  sweep
}

const groups = [...new Set(workloadNames.map((name) => name.split(".")[0] ?? name))]
const choices = [...new Set(["all", ...groups, ...workloadNames])]

const bench = Command.make(
  "bench",
  {
    what: Argument.Literals("what", [...choices, ...Object.keys(tools)]).pipe(Argument.withDefault("W1")),
    folder: Argument.String("folder").pipe(
      Argument.withDescription("of the peers, which are installed there"),
      Argument.withDefault("")
    ),
    rounds: Flag.Int("rounds").pipe(
      Flag.withDescription("how often each contender runs, in turn"),
      Flag.withDefault(3)
    ),
    core: Flag.Int("core").pipe(Flag.withDescription("the processor to run on"), Flag.withDefault(0)),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("print every measurement as a line of JSON"),
      Flag.withDefault(false)
    ),
    write: Flag.Boolean("write").pipe(
      Flag.withDescription("record what replay compares with"),
      Flag.withDefault(false)
    ),
    mode: Flag.Literals("mode", ["narrow", "wide", "fast"]).pipe(
      Flag.withDescription("vectors of 128 or 256 bits, or of 256 with fused multiply-adds"),
      Flag.withDefault("wide" as Exclude<Mode, "js">)
    ),
    threads: Flag.Int("threads").pipe(
      Flag.withDescription("that share a program, on as many processors"),
      Flag.withDefault(1)
    ),
    target: Flag.Literals("target", ["wasm", "js"]).pipe(
      Flag.withDescription("what programs are compiled to"),
      Flag.withDefault("wasm" as "wasm" | "js")
    ),
    workload: Flag.Literals("workload", choices).pipe(
      Flag.withDescription("of peers: which to compare"),
      Flag.withDefault("all")
    ),
    millis: Flag.Int("millis").pipe(
      Flag.withDescription("of sweep and optimizers: how long each size or rule runs"),
      Flag.withDefault(60)
    ),
    picture: Flag.String("picture").pipe(
      Flag.withDescription("of sweep: a PNG to draw the curves into"),
      Flag.withDefault("")
    )
  },
  (options) => (tools[options.what] ?? measure)(options)
).pipe(Command.withDescription("Measure workloads, beside what a user would pick instead if asked to"))

bench.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), (program) =>
  NodeRuntime.runMain(program)
)
