import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, vector } from "./numbers.test.support.ts"

describe("special functions", () => {
  it("have known values", () => {
    near(
      numbers(T.erfc(vector([0, 0.5, 2, 10, -1]))),
      [1, 0.4795001221869535, 0.004677734981047266, 2.088487583762545e-45, 1.8427007929497148]
    )
    near(
      numbers(T.erfinv(vector([0.5, -0.9, 0.999999]))),
      [0.4769362762044699, -1.1630871536766743, 3.458910737275499],
      1e-12
    )
    near(numbers(T.lgamma(vector([0.5, 1, 2, 5, -1.5]))), [
      Math.log(Math.PI) / 2,
      0,
      0,
      Math.log(24),
      Math.log((4 * Math.sqrt(Math.PI)) / 3)
    ])
    near(numbers(T.digamma(vector([1, 0.5, 10]))), [-0.5772156649015329, -1.9635100260214235, 2.251752589066721])
    near(numbers(T.polygamma(vector([1, 0.5]), 1)), [Math.PI ** 2 / 6, Math.PI ** 2 / 2])
    // psi_2(1) = -2 zeta(3)
    near(numbers(T.polygamma(vector([1]), 2)), [-2.4041138063191885])
    assert.deepStrictEqual(numbers(T.polygamma(vector([3.5]), 0)), numbers(T.digamma(vector([3.5]))))
  })

  it("lgamma satisfies its recurrence, also left of 0", () => {
    const xs = [-3.3, -0.7, 0.2, 1.1, 4.9, 20.5, 1e5]
    const step = numbers(T.sub(T.lgamma(vector(xs.map((x) => x + 1))), T.lgamma(vector(xs))))
    step.forEach((s, i) => assert.closeTo(s, Math.log(Math.abs(xs[i] ?? 0)), 1e-9))
  })

  it("logBeta keeps its digits for large arguments", () => {
    const lgamma = (x: number): number => numbers(T.lgamma(vector([x])))[0] ?? Number.NaN
    for (const [a, b] of [
      [0.5, 0.5],
      [2, 3],
      [0.1, 12],
      [11, 9.5],
      [25, 40]
    ] as const)
      near(numbers(T.logBeta(vector([a]), vector([b]))), [lgamma(a) + lgamma(b) - lgamma(a + b)], 1e-13)
    // B(1, b) = 1/b, B(2, b) = 1 / (b (b + 1))
    near(
      numbers(T.logBeta(vector([1, 2, 1e10]), vector([1e10, 1e8, 1]))),
      [-Math.log(1e10), -Math.log(1e8) - Math.log1p(1e8), -Math.log(1e10)],
      1e-15
    )
    near(numbers(T.beta(vector([2, 0.5]), vector([3, 0.5]))), [1 / 12, Math.PI], 1e-14)
  })

  it("polygamma refuses what is no order, with the sentence of the types", () => {
    const order: number = 21
    assert.throws(
      () => T.polygamma(T.constant([1]), order),
      "polygamma: the order must be a whole number from 0 to 20 in f32, got 21"
    )
    assert.throws(
      () => T.polygamma(vector([1]), order + 0.5),
      "the order must be a whole number from 0 to 100 in f64, got 21.5"
    )
  })
})
