import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as T from "./index.ts"
import { near, numbers, vector } from "./numbers.test.support.ts"

const xs = [-800, -4, -3, -1, -0.5, -0.1, 0, 0.1, 0.5, 1, 3, 4, 7, 800]
const x = vector(xs)
const softplus = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v))

describe("activations", () => {
  const table: ReadonlyArray<readonly [string, ReadonlyArray<number>, (v: number) => number]> = [
    ["leakyRelu", numbers(T.leakyRelu(x)), (v) => (v > 0 ? v : 0.01 * v)],
    ["leakyRelu 0.3", numbers(pipe(x, T.leakyRelu({ negativeSlope: 0.3 }))), (v) => (v > 0 ? v : 0.3 * v)],
    ["rrelu", numbers(T.rrelu(x)), (v) => (v > 0 ? v : (11 / 48) * v)],
    ["relu6", numbers(T.relu6(x)), (v) => Math.min(Math.max(v, 0), 6)],
    ["hardtanh", numbers(pipe(x, T.hardtanh)), (v) => Math.min(Math.max(v, -1), 1)],
    ["hardtanh ends", numbers(T.hardtanh(x, { min: -2, max: 3 })), (v) => Math.min(Math.max(v, -2), 3)],
    ["hardsigmoid", numbers(T.hardsigmoid(x)), (v) => Math.min(Math.max(v + 3, 0), 6) / 6],
    ["hardswish", numbers(T.hardswish(x)), (v) => (v * Math.min(Math.max(v + 3, 0), 6)) / 6],
    ["hardshrink", numbers(T.hardshrink(x)), (v) => (Math.abs(v) > 0.5 ? v : 0)],
    ["softshrink", numbers(T.softshrink(x)), (v) => (v > 0.5 ? v - 0.5 : v < -0.5 ? v + 0.5 : 0)],
    ["threshold", numbers(T.threshold(x, { threshold: 0.1, value: 20 })), (v) => (v > 0.1 ? v : 20)],
    ["softplus", numbers(T.softplus(x)), softplus],
    ["softplus 2", numbers(T.softplus(x, { beta: 2, threshold: 1 })), (v) => (2 * v > 1 ? v : softplus(2 * v) / 2)],
    ["logSigmoid", numbers(T.logSigmoid(x)), (v) => -softplus(-v)],
    ["mish", numbers(T.mish(x)), (v) => v * Math.tanh(softplus(v))],
    ["silu", numbers(T.silu(x)), (v) => v * sigmoid(v)],
    ["softsign", numbers(T.softsign(x)), (v) => v / (1 + Math.abs(v))],
    ["tanhshrink", numbers(T.tanhshrink(x)), (v) => v - Math.tanh(v)],
    ["elu", numbers(T.elu(x)), (v) => (v > 0 ? v : Math.expm1(v))],
    ["celu", numbers(T.celu(x, { alpha: 2 })), (v) => Math.max(v, 0) + Math.min(0, 2 * Math.expm1(v / 2))],
    ["selu", numbers(T.selu(x)), (v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v))]
  ]
  for (const [name, actual, expected] of table) it(name, () => near(actual, xs.map(expected), 1e-13, name))

  it("keep NaN", () => {
    const nan = vector([Number.NaN])
    const all = [
      T.relu6(nan),
      T.hardtanh(nan),
      T.hardswish(nan),
      T.hardsigmoid(nan),
      T.hardshrink(nan),
      T.softshrink(nan),
      T.leakyRelu(nan),
      T.threshold(nan, { threshold: 1, value: 2 }),
      T.elu(nan),
      T.selu(nan),
      T.mish(nan),
      T.softplus(nan),
      T.logSigmoid(nan)
    ]
    for (const y of all) assert.isNaN(numbers(y)[0])
  })

  it("glu gates the first half by the second", () => {
    near(numbers(T.glu(vector([1, 2, 0, 3]))), [1 * sigmoid(0), 2 * sigmoid(3)])
    const columns = T.glu(T.constant([[1], [4]], "f64"), { axis: 0 })
    assert.deepStrictEqual(columns.shape, [1, 1])
    const odd: ReadonlyArray<number> = [1, 2, 3]
    assert.throws(() => T.glu(vector(odd)), "glu: axis -1 of [3] has no two halves")
  })

  it("prelu has a weight, or one for each element of an axis", () => {
    assert.deepStrictEqual(numbers(T.prelu(vector([-2, 3]), 0.5)), [-1, 3])
    assert.deepStrictEqual(numbers(T.prelu(vector([-2, 3]), T.constant([0.5], "f64"))), [-1, 3])
    const channels = T.constant([
      [
        [-1, -2],
        [-1, 2]
      ]
    ])
    assert.deepStrictEqual(numbers(T.prelu(channels, T.constant([0.5, 0.25]))), [-0.5, -1, -0.25, 2])
    assert.deepStrictEqual(
      numbers(pipe(channels, T.prelu(T.constant([0.5, 0.25]), { axis: -1 }))),
      [-0.5, -0.5, -0.5, 2]
    )
    const sizes: ReadonlyArray<number> = [1, 2, 3]
    assert.throws(
      () => T.prelu(T.dyn(channels), T.fromArray(Float32Array.from(sizes), [sizes.length])),
      "prelu: a weight of shape [3] does not fit axis 1 of [1, 2, 2]"
    )
  })

  it("refuse options that make no sense", () => {
    assert.throws(() => T.softplus(x, { beta: 0 }), "softplus: beta must be other than 0, got 0")
    assert.throws(() => T.celu(x, { alpha: 0 }), "celu: alpha must be other than 0, got 0")
    assert.throws(() => T.hardtanh(x, { min: 2, max: 1 }), "hardtanh: min must be at most max, 1, got 2")
    assert.throws(() => T.softshrink(x, { lambda: -1 }), "softshrink: lambda must be 0 or more, got -1")
  })
})
