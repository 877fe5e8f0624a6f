/** `cotangent compare`: an experiment with several optimizers at several rates, side by side. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { Command, Flag } from "effect/cli"
import { Callback, Checkpoints, Experiment, Files } from "@cotangent/train"
import { Viz } from "@cotangent/viz"
import { computeLayers, modeFlag } from "./compute-flag.ts"
import { FailedError, UsageError } from "./exit-code.ts"
import { sayStopped } from "./interruption.ts"
import { experimentArgument, openExperiment } from "./named-experiment.ts"
import { namedOptimizers } from "./named-optimizers.ts"
import { lossText } from "./pace.ts"
import { jsonLine, reportFlags, reporting } from "./report.ts"
import { claim, writeWeights } from "./run-folder.ts"

const positive = Schema.Int.check(Schema.isGreaterThan(0))

/** What a comparison leaves in its folder, beside a folder of checkpoints for every trial. */
const compareFiles = {
  result: "compare.json",
  vector: "compare.svg",
  pixels: "compare.png",
  weights: "best.safetensors",
  trials: "trials"
} as const

const listed = (text: string): ReadonlyArray<string> => text.split(",").map((part) => part.trim())

/** The optimizers and the rates that a comparison names; everything that is wrong with them at once. */
const gridOf = (own: Experiment.OptimizersOfRate, optimizers: string, rates: string) => {
  const known: Experiment.OptimizersOfRate = { ...namedOptimizers, ...own }
  const names = listed(optimizers)
  const numbers = listed(rates).map((text) => ({ text, rate: text === "" ? Number.NaN : Number(text) }))
  const problems = [
    ...names
      .filter((name) => !Object.hasOwn(known, name))
      .map(
        (name) =>
          `--optimizers: there is no ${JSON.stringify(name)}; there are ${Object.keys(known).toSorted().join(", ")}`
      ),
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name) => `--optimizers: ${name} is named twice`),
    ...numbers
      .filter(({ rate }) => !(rate > 0 && Number.isFinite(rate)))
      .map(({ text }) => `--rates: ${JSON.stringify(text)} is no number above 0`),
    ...numbers
      .filter(({ rate }, i) => numbers.findIndex((other) => other.rate === rate) !== i && rate > 0)
      .map(({ text }) => `--rates: ${text} is named twice`)
  ]
  if (problems.length > 0) return Effect.fail(new UsageError({ problems }))
  return Effect.succeed({
    optimizers: Object.fromEntries(names.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]]))),
    learningRates: numbers.map(({ rate }) => rate)
  })
}

/** The command. */
export const compare = Command.make(
  "compare",
  {
    experiment: experimentArgument,
    optimizers: Flag.String("optimizers").pipe(
      Flag.withDescription(
        `names separated by commas, of ${Object.keys(namedOptimizers).join(", ")}, and of the experiment's own optimizers: adam,sgd unless given`
      ),
      Flag.withDefault("adam,sgd")
    ),
    rates: Flag.String("rates").pipe(
      Flag.withDescription("learning rates separated by commas: 0.001,0.01,0.1 unless given"),
      Flag.withDefault("0.001,0.01,0.1")
    ),
    epochs: Flag.Int("epochs").pipe(
      Flag.withDescription("of each trial, as the experiment says unless given"),
      Flag.withSchema(positive),
      Flag.optional
    ),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription("of every trial, as the experiment says unless given"),
      Flag.optional
    ),
    monitor: Flag.String("monitor").pipe(
      Flag.withDescription(
        "the number that decides, as history.json calls it: valLoss, or loss without validation, unless given"
      ),
      Flag.optional
    ),
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withDescription("how many trials are under way at once; they take turns on one thread: 1 unless given"),
      Flag.withSchema(positive),
      Flag.withDefault(1)
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("the folder of the comparison; compare in that of the run unless given"),
      Flag.optional
    ),
    resume: Flag.Boolean("resume").pipe(
      Flag.withDescription(
        "go on with the trials in the folder; those that did all their epochs are read back, not trained again"
      ),
      Flag.withDefault(false)
    ),
    overwrite: Flag.Boolean("overwrite").pipe(
      Flag.withDescription("remove the comparison that is in the folder"),
      Flag.withDefault(false)
    ),
    mode: modeFlag,
    ...reportFlags
  },
  Effect.fnUntraced(
    function* (options) {
      const {
        experiment: what,
        optimizers,
        rates,
        epochs,
        seed,
        monitor,
        concurrency,
        out,
        resume,
        overwrite
      } = options
      yield* reporting(options, (report) =>
        Effect.gen(function* () {
          const paths = yield* Path.Path
          const { experiment, name, folder: runFolder } = yield* openExperiment(what)
          const grid = yield* gridOf(experiment.optimizers, optimizers, rates)
          const folder = Option.getOrElse(out, () => paths.join(runFolder, "compare"))
          const data = yield* experiment.data
          const overrides = {
            ...(Option.isSome(epochs) ? { epochs: epochs.value } : {}),
            ...(Option.isSome(seed) ? { seed: seed.value } : {})
          }
          const watched = Option.isSome(monitor) ? { monitor: monitor.value } : {}
          // What is wrong with it is said before anything is written.
          const watching = { ...experiment, fit: { ...experiment.fit, callbacks: [Callback.keepBest(watched)] } }
          yield* Experiment.settings(watching, overrides)(data)
          yield* claim(folder, { names: Object.values(compareFiles), resume, overwrite })
          yield* Files.prepareFolder(folder)
          const count = Object.keys(grid.optimizers).length * grid.learningRates.length
          let ended = 0
          yield* report.note(`${count} trials of ${overrides.epochs ?? experiment.fit.epochs} epochs`)
          const { best, series, table, trials } = yield* Experiment.sweep(experiment, {
            ...grid,
            ...overrides,
            ...watched,
            concurrency,
            store: (trial) => Checkpoints.folder(paths.join(folder, compareFiles.trials, trial)),
            onTrial: ({ history, ...trial }) => {
              ended += 1
              return Effect.andThen(
                report.note(
                  `${ended}/${count}  ${trial.name}: ${Number.isNaN(trial.score) ? "diverged" : `${lossText(trial.score)} in epoch ${trial.bestEpoch} of ${history.epochs.length}`}`
                ),
                report.event({ event: "trial", ...trial, epochs: history.epochs.length })
              )
            }
          })(data).pipe(sayStopped(`the same command with --resume goes on from the trials in ${folder}.`))
          const result = {
            experiment: name,
            best: best?.name,
            trials: trials.map(({ history, ...trial }) => ({ ...trial, epochs: history.epochs }))
          }
          yield* Files.writeAtomic(
            paths.join(folder, compareFiles.result),
            new TextEncoder().encode(`${jsonLine(result)}\n`)
          )
          if (best?.weights === undefined) {
            yield* report.say(table)
            return yield* new FailedError({
              message: `every trial diverged; ${folder} holds what they measured; try smaller rates`
            })
          }
          yield* writeWeights(paths.join(folder, compareFiles.weights), best.weights, {
            experiment: name,
            trial: best.name
          })
          const chart = Viz.lines({
            title: name,
            series,
            xScale: "log",
            xTitle: "learning rate",
            yTitle: Option.getOrElse(monitor, () =>
              best.history.epochs[0]?.valLoss === undefined ? "loss" : "valLoss"
            )
          })
          yield* chart.writeSvg(paths.join(folder, compareFiles.vector))
          yield* chart.writePng(paths.join(folder, compareFiles.pixels))
          const files = Object.values(compareFiles)
          yield* report.answer({
            text: `${table}\nBest: ${best.name}\nWrote ${files.join(", ")} in ${folder}`,
            quiet: best.name,
            json: { event: "done", best: best.name, score: best.score, out: folder, files }
          })
        })
      )
    },
    (effect, { mode }) => Effect.provide(effect, computeLayers[mode])
  )
).pipe(
  Command.withDescription(
    "Run an experiment with several optimizers at several learning rates, and say which did best; a trial that diverges is a row like any other"
  ),
  Command.withShortDescription("compare optimizers and learning rates"),
  Command.withExamples([
    {
      command: "cotangent compare iris.ts --optimizers adam,sgd --rates 0.001,0.01,0.1",
      description: "Six trials, a table and a picture"
    },
    { command: "cotangent compare iris.ts --resume", description: "Go on with what was interrupted" }
  ])
)
