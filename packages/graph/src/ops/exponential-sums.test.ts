import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, vector } from "./numbers.test.support.ts"

const rows = T.constant(
  [
    [-Infinity, -Infinity],
    [1000, 1000],
    [-1000, -Infinity],
    [Infinity, 0],
    [Infinity, -Infinity]
  ],
  "f64"
)

describe("sums of exponentials", () => {
  it("logsumexp stands large, small and infinite elements", () => {
    const expected = [-Infinity, 1000 + Math.LN2, -1000, Infinity, Infinity]
    assert.deepStrictEqual(numbers(T.logsumexp(rows, { axis: 1 })), expected)
    assert.deepStrictEqual(numbers(T.logsumexp(T.zeros([0], "f64"))), [-Infinity])
    assert.deepStrictEqual(numbers(T.logsumexp(T.constant([NaN, 1], "f64"))), [NaN])
  })

  it("logmeanexp is smaller by the logarithm of the count", () => {
    const expected = [-Infinity, 1000, -1000 - Math.LN2, Infinity, Infinity]
    near(numbers(T.logmeanexp(rows, { axis: 1 })), expected)
    near(numbers(T.logmeanexp(vector([3, 3, 3]), { keepDims: true })), [3])
  })

  it("softmin is the softmax of the negative", () => {
    const x = vector([1, 3, 2])
    assert.deepStrictEqual(numbers(T.softmin(x)), numbers(T.softmax(T.neg(x))))
    assert.deepStrictEqual(
      numbers(
        T.softmin(
          T.constant(
            [
              [1, 2],
              [1, 2]
            ],
            "f64"
          ),
          { axis: 0 }
        )
      ),
      [0.5, 0.5, 0.5, 0.5]
    )
  })
})
