import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, specials, vector } from "./numbers.test.support.ts"

describe("logarithms and exponentials", () => {
  it("in bases 2 and 10 are those of Math", () => {
    const xs = [...specials, 0.1, 3, 1000, 1e-5]
    near(numbers(T.log2(vector(xs))), xs.map(Math.log2))
    near(numbers(T.log10(vector(xs))), xs.map(Math.log10))
    near(numbers(T.exp2(vector([0.5, -3, 10, 1024, -2000]))), [Math.SQRT2, 0.125, 1024, Infinity, 0])
    assert.deepStrictEqual(numbers(T.log10(T.constant([1000, 1e-3]))), [3, -3])
    assert.deepStrictEqual(numbers(T.log2(T.constant([8, 2 ** -149]))), [3, -149])
  })

  it("logaddexp neither overflows nor loses the smaller term, infinities included", () => {
    const [a, b] = [
      vector([0, 1000, -1000, Infinity, -Infinity, Infinity, 3]),
      vector([0, 999, -1001, Infinity, -Infinity, 5, -Infinity])
    ]
    const one = Math.log1p(Math.exp(-1))
    near(numbers(T.logaddexp(a, b)), [Math.LN2, 1000 + one, -1000 + one, Infinity, -Infinity, Infinity, 3], 1e-15)
    near(numbers(T.logaddexp2(vector([3, 1]), vector([3, 2]))), [4, Math.log2(6)], 1e-15)
    assert.deepStrictEqual(numbers(T.logaddexp(T.constant([1, 2]), Number.NaN)).map(Number.isNaN), [true, true])
  })

  it("xlogy is 0 where x is 0, whatever y is but NaN", () => {
    const y = vector([0, -1, Infinity, 2, Number.NaN])
    assert.deepStrictEqual(numbers(T.xlogy(vector([0, 0, 0, 0, 0]), y)), [0, 0, 0, 0, Number.NaN])
    assert.deepStrictEqual(numbers(T.xlog1py(vector([0, 0]), vector([-1, -3]))), [0, 0])
    near(numbers(T.xlogy(vector([2, -1]), vector([3, 0]))), [2 * Math.log(3), Infinity])
    near(numbers(T.xlog1py(vector([2]), vector([1e-20]))), [2e-20], 1e-15)
  })

  it("logit keeps its digits near 0, 1/2 and 1", () => {
    const d = 2 ** -40
    near(numbers(T.logit(vector([0.5 + d]))), [4 * d], 1e-12)
    near(numbers(T.logit(vector([1e-300, 0.1, 0.9, 1 - d]))), [
      Math.log(1e-300),
      Math.log(1 / 9),
      Math.log(9),
      Math.log((1 - d) / d)
    ])
    assert.deepStrictEqual(numbers(T.logit(vector([0, 1, 1.5, -0.1]))), [-Infinity, Infinity, Number.NaN, Number.NaN])
    near(numbers(T.logit(vector([0, 1, 0.3]), { eps: 0.1 })), [Math.log(1 / 9), Math.log(9), Math.log(3 / 7)])
  })
})
