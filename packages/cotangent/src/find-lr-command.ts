/** `cotangent find-lr`: which learning rate an experiment should begin with. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { Command, Flag } from "effect/cli"
import { Experiment, Files } from "@cotangent/train"
import { Viz } from "@cotangent/viz"
import { computeLayers, modeFlag } from "./compute-flag.ts"
import { experimentArgument, openExperiment } from "./named-experiment.ts"
import { jsonLine, reportFlags, reporting } from "./report.ts"

const rate = Schema.Finite.check(Schema.isGreaterThan(0))

/** A rate with three digits, as it is written in code. */
const shortRate = (x: number): string => String(Number(x.toPrecision(3)))

/** The command. */
export const findLr = Command.make(
  "find-lr",
  {
    experiment: experimentArgument,
    from: Flag.Finite("from").pipe(
      Flag.withDescription("the first rate, 1e-7 unless given"),
      Flag.withSchema(rate),
      Flag.withDefault(1e-7)
    ),
    to: Flag.Finite("to").pipe(
      Flag.withDescription("the last rate, 10 unless given"),
      Flag.withSchema(rate),
      Flag.withDefault(10)
    ),
    steps: Flag.Int("steps").pipe(
      Flag.withDescription("how many rates, one step each: 100 unless given"),
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThan(1))),
      Flag.withDefault(100)
    ),
    batchSize: Flag.Int("batch-size").pipe(
      Flag.withDescription("samples per step, as the experiment says unless given"),
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThan(0))),
      Flag.optional
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("the folder for find-lr.json, find-lr.svg and find-lr.png; that of the run unless given"),
      Flag.optional
    ),
    mode: modeFlag,
    ...reportFlags
  },
  Effect.fnUntraced(
    function* ({ experiment: what, from, to, steps, batchSize, out, mode: _, ...flags }) {
      yield* reporting(flags, (report) =>
        Effect.gen(function* () {
          const paths = yield* Path.Path
          const { experiment, name, folder } = yield* openExperiment(what)
          const data = yield* experiment.data
          const found = yield* Experiment.findRate(experiment, {
            from,
            to,
            steps,
            ...(Option.isSome(batchSize) ? { batchSize: batchSize.value } : {})
          })(data)
          const place = Option.getOrElse(out, () => folder)
          const files = ["find-lr.json", "find-lr.svg", "find-lr.png"].map((file) => paths.join(place, file))
          const [json = "", svg = "", png = ""] = files
          const chart = Viz.rates(found, { title: `${name}: loss over learning rate` })
          yield* Files.prepareFolder(place)
          yield* Files.writeAtomic(json, new TextEncoder().encode(`${jsonLine(found)}\n`))
          yield* chart.writeSvg(svg)
          yield* chart.writePng(png)
          const { suggestion, beforeMinimum, points, stopped } = found
          const choice = suggestion ?? beforeMinimum
          yield* report.answer({
            text: [
              suggestion === undefined
                ? "The loss falls at none of the rates; look at the picture before choosing one."
                : `Suggestion: ${shortRate(suggestion)}, where the loss falls fastest.`,
              `Another choice: ${shortRate(beforeMinimum)}, a tenth of the rate of the smallest loss.`,
              `${points.length} rates from ${shortRate(from)} to ${shortRate(points.at(-1)?.rate ?? to)} tried${stopped === "divergence" ? ", then the loss grew out of bounds" : ""}.`,
              `Wrote ${files.join(", ")}`
            ].join("\n"),
            quiet: shortRate(choice),
            json: { event: "done", suggestion, beforeMinimum, tried: points.length, stopped, files }
          })
        })
      )
    },
    (effect, { mode }) => Effect.provide(effect, computeLayers[mode])
  )
).pipe(
  Command.withDescription(
    "Try learning rates from small to large, one step each, and suggest the one at which the loss falls fastest; the experiment's optimizer must have a number for its rate"
  ),
  Command.withShortDescription("suggest a learning rate"),
  Command.withExamples([
    { command: "cotangent find-lr iris.ts", description: "A suggestion and a picture in runs/iris" },
    { command: "cotangent find-lr digits --quiet", description: "The number alone" }
  ])
)
