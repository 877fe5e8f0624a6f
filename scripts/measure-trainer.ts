/**
 * Measures what the trainer adds to the compiled step, for docs/performance.md.
 *
 *     node --conditions=@cotangent/source scripts/measure-trainer.ts [W1|W2|W3] [narrow|wide] [--rounds N] [--epoch STEPS]
 *     [--no-shuffle]
 *
 * Two ways through as many steps of the same programs, in turn: `Trainer.events` with every event read, from the event of
 * its first epoch to that of its last, and bare calls of the compiled step, one for a pass over the data. Each starts over
 * with fresh weights and makes 10,000 steps at most. Times are of the processor, all threads of the process together, since
 * the clock on a shared machine also counts the others. A ratio is of two neighbours; the median of all and the ratio of
 * the two fastest are shown. `--epoch` is the number of batches that the data has.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import { Dataset, Permutation } from "@cotangent/data"
import { Values } from "@cotangent/graph"
import { Loss, Model } from "@cotangent/nn"
import { adam } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import { Trainer } from "@cotangent/train"
import { classification } from "../packages/bench/src/numbers.ts"
import { openSession } from "../packages/train/src/epochs.ts"
import { makePlan } from "../packages/train/src/plan.ts"

const layers = { wide: Compute.wide, narrow: Compute.layer } as const
const workloads = {
  W1: { sizes: [20, 64], batch: 32, batches: 25, millis: 100, warm: 12 },
  W2: { sizes: [784, 128], batch: 64, batches: 16, millis: 1000, warm: 2 },
  W3: { sizes: [784, 1024, 1024], batch: 128, batches: 16, millis: 4000, warm: 1 }
} as const

const flag = (name: string, otherwise: number): number => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : Number(process.argv[i + 1])
}
const name = (["W1", "W2", "W3"] as const).find((each) => process.argv.includes(each)) ?? "W1"
const mode = process.argv.includes("wide") ? "wide" : "narrow"
const rounds = flag("rounds", 15)

const { sizes, batch, millis, warm } = workloads[name]
const batches = flag("epoch", workloads[name].batches)
const [features = 1, ...hidden] = sizes
const rows = batch * batches
const { x, y } = classification(rows, features, 10, 1)
const data = Dataset.make({ x: Values.of(x, [rows, features], "f32"), y: Values.of(y, [rows], "i32") })

let layered: Model.Model<["batch", number], ["batch", number]> = Model.input([features])
// The chain is built in a loop, so its parameters are not known to the types.
hidden.forEach((units, i) => {
  layered = Model.dense(`layer${i}` as string, units, { activation: "relu" })(layered as never) as never
})
const model = pipe(layered, Model.dense("logits", 10))

const common = {
  loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 1e-3, epsilon: 1e-7, epsilonMode: "hat" }),
  batchSize: batch,
  shuffle: !process.argv.includes("--no-shuffle")
}
const median = (xs: ReadonlyArray<number>): number => xs.toSorted((a, b) => a - b)[xs.length >> 1] ?? Number.NaN

setFlagsFromString("--expose-gc")
/** What was thrown away while the session was opened is collected before, not while, the steps are timed. */
const collect: () => void = runInNewContext("gc")

/** Microseconds of the processor that this process has used. */
const used = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Microseconds per step of the trainer. */
const byTrainer = (epochs: number) =>
  Effect.gen(function* () {
    let [first, last] = [0, 0]
    yield* Stream.runForEach(
      // The weights do not matter here, and what `data` is made of is not known to the types.
      Trainer.events(model as never, { ...common, epochs })(data as never),
      ({ _tag }) =>
        Effect.sync(() => {
          if (_tag !== "Epoch") return
          if (first === 0) {
            collect()
            first = used()
          }
          last = used()
        })
    )
    return (last - first) / ((epochs - 1) * batches)
  })

/** Microseconds per step of bare calls. */
const bare = (steps: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const erased = { ...common, epochs: 1, metrics: {} }
      const plan = yield* makePlan(Model.forgetShapes(model) as never, erased as never, data as never)
      const session = yield* openSession(plan)
      // Rows far apart take longer to gather, whoever asks for them.
      if (common.shuffle) yield* session.write((s) => s.order, Permutation.of(0, 1, rows))
      const pass = session.loop("train", { count: batches })
      yield* pass
      collect()
      const before = used()
      for (let done = 0; done < steps; done += batches) {
        yield* session.write((s) => s.cursor, [0])
        yield* pass
      }
      return (used() - before) / steps
    })
  )

const program = Effect.gen(function* () {
  const each = yield* bare(Math.ceil(2000 / batches) * batches)
  const most = Math.floor(10_000 / batches)
  const epochs = Math.max(3, Math.min(most, Math.round((millis * 1000) / each / batches)))
  // The engine compiles what it sees often, again and again.
  for (let i = 0; i < warm; i++) yield* Effect.andThen(bare((epochs - 1) * batches), byTrainer(epochs))
  const pairs: Array<readonly [number, number]> = []
  for (let round = 0; round < rounds; round++)
    pairs.push([yield* bare((epochs - 1) * batches), yield* byTrainer(epochs)])
  const [bares, trainers] = [pairs.map(([b]) => b), pairs.map(([, t]) => t)]
  const percent = (t: number, b: number): string => `${(100 * (t / b - 1)).toFixed(1)} %`
  const fastest = [Math.min(...bares), Math.min(...trainers)] as const
  console.log(
    `${name} ${mode}, ${batches} steps an epoch${common.shuffle ? "" : ", not shuffled"}: ` +
      `bare ${median(bares).toFixed(2)} us a step, trainer ${median(trainers).toFixed(2)}; ` +
      `fastest ${fastest[0].toFixed(2)} and ${fastest[1].toFixed(2)}\n` +
      `  overhead ${percent(median(pairs.map(([b, t]) => t / b)), 1)} (median of ${rounds}), ` +
      `${percent(fastest[1], fastest[0])} (of the fastest)`
  )
})

await Effect.runPromise(Effect.provide(program, layers[mode]))
