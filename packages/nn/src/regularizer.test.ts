import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "./errors.ts"
import { assertClose, assertGradient, numbers } from "./gradients.test.support.ts"
import { Model, Regularizer } from "./index.ts"

const w = T.constant([
  [1, -2],
  [3, 0.5]
])

describe("regularisers", () => {
  it("cost what they say", () => {
    assertClose(numbers(Regularizer.l1(0.5).cost(w)), [3.25], 1e-6)
    assertClose(numbers(Regularizer.l2(0.5).cost(w)), [7.125], 1e-6)
    assertClose(numbers(Regularizer.l1l2({ l1: 1, l2: 2 }).cost(w)), [6.5 + 28.5], 1e-6)
    const cosine = Math.abs(1 * 3 - 2 * 0.5) / Math.sqrt(5 * 9.25)
    assertClose(numbers(Regularizer.orthogonal({ factor: 1 }).cost(w)), [cosine], 1e-6)
    const columns = Math.abs(1 * -2 + 3 * 0.5) / Math.sqrt(10 * 4.25)
    assertClose(numbers(Regularizer.orthogonal({ factor: 1, mode: "columns" }).cost(w)), [columns], 1e-6)
    for (const regularizer of [Regularizer.l1(), Regularizer.l2(), Regularizer.l1l2(), Regularizer.orthogonal()])
      assertGradient((p: typeof w) => regularizer.cost(p), w, 1e-5)
  })

  it("add up over layers and blocks", () => {
    const l2 = Regularizer.l2(1)
    const model = pipe(
      Model.input([2]),
      Model.dense("a", 2, { kernelRegularizer: l2, biasRegularizer: Regularizer.l1(1) }),
      Model.dense("free", 2),
      Model.residual("r", (m) => pipe(m, Model.dense("b", 2, { kernelRegularizer: l2 }))),
      Model.concat("c", (m) => [
        ["one", pipe(m, Model.dense("d", 2, { kernelRegularizer: l2 }))],
        ["two", m]
      ]),
      Model.repeat("n", 2, (m) => pipe(m, Model.dense("e", 4, { kernelRegularizer: l2 })))
    )
    const { params } = model.init(Key.key(0))
    const squares = (x: Parameters<typeof numbers>[0]) => numbers(x).reduce((s, v) => s + v * v, 0)
    const shifted = { ...params, a: { ...params.a, bias: T.constant([-1, 2]) } }
    const expected =
      squares(params.a.kernel) +
      3 +
      squares(params.r.b.kernel) +
      squares(params.c.one.d.kernel) +
      params.n.reduce((s, { e }) => s + squares(e.kernel), 0)
    const penalty = model.penalty?.(shifted) ?? assert.fail("there is a penalty")
    assertClose(numbers(penalty), [expected], 1e-6)
    assert.isUndefined(pipe(Model.input([2]), Model.dense("a", 2)).penalty)
  })

  it("refuse factors below 0 and parameters that are no matrices", () => {
    assert.throws(() => Regularizer.l2(-1), OptionError, "l2: the factor must be 0 or more, got -1")
    assert.throws(() => Regularizer.orthogonal().cost(T.ones([2])), ShapeError, "orthogonal: needs a matrix, got [2]")
  })
})
