/** SGD, momentum, Adam and AdamW on five data sets, each at the best of seven learning rates. */
import { Console, Effect } from "effect"
import { Optimizer, Viz } from "cotangent"
import { judge, mean, picture, seeds, short, show } from "../gallery/page.ts"
import { references } from "./references.ts"
import { type Task, tasks } from "./tasks.ts"

const rates = short ? [0.01, 0.1] : [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]

/** An optimizer, and how it trains on a task at a rate. */
const racer = <R extends Optimizer.Rule>(name: string, make: (learningRate: number) => Optimizer.Optimizer<R>) => ({
  name,
  train: (task: Task, rate: number, seed: number) => task.train(make(rate), seed)
})

const racers = [
  racer("SGD", (learningRate) => Optimizer.sgd({ learningRate })),
  racer("momentum 0.9", (learningRate) => Optimizer.sgd({ learningRate, momentum: 0.9 })),
  racer("Adam", (learningRate) => Optimizer.adam({ learningRate, epsilon: 1e-8 })),
  racer("AdamW", (learningRate) => Optimizer.adamw({ learningRate, epsilon: 1e-8, weightDecay: 0.01 }))
]

/** The held-out losses of all seeds, at every rate, and the rate whose mean is lowest. */
const raced = (task: Task, { name, train }: (typeof racers)[number]) =>
  Effect.gen(function* () {
    const runs = yield* Effect.forEach(rates, (rate) =>
      Effect.map(
        Effect.forEach(seeds, (seed) => train(task, rate, seed)),
        (losses) => ({ rate, losses })
      )
    )
    const best = runs.reduce((a, b) => (mean(b.losses) < mean(a.losses) ? b : a))
    return { name, runs, best }
  })

const average = ({ losses }: { readonly losses: ReadonlyArray<number> }): number => mean(losses)

/** A task and what every optimizer made of it. */
const compared = (task: Task) =>
  Effect.gen(function* () {
    const results = yield* Effect.forEach(racers, (racer) => raced(task, racer))
    const winner = results.reduce((a, b) => (average(b.best) < average(a.best) ? b : a))
    const cells = results.map(({ best }) => `${average(best).toFixed(4)} at ${best.rate}`.padEnd(16))
    yield* Console.log(`${task.name.padEnd(15)}${cells.join("")}${winner.name}`)
    return { task, results }
  })

show(
  Effect.gen(function* () {
    const count = `${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}`
    yield* Console.log(`held-out loss after 20 epochs at the best of ${rates.length} rates, mean of ${count}`)
    yield* Console.log(`${"".padEnd(15)}${racers.map(({ name }) => name.padEnd(16)).join("")}lowest`)
    const all = yield* Effect.forEach(tasks, compared)
    const chart = Viz.panels({
      title: `Held-out loss over the learning rate, mean of ${count}; losses above 3 are left out`,
      panels: all.map(({ task, results }) => ({
        title: task.name,
        xTitle: "learning rate",
        yTitle: task.name === "diabetes" ? "squared error" : "cross-entropy",
        xScale: "log",
        yScale: "log",
        series: results.map(({ name, runs }) => ({
          label: name,
          points: runs.flatMap((run) => (average(run) <= 3 ? [[run.rate, average(run)] as const] : []))
        }))
      }))
    })
    yield* picture("optimizers", chart)
    for (const { task, results } of all)
      for (const { name, best } of results) {
        const { mean: reference, deviation } = references[task.name]?.[name] ?? { mean: 0, deviation: 0 }
        const atMost = short ? 1 : Number((reference + 2 * deviation).toFixed(4))
        yield* judge({ what: `${task.name}, ${name}: held-out loss`, values: best.losses, atMost })
      }
  })
)
