/** What the options mean, as laws: two descriptions of one run. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Dataset, Synthetic } from "@cotangent/data"
import { Tree, type Value } from "@cotangent/graph"
import { Loss, Model } from "@cotangent/nn"
import { adam, asgd, Schedule as Rate, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Callback from "./callbacks.ts"
import * as Trainer from "./trainer.ts"

const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const model = pipe(Model.input([4]), Model.dense("hidden", 6, { activation: "tanh" }), Model.dense("logits", 3))
const data = Synthetic.classification({ rows: 48, features: 4, classes: 3, seed: 5 })
const plain = { loss, optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 8, seed: 3 } as const

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))
const bitsOf = (tree: unknown): ReadonlyArray<readonly [string, ReadonlyArray<number>]> =>
  Tree.entries<Value>(tree).map(({ path, leaf }) => [path, Array.from(leaf.data)] as const)
const near = (a: unknown, b: unknown, tolerance: number): void =>
  Tree.leaves<Value>(a).forEach(({ data: values }, i) => {
    const others = Tree.leaves<Value>(b)[i]?.data
    values.forEach((x, j) => assert.closeTo(x, others?.[j] ?? 99, tolerance))
  })

describe("a run", () => {
  it("of accumulated batches is the run of batches as large as all of them", async () => {
    await run(
      Effect.gen(function* () {
        const large = yield* Trainer.fit(model, { ...plain, batchSize: 24 })(data)
        const small = yield* Trainer.fit(model, { ...plain, batchSize: 8, accumulate: 3 })(data)
        near(small.params, large.params, 1e-6)
        assert.deepStrictEqual(Array.from(small.optimizerState.step.data), [4])
      })
    )
  })

  it("with weighted classes is the run whose samples have the weights of their classes", async () => {
    await run(
      Effect.gen(function* () {
        const byClass = yield* Trainer.fit(model, { ...plain, classWeight: { 0: 2, 2: 0.25 } })(data)
        const sampleWeight = Array.from(data.y.data, (label) => [2, 1, 0.25][label] ?? 0)
        const bySample = yield* Trainer.fit(model, { ...plain, sampleWeight })(data)
        assert.deepStrictEqual(bitsOf(byClass.params), bitsOf(bySample.params))
        assert.deepStrictEqual(byClass.history, bySample.history)
        const equal = yield* Trainer.fit(model, { ...plain, classWeight: [1, 1, 1] })(data)
        assert.deepStrictEqual(bitsOf(equal.params), bitsOf((yield* Trainer.fit(model, plain)(data)).params))
      })
    )
  })

  it("does not look at samples of no weight", async () => {
    await run(
      Effect.gen(function* () {
        const sampleWeight = Array.from({ length: 48 }, (_, i) => (i % 2 === 0 ? 1 : 0))
        const x = data.x.data.map((value, i) => (Math.floor(i / 4) % 2 === 0 ? value : -3 * value))
        const changed = { ...data, x: { ...data.x, data: x } }
        const a = yield* Trainer.fit(model, { ...plain, sampleWeight })(data)
        const b = yield* Trainer.fit(model, { ...plain, sampleWeight })(changed)
        near(a.params, b.params, 1e-7)
      })
    )
  })

  it("in two parts, the second from what the first left, is the run in one", async () => {
    await run(
      Effect.gen(function* () {
        const options = { ...plain, optimizer: adam({ learningRate: 0.05 }) }
        const whole = yield* Trainer.fit(model, { ...options, epochs: 4 })(data)
        const first = yield* Trainer.fit(model, options)(data)
        const second = yield* Trainer.fit(model, { ...options, epochs: 4, initialEpoch: 2, from: first })(data)
        assert.deepStrictEqual(bitsOf(second.params), bitsOf(whole.params))
        assert.deepStrictEqual(bitsOf(second.optimizerState), bitsOf(whole.optimizerState))
        assert.deepStrictEqual(second.history.epochs, whole.history.epochs.slice(2))
      })
    )
  })

  it("gives back and measures the average of an optimizer that has one, and goes on from what it steps with", async () => {
    await run(
      Effect.gen(function* () {
        const options = { ...plain, optimizer: asgd({ learningRate: 0.1, averageAfter: 2 }), validationData: data }
        const whole = yield* Trainer.fit(model, { ...options, epochs: 4 })(data)
        assert.deepStrictEqual(bitsOf(whole.params), bitsOf(whole.optimizerState.average))
        assert.notDeepEqual(bitsOf(whole.params), bitsOf(whole.optimizerState.params))
        const { loss: measured } = yield* Trainer.evaluate(model, { loss })(whole)(data)
        assert.closeTo(whole.history.epochs.at(-1)?.valLoss ?? 0, measured, 1e-12)
        const first = yield* Trainer.fit(model, options)(data)
        const from = { ...first, params: first.optimizerState.params }
        const second = yield* Trainer.fit(model, { ...options, epochs: 4, initialEpoch: 2, from })(data)
        assert.deepStrictEqual(bitsOf(second.optimizerState), bitsOf(whole.optimizerState))
      })
    )
  })

  it("in epochs of any length takes the same steps", async () => {
    await run(
      Effect.gen(function* () {
        const whole = yield* Trainer.fit(model, { ...plain, epochs: 2 })(data)
        const cut = yield* Trainer.fit(model, { ...plain, epochs: 4, stepsPerEpoch: 3 })(data)
        assert.deepStrictEqual(bitsOf(cut.params), bitsOf(whole.params))
        const [a, b] = cut.history.epochs
        assert.closeTo(((a?.loss ?? 0) + (b?.loss ?? 0)) / 2, whole.history.epochs[0]?.loss ?? 1, 1e-12)
      })
    )
  })

  it("measures data of its own as it measures a share", async () => {
    await run(
      Effect.gen(function* () {
        const share = yield* Trainer.fit(model, { ...plain, validationSplit: 0.25 })(data)
        const [train, validationData] = [Dataset.slice(data, 0, 36), Dataset.slice(data, 36, 48)]
        assert.deepStrictEqual(yield* Trainer.fit(model, { ...plain, validationData })(train), share)
      })
    )
  })
})

describe("callbacks", () => {
  const seen = (callback: Callback.Callback, values: ReadonlyArray<number>, learningRate = 1) => {
    let [state, rate] = [callback.initial, learningRate]
    return values.map((valLoss, i) => {
      const record = { epoch: i + 1, loss: 9, valLoss }
      const [next, commands] = callback.onEpoch(state, { record, history: [record], learningRate: rate })
      state = next
      for (const command of commands) if (command._tag === "SetLearningRate") rate = command.learningRate
      return [rate, ...commands.map(({ _tag }) => _tag)] as const
    })
  }

  it("plateau lowers the rate when Keras does", () => {
    // tf.keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_delta=0, min_lr=0.2), by its rules:
    // the rate falls when `wait` reaches the patience; while cooling down, `wait` stays 0.
    const plateau = Callback.plateau({ factor: 0.5, patience: 2, cooldown: 1, minDelta: 0, minimum: 0.2 })
    assert.deepStrictEqual(
      seen(plateau, [1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5]).map(([rate]) => rate),
      [1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2]
    )
  })

  it("keepBest keeps what is better, also after NaN", () => {
    const kept = seen(Callback.keepBest(), [Number.NaN, 3, 4, 2, Number.NaN, 2]).map(([, command]) => command)
    assert.deepStrictEqual(kept, [undefined, "KeepWeights", undefined, "KeepWeights", undefined, undefined])
  })

  it("of five lines ends a run, sets its rate, and keeps its weights", async () => {
    await run(
      Effect.gen(function* () {
        const halving = Callback.make<number>({
          name: "halving",
          initial: 0,
          onEpoch: (n, { learningRate, record }) => [
            n + 1,
            [
              Callback.setLearningRate(learningRate / 2),
              ...(record.epoch === 2 ? [Callback.keepWeights] : []),
              ...(n === 3 ? [Callback.stop] : [])
            ]
          ]
        })
        const options = { ...plain, epochs: 9, callbacks: [halving] }
        const done = yield* Trainer.fit(model, options)(data)
        assert.strictEqual(done.stopped, "halving")
        assert.lengthOf(done.history.epochs, 4)
        assert.closeTo(done.optimizerState.learningRate.data[0] ?? 0, 0.1 / 16, 1e-15)
        const two = yield* Trainer.fit(model, { ...options, epochs: 2 })(data)
        assert.deepStrictEqual(bitsOf(done.params), bitsOf(two.params))
        const scheduled = { ...options, optimizer: sgd({ learningRate: Rate.constant(0.1) }) }
        assert.match(
          (yield* Effect.flip(Trainer.fit(model, scheduled)(data))).message,
          /halving sets the learning rate/
        )
      })
    )
  })
})

describe("recovery", () => {
  const eventsOf = (options: Parameters<typeof Trainer.fit<["batch", 4], ["batch", 3], {}, {}, "labels", never>>[1]) =>
    // The trees of the model are not needed here.
    Stream.runCollect(Trainer.events(model as never, options)(data as never))

  it("goes back with a smaller rate until the loss is finite, and trains as that rate would", async () => {
    await run(
      Effect.gen(function* () {
        const optimizer = sgd({ learningRate: 1e39 })
        const rateFactor = 1e-40
        const events = yield* eventsOf({ ...plain, optimizer, recovery: { rateFactor } } as never)
        const back = events.filter((event) => event._tag === "RolledBack")
        assert.deepStrictEqual(
          back.map(({ epoch, retries }) => [epoch, retries]),
          [[1, 1]]
        )
        const done = events.at(-1)
        const calm = yield* Trainer.fit(model, { ...plain, optimizer: sgd({ learningRate: 1e39 * 1e-40 }) })(data)
        if (done?._tag !== "Done") return assert.fail("the run ends")
        assert.deepStrictEqual(bitsOf(done.run.params), bitsOf(calm.params))
        assert.deepStrictEqual(done.run.history, calm.history)
      })
    )
  })

  it("goes back from a loss that jumps, to the end of the last good epoch", async () => {
    await run(
      Effect.gen(function* () {
        // A rate that is set much too large after the second epoch.
        const reckless = Callback.make<null>({
          name: "reckless",
          initial: null,
          onEpoch: (state, { record }) => [state, record.epoch === 2 ? [Callback.setLearningRate(1000)] : []]
        })
        const options = { ...plain, epochs: 5, callbacks: [reckless], recovery: { spike: 2, rateFactor: 1e-3 } }
        const events = yield* eventsOf(options as never)
        const tags = events.flatMap(({ _tag }) => (_tag === "Epoch" || _tag === "RolledBack" ? [_tag] : []))
        assert.deepStrictEqual(tags, ["Epoch", "Epoch", "RolledBack", "Epoch", "Epoch", "Epoch"])
        const done = events.at(-1)
        if (done?._tag !== "Done") return assert.fail("the run ends")
        assert.deepStrictEqual(
          done.run.history.epochs.map(({ epoch }) => epoch),
          [1, 2, 3, 4, 5]
        )
        const calm = Callback.make<null>({
          name: "calm",
          initial: null,
          onEpoch: (state, { record }) => [state, record.epoch === 2 ? [Callback.setLearningRate(1000 * 1e-3)] : []]
        })
        const other = yield* Trainer.fit(model, { ...plain, epochs: 5, callbacks: [calm] })(data)
        assert.deepStrictEqual(bitsOf(done.run.params), bitsOf(other.params))
        assert.deepStrictEqual(done.run.history, other.history)
      })
    )
  })

  it("gives up when its schedule does, with the last good history", async () => {
    await run(
      Effect.gen(function* () {
        const hopeless = { ...plain, optimizer: sgd({ learningRate: 1e39 }) }
        const recovery = { schedule: Schedule.recurs(2), rateFactor: 0.9 }
        const error = yield* Effect.flip(Trainer.fit(model, { ...hopeless, recovery })(data))
        assert.strictEqual(error._tag, "NonFiniteError")
        if (error._tag === "NonFiniteError") assert.lengthOf(error.history.epochs, 0)
        const events = yield* eventsOf({ ...hopeless, nonFinite: "stop" } as never)
        const finished = events.find((event) => event._tag === "Finished")
        assert.strictEqual(finished?._tag === "Finished" ? finished.stopped : "", "nonFinite")
      })
    )
  })
})
