import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { Dataset, Permutation } from "@cotangent/data"
import { T } from "@cotangent/graph"
import { Initializer, Loss, Model } from "@cotangent/nn"
import { adam, Schedule, sgd } from "@cotangent/optim"
import { Compute } from "@cotangent/runtime"
import { Trainer } from "./index.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, Compute.layer))

/** Rows `x` of one number with targets `3 x`. */
const xs = Array.from({ length: 22 }, (_, i) => (((i * 7) % 22) + 1) / 10)
const data = Dataset.make({
  name: "line",
  x: T.evaluate(T.expect(T.constant(xs.map((x) => [x])), [22, 1])),
  y: T.evaluate(T.expect(T.constant(xs.map((x) => [3 * x])), [22, 1]))
})
const model = pipe(Model.input([1]), Model.dense("out", 1, { kernelInitializer: Initializer.zeros }))
const loss = Loss.meanSquaredError

describe("Trainer.findRate", () => {
  it("is the loop that one would write by hand: the same losses at the same rates", async () => {
    const finding = await run(
      Trainer.findRate(model, {
        loss,
        optimizer: sgd({ learningRate: 1 }),
        batchSize: 5,
        seed: 3,
        from: 1e-3,
        to: 0.3,
        steps: 9,
        smoothing: 0,
        divergence: 1e9
      })(data)
    )
    // By hand, in plain numbers: y = w x + b from 0, mean squared error, four full batches a pass.
    let [w, b] = [0, 0]
    const losses = Array.from({ length: 9 }, (_, k) => {
      const order = Array.from(Permutation.of(3, Math.floor(k / 4) + 1, 22))
      const rows = order.slice((k % 4) * 5, (k % 4) * 5 + 5).map((row) => xs[row] ?? 0)
      const errors = rows.map((x) => w * x + b - 3 * x)
      const rate = 1e-3 * 300 ** (k / 8)
      const mean = (values: ReadonlyArray<number>) => values.reduce((p, q) => p + q, 0) / values.length
      const before = mean(errors.map((e) => e * e))
      w -= rate * mean(errors.map((e, i) => 2 * e * (rows[i] ?? 0)))
      b -= rate * mean(errors.map((e) => 2 * e))
      return { rate, loss: before }
    })
    assert.strictEqual(finding.points.length, 9)
    finding.points.forEach((point, k) => {
      assert.approximately(point.rate / (losses[k]?.rate ?? 0), 1, 1e-12)
      assert.approximately(point.loss / (losses[k]?.loss ?? 0), 1, 1e-4)
    })
    assert.strictEqual(finding.stopped, "steps")
  })

  it("stops when the loss diverges, and suggests a rate at which training works", async () => {
    const options = { loss, batchSize: 11, seed: 1 }
    const finding = await run(
      Trainer.findRate(model, { ...options, optimizer: sgd({ learningRate: 1 }), from: 1e-5, to: 100, steps: 80 })(data)
    )
    assert.strictEqual(finding.stopped, "divergence")
    assert.isBelow(finding.points.length, 80)
    const { suggestion = Number.NaN } = finding
    const trained = await run(
      Trainer.fit(model, { ...options, optimizer: sgd({ learningRate: suggestion }), epochs: 60 })(data)
    )
    const [first, last] = [trained.history.epochs[0]?.loss ?? 0, trained.history.epochs.at(-1)?.loss ?? Infinity]
    assert.isBelow(last, first / 50)
  })

  it("gives the same finding twice, and tries small data as one batch", async () => {
    const find = Trainer.findRate(model, { loss, optimizer: adam(), batchSize: 64, from: 1e-4, to: 1, steps: 12 })(data)
    const [a, b] = [await run(find), await run(find)]
    assert.deepStrictEqual(a, b)
  })

  it("refuses a schedule, and wrong options, with sentences", async () => {
    const problems = (find: Effect.Effect<unknown, { readonly message: string }, Compute>) =>
      run(Effect.map(Effect.flip(find), ({ message }) => message))
    const scheduled = adam({ learningRate: Schedule.constant(0.1) })
    assert.strictEqual(
      await problems(Trainer.findRate(model, { loss, optimizer: scheduled })(data)),
      "fit: the optimizer follows a schedule, so that no other rate can be tried; give it a number for its rate"
    )
    assert.strictEqual(
      await problems(Trainer.findRate(model, { loss, optimizer: adam(), from: 1, to: 0.5 })(data)),
      "fit: rangeTest: from must be below to"
    )
    assert.include(
      await problems(Trainer.findRate(model, { loss, optimizer: adam(), batchSize: 0 })(data)),
      "batchSize is 0; a whole number of 1 or more is needed"
    )
    // A sweep takes functions of the rate, this an optimizer.
    const ofRate = (learningRate: number) => adam({ learningRate })
    assert.strictEqual(
      await problems(Trainer.findRate(model, { loss: undefined, optimizer: ofRate } as never)(data as never)),
      "fit: loss is no loss; see Loss\nfit: optimizer is no optimizer; see Optimizer"
    )
  })
})
