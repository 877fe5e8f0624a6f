/** `cotangent plot`: the history of a run as a chart, or a number of several runs in one. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { Argument, Command, Flag } from "effect/cli"
import { Files, type History, historySeries } from "@cotangent/train"
import { Viz } from "@cotangent/viz"
import { usage } from "./exit-code.ts"
import { reportFlags, reporting } from "./report.ts"
import { readHistory } from "./run-folder.ts"

interface Named {
  readonly label: string
  readonly history: History
}

/** The shortest ends of paths that tell them apart. */
export const labelsOf = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts = paths.map((path) => path.split(/[\\/]+/).filter((part) => part !== "" && part !== "."))
  const longest = Math.max(1, ...parts.map((each) => each.length))
  for (let count = 1; count <= longest; count++) {
    const labels = parts.map((each) => each.slice(-count).join("/"))
    if (new Set(labels).size === labels.length) return labels
  }
  return paths
}

const namesIn = ({ epochs }: History): ReadonlyArray<string> =>
  [...new Set(epochs.flatMap(Object.keys))].filter((name) => name !== "epoch")

/** The number that is drawn of several runs: what was asked for, `valLoss` where all have it, else the loss. */
const metricOf = (runs: ReadonlyArray<Named>, asked: string | undefined) => {
  const common = (runs[0] === undefined ? [] : namesIn(runs[0].history)).filter((name) =>
    runs.every(({ history }) => namesIn(history).includes(name))
  )
  if (asked === undefined) return Effect.succeed(common.includes("valLoss") ? "valLoss" : "loss")
  return common.includes(asked)
    ? Effect.succeed(asked)
    : Effect.fail(usage(`--metric ${asked}: the runs have ${common.join(", ")} in common`))
}

/** The command. */
export const plot = Command.make(
  "plot",
  {
    runs: Argument.String("run").pipe(
      Argument.withDescription(
        "folders of runs, of runs that are going on too, or their history.json or log.jsonl; several are drawn in one chart"
      ),
      Argument.atLeast(1)
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription(
        "the chart, .svg or .png; the chart of one run goes into its folder as history.svg and .png unless given, that of several to runs.svg and runs.png here"
      ),
      Flag.optional
    ),
    metric: Flag.String("metric").pipe(
      Flag.withDescription(
        "of several runs: the number to draw, as history.json calls it; valLoss where all have it, else loss, unless given"
      ),
      Flag.optional
    ),
    log: Flag.Boolean("log").pipe(Flag.withDescription("draw losses on a logarithmic axis"), Flag.withDefault(false)),
    title: Flag.String("title").pipe(Flag.withDescription("what stands above the chart"), Flag.optional),
    ...reportFlags
  },
  Effect.fnUntraced(function* ({ runs, out, metric, log, title, ...flags }) {
    yield* reporting(flags, (report) =>
      Effect.gen(function* () {
        const paths = yield* Path.Path
        if (Option.isSome(out) && !/\.(svg|png)$/.test(out.value))
          return yield* usage(`--out ${out.value}: a name that ends in .svg or .png is needed`)
        const resolved = runs.map((run) => paths.resolve(run))
        const twice = runs.find((_, i) => resolved.indexOf(resolved[i] ?? "") !== i)
        if (twice !== undefined) return yield* usage(`${twice} is named twice`)
        const labels = labelsOf(resolved)
        const read = yield* Effect.forEach(runs, (run, i) =>
          Effect.map(readHistory(run), (history): Named => ({ label: labels[i] ?? run, history }))
        )
        const [only, second] = read
        if (only === undefined) return yield* usage("name a run at least")
        const empty = read.find(({ history }) => history.epochs.length === 0)
        if (empty !== undefined) return yield* usage(`${empty.label} has no epochs yet; there is nothing to draw`)
        const lossScale = log ? "log" : "linear"
        const heading = Option.getOrUndefined(title)
        if (second === undefined && Option.isSome(metric))
          return yield* usage("--metric is for several runs; the chart of one run shows every number")
        const name = yield* metricOf(read, Option.getOrUndefined(metric))
        const chart =
          second === undefined
            ? Viz.history(only.history, { title: heading ?? only.label, lossScale })
            : Viz.lines({
                title: heading ?? name,
                series: read.map(({ label, history }) => ({ label, points: historySeries(history, name) })),
                xTitle: "epoch",
                yTitle: name,
                yScale: /loss/i.test(name) ? lossScale : "linear"
              })
        const [run = "."] = runs
        const folder = second === undefined ? (/\.jsonl?$/.test(run) ? paths.dirname(run) : run) : "."
        const stem = second === undefined ? "history" : "runs"
        const files = Option.match(out, {
          onNone: () => [paths.join(folder, `${stem}.svg`), paths.join(folder, `${stem}.png`)],
          onSome: (file) => [file]
        })
        for (const file of files) {
          yield* Files.prepareFolder(paths.dirname(file))
          yield* file.endsWith(".png") ? chart.writePng(file, { scale: 2 }) : chart.writeSvg(file)
        }
        yield* report.answer({
          text: `Wrote ${files.join(" and ")}`,
          json: {
            event: "done",
            runs: read.map(({ label }) => label),
            ...(second === undefined ? {} : { metric: name }),
            files
          }
        })
      })
    )
  })
).pipe(
  Command.withDescription("Draw the history of a run, or one number of several runs in one chart, as SVG and PNG"),
  Command.withShortDescription("draw the history of runs"),
  Command.withExamples([
    { command: "cotangent plot runs/iris", description: "Loss and metrics of a run" },
    {
      command: "cotangent plot runs/a runs/b --metric valAccuracy --out both.png",
      description: "Two runs beside each other"
    }
  ])
)
