/** The trainer against the loop one would write without it: the same steps, the same bits. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import { valueAndGradAux } from "@cotangent/autodiff"
import { type AnyDataset, Permutation, Split, Synthetic } from "@cotangent/data"
import { type AnyTensor, Key, T, Tree, type Value } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import { adam, type Optimizer, type Rule, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Trainer from "./fit.ts"
import type { EpochRecord } from "./history.ts"

const model = pipe(
  Model.input([4]),
  Model.dense("hidden", 6, { activation: "tanh" }),
  Model.batchNorm("norm"),
  Model.dropout(0.25),
  Model.dense("logits", 3)
)
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const metrics = { accuracy: Metrics.sparseCategoricalAccuracy }
const data = Synthetic.classification({ rows: 29, features: 4, classes: 3, seed: 5 })
const split = Split.validation(data, 0.25)

/** Some rows as constants. */
const rowsOf = (part: AnyDataset, rows: ArrayLike<number>): readonly [AnyTensor, AnyTensor] => {
  const at = T.fromArray(Int32Array.from(rows), [rows.length], "i32")
  return [T.take(T.fromValue(part.x), at), T.take(T.fromValue(part.y), at)]
}

/** Every leaf computed and made a constant again. */
const settle = <A>(tree: A): Effect.Effect<A, unknown, Compute> =>
  Effect.map(Compute.eval(tree), (values) =>
    Tree.rebuild(
      tree,
      Tree.leaves<Value>(values).map((value) => T.fromValue(value))
    )
  )

const numberOf = (x: AnyTensor): number => T.evaluate(x).data[0] ?? NaN

/** The loop below works for every optimizer, as the trainer does: how its state looks is not known to the types there. */
const forgetRule = <R extends Rule>(optimizer: Optimizer<R>): Optimizer<Rule> => optimizer as unknown as Optimizer<Rule>

interface HandOptions {
  readonly optimizer: Optimizer<Rule>
  readonly epochs: number
  readonly batchSize: number
  readonly seed: number
  readonly shuffle: boolean
}

const byHand = ({ optimizer, epochs, batchSize, seed, shuffle }: HandOptions) =>
  Effect.gen(function* () {
    const untyped = Model.forgetShapes(model)
    const [initKey, stepKey] = Key.split(Key.key(seed))
    if (initKey === undefined || stepKey === undefined) return assert.fail("two keys")
    const first = untyped.init(initKey)
    let optimizerState = yield* settle(optimizer.init(first.params))
    let modelState = yield* settle(first.state)
    const { train, validation } = split
    const history: Array<EpochRecord<"accuracy">> = []
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = shuffle ? Permutation.of(seed, epoch, train.size) : Array.from({ length: train.size }, (_, i) => i)
      let [total, right] = [0, 0]
      for (let start = 0; start < train.size; start += batchSize) {
        const rows = Array.from(order.slice(start, start + batchSize))
        const [x, y] = rowsOf(train, rows)
        const key = Key.fold(stepKey, optimizerState.step)
        const [, grads, aux] = valueAndGradAux((params: typeof first.params) => {
          const { y: output, state } = untyped.apply(params, modelState, x, { mode: "train", key })
          const perSample = Loss.forgetShapes(loss)(output, y)
          return [T.mean(perSample), { output, perSample, state }] as const
          // The optimizer's parameters are the model's own tree.
        })(optimizerState.params as typeof first.params)
        const measured = metrics.accuracy
        const seen = Metrics.forgetShapes(measured)(measured.init(), aux.output, y)
        const after = yield* settle({
          next: { ...optimizerState, ...optimizer.step(optimizerState, grads) },
          state: aux.state,
          sum: T.cast(T.sum(aux.perSample), "f64"),
          seen
        })
        optimizerState = after.next
        modelState = after.state
        total += numberOf(after.sum)
        right += numberOf(after.seen.total)
      }
      const [x, y] = rowsOf(
        validation,
        Array.from({ length: validation.size }, (_, i) => i)
      )
      const { y: output } = untyped.apply(optimizer.evalParams(optimizerState), modelState, x, Model.evaluate)
      const valLoss = yield* settle(T.cast(T.sum(Loss.forgetShapes(loss)(output, y)), "f64"))
      const valSeen = yield* settle(Metrics.forgetShapes(metrics.accuracy)(metrics.accuracy.init(), output, y))
      history.push({
        epoch,
        loss: total / train.size,
        accuracy: right / train.size,
        valLoss: numberOf(valLoss) / validation.size,
        valAccuracy: numberOf(valSeen.total) / validation.size
      })
    }
    const params = yield* Compute.eval(optimizer.evalParams(optimizerState))
    return { params, modelState: yield* Compute.eval(modelState), history }
  })

const bitsOf = (tree: unknown): ReadonlyArray<readonly [string, ReadonlyArray<number>]> =>
  Tree.entries<Value>(tree).map(({ path, leaf }) => [path, Array.from(leaf.data)] as const)

describe("Trainer.fit", () => {
  const compare = <R extends Rule>(optimizer: Optimizer<R>, shuffle: boolean) =>
    Effect.gen(function* () {
      const common = { epochs: 3, batchSize: 8, seed: 11, shuffle }
      const hand = yield* byHand({ ...common, optimizer: forgetRule(optimizer) })
      const run = yield* Trainer.fit(model, { ...common, optimizer, loss, metrics, validationSplit: 0.25 })(data)
      assert.deepStrictEqual(bitsOf(run.params), bitsOf(hand.params))
      assert.deepStrictEqual(bitsOf(run.modelState), bitsOf(hand.modelState))
      assert.deepStrictEqual(run.history.epochs, hand.history)
    }).pipe(Effect.provide(Compute.layer))

  it.effect("is the loop written by hand: Adam, in the order of the data", () =>
    compare(adam({ learningRate: 0.03 }), false)
  )
  it.effect("is the loop written by hand: Adam, shuffled", () => compare(adam({ learningRate: 0.03 }), true))
  it.effect("is the loop written by hand: momentum, shuffled", () =>
    compare(sgd({ learningRate: 0.1, momentum: 0.9 }), true)
  )

  it.effect("measures the last rows and trains on the others", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([split.train.size, split.validation.size], [21, 8])
      const options = { loss, optimizer: sgd({ learningRate: 0.1 }), metrics, epochs: 2, batchSize: 7, seed: 1 }
      // Other numbers in the rows held out change what is measured, and nothing else.
      const x = data.x.data.slice()
      x.fill(0.5, 4 * 21)
      const changed = { ...data, x: { ...data.x, data: x } }
      const [a, b] = [
        yield* Trainer.fit(model, { ...options, validationSplit: 0.25 })(data),
        yield* Trainer.fit(model, { ...options, validationSplit: 0.25 })(changed)
      ]
      assert.deepStrictEqual(bitsOf(a.params), bitsOf(b.params))
      assert.deepStrictEqual(
        a.history.epochs.map((e) => e.loss),
        b.history.epochs.map((e) => e.loss)
      )
      assert.notDeepEqual(
        a.history.epochs.map((e) => e.valLoss),
        b.history.epochs.map((e) => e.valLoss)
      )
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("gives back the weights of the best epoch, or the last ones when told so", () =>
    Effect.gen(function* () {
      const options = { loss, optimizer: adam({ learningRate: 0.3 }), metrics, batchSize: 8, validationSplit: 0.25 }
      const stopping = { monitor: "valLoss", patience: 2 } as const
      const best = yield* Trainer.fit(model, { ...options, epochs: 50, earlyStopping: stopping })(data)
      const last = yield* Trainer.fit(model, {
        ...options,
        epochs: 50,
        earlyStopping: { ...stopping, restoreBest: false }
      })(data)
      assert.deepStrictEqual(best.history, last.history)
      assert.strictEqual(best.stopped, "earlyStopping")
      const losses = best.history.epochs.map((e) => e.valLoss ?? NaN)
      const epoch = losses.indexOf(Math.min(...losses)) + 1
      assert.strictEqual(epoch, losses.length - 2)
      const until = yield* Trainer.fit(model, { ...options, epochs: epoch })(data)
      assert.deepStrictEqual(bitsOf(best.params), bitsOf(until.params))
      assert.notDeepEqual(bitsOf(best.params), bitsOf(last.params))
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("refuses to watch what no epoch records", () =>
    Effect.gen(function* () {
      const options = { loss, optimizer: adam({ learningRate: 0.3 }), metrics, epochs: 2 }
      const monitored = (monitor: string, validationSplit?: number) =>
        Effect.flip(
          Trainer.fit(model, {
            ...options,
            ...(validationSplit === undefined ? {} : { validationSplit }),
            earlyStopping: { monitor, patience: 1, minDelta: -1 }
          })(data)
        )
      const unknown = yield* monitored("valScore", 0.25)
      assert.strictEqual(
        unknown.message,
        "fit: earlyStopping.minDelta is -1; a number of 0 or more is needed\n" +
          "fit: earlyStopping.monitor is valScore; an epoch of this run records loss, valLoss, accuracy, valAccuracy"
      )
      const without = yield* monitored("valLoss")
      assert.match(without.message, /monitor is valLoss; an epoch of this run records loss, accuracy$/)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("tells progress between Started and Epoch, in order, and no more than the steps there are", () =>
    Effect.gen(function* () {
      const options = { loss, optimizer: adam({ learningRate: 0.1 }), epochs: 2, batchSize: 4, validationSplit: 0.25 }
      const events = yield* Stream.runCollect(Trainer.events(model, options)(data))
      const [started] = events
      assert.strictEqual(started?._tag, "Started")
      if (started?._tag !== "Started") return
      assert.deepStrictEqual(
        [started.trainSize, started.validationSize, started.stepsPerEpoch, started.epochs],
        [21, 8, 6, 2]
      )
      assert.isAbove(started.cost.flops, 1000)
      let epoch = 1
      for (const event of events) {
        if (event._tag === "Progress") {
          assert.strictEqual(event.epoch, epoch)
          assert.isAtMost(event.step, event.steps)
          assert.strictEqual(event.steps, 6)
        }
        if (event._tag === "Epoch") {
          assert.strictEqual(event.record.epoch, epoch++)
          assert.closeTo(event.learningRate, 0.1, 1e-15)
        }
      }
      assert.deepStrictEqual(
        events.slice(-2).map((event) => event._tag),
        ["Finished", "Done"]
      )
    }).pipe(Effect.provide(Compute.layer))
  )
})
