/** Models of other layers than dense ones, metrics with a state of their own and regularisers, in the trainer. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Dataset } from "@cotangent/data"
import { Key, T } from "@cotangent/graph"
import { Loss, Metrics, Model, Regularizer } from "@cotangent/nn"
import { adam, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import * as Trainer from "./fit.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** Rows of 16 numbers, of two classes: a bright left half, or a bright right half. */
const sided = Array.from({ length: 48 }, (_, i) => {
  const side = i % 2
  return Array.from({ length: 16 }, (_, p) => ((p % 4 < 2 ? 0 : 1) === side ? 1 : 0) + ((i * 31 + p * 17) % 11) / 20)
})
const flat = Float32Array.from(sided.flat())
const labels = sided.map((_, i) => i % 2)
const images = Dataset.classification({ inputShape: [4, 4, 1], rows: flat, labels, classes: 2 })
const sequences = Dataset.classification({ inputShape: [4, 4], rows: flat, labels, classes: 2 })
const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })

describe("Trainer.fit", () => {
  it("trains an image model of many kinds of layers, and measures by confusion and calibration", async () => {
    const model = pipe(
      Model.input([4, 4, 1]),
      Model.conv2d("stem", 4, 3, { padding: "same", useBias: false }),
      Model.batchNorm("norm", { momentum: 0.8 }),
      Model.relu,
      Model.residualBlock("block", 4),
      Model.squeezeExcitation("weigh", { ratio: 2 }),
      Model.maxPool2d(),
      Model.spatialDropout(0.1),
      Model.flatten,
      Model.dense("logits", 2)
    )
    const metrics = {
      accuracy: Metrics.sparseCategoricalAccuracy,
      recall: Metrics.sparseRecall({ classes: 2 }),
      calibration: Metrics.calibrationError({ fromLogits: true, bins: 5 })
    }
    const trained = await run(
      Trainer.fit(model, {
        loss,
        optimizer: adam({ learningRate: 0.01 }),
        metrics,
        epochs: 12,
        batchSize: 10,
        validationSplit: 0.25,
        seed: 3
      })(images)
    )
    const last = trained.history.epochs.at(-1) ?? assert.fail("there are epochs")
    assert.isAbove(last.valAccuracy ?? 0, 0.9)
    // The same metrics of the same model by the interpreter, all rows at once.
    const held = Dataset.slice(images, 36, 48)
    const { params, state } = T.fromValues({ params: trained.params, state: trained.modelState })
    const { y } = model.apply(params, state, T.fromValue(held.x), Model.evaluate)
    const target = T.fromValue(held.y)
    const value = <S>(metric: Metrics.Metric<"labels", S>) =>
      T.evaluate(metric.result(Metrics.forgetShapes(metric)(metric.init(), y, target))).data[0] ?? Number.NaN
    assert.approximately(last.valRecall ?? Number.NaN, value(metrics.recall), 1e-12)
    assert.approximately(last.valCalibration ?? Number.NaN, value(metrics.calibration), 1e-5)
  })

  it("trains sequences by attention and by recurrence", async () => {
    const attends = pipe(
      Model.input([4, 4]),
      Model.dense("embed", 8),
      Model.sinusoidalPositions(),
      Model.transformerEncoder("block", { intermediateDim: 16, numHeads: 2, dropout: 0.1 }),
      Model.globalAvgPool(),
      Model.dense("logits", 2)
    )
    const remembers = pipe(
      Model.input([4, 4]),
      Model.bidirectional("both", (m) => pipe(m, Model.gru("cell", 6))),
      Model.dense("logits", 2)
    )
    const options = {
      loss,
      optimizer: adam({ learningRate: 0.02 }),
      metrics: { accuracy: Metrics.sparseCategoricalAccuracy },
      epochs: 10,
      batchSize: 12
    }
    const first = await run(Trainer.fit(attends, options)(sequences))
    const second = await run(Trainer.fit(remembers, options)(sequences))
    assert.isAbove(first.history.epochs.at(-1)?.accuracy ?? 0, 0.9)
    assert.isAbove(second.history.epochs.at(-1)?.accuracy ?? 0, 0.9)
  })

  it("adds what regularisers cost to the loss, and to its gradient", async () => {
    const kernelRegularizer = Regularizer.l2(0.1)
    const model = pipe(Model.input([4, 4]), Model.flatten, Model.dense("logits", 2, { kernelRegularizer }))
    const plain = pipe(Model.input([4, 4]), Model.flatten, Model.dense("logits", 2))
    const options = { loss, epochs: 1, batchSize: 12, seed: 5, shuffle: false }
    const still = { ...options, optimizer: sgd({ learningRate: 0 }) }
    const [a, b] = [await run(Trainer.fit(model, still)(sequences)), await run(Trainer.fit(plain, still)(sequences))]
    const cost = T.evaluate(model.penalty?.(T.fromValues(a.params)) ?? T.zeros([])).data[0] ?? Number.NaN
    assert.isAbove(cost, 0.01)
    assert.approximately((a.history.epochs[0]?.loss ?? 0) - (b.history.epochs[0]?.loss ?? 0), cost, 1e-6)
    // One step over all rows: the kernels differ by the rate times the derivative of the penalty.
    const one = { ...options, batchSize: 48, optimizer: sgd({ learningRate: 0.5 }) }
    const [c, d] = [await run(Trainer.fit(model, one)(sequences)), await run(Trainer.fit(plain, one)(sequences))]
    const [initKey = Key.key(0)] = Key.split(Key.key(5))
    const before = T.evaluate(model.init(initKey).params.logits.kernel).data
    c.params.logits.kernel.data.forEach((w, i) =>
      assert.approximately(w - (d.params.logits.kernel.data[i] ?? 0), -0.5 * 0.2 * (before[i] ?? 0), 1e-6)
    )
  })
})
