/** Five optimizers on three landscapes: their paths and how fast they come down, as pictures and numbers. */
import { Console, Effect, Path } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Files, Viz } from "cotangent"
import { problems } from "./problems.ts"
import { racers, score, tuned } from "./racers.ts"

const program = Effect.gen(function* () {
  const runs = yield* Effect.forEach(problems, (problem) =>
    Effect.forEach(racers, (racer) =>
      Effect.map(tuned(racer, problem), (run) => ({ name: racer.name, problem, run }))
    )
  ).pipe(Effect.map((grid) => grid.flat()))

  yield* Console.log("landscape         optimizer           rate   mean height at the end")
  for (const { name, problem, run } of runs)
    yield* Console.log(
      `${problem.name.padEnd(18)}${name.padEnd(17)}${`${run.learningRate}`.padStart(7)}   ${score(run).toExponential(2)}`
    )

  const { join } = yield* Path.Path
  const folder = join("docs", "pictures")
  yield* Files.prepareFolder(folder)
  yield* Viz.paths({
    title: "Five optimizers on three landscapes, each at its best learning rate",
    surfaces: problems.map(({ height, minimum, name, noise, steps, x, y }) => ({
      name: `${name}, ${steps} steps${noise > 0 ? `, noise ${noise}` : ""}`,
      f: height,
      x,
      y,
      minimum
    })),
    traces: runs.map(({ name, problem: { noise, steps, name: surface }, run }) => ({
      label: name,
      surface: `${surface}, ${steps} steps${noise > 0 ? `, noise ${noise}` : ""}`,
      points: run.points
    }))
  }).writePng(join(folder, "optimizer-race.png"))
  for (const problem of problems)
  yield* Viz.lines({
    title: `${problem.name}: height above the minimum`,
    xTitle: "step",
    yTitle: "height",
    yScale: "log",
    width: 900,
    height: 480,
    series: runs
      .filter((r) => r.problem === problem)
      .map(({ name, run }) => ({ label: name, points: run.heights }))
  }).writePng(join(folder, `convergence-${problem.name.split(" ")[0]}.png`))
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
