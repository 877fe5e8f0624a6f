import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { type F64, matrix, near, numbers, random } from "./matrices.test.support.ts"

/** The sum over all permutations. */
const byPermutations = (a: F64): number => {
  const n = Number(a.shape[0])
  const data = numbers(a)
  const sum = (row: number, columns: ReadonlyArray<number>): number =>
    row === n
      ? 1
      : columns.reduce(
          (total, column, i) =>
            total +
            (i % 2 === 0 ? 1 : -1) *
              (data[row * n + column] ?? 0) *
              sum(
                row + 1,
                columns.filter((c) => c !== column)
              ),
          0
        )
  return sum(
    0,
    Array.from({ length: n }, (_, i) => i)
  )
}

describe("determinants", () => {
  for (const n of [0, 1, 2, 3, 4, 6])
    it(`of size ${n} are the sum over all permutations`, () => {
      const a = random(n, n)
      const expected = byPermutations(a)
      near(T.det(a), [expected], 1e-12)
      const { sign, logabsdet } = T.slogdet(a)
      near(T.mul(sign, T.exp(logabsdet)), [expected], 1e-12)
    })

  it("come in batches", () => {
    near(
      T.det(
        T.constant(
          [
            [
              [2, 0],
              [1, 4]
            ],
            [
              [0, 1],
              [1, 0]
            ]
          ],
          "f64"
        )
      ),
      [8, -1]
    )
    near(
      T.det(
        T.constant(
          [
            [
              [
                [0, 2, 0],
                [0, 0, 3],
                [5, 0, 0]
              ]
            ]
          ],
          "f64"
        )
      ),
      [30]
    )
    assert.deepStrictEqual(T.det(random(2, 3, 4, 4)).shape, [2, 3])
  })

  it("of singular matrices are 0", () => {
    for (const a of [matrix([1, 2], [2, 4]), matrix([1, 2, 3], [2, 4, 6], [1, 0, 1]), T.zeros([4, 4], "f64") as F64]) {
      near(T.det(a), [0], 1e-14)
      const { sign, logabsdet } = T.slogdet(T.mul(a, 0) as F64)
      assert.deepStrictEqual([numbers(sign), numbers(logabsdet)], [[0], [-Infinity]])
    }
  })

  it("do not overflow as logarithms", () => {
    const large = T.mul(random(40, 40), 1e30) as F64
    assert.isFalse(numbers(T.det(large)).some(Number.isFinite))
    near(
      T.slogdet(large).logabsdet,
      [(numbers(T.slogdet(random(40, 40)).logabsdet)[0] ?? NaN) + 40 * Math.log(1e30)],
      1e-12
    )
  })

  it("logdet is NaN where the determinant is negative", () => {
    assert.deepStrictEqual(numbers(T.logdet(matrix([0, 1], [1, 0]))), [NaN])
    assert.deepStrictEqual(numbers(T.logdet(T.zeros([2, 2], "f64"))), [-Infinity])
    near(T.logdet(matrix([2, 0], [1, 4])), [Math.log(8)])
  })
})
