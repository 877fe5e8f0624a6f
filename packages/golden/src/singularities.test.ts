import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, evaluateExact, operations as ops, T } from "@cotangent/graph"
import { watchSingularities } from "./singularities.ts"

/** What is said of tensors: `determined`, `differentiable`. */
const saidOf = (...results: ReadonlyArray<AnyTensor>): ReadonlyArray<string> => {
  const { observe, isDetermined, isDifferentiable } = watchSingularities(results)
  evaluateExact(results, observe)
  return [...(isDetermined() ? ["determined"] : []), ...(isDifferentiable() ? ["differentiable"] : [])]
}

const both = ["determined", "differentiable"]
type Row = readonly [number, number]
const matrix = (rows: readonly [Row, Row]) => T.constant(rows, "f64")
const regular = matrix([
  [2, 1],
  [1, 3]
])
const ones = matrix([
  [1, 1],
  [1, 1]
])
/** Not singular, but to half of its digits. */
const nearly = matrix([
  [1, 1],
  [1, 1 + 2 ** -40]
])
const unit = matrix([
  [1, 0],
  [0, 1]
])
/** Its first two columns are equal, the third is not. */
const twice = T.constant(
  [
    [1, 1, 2],
    [2, 2, 1],
    [1, 1, 1]
  ],
  "f64"
)

describe("watchSingularities", () => {
  it("eigenvectors of equal eigenvalues are not determined, the values are; none has a derivative", () => {
    assert.deepStrictEqual(saidOf(T.eigh(regular).vectors), both)
    assert.deepStrictEqual(saidOf(T.eigh(ones).vectors), both)
    assert.deepStrictEqual(saidOf(T.eigh(unit).vectors), [])
    assert.deepStrictEqual(saidOf(T.eigh(unit).values), ["determined"])
  })

  it("of a matrix of lower rank Q is not determined, nor is R right of the dependent column", () => {
    assert.deepStrictEqual(saidOf(T.qr(regular).q, T.qr(regular).r), both)
    for (const a of [ones, nearly]) {
      assert.deepStrictEqual(saidOf(T.qr(a).q), [])
      assert.deepStrictEqual(saidOf(T.qr(a).r), ["determined"])
    }
    assert.deepStrictEqual(saidOf(T.qr(twice).r), [])
  })

  it("of a singular matrix there are no factors with derivatives, and no solutions", () => {
    const b = matrix([
      [1, 2],
      [3, 4]
    ])
    assert.deepStrictEqual(saidOf(T.solve(regular, b)), both)
    assert.deepStrictEqual(saidOf(T.cholesky(regular)), both)
    assert.deepStrictEqual(saidOf(T.lu(ones).u), ["determined"])
    assert.deepStrictEqual(saidOf(T.solve(ones, b)), [])
    assert.deepStrictEqual(saidOf(T.cholesky(nearly)), [])
    assert.deepStrictEqual(saidOf(T.lu(twice).u), [])
    assert.deepStrictEqual(saidOf(T.triangularSolve(nearly, b)), both)
    assert.deepStrictEqual(saidOf(T.triangularSolve(T.sub(unit, ones), b)), [])
  })

  it("looks at every matrix of a batch, and into loops", () => {
    const batch = T.stack([regular, unit] as const)
    assert.deepStrictEqual(saidOf(T.eigh(batch).vectors), [])
    const loop = (part: "values" | "vectors") =>
      T.map((a: typeof regular) => T.sum<ReadonlyArray<number>, "f64">(T.eigh(a)[part]), batch)
    assert.deepStrictEqual(saidOf(loop("vectors")), [])
    assert.deepStrictEqual(saidOf(loop("values")), ["determined"])
  })

  it("says nothing about numbers that are equal anywhere else", () => {
    assert.deepStrictEqual(saidOf(ops.max(unit, unit)), both)
  })
})
