import { assert, describe, it } from "@effect/vitest"
import { EvaluationError } from "./errors.ts"
import { evaluateAll, evaluateExact } from "./interpreter.ts"
import { operations as ops } from "./operations.ts"
import * as T from "./ops/index.ts"

describe("the reference interpreter", () => {
  it("computes in float64 and rounds once", () => {
    // In f32 every step would round: 1e8 + 1 - 1e8 is 0 there.
    const y = T.sub(T.add(T.constant(1e8), 1), 1e8)
    assert.deepStrictEqual(evaluateAll([y])[0]?.data, Float32Array.of(1))
    const third = T.div(T.constant(1), 3)
    assert.deepStrictEqual(evaluateExact([third])[0]?.data, Float64Array.of(1 / 3))
    assert.deepStrictEqual(evaluateAll([third])[0]?.data, Float32Array.of(1 / 3))
  })

  it("computes what is shared once, and what nobody asks for not at all", () => {
    // 60 doublings are 2^60 additions unless each is computed once.
    let x = T.constant(1, "f64")
    for (let i = 0; i < 60; i++) x = T.add(x, x)
    T.exp(ops.parameter("unused", [], "f32"))
    assert.deepStrictEqual(
      evaluateAll([x, T.neg(x)]).map(({ data }) => data[0]),
      [2 ** 60, -(2 ** 60)]
    )
    assert.deepStrictEqual(evaluateAll([]), [])
  })

  it("is not recursive", () => {
    let x = T.constant(0, "f64")
    for (let i = 0; i < 50_000; i++) x = T.add(x, 1)
    assert.deepStrictEqual(evaluateAll([x])[0]?.data, Float64Array.of(50_000))
  })

  it("says which parameter has no value", () => {
    const x = ops.parameter("x", [2, 3], "f32")
    assert.throws(
      () => evaluateAll([T.exp(x)]),
      EvaluationError,
      "evaluate: the parameter x of shape [2, 3] has no value; pass the function and its arguments to Compute.compile, or call it with tensors"
    )
  })

  it("evaluates trees where they stand, and realizes them", () => {
    const tree = { a: T.exp(T.zeros([2])), b: [T.iota(2)] as const }
    const values = T.evaluate(tree)
    assert.deepStrictEqual(values.a.data, Float32Array.of(1, 1))
    assert.deepStrictEqual(values.b[0].data, Int32Array.of(0, 1))
    const realized = T.realize(tree)
    assert.strictEqual(realized.a.node.primitive, "constant")
    assert.deepStrictEqual(T.evaluate(realized), values)
  })
})
