import { Key, ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { ActivationName } from "./activation.ts"
import * as Model from "./index.ts"

const x = T.constant([[-3, -0.5, 0, 0.25, 2]])

// x = torch.tensor([-3, -.5, 0, .25, 2]).double(); torch.relu(x), torch.tanh(x), ..., F.log_softmax(x, -1)
// geluTanh: 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** .5 * (x + 0.044715 * x ** 3)))
// The others are their definitions with plain numbers.
const of = (f: (v: number) => number): ReadonlyArray<number> => [-3, -0.5, 0, 0.25, 2].map(f)
const expected: Readonly<Record<ActivationName, ReadonlyArray<number>>> = {
  elu: of((v) => (v > 0 ? v : Math.expm1(v))),
  celu: of((v) => (v > 0 ? v : Math.expm1(v))),
  selu: of((v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v))),
  relu6: of((v) => Math.min(Math.max(v, 0), 6)),
  leakyRelu: of((v) => (v > 0 ? v : 0.2 * v)),
  exponential: of(Math.exp),
  mish: of((v) => v * Math.tanh(Math.log1p(Math.exp(v)))),
  softsign: of((v) => v / (1 + Math.abs(v))),
  logSigmoid: of((v) => -Math.log1p(Math.exp(-v))),
  hardSigmoid: of((v) => Math.min(Math.max(v + 3, 0), 6) / 6),
  hardSilu: of((v) => (v * Math.min(Math.max(v + 3, 0), 6)) / 6),
  hardTanh: of((v) => Math.min(Math.max(v, -1), 1)),
  hardShrink: of((v) => (Math.abs(v) > 0.5 ? v : 0)),
  softShrink: of((v) => Math.sign(v) * Math.max(Math.abs(v) - 0.5, 0)),
  tanhShrink: of((v) => v - Math.tanh(v)),
  squareplus: of((v) => (v + Math.sqrt(v * v + 4)) / 2),
  linear: [-3, -0.5, 0, 0.25, 2],
  relu: [0, 0, 0, 0.25, 2],
  tanh: [-0.995054754, -0.462117157, 0, 0.244918662, 0.96402758],
  sigmoid: [0.047425873, 0.377540669, 0.5, 0.562176501, 0.880797078],
  softplus: [0.048587352, 0.474076984, 0.693147181, 0.82593942, 2.126928011],
  silu: [-0.14227762, -0.188770334, 0, 0.140544125, 1.761594156],
  gelu: [-0.004049694, -0.154268769, 0, 0.149676581, 1.954499736],
  geluTanh: [-0.003637392, -0.15428599, 0, 0.149675351, 1.954597694],
  softmax: [0.004819938, 0.058718871, 0.096811051, 0.12430785, 0.715342289],
  logSoftmax: [-5.334994125, -2.834994125, -2.334994125, -2.084994125, -0.334994125]
}

// Record<ActivationName, ...> has exactly these keys.
const names = Object.keys(expected) as ReadonlyArray<ActivationName>

describe("activation", () => {
  it.each(names)("%s has PyTorch's values", (name) => {
    const model = pipe(Model.input([5]), Model.activation(name))
    assertClose(numbers(model.apply({}, {}, x, Model.evaluate).y), expected[name] ?? [])
  })

  it("has short forms", () => {
    const short = {
      relu: Model.relu,
      tanh: Model.tanh,
      sigmoid: Model.sigmoid,
      softplus: Model.softplus,
      silu: Model.silu,
      gelu: Model.gelu,
      softmax: Model.softmax,
      logSoftmax: Model.logSoftmax
    }
    for (const [name, layer] of Object.entries(short)) {
      // The keys are names of activations.
      assertClose(
        numbers(layer(Model.input([5])).apply({}, {}, x, Model.evaluate).y),
        expected[name as ActivationName] ?? []
      )
    }
  })

  it("takes a function that keeps the shape", () => {
    const model = pipe(
      Model.input([5]),
      Model.activation((v) => T.neg(v)),
      Model.dense("d", 1)
    )
    assert.strictEqual(model.layers[0]?.kind, "Activation function")
    const negative = pipe(Model.input([5]), Model.activation(T.neg))
    assertClose(numbers(negative.apply({}, {}, x, Model.evaluate).y), [3, 0.5, 0, -0.25, -2])
  })

  it("does not run softmax over the batch", () => {
    // @ts-expect-error softmax: needs [batch, ..., features], got [batch]
    const overBatch = () => pipe(Model.input([]), Model.softmax)
    assert.throws(overBatch, ShapeError, "softmax: needs [batch, ..., features], got [batch]")
    // @ts-expect-error logSoftmax: needs [batch, ..., features], got [batch]
    assert.throws(() => pipe(Model.input([]), Model.activation("logSoftmax")), ShapeError)
    assert.deepStrictEqual(pipe(Model.input([]), Model.relu).outputShape, [])
  })

  it("refuses a name that is none", () => {
    // @ts-expect-error no such activation
    assert.throws(() => Model.activation("toString"), ModelError, 'there is no "toString"')
  })
})

describe("prelu", () => {
  it("learns a slope for each element", () => {
    const model = pipe(Model.input([5]), Model.prelu("p"), Model.dense("out", 1))
    const { params } = model.init(Key.key(0))
    const alpha: Tensor<[5]> = params.p.alpha
    assert.deepStrictEqual(numbers(alpha), [0, 0, 0, 0, 0])
    const only = pipe(Model.input([5]), Model.prelu("p"))
    const { y } = only.apply({ p: { alpha: T.constant([1, 2, 3, 4, 5]) } }, {}, x, Model.evaluate)
    assertClose(numbers(y), [-3, -1, 0, 0.25, 2])
    assertGradient((p) => T.sum(only.apply(p, {}, x, Model.evaluate).y), params)
  })
})
