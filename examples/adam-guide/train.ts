/** The practical Adam guide's own code: random rows, random labels, ten epochs, two plots. */
import { Console, Effect } from "effect"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Compute, Synthetic } from "cotangent"
import { percent, plot, train } from "./run.ts"

const program = Effect.gen(function* () {
  const data = Synthetic.classification({ rows: 1000, features: 20, classes: 10, seed: 42 })
  const history = yield* train(data, { epochs: 10 })
  yield* plot(history)

  const heldOut = data.size * 0.2
  const deviation = Math.sqrt((0.1 * 0.9) / heldOut)
  const end = history.epochs.at(-1)
  yield* Console.log(`
The labels are random: nothing in a row says which class it has.
Guessing one of 10 classes is right in 10.0 % of ${heldOut} held-out rows, give or take ${percent(deviation)} (one standard deviation).
After 10 epochs the network is right in ${percent(end?.valAccuracy)} of them, and in ${percent(end?.accuracy)} of the rows it was trained on.

The same run, 2000 epochs long:`)
  const longer = (yield* train(data, { epochs: 2000, every: 400 })).epochs.at(-1)
  yield* Console.log(`
It now knows ${percent(longer?.accuracy)} of the training rows by heart and still gets ${percent(longer?.valAccuracy)} of the held-out ones.
The validation loss rose from ${end?.valLoss?.toFixed(2)} to ${longer?.valLoss?.toFixed(2)}; a uniform guess has ln 10 = ${Math.log(10).toFixed(2)}.
Adam did its work: it made the training loss small. Whether anything was learnt, only held-out rows can tell.`)
})

program.pipe(Effect.provide([Compute.layer, NodeServices.layer]), NodeRuntime.runMain)
