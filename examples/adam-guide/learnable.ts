/** The same network on rows whose labels can be learnt: a random linear teacher gives them. */
import { Console, Effect, pipe } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Dataset, RandomKey, Synthetic, T } from "cotangent"
import { percent, plot, train } from "./run.ts"

/** The guide's random rows x, labelled with the largest of the ten scores `(x - 1/2) W`, W being standard normal. */
const taught = Effect.gen(function* () {
  const { x } = Synthetic.classification({ rows: 1000, features: 20, classes: 10, seed: 42 })
  const teacher = RandomKey.normal(RandomKey.key(7), [20, 10])
  const labels = pipe(T.fromValue(x), T.sub(0.5), T.matmul(teacher), T.argmax())
  const y = yield* Compute.eval(labels)
  return Dataset.make({ name: "taught", x, y })
})

const program = Effect.gen(function* () {
  const data = yield* taught
  const counts = Dataset.classCounts(data)
  yield* Console.log(`rows per class: ${counts.join(", ")}\n`)
  const history = yield* train(data, { epochs: 10 })
  yield* plot(history, "learnable-")

  const end = history.epochs.at(-1)
  yield* Console.log(`
The labels follow from the rows, so what is learnt from some rows holds for others.
Always naming the commonest class is right in ${percent(Math.max(...counts) / data.size)} of the rows.
After 10 epochs the network is right in ${percent(end?.valAccuracy)} of the held-out rows, and in ${percent(end?.accuracy)} of the training rows.

The same run, 500 epochs long:`)
  const longer = (yield* train(data, { epochs: 500, every: 100 })).epochs.at(-1)
  yield* Console.log(`
Now it is right in ${percent(longer?.valAccuracy)} of the held-out rows, which it never saw; random labels stay at 10 %, however long the run.
Only the part of the ${percent(longer?.accuracy)} on the training rows that goes beyond that is learnt by heart.`)
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
