import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { matrix, near, numbers, random } from "./matrices.test.support.ts"

describe("covariance", () => {
  it("is that of the rows", () => {
    near(T.cov(matrix([1, 2, 3], [1, 0, -1])), [1, -1, -1, 1])
    near(T.cov(matrix([1, 2, 3], [1, 0, -1]), { correction: 0 }), [2 / 3, -2 / 3, -2 / 3, 2 / 3])
    near(T.diagonal(T.cov(random(3, 7))), numbers(T.variance(random(3, 7), { axis: 1, correction: 1 })))
    near(T.cov(T.constant([1, 2, 3, 4], "f64")), [5 / 3])
    assert.deepStrictEqual(T.cov(random(2, 3, 5)).shape, [2, 3, 3])
  })

  it("divided by the deviations is the correlation", () => {
    near(T.corrcoef(matrix([1, 2, 3], [2, 0, -2])), [1, -1, -1, 1])
    near(T.corrcoef(T.constant([1, 2, 3], "f64")), [1])
    assert.isNaN(numbers(T.corrcoef(matrix([1, 1], [1, 2])))[0])
    assert.throws(() => T.cov(T.constant(1, "f64") as never), "cov: needs observations, got []")
  })
})
