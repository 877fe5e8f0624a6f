/** `cotangent eval`: the loss and the metrics of trained weights. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command } from "effect/cli"
import { Experiment } from "@cotangent/train"
import { computeLayers, modeFlag } from "./compute-flag.ts"
import { onFlag, partOf } from "./held-out.ts"
import { experimentArgument, openExperiment } from "./named-experiment.ts"
import { lossText } from "./pace.ts"
import { reportFlags, reporting } from "./report.ts"
import { readWeights, runFlag } from "./stored-weights.ts"

/** The command. */
export const evaluate = Command.make(
  "eval",
  { experiment: experimentArgument, run: runFlag, on: onFlag, mode: modeFlag, ...reportFlags },
  Effect.fnUntraced(
    function* ({ experiment: what, run, on, mode: _, ...flags }) {
      yield* reporting(flags, (report) =>
        Effect.gen(function* () {
          const { experiment, name, folder } = yield* openExperiment(what)
          const { weights, from } = yield* readWeights(
            experiment.model,
            Option.getOrElse(run, () => folder)
          )
          const { part, rows } = yield* partOf(experiment, Option.getOrUndefined(on))
          const measured = yield* Experiment.evaluate(experiment)(weights)(rows)
          const numbers = Object.entries(measured)
          const shown = part === "all" ? "all rows" : `${part} rows`
          yield* report.answer({
            text: `${name}, ${from}, ${rows.size} ${shown}\n${numbers.map(([metric, value]) => `${metric} ${lossText(value)}`).join("\n")}`,
            quiet: numbers.map(([metric, value]) => `${metric} ${value}`).join("\n"),
            json: { event: "evaluated", experiment: name, weights: from, part, rows: rows.size, measured }
          })
        })
      )
    },
    (effect, { mode }) => Effect.provide(effect, computeLayers[mode])
  )
).pipe(
  Command.withDescription(
    "Measure trained weights: the loss and the metrics of the experiment on rows that it holds out"
  ),
  Command.withShortDescription("measure trained weights"),
  Command.withExamples([
    { command: "cotangent eval iris.ts", description: "The weights in runs/iris on the test data" },
    {
      command: "cotangent eval iris.ts --run runs/iris/checkpoints --on validation",
      description: "The newest checkpoint"
    }
  ])
)
