/** The pieces together: a training loop over any model, loss and metric, as a trainer writes it. */
import { valueAndGradAux } from "@cotangent/autodiff"
import { type AnyTensor, Key, type Shape, T, type Tensor, Tree } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { numbers } from "./gradients.test.support.ts"
import { Loss, Metrics, Model } from "./index.ts"

/** Gradient descent; the values are computed after every step, so that expressions stay small. */
const descend = <I extends Shape, O extends Shape, P extends Tree.Tree, S extends Tree.Tree, K extends Loss.TargetKind>(
  typed: Model.Model<I, O, P, S>,
  loss: Loss.Loss<K>,
  metric: Metrics.Metric<K>,
  x: AnyTensor,
  target: AnyTensor,
  steps: number
) => {
  const model = Model.forgetShapes(typed)
  const perSample = Loss.forgetShapes(loss)
  const update = Metrics.forgetShapes(metric)
  let { params, state } = model.init(Key.key(0))
  const losses: Array<number> = []
  for (let step = 0; step < steps; step++) {
    const mode = Model.train(Key.fold(Key.key(1), step))
    const [value, slopes, next] = valueAndGradAux((p: P) => {
      const applied = model.apply(p, state, x, mode)
      const mean: Tensor<[]> = T.mean(perSample(applied.y, target))
      return [mean, applied.state]
    })(params)
    const moved = Tree.zip([params, slopes], ([p, g], path) => (p && g ? T.sub(p, T.mul(g, 0.5)) : assert.fail(path)))
    const values = T.evaluate({ moved, next, value })
    const constants = Tree.leaves<(typeof values)["value"]>(values).map((v) => T.fromValue(v))
    const after = Tree.rebuild({ moved, next, value }, constants)
    params = after.moved
    state = after.next
    losses.push(values.value.data[0] ?? NaN)
  }
  const { y } = model.apply(params, state, x, Model.evaluate)
  return { losses, metric: numbers(metric.result(update(metric.init(), y, target)))[0] }
}

describe("training", () => {
  const x = T.constant([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1]
  ])

  it("learns exclusive or", () => {
    const model = pipe(Model.input([2]), Model.dense("hidden", 8, { activation: "tanh" }), Model.dense("logits", 2))
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
    const { losses, metric } = descend(
      model,
      loss,
      Metrics.sparseCategoricalAccuracy,
      x,
      T.constant([0, 1, 1, 0], "i32"),
      150
    )
    assert.isAbove(losses[0] ?? 0, 0.5)
    assert.isBelow(losses.at(-1) ?? NaN, 0.1)
    assert.strictEqual(metric, 1)
  })

  it("threads the state of normalisation and the keys of dropout", () => {
    const model = pipe(
      Model.input([2]),
      Model.dense("hidden", 16, { activation: "tanh" }),
      Model.batchNorm("norm", { momentum: 0.8 }),
      Model.dropout(0.1),
      Model.dense("logit", 1)
    )
    const target = T.constant([[0], [1], [1], [0]])
    const { losses, metric } = descend(
      model,
      Loss.binaryCrossentropy({ fromLogits: true }),
      Metrics.binaryAccuracyWith({ threshold: 0 }),
      x,
      target,
      60
    )
    assert.isBelow(losses.at(-1) ?? NaN, 0.5 * (losses[0] ?? NaN))
    assert.strictEqual(metric, 1)
  })
})
