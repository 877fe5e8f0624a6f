/** `leastSquares` and its standard errors against certified regressions, from both of their starts, far and near. */
import { assert, describe, it } from "@effect/vitest"
import { evaluateAll, T } from "@cotangent/graph"
import { leastSquares } from "@cotangent/optim"
import { certified } from "../problems/certified.ts"
import { vector } from "../problems/problem.ts"

/** The largest relative difference. */
const apart = (found: ArrayLike<number>, known: ReadonlyArray<number>): number =>
  Math.max(...known.map((x, i) => Math.abs((found[i] ?? NaN) / x - 1)))

describe("Statistical Reference Datasets", () => {
  for (const { name, starts, residuals, parameters, standardDeviations, sumOfSquares, degreesOfFreedom } of certified)
    for (const [k, start] of starts.entries())
      it(`${name}, start ${k + 1}`, () => {
        const fit = leastSquares(residuals, vector(start))
        assert.strictEqual(T.evaluate(fit.degreesOfFreedom).data[0], degreesOfFreedom)
        const [x, errors, value, variance, converged] = evaluateAll([
          fit.x,
          fit.standardErrors,
          fit.value,
          fit.variance,
          fit.converged
        ]).map(({ data }) => Array.from(data, Number))
        assert.deepStrictEqual(converged, [1])
        // Near the minimum the sum of squares changes by rounding alone within the root of rounding.
        assert.isBelow(apart(x ?? [], parameters), 2e-7)
        assert.isBelow(apart(errors ?? [], standardDeviations), 2e-7)
        assert.isBelow(apart(value ?? [], [sumOfSquares]), 1e-10)
        assert.isBelow(apart(variance ?? [], [sumOfSquares / degreesOfFreedom]), 1e-10)
      })
})
