/** Five optimizers on three landscapes: where they go, and how fast they come down, as pictures and numbers. */
import { Console, Effect, Path } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Files, Viz } from "cotangent"
import { type Problem, problems, rosenbrock } from "./problems.ts"
import { racers, rates, score, tuned } from "./racers.ts"

const title = ({ name, steps }: Problem): string => `${name}, ${steps} steps`

const program = Effect.gen(function* () {
  const runs = yield* Effect.forEach(
    problems.flatMap((problem) => racers.map((racer) => ({ problem, racer }))),
    ({ problem, racer }) => Effect.map(tuned(racer, problem), (run) => ({ name: racer.name, problem, run }))
  )

  yield* Console.log(`the best of ${rates.length} rates from ${rates.at(0)} to ${rates.at(-1)}\n`)
  yield* Console.log("landscape        optimizer          rate  height at the end")
  for (const { name, problem, run } of runs) {
    const rate = String(run.learningRate).padStart(6)
    yield* Console.log(
      `${problem.name.padEnd(17)}${name.padEnd(17)}${rate}  ${score(run).toExponential(1).padStart(17)}`
    )
  }

  const { join } = yield* Path.Path
  const folder = join("docs", "pictures")
  yield* Files.prepareFolder(folder)
  yield* Viz.paths({
    title: "Five optimizers on three landscapes, each at its best learning rate",
    width: 1440,
    height: 560,
    surfaces: problems.map((problem) => ({ ...problem, name: title(problem), f: problem.height })),
    traces: runs.map(({ name, problem, run }) => ({ label: name, surface: title(problem), points: run.points }))
  }).writePng(join(folder, "optimizer-race.png"))
  yield* Viz.lines({
    title: "Rosenbrock: height above the minimum",
    width: 960,
    height: 500,
    xTitle: "step",
    yTitle: "height",
    yScale: "log",
    series: runs
      .filter(({ problem }) => problem === rosenbrock)
      .map(({ name, run }) => ({ label: name, points: run.heights }))
  }).writePng(join(folder, "optimizer-convergence.png"))
  yield* Console.log(`\nWrote optimizer-race.png and optimizer-convergence.png in ${folder}`)
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
