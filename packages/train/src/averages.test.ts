/** Means over rows that do not all count: batches that make one update, and metrics of losses. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Dataset, Synthetic } from "@cotangent/data"
import { Tree, type Value, Values } from "@cotangent/graph"
import { Loss, Metrics, Model, Regularizer } from "@cotangent/nn"
import { sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Trainer from "./trainer.ts"

const rows = 42
const length = 5
const ignored = -100

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** Sequences of five positions, labels of which `ignores` says that some do not count. */
const sequences = (ignores: (row: number, position: number) => boolean) => {
  const { x, y } = Synthetic.classification({ rows: rows * length, features: 4, classes: 3, seed: 5 })
  const labels = y.data.map((label, i) => (ignores(Math.floor(i / length), i % length) ? ignored : label))
  return Dataset.make({
    x: Values.of(x.data, [rows, length, 4], "f32"),
    y: Values.of(labels, [rows, length], "i32")
  })
}
/** Of the rows, the first six do not count at all; of the others from one position to all. */
const uneven = sequences((row, position) => row < 6 || position > row % 5)
/** Nothing of the first 24 rows counts. */
const late = sequences((row) => row < 24)

const model = pipe(
  Model.input([length, 4]),
  Model.dense("hidden", 6, { activation: "tanh", kernelRegularizer: Regularizer.l2(0.01) }),
  Model.dense("logits", 3)
)
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, ignoreIndex: ignored })
const options = { loss, optimizer: sgd({ learningRate: 0.5 }), epochs: 2, seed: 3, shuffle: false } as const
const sampleWeight = Array.from({ length: rows }, (_, i) => [1, 0.25, 3, 0][i % 4] ?? 1)

const near = (actual: unknown, expected: unknown, tolerance: number) => {
  const wanted = Tree.leaves<Value>(expected)
  for (const [i, { data }] of Tree.leaves<Value>(actual).entries())
    data.forEach((x, j) => assert.closeTo(x, wanted[i]?.data[j] ?? Number.NaN, tolerance))
}

describe("batches that make one update", () => {
  // 42 rows: groups of 24 and 18 rows; the last batch of the second has 2 in batches of 8.
  for (const [what, data, more] of [
    ["rows with masks", uneven, {}],
    ["rows with masks and weights", uneven, { sampleWeight }],
    ["rows with masks, mixed", uneven, { shuffle: true }],
    ["groups in which nothing counts", late, {}]
  ] as const)
    for (const batchSize of [8, 4])
      it(`of ${batchSize} ${what} are one batch of all of them`, async () => {
        await run(
          Effect.gen(function* () {
            const accumulate = 24 / batchSize
            // As many steps as make whole groups: 42 rows are six batches of 8, and eleven of 4, the last ones of 2 rows.
            const stepsPerEpoch = 2 * accumulate
            const whole = batchSize === 8
            const large = yield* Trainer.fit(model, {
              ...options,
              ...more,
              batchSize: 24,
              ...(whole ? {} : { stepsPerEpoch: 1, epochs: 1 })
            })(data)
            const small = yield* Trainer.fit(model, {
              ...options,
              ...more,
              batchSize,
              accumulate,
              ...(whole ? { stepsPerEpoch } : { stepsPerEpoch: accumulate, epochs: 1 })
            })(data)
            near(small.params, large.params, 2e-6)
            assert.deepStrictEqual(small.optimizerState.step, large.optimizerState.step)
            for (const [i, record] of small.history.epochs.entries())
              assert.closeTo(record.loss, large.history.epochs[i]?.loss ?? Number.NaN, 1e-5)
          })
        )
      })

  it("are not the mean of the means of batches: a row of a short batch weighs as any other", async () => {
    await run(
      Effect.gen(function* () {
        const dense = pipe(Model.input([4]), Model.dense("logits", 3))
        const data = Synthetic.classification({ rows: 10, features: 4, classes: 3, seed: 5 })
        const plain = { ...options, loss: Loss.sparseCategoricalCrossentropy({ fromLogits: true }), epochs: 1 }
        const large = yield* Trainer.fit(dense, { ...plain, batchSize: 10 })(data)
        // Batches of 8 and 2 rows.
        const small = yield* Trainer.fit(dense, { ...plain, batchSize: 8, accumulate: 2 })(data)
        near(small.params, large.params, 1e-6)
      })
    )
  })
})

describe("Metrics.fromLoss of a loss with an ignored label", () => {
  it("is the loss of the run and of its validation, over unequal batches", async () => {
    await run(
      Effect.gen(function* () {
        const plain = pipe(Model.input([length, 4]), Model.dense("logits", 3))
        const metrics = { measured: Metrics.fromLoss(loss) }
        const trained = yield* Trainer.fit(plain, { ...options, metrics, batchSize: 8, validationData: uneven })(uneven)
        for (const record of trained.history.epochs) {
          assert.closeTo(record.measured, record.loss, 1e-6)
          assert.closeTo(record.valMeasured ?? Number.NaN, record.valLoss ?? 0, 1e-6)
        }
        const whole = yield* Trainer.evaluate(plain, { loss, metrics })(trained)(uneven)
        const parts = yield* Trainer.evaluate(plain, { loss, metrics, batchSize: 5 })(trained)(uneven)
        assert.closeTo(parts.measured, whole.measured, 1e-6)
        assert.closeTo(whole.measured, whole.loss, 1e-6)
      })
    )
  })
})

describe("an epoch whose loss stops being finite", () => {
  it("has no metrics: how many of its steps were made is up to the clock", async () => {
    const metrics = { measured: Metrics.fromLoss(loss) }
    const stopped = { ...options, optimizer: sgd({ learningRate: 1e39 }), metrics, nonFinite: "stop" } as const
    const { history } = await run(Trainer.fit(model, stopped)(uneven))
    assert.deepStrictEqual(history.epochs.at(-1)?.measured, Number.NaN)
    assert.isFalse(Number.isFinite(history.epochs.at(-1)?.loss))
  })
})
