import { assert, describe, it } from "@effect/vitest"
import { DTypeError, evaluateAll, type Shape, T, type Tensor, TreeError } from "@cotangent/graph"
import { OptimizerError } from "../errors.ts"
import { leastSquares, type LeastSquares } from "./leastSquares.ts"
import { type Reason, reasonOf } from "./reason.ts"

type Scalar = Tensor<[], "f64">
type Line = Tensor<[number], "f64">

const one = (x: number): Scalar => T.constant(x, "f64")
const line = (xs: ReadonlyArray<number>): Line => T.constant([...xs], "f64") as Line
const numbers = (x: Tensor<Shape, "f64"> | Tensor<Shape>): ReadonlyArray<number> =>
  Array.from(T.evaluate(x as Tensor<Shape, "f64">).data)
const ending = ({ reason, converged }: LeastSquares<unknown>): readonly [Reason, boolean] => {
  const [code, done] = evaluateAll([reason, converged]).map(({ data }) => Number(data[0]))
  return [reasonOf(code ?? NaN), done === 1]
}

// A line through five points, computed by the formulas of linear regression.
const [ts, ys] = [
  [1, 2, 4, 5, 8],
  [2.1, 2.9, 5.2, 5.8, 9.3]
]
const straight = (() => {
  const n = ts.length
  const mean = (xs: ReadonlyArray<number>) => xs.reduce((a, b) => a + b, 0) / n
  const [t, y] = [mean(ts), mean(ys)]
  const spread = ts.reduce((sum, x) => sum + (x - t) ** 2, 0)
  const slope = ts.reduce((sum, x, i) => sum + (x - t) * ((ys[i] ?? NaN) - y), 0) / spread
  const offset = y - slope * t
  const rest = ts.reduce((sum, x, i) => sum + ((ys[i] ?? NaN) - offset - slope * x) ** 2, 0)
  const variance = rest / (n - 2)
  return {
    slope,
    offset,
    rest,
    variance,
    slopeError: Math.sqrt(variance / spread),
    offsetError: Math.sqrt(variance * (1 / n + t ** 2 / spread)),
    covariance: (-variance * t) / spread
  }
})()

interface Linear {
  readonly offset: Scalar
  readonly slope: Scalar
}
const linear = ({ offset, slope }: Linear): Line => T.sub(T.add(T.mul(line(ts), slope), offset), line(ys)) as Line

describe("leastSquares", () => {
  it("is linear regression for a line: parameters, errors and covariance by their formulas", () => {
    const fit = leastSquares(linear, { offset: one(0), slope: one(0) })
    const close = (x: Tensor<Shape, "f64">, expected: ReadonlyArray<number>) =>
      numbers(x).forEach((y, i) => assert.closeTo(y / (expected[i] ?? NaN), 1, 1e-10))
    close(fit.x.offset, [straight.offset])
    close(fit.x.slope, [straight.slope])
    close(fit.value, [straight.rest])
    close(fit.variance, [straight.variance])
    close(fit.standardErrors.offset, [straight.offsetError])
    close(fit.standardErrors.slope, [straight.slopeError])
    close(fit.covariance, [
      straight.offsetError ** 2,
      straight.covariance,
      straight.covariance,
      straight.slopeError ** 2
    ])
    assert.strictEqual(T.evaluate(fit.degreesOfFreedom).data[0], 3)
    assert.deepStrictEqual(ending(fit), ["gradient", true])
    assert.deepStrictEqual(numbers(fit.residuals).length, 5)
    assert.isBelow(numbers(fit.gradientNorm)[0] ?? NaN, 1e-8)
  })

  it("does not depend on units: a parameter in other units has an error in them", () => {
    const scaled = ({ offset, slope }: Linear) => linear({ offset: T.mul(offset, 1e9), slope: T.mul(slope, 1e-6) })
    const { standardErrors, ...fit } = leastSquares(scaled, { offset: one(0), slope: one(0) })
    assert.isTrue(ending({ standardErrors, ...fit })[1])
    assert.closeTo((numbers(standardErrors.offset)[0] ?? NaN) / (straight.offsetError * 1e-9), 1, 1e-8)
    assert.closeTo((numbers(standardErrors.slope)[0] ?? NaN) / (straight.slopeError * 1e6), 1, 1e-8)
  })

  it("in f32, with residuals of any shape", () => {
    const [t, y] = [T.constant(ts), T.constant(ys)]
    const columns = (p: { readonly offset: Tensor<[]>; readonly slope: Tensor<[]> }) =>
      T.reshape(T.sub(T.add(T.mul(t, p.slope), p.offset), y), [5, 1])
    const { x, standardErrors, ...fit } = leastSquares(columns, { offset: T.constant(0), slope: T.constant(0) })
    assert.isTrue(ending({ x, standardErrors, ...fit })[1])
    assert.strictEqual(standardErrors.slope.dtype, "f32")
    assert.closeTo(numbers(x.slope)[0] ?? NaN, straight.slope, 1e-5)
    assert.closeTo(numbers(standardErrors.slope)[0] ?? NaN, straight.slopeError, 1e-5)
  })

  it("fits with a singular Jacobian, and has no errors to give then", () => {
    // Only the sum of a and b matters, and c not at all.
    const same = ({ a, b }: { readonly a: Scalar; readonly b: Scalar; readonly c: Scalar }) =>
      T.sub(T.mul(line(ts), T.add(a, b)), line(ys))
    const fit = leastSquares(same, { a: one(1), b: one(0), c: one(5) })
    assert.isTrue(ending(fit)[1])
    const best = ts.reduce((sum, t, i) => sum + t * (ys[i] ?? NaN), 0) / ts.reduce((sum, t) => sum + t * t, 0)
    const [a, b, c] = evaluateAll([fit.x.a, fit.x.b, fit.x.c]).map(({ data }) => Number(data[0]))
    assert.closeTo((a ?? NaN) + (b ?? NaN), best, 1e-9)
    assert.strictEqual(c, 5)
    for (const error of Object.values(fit.standardErrors)) assert.isNaN(numbers(error)[0])
    assert.isTrue(numbers(fit.covariance).every(Number.isNaN))
  })

  it("solves fewer equations than unknowns, and has no degrees of freedom for errors", () => {
    const both = (p: Tensor<[3], "f64">) => T.sub(T.sum(T.square(p)), T.constant([4], "f64"))
    const { value, ...fit } = leastSquares(both, T.constant([1, 2, 3], "f64"))
    assert.isBelow(numbers(value)[0] ?? NaN, 1e-20)
    assert.strictEqual(T.evaluate(fit.degreesOfFreedom).data[0], -2)
    assert.isNaN(numbers(fit.variance)[0])
    const exact = leastSquares((p: Scalar) => T.sub(p, T.constant([2], "f64")), one(0))
    assert.strictEqual(numbers(exact.x)[0], 2)
    assert.isNaN(numbers(exact.standardErrors)[0])
  })

  it("comes nearer where values are not finite", () => {
    const roots = (p: Scalar) => T.sub(T.sqrt(p), T.constant([0.01, 0.01], "f64"))
    const { x, ...fit } = leastSquares(roots, one(25))
    assert.isTrue(ending({ x, ...fit })[1])
    assert.closeTo(numbers(x)[0] ?? NaN, 1e-4, 1e-10)
  })

  it("says where nothing is finite, and ends", () => {
    const start = leastSquares((p: Scalar) => T.log(T.mul(T.neg(T.square(p)), line([1, 2]))), one(1))
    assert.deepStrictEqual(ending(start), ["not finite", false])
    // Finite at 1 alone, with a slope there.
    const lonely = leastSquares(
      (p: Scalar) => T.add(T.mul(line([1, 2]), p), T.stopGradient(T.sqrt(T.neg(T.square(T.sub(p, 1)))))),
      one(1)
    )
    assert.deepStrictEqual(ending(lonely), ["not finite", false])
  })

  it("ends by iterations and by evaluations", () => {
    const rosenbrock = (p: Tensor<[2], "f64">): Line => {
      const [x, y] = [T.slice(p, [{ end: 1 }]), T.slice(p, [{ start: 1 }])]
      return T.concat(T.mul(T.sub(y, T.square(x)), 10), T.neg(T.sub(x, 1))) as Line
    }
    const by = (options: object) => leastSquares(rosenbrock, T.constant([-1.2, 1], "f64"), options)
    assert.deepStrictEqual(ending(by({ maxIterations: 2 })), ["iterations", false])
    assert.deepStrictEqual(ending(by({ maxEvaluations: 3 })), ["evaluations", false])
    assert.strictEqual(numbers(by({ maxEvaluations: 3 }).value).length, 1)
    assert.isTrue(ending(by({ toleranceValue: 1 }))[1])
  })

  it("refuses every mistake at once, and what is no residual", () => {
    try {
      leastSquares(linear, { offset: one(NaN), slope: one(0) }, {
        maxIterations: 0,
        initialRadius: 0,
        method: 1
      } as never)
      assert.fail("no error was thrown")
    } catch (thrown) {
      assert.instanceOf(thrown, OptimizerError)
      assert.strictEqual((thrown as OptimizerError).mistakes.length, 4)
      assert.include((thrown as OptimizerError).message, "x0 must be finite, offset is NaN")
    }
    assert.throws(
      () => leastSquares(() => T.constant([1, 2], "i32"), one(1)),
      DTypeError,
      "leastSquares: the residuals must be a tensor of f32 or f64, they are i32; use T.cast"
    )
    assert.throws(
      () => leastSquares(() => one(1), { a: one(1), b: T.constant(1) }),
      TreeError,
      "leastSquares: the parameters"
    )
  })
})
