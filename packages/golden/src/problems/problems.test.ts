import { assert, describe, it } from "@effect/vitest"
import { grad, hessian, jacobian } from "@cotangent/autodiff"
import { evaluateAll, T } from "@cotangent/graph"
import { objective, problems } from "./index.ts"
import { type Problem, type Vector, vector } from "./problem.ts"

const numbers = (x: Vector): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const valueAt = (problem: Problem, x: ReadonlyArray<number>): number =>
  T.evaluate(objective(problem)(vector(x))).data[0] ?? NaN

/**
 * Values at the standard starts, from implementations of the paper in other languages, to the digits they print; the last
 * nine from a transcription of the paper's formulas to plain numbers, apart from the code here.
 */
const atStart: Readonly<Record<string, number>> = {
  Rosenbrock: 24.2,
  "Freudenstein and Roth": 400.5,
  "Powell badly scaled": 1.13526,
  "Brown badly scaled": 999998000003,
  Beale: 14.203125,
  "Jennrich and Sampson": 4171.306,
  "helical valley": 2500,
  Bard: 41.6817,
  Gaussian: 3.888107e-6,
  Meyer: 1.693608e9,
  "Box three-dimensional": 1031.154,
  "Powell singular": 215,
  Wood: 19192,
  "Kowalik and Osborne": 5.313172e-3,
  "Brown and Dennis": 7926693.337,
  "Osborne 1": 0.8790263,
  "Biggs EXP6": 0.7790701,
  "Osborne 2": 2.09342,
  Watson: 30,
  "extended Rosenbrock": 121,
  "extended Powell singular": 430,
  "penalty I": 148032.565,
  "penalty II": 162.6528,
  "variably dimensioned": 2198551.1625,
  trigonometric: 7.0757595e-3,
  "Brown almost-linear": 273.248,
  "Gulf research and development": 12.11070582556949,
  "discrete boundary value": 7.88519101264823e-4,
  "discrete integral equation": 0.06341684157945265,
  "Broyden tridiagonal": 21,
  "Broyden banded": 360,
  "linear, full rank": 50,
  "linear, rank 1": 8658670,
  "linear, rank 1 with zero columns and rows": 4067996,
  Chebyquad: 0.03861769828593028
}

it("there are all 35", () => {
  assert.strictEqual(problems.length, 35)
  // The global minimum of the trigonometric function is known by its value alone.
  const unknown = problems.flatMap(({ name, minima }) => minima.flatMap(({ at }) => (at === undefined ? [name] : [])))
  assert.deepStrictEqual(unknown, ["trigonometric"])
  assert.strictEqual(new Set(problems.map(({ name }) => name)).size, 35)
})

describe("problems of Moré, Garbow and Hillstrom", () => {
  for (const problem of problems) {
    it(`${problem.name}: values, gradient, Jacobian, Hessian`, () => {
      const { start, residuals, count, minima } = problem
      const x = vector(start)
      assert.deepStrictEqual(residuals(x).shape, [count])
      const started = valueAt(problem, start)
      assert.closeTo(started / (atStart[problem.name] ?? NaN), 1, 2e-6)
      const slopes = (z: ReadonlyArray<number>) => numbers(grad(objective(problem))(vector(z)) as Vector).map(Math.abs)
      const steepest = Math.max(...slopes(start))
      for (const { value, at } of minima) {
        if (at === undefined) continue
        // The paper gives six digits, some of them cut off.
        const found = valueAt(problem, at)
        if (value === 0) assert.isBelow(found, 1e-15 * started)
        else assert.closeTo(found / value, 1, 3e-6)
        assert.isBelow(Math.max(...slopes(at)), 1e-9 * steepest)
      }
      // A point beside the start, where nothing is zero by accident.
      const near = start.map((v, i) => v + 0.013 * (i + 1) * Math.max(1, Math.abs(v)) * (i % 2 === 0 ? 1 : -1))
      const at = vector(near)
      const f = objective(problem)
      const [gradient, jacobianValue, residual, hessianValue] = evaluateAll([
        grad(f)(at),
        jacobian(residuals, { mode: "reverse" })(at),
        residuals(at),
        hessian(f)(at)
      ]).map(({ data }) => Array.from(data))
      const n = near.length
      const scale = Math.max(...(gradient ?? []).map(Math.abs), 1e-8)
      // The gradient of a sum of squares is 2 J^T r.
      gradient?.forEach((g, j) => {
        const sum = (residual ?? []).reduce((s, r, i) => s + 2 * r * (jacobianValue?.[i * n + j] ?? NaN), 0)
        assert.closeTo(g, sum, 1e-9 * scale)
      })
      // Both agree with central differences, each coordinate by a step of its own size.
      const moved = (j: number, h: number) => near.map((v, i) => (i === j ? v + h : v))
      const largest = Math.max(...(hessianValue ?? []).map(Math.abs), 1e-8)
      for (let j = 0; j < n; j++) {
        const h = 1e-5 * Math.max(1, Math.abs(near[j] ?? 0))
        const [above, below] = [moved(j, h), moved(j, -h)]
        const difference = (valueAt(problem, above) - valueAt(problem, below)) / (2 * h)
        assert.closeTo(
          gradient?.[j] ?? NaN,
          difference,
          2e-5 * Math.max(scale, Math.abs(valueAt(problem, near)) * 1e-5)
        )
        const [gAbove, gBelow] = [above, below].map((z) => numbers(grad(f)(vector(z)) as Vector))
        for (let k = 0; k < n; k++) {
          const second = ((gAbove?.[k] ?? NaN) - (gBelow?.[k] ?? NaN)) / (2 * h)
          assert.closeTo(hessianValue?.[j * n + k] ?? NaN, second, 1e-5 * largest)
          assert.closeTo(hessianValue?.[j * n + k] ?? NaN, hessianValue?.[k * n + j] ?? NaN, 1e-9 * largest)
        }
      }
      // Forward and reverse Jacobians are one.
      const forward = numbers(jacobian(residuals, { mode: "forward" })(at) as Vector)
      forward.forEach((a, i) => assert.closeTo(a, jacobianValue?.[i] ?? NaN, 1e-9 * Math.max(1, Math.abs(a))))
    })
  }
})
