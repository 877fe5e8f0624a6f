import { assert, describe, it } from "@effect/vitest"
import { T, type Tensor, Tree } from "@cotangent/graph"
import { adam, averaged, explain, OptimizerError, sgd } from "./index.ts"

type F64 = Tensor<[number], "f64">
const vector = (...numbers: ReadonlyArray<number>): F64 => T.constant([...numbers], "f64") as F64
const numbersOf = (tree: unknown): ReadonlyArray<number> =>
  T.evaluate(Tree.leaves(tree)).flatMap(({ data }) => Array.from(data))

const gradients = [1, 2, 3, 4, 5, 6].map((k) => vector(Math.sin(k), Math.cos(3 * k)))
const start = vector(1, -1)
const visited = (): ReadonlyArray<ReadonlyArray<number>> => {
  const optimizer = sgd({ learningRate: 0.3 })
  let state = optimizer.init(start)
  return gradients.map((g) => {
    state = optimizer.step<F64>(state, g)
    return numbersOf(state.params)
  })
}
const averages = (options: { readonly decay?: number; readonly start?: number; readonly every?: number }) => {
  const optimizer = averaged(sgd({ learningRate: 0.3 }), options)
  let state = optimizer.init(start)
  return gradients.map((g) => {
    state = optimizer.step<F64>(state, g)
    return { average: numbersOf(optimizer.evalParams<F64>(state)), held: numbersOf(state.averagedSteps)[0], state }
  })
}
const mean = (points: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> =>
  [0, 1].map((j) => points.reduce((sum, p) => sum + (p[j] ?? 0), 0) / points.length)

describe("averaged", () => {
  it("is the mean of all parameters (Polyak), from a step on", () => {
    const points = visited()
    averages({}).forEach(({ average }, k) =>
      average.forEach((x, j) => assert.approximately(x, mean(points.slice(0, k + 1))[j] ?? 0, 1e-14))
    )
    averages({ start: 3 }).forEach(({ average, held }, k) => {
      const expected = k < 2 ? points[k] : mean(points.slice(2, k + 1))
      average.forEach((x, j) => assert.approximately(x, expected?.[j] ?? 0, 1e-14))
      assert.strictEqual(held, Math.max(0, k - 1))
    })
  })

  it("counts every so many steps (stochastic weight averaging)", () => {
    const points = visited()
    const last = averages({ start: 2, every: 2 }).at(-1)
    const expected = mean([points[1] ?? [], points[3] ?? [], points[5] ?? []])
    last?.average.forEach((x, j) => assert.approximately(x, expected[j] ?? 0, 1e-14))
    assert.strictEqual(last?.held, 3)
  })

  it("is a moving average with a decay", () => {
    const points = visited()
    let expected = points[0] ?? []
    averages({ decay: 0.7 }).forEach(({ average }, k) => {
      if (k > 0) expected = expected.map((a, j) => 0.7 * a + 0.3 * (points[k]?.[j] ?? 0))
      average.forEach((x, j) => assert.approximately(x, expected[j] ?? 0, 1e-14))
    })
  })

  it("does not change the steps of the optimizer", () => {
    const last = averages({ decay: 0.9 }).at(-1)
    assert.deepStrictEqual(last === undefined ? [] : numbersOf(last.state.params), visited().at(-1))
    const optimizer = averaged(adam())
    assert.deepStrictEqual(Object.keys(optimizer.init(start)), [
      "params",
      "m",
      "v",
      "step",
      "learningRate",
      "weightAverage",
      "averagedSteps"
    ])
    assert.deepStrictEqual(
      explain(optimizer)<F64>(optimizer.init(start), start).stages,
      explain(adam())(adam().init(start), start).stages
    )
  })

  it("refuses wrong options and a state without an average", () => {
    assert.throws(
      () => averaged(adam(), { decay: 1, start: 0, every: 0.5 }),
      OptimizerError,
      "averaged: decay must be at least 0 and below 1, or left out, it is 1; start must be a whole number, 1 or more, it is 0; every must be a whole number, 1 or more, it is 0.5"
    )
    assert.throws(
      () => averaged(adam()).step<F64>(adam().init(start) as never, start),
      OptimizerError,
      "the state has no average"
    )
  })
})
