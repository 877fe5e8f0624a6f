/** What every page of the gallery does: three seeds or a short mode, a level that must be reached, a picture. */
import { Console, Data, Duration, Effect, Path } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Files, type Viz } from "cotangent"

/** Whether the page is run short: one seed and less of everything, in a few seconds, as the tests do. */
export const short = process.argv.includes("--short")

/** What the page is given besides `--short`. */
export const [argument] = process.argv.slice(2).filter((word) => word !== "--short")

/** The seeds of the page: each decides the first parameters, the order of samples and every random layer. */
export const seeds: ReadonlyArray<number> = short ? [1] : [1, 2, 3]

/** A page that cannot be shown, or whose level was not reached. */
export class PageError extends Data.TaggedError("PageError")<{ readonly message: string }> {}

/** Runs for every seed, one after the other, and prints a line for each. */
export const forSeeds = <A, E, R>(
  run: (seed: number) => Effect.Effect<A, E, R>,
  say: (result: A) => string
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.forEach(seeds, (seed) =>
    Effect.gen(function* () {
      const [time, result] = yield* Effect.timed(run(seed))
      yield* Console.log(`seed ${seed}: ${say(result)}, ${Duration.toSeconds(time).toFixed(1)} s`)
      return result
    })
  )

/** The mean of numbers. */
export const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** A level: what is measured, on each seed, and where its mean must be. */
export interface Level {
  readonly what: string
  readonly values: ReadonlyArray<number>
  readonly digits?: number
  readonly atLeast?: number
  readonly atMost?: number
}

/** Prints the mean over the seeds beside the level, and fails with a sentence where it is on the wrong side of it. */
export const judge = ({ what, values, digits = 4, atLeast, atMost }: Level): Effect.Effect<void, PageError> => {
  const measured = mean(values)
  const sides = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`])
  ]
  const sentence = `${what}: mean ${measured.toFixed(digits)}, ${sides.join(" and ")} is needed`
  return measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity)
    ? Console.log(sentence)
    : Effect.fail(new PageError({ message: `the level is not reached. ${sentence}` }))
}

/** Writes the picture of a page: among those of the documents, or, in a short run, into `out`. */
export const picture = (name: string, chart: ReturnType<typeof Viz.lines>) =>
  Effect.gen(function* () {
    const { join } = yield* Path.Path
    const folder = short ? join("out", "gallery") : join("docs", "pictures")
    yield* Files.prepareFolder(folder)
    yield* chart.writePng(join(folder, `${name}.png`))
    yield* Console.log(`Wrote ${join(folder, `${name}.png`)}`)
  })

/** Runs a page. What goes wrong is one sentence, and exit code 1. */
export const show = <E extends { readonly message: string }>(
  page: Effect.Effect<void, E, Compute | NodeServices.NodeServices>
): void =>
  page.pipe(
    Effect.catch((error) =>
      Effect.andThen(
        Console.error(error.message),
        Effect.sync(() => {
          process.exitCode = 1
        })
      )
    ),
    Effect.provide([Compute.wide, NodeServices.layer]),
    NodeRuntime.runMain
  )
