import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError, OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Initializer from "../initializer.ts"
import * as Loss from "../loss/index.ts"
import * as Model from "./index.ts"

const mlp = pipe(Model.input([3]), Model.dense("hidden", 2, { activation: "relu" }), Model.dense("logits", 2))

// import torch
// m = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2)).double()
// weights are the transposes of the kernels below; y = m(X); F.cross_entropy(y, torch.tensor([1, 0])).backward()
const params: Model.Params<typeof mlp> = {
  hidden: {
    kernel: T.constant([
      [1, 0.25],
      [-2, 0.75],
      [0.5, -1]
    ]),
    bias: T.constant([0.5, -0.25])
  },
  logits: {
    kernel: T.constant([
      [2, -1],
      [1, 0.5]
    ]),
    bias: T.constant([0.125, 0])
  }
}
const x = T.constant([
  [1, 0.5, 2],
  [-1, 2, -0.5]
])

describe("dense", () => {
  it("computes activation(x kernel + bias), as PyTorch does", () => {
    const { y } = mlp.apply(params, {}, x, Model.evaluate)
    assert.deepStrictEqual(y.shape, [2, 2])
    assertClose(numbers(y), [3.125, -1.5, 1.625, 0.75])
  })

  it("has the gradients PyTorch has", () => {
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
    const labels = T.constant([1, 0], "i32")
    const objective = (p: Model.Params<typeof mlp>) =>
      T.mean(loss.perSample(mlp.apply(p, {}, x, Model.evaluate).y, labels))
    assertClose(numbers(objective(params)), [2.4916002460026383])
    assertGradient(objective, params)
  })

  it("acts on the last axis of samples of any rank", () => {
    const model = pipe(
      Model.input([2, 3]),
      Model.dense("each", 1, { kernelInitializer: Initializer.ones, biasInitializer: Initializer.constant(0.5) })
    )
    const { params: ones, state } = model.init(Key.key(0))
    const { y } = model.apply(
      ones,
      state,
      T.constant([
        [
          [1, 2, 3],
          [4, 5, 6]
        ]
      ]),
      Model.evaluate
    )
    assert.deepStrictEqual(y.shape, [1, 2, 1])
    assertClose(numbers(y), [6.5, 15.5])
  })

  it("leaves the bias out when asked to", () => {
    const model = pipe(Model.input([3]), Model.dense("plain", 2, { useBias: false }))
    const { params: own, state } = model.init(Key.key(0))
    assert.deepStrictEqual(Object.keys(own.plain), ["kernel"])
    assertClose(
      numbers(model.apply(own, state, T.constant([[1, 0, 0]]), Model.evaluate).y),
      numbers(own.plain.kernel).slice(0, 2)
    )
    // @ts-expect-error there is no bias
    assert.isUndefined(own.plain.bias)
  })

  it("draws glorot-uniform kernels and zero biases, and takes other initialisers", () => {
    const { params: own } = pipe(Model.input([30]), Model.dense("d", 20)).init(Key.key(3))
    const bound = Math.sqrt(6 / 50)
    const largest = Math.max(...numbers(own.d.kernel).map(Math.abs))
    assert.isAtMost(largest, bound)
    assert.isAbove(largest, 0.95 * bound)
    assert.isTrue(numbers(own.d.bias).every((b) => b === 0))
    const he = pipe(Model.input([30]), Model.dense("d", 20, { kernelInitializer: Initializer.heUniform })).init(
      Key.key(3)
    )
    assert.isAbove(Math.max(...numbers(he.params.d.kernel).map(Math.abs)), bound)
  })

  it("refuses what is not a layer, with the sentence of the types", () => {
    // @ts-expect-error the number of units must be a whole number above 0
    const noUnits = () => pipe(Model.input([3]), Model.dense("d", 0))
    assert.throws(noUnits, OptionError, "dense: the number of units must be a whole number above 0, got 0")
    // @ts-expect-error the number of units must be a whole number above 0
    assert.throws(() => pipe(Model.input([3]), Model.dense("d", 2.5)), OptionError)
    // @ts-expect-error needs [batch, ..., features]
    const noFeatures = () => pipe(Model.input([]), Model.dense("d", 4))
    assert.throws(noFeatures, ShapeError, "dense: needs [batch, ..., features], got [batch]")
    // @ts-expect-error two layers are named "d"
    const twice = () => pipe(Model.input([3]), Model.dense("d", 4), Model.dense("d", 4))
    assert.throws(twice, ModelError, 'model: two layers are named "d"')
    // @ts-expect-error no such activation
    const unknownActivation = () => Model.dense("d", 4, { activation: "rellu" })
    assert.throws(unknownActivation, ModelError, 'activation: there is no "rellu"; the names are linear, relu')
  })
})
