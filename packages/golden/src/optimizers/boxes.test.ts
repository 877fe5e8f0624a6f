/** `minimize` between bounds: known problems, and quadratics against all their faces, one by one. */
import { assert, describe, it } from "@effect/vitest"
import { evaluateAll, T, type Tensor } from "@cotangent/graph"
import { minimize, type MinimizeMethod, type Reason, reasonOf } from "@cotangent/optim"
import { boxes } from "../problems/boxes.ts"
import { type Vector, vector } from "../problems/problem.ts"
import { randomNumbers } from "../randomNumbers.ts"

const methods: ReadonlyArray<MinimizeMethod> = ["lbfgs", "newtonCG", "gradientDescent"]

const run = (
  f: (x: Vector) => Tensor<[], "f64">,
  start: ReadonlyArray<number>,
  lower: ReadonlyArray<number>,
  upper: ReadonlyArray<number>,
  method: MinimizeMethod
) => {
  const found = minimize(f, vector(start), { method, lower: vector(lower), upper: vector(upper) })
  const [x, norm, reason] = evaluateAll([found.x, found.gradientNorm, found.reason]).map(({ data }) =>
    Array.from(data, Number)
  )
  return { x: x ?? [], norm: norm?.[0] ?? NaN, reason: reasonOf(reason?.[0] ?? NaN) }
}

const distance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))))

/** What does not converge within 500 iterations: gradient descent beside the saddle of Wood's function. */
const failures: { readonly [name: string]: Reason } = { "38, gradientDescent": "iterations" }

describe("problems with bounds of Hock and Schittkowski", () => {
  for (const { name, start, lower, upper, objective, minima } of boxes)
    for (const method of methods)
      it(`${name}, ${method}`, () => {
        const { x, norm, reason } = run(objective, start, lower, upper, method)
        assert.strictEqual(reason, failures[`${name}, ${method}`] ?? "gradient")
        x.forEach((y, i) => {
          assert.isAtLeast(y, lower[i] ?? NaN)
          assert.isAtMost(y, upper[i] ?? NaN)
        })
        if (reason !== "gradient") return
        assert.isAtMost(norm, 1e-8)
        // Problem 3 is nearly flat along x1: its curvature is 2e-5.
        const nearest = Math.min(...minima.map((minimum) => distance(minimum, x)))
        assert.isBelow(nearest, name === "3" ? 1e-3 : 1e-7)
      })
})

/** The solution of `A x = b` of plain numbers by elimination with row exchanges. */
const solve = (a: ReadonlyArray<ReadonlyArray<number>>, b: ReadonlyArray<number>): ReadonlyArray<number> => {
  const rows = a.map((row, i) => [...row, b[i] ?? NaN])
  const n = rows.length
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((best, row, i) => {
      const size = Math.abs(row[k] ?? 0)
      return size > Math.abs(rows[best]?.[k] ?? 0) ? i + k : best
    }, k)
    const [upper = [], lower = []] = [rows[pivot], rows[k]]
    rows[k] = upper
    rows[pivot] = lower
    for (let i = k + 1; i < n; i++) {
      const factor = (rows[i]?.[k] ?? 0) / (upper[k] ?? NaN)
      rows[i] = (rows[i] ?? []).map((x, j) => x - factor * (upper[j] ?? 0))
    }
  }
  const x = Array.from({ length: n }, () => 0)
  for (let i = n - 1; i >= 0; i--) {
    const rest = x.reduce((sum, y, j) => (j > i ? sum - (rows[i]?.[j] ?? 0) * y : sum), rows[i]?.[n] ?? NaN)
    x[i] = rest / (rows[i]?.[i] ?? NaN)
  }
  return x
}

/** The minimum of `1/2 x^T A x - b^T x` in a box: the best of the stationary points of all 3^n faces. */
const bestOfFaces = (
  a: ReadonlyArray<ReadonlyArray<number>>,
  b: ReadonlyArray<number>,
  lower: ReadonlyArray<number>,
  upper: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const n = b.length
  const valueAt = (x: ReadonlyArray<number>): number =>
    x.reduce((sum, y, i) => sum + y * (0.5 * x.reduce((s, z, j) => s + z * (a[i]?.[j] ?? 0), 0) - (b[i] ?? 0)), 0)
  const points = Array.from({ length: 3 ** n }, (_, code) => {
    const held = b.map((_, i) => [undefined, lower[i], upper[i]][Math.floor(code / 3 ** i) % 3])
    const free = held.flatMap((bound, i) => (bound === undefined ? [i] : []))
    const right = free.map((i) =>
      held.reduce<number>((sum, bound, j) => sum - (bound ?? 0) * (a[i]?.[j] ?? 0), b[i] ?? 0)
    )
    const inner = solve(
      free.map((i) => free.map((j) => a[i]?.[j] ?? 0)),
      right
    )
    return held.map((bound, i) => bound ?? inner[free.indexOf(i)] ?? NaN)
  })
  const inside = points.filter((x) =>
    x.every((y, i) => y >= (lower[i] ?? NaN) - 1e-12 && y <= (upper[i] ?? NaN) + 1e-12)
  )
  return inside.reduce((best, x) => (valueAt(x) < valueAt(best) ? x : best))
}

describe("quadratics in a box", () => {
  const n = 5
  for (const seed of [1, 2, 3, 4, 5, 6])
    for (const method of methods)
      it(`${seed}, ${method}: the best of all faces`, () => {
        const { uniform } = randomNumbers(seed)
        const next = (): number => uniform(0, 1)
        const factor = Array.from({ length: n }, () => Array.from({ length: n }, () => next() - 0.5))
        const a = factor.map((row, i) =>
          factor.map((other, j) => row.reduce((sum, x, k) => sum + x * (other[k] ?? 0), i === j ? 0.1 : 0))
        )
        const b = Array.from({ length: n }, () => 2 * next() - 1)
        const [lower, upper] = [b.map(() => -0.8 * next()), b.map(() => 0.8 * next())]
        const [matrix, line] = [T.constant(a, "f64") as Vector, vector(b)]
        const f = (x: Vector): Tensor<[], "f64"> =>
          T.reshape(T.sum(T.mul(x, T.sub(T.mul(T.matmul(matrix, x), 0.5), line) as Vector)), []) as Tensor<[], "f64">
        // A start outside of the box is projected.
        const { x, reason } = run(
          f,
          b.map(() => 5),
          lower,
          upper,
          method
        )
        assert.strictEqual(reason, "gradient")
        assert.isBelow(distance(bestOfFaces(a, b, lower, upper), x), 1e-6)
      })
})
