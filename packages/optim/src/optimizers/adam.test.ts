import { assert, describe, it } from "@effect/vitest"
import { grad } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor, Tree } from "@cotangent/graph"
import { adam, type AdamState } from "./adam.ts"
import { gradientDescent } from "./gradientDescent.ts"

type F64 = Tensor<[2], "f64">
const start: F64 = T.constant([1, -2], "f64")
const loss = (x: F64): Tensor<[], "f64"> => T.sum(T.add(T.square(x), T.cos(x)))
const number = (x: Tensor<[], "f64">): number => T.evaluate(x).data[0] ?? Number.NaN

describe("an update is an expression", () => {
  it("that is differentiated through: the loss after three steps, by the learning rate", () => {
    const optimizer = adam({ learningRate: 0.1, epsilonRoot: 1e-8 })
    const after = (learningRate: Tensor<[], "f64">): Tensor<[], "f64"> => {
      let state: AdamState<F64> = { ...optimizer.init(start), learningRate }
      for (let k = 0; k < 3; k++) state = optimizer.step(state, grad(loss)(state.params))
      return loss(state.params)
    }
    const slope = number(grad(after)(T.constant(0.1, "f64")))
    const h = 1e-5
    const difference = (number(after(T.constant(0.1 + h, "f64"))) - number(after(T.constant(0.1 - h, "f64")))) / (2 * h)
    assert.approximately(slope, difference, 1e-8)
    assert.isAbove(Math.abs(slope), 0.1)
  })

  it("whose documented example holds", () => {
    const descent = gradientDescent({ learningRate: 0.1 })
    const square = (p: Tensor<[], "f64">): Tensor<[], "f64"> => T.square(p)
    let state = descent.init(T.constant(1, "f64"))
    state = descent.step(state, grad(square)(state.params))
    assert.strictEqual(number(state.params), 0.8)
  })
})

describe("flushTiny", () => {
  it("turns moments below the smallest normal number into 0, and no others", () => {
    const params = { a: T.constant([1, 1]), b: T.constant([1, 1], "f64") }
    const at = (flushTiny: boolean) => {
      const optimizer = adam({ flushTiny, beta1: 0.5, beta2: 0.5 })
      const m = { a: T.constant([1e-38, 4e-38]), b: T.constant([1e-308, 1e-300], "f64") }
      return Tree.leaves(optimizer.step({ ...optimizer.init(params), m, v: m }, Tree.map(params, T.zerosLike)).m)
    }
    const zeros = (leaves: ReadonlyArray<AnyTensor>) =>
      T.evaluate(leaves).map(({ data }) => Array.from(data, (x) => x === 0))
    assert.deepStrictEqual(zeros(at(true)), [
      [true, false],
      [true, false]
    ])
    assert.deepStrictEqual(zeros(at(false)), [
      [false, false],
      [false, false]
    ])
  })
})
