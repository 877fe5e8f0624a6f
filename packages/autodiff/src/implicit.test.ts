import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, DifferentiationError, type Shape, T, type Tensor } from "@cotangent/graph"
import { argmin, fixedPoint, grad, hessian, jacobian, jvp, root, type Solution, vmap } from "./index.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">

const scalar = (x: number): Scalar => T.constant(x, "f64")
const item = (x: AnyTensor): number => T.evaluate(x).data[0] ?? NaN
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-9): void =>
  actual.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, tolerance * Math.max(1, Math.abs(x))))

describe("fixedPoint", () => {
  const newton = (x: Scalar, p: Scalar) => T.mul(T.add(x, T.div(p, x)), 0.5) as Scalar
  const root2 = (p: Scalar) => fixedPoint(newton, scalar(1), p).x

  it("finds it and says how", () => {
    const { x, steps, residual, converged } = fixedPoint(newton, scalar(1), scalar(2))
    assert.closeTo(item(x), Math.SQRT2, 1e-15)
    assert.isBelow(item(steps), 8)
    assert.isBelow(item(residual), 1e-12)
    assert.strictEqual(item(converged), 1)
    const few = fixedPoint(newton, scalar(1), scalar(2), { maxSteps: 2 })
    assert.deepStrictEqual([item(few.steps), item(few.converged)], [2, 0])
  })

  it("has the derivatives of the square root, to third order and in both modes", () => {
    const s = Math.SQRT2
    assert.closeTo(item(grad(root2)(scalar(2))), 1 / (2 * s), 1e-12)
    assert.closeTo(item(jvp(root2, scalar(2), scalar(1))[1]), 1 / (2 * s), 1e-12)
    assert.closeTo(item(grad(grad(root2))(scalar(2))), -1 / (4 * 2 * s), 1e-9)
    assert.closeTo(item(grad(grad(grad(root2)))(scalar(2))), 3 / (8 * 4 * s), 1e-8)
  })

  it("agrees with differentiating the iteration of a small network", () => {
    const w: F64 = T.constant(
      [
        [0.2, -0.3, 0.1],
        [0.4, 0.1, -0.2],
        [-0.1, 0.3, 0.2]
      ],
      "f64"
    )
    const b: F64 = T.constant([0.5, -0.4, 0.3], "f64")
    const layer = (x: F64, p: { w: F64; b: F64 }) => T.tanh(T.add(T.matmul(x, p.w), p.b)) as F64
    const zero: F64 = T.zeros([3], "f64")
    const total = (x: F64) => T.reshape(T.sum(T.mul(x, T.constant([1, 2, 3], "f64"))), []) as Scalar
    const implicit = grad((p: { w: F64; b: F64 }) => total(fixedPoint(layer, zero, p).x))({ w, b })
    const unrolled = grad((p: { w: F64; b: F64 }) => total(T.iterate((x: F64) => layer(x, p), zero, 60)))({ w, b })
    near(numbers(implicit.w), numbers(unrolled.w))
    near(numbers(implicit.b), numbers(unrolled.b))
  })

  it("in batches stops each by itself", () => {
    near(numbers(vmap((p: Scalar) => root2(p))(T.constant([1, 4, 9], "f64") as never) as AnyTensor), [1, 2, 3])
    near(numbers(vmap(grad(root2))(T.constant([1, 4, 9], "f64") as never) as AnyTensor), [1 / 2, 1 / 4, 1 / 6])
  })
})

describe("root", () => {
  it("of a system of equations, with its derivatives", () => {
    // x^2 + y^2 = p, x = 2 y: x = 2 sqrt(p / 5), y = sqrt(p / 5).
    type XY = { x: Scalar; y: Scalar }
    const f = ({ x, y }: XY, p: Scalar): XY => ({
      x: T.sub(T.add(T.square(x), T.square(y)), p) as Scalar,
      y: T.sub(x, T.mul(y, 2)) as Scalar
    })
    const solve = (p: Scalar): Solution<XY> => root(f, { x: scalar(1), y: scalar(1) }, p)
    const { x, converged } = solve(scalar(5))
    near([item(x.x), item(x.y), item(converged)], [2, 1, 1])
    assert.closeTo(item(grad((p: Scalar) => solve(p).x.x)(scalar(5))), 1 / 5, 1e-10)
    assert.closeTo(item(grad(grad((p: Scalar) => solve(p).x.x))(scalar(5))), -1 / 50, 1e-8)
  })
})

describe("argmin", () => {
  const a = T.constant(
    [
      [1, 2],
      [3, 4],
      [5, 7],
      [0, 1]
    ],
    "f64"
  ) as F64
  const y = T.constant([1, -1, 2, 0.5], "f64") as F64
  const ridge = (w: F64, p: Scalar) =>
    T.add(
      T.reshape(T.sum(T.square(T.sub(T.matmul(a, w), y))), []) as Scalar,
      T.mul(p, T.reshape(T.sum(T.square(w)), []) as Scalar)
    ) as Scalar
  const solve = (p: Scalar) => argmin(ridge, T.zeros([2], "f64") as F64, p)

  /** (A^T A + p I)^-1 A^T y by hand. */
  const closed = (p: number): readonly [number, number] => {
    const [m00, m01, m11] = [35 + p, 49, 70 + p]
    const [v0, v1] = [8, 12.5]
    const det = m00 * m11 - m01 * m01
    return [(m11 * v0 - m01 * v1) / det, (m00 * v1 - m01 * v0) / det]
  }

  it("is ridge regression, with the derivative of the closed form with respect to its penalty", () => {
    near(numbers(solve(scalar(0.5)).x), closed(0.5))
    const h = 1e-5
    const difference = (closed(0.5 + h)[0] - closed(0.5 - h)[0]) / (2 * h)
    const first = (p: Scalar) => T.reshape(T.slice(solve(p).x, [{ end: 1 }]), []) as Scalar
    assert.closeTo(item(grad(first)(scalar(0.5))), difference, 1e-8)
    assert.closeTo(item(jvp(first, scalar(0.5), scalar(1))[1]), difference, 1e-8)
  })

  it("of a function that is no parabola", () => {
    // min over x of exp(x) - p x: x = log p.
    const f = (x: Scalar, p: Scalar) => T.sub(T.exp(x), T.mul(p, x)) as Scalar
    const logarithm = (p: Scalar) => argmin(f, scalar(0), p).x
    assert.closeTo(item(logarithm(scalar(3))), Math.log(3), 1e-10)
    assert.closeTo(item(grad(logarithm)(scalar(3))), 1 / 3, 1e-9)
    assert.closeTo(item(hessian(logarithm)(scalar(3))), -1 / 9, 1e-8)
  })

  it("goes down where the function bends the other way", () => {
    // (x^2 - 1)^2 has a maximum at 0, and a Hessian below zero around it.
    const { x, converged } = argmin((x: Scalar) => T.square(T.sub(T.square(x), 1)) as Scalar, scalar(0.1), {})
    near([item(x), item(converged)], [1, 1])
  })

  it("refuses unknowns that are no floats, and options that make no sense", () => {
    assert.throws(
      () => argmin((_: AnyTensor) => scalar(0), T.constant(1, "i32") as AnyTensor, {}),
      DifferentiationError,
      "argmin: all leaves of the unknowns must be f32, or all f64"
    )
    assert.throws(
      () => root((x: Scalar) => x, scalar(1), {}, { tolerance: 0 }),
      "root: tolerance must be a positive number, got 0"
    )
    assert.throws(
      () => fixedPoint((x: Scalar) => x, scalar(1), {}, { maxSteps: 0 }),
      "fixedPoint: maxSteps must be a whole number from 1 to 2147483647, got 0"
    )
  })
})

/** The solvers on equations whose solution is sqrt(w). */
const solvers: Readonly<Record<string, (w: Scalar) => Scalar>> = {
  fixedPoint: (w) => fixedPoint((x: Scalar) => T.mul(T.add(x, T.div(w, x)), 0.5) as Scalar, scalar(1), {}).x,
  root: (w) => root((x: Scalar) => T.sub(T.square(x), w) as Scalar, scalar(1), {}).x,
  argmin: (w) => argmin((x: Scalar) => T.sub(T.div(T.pow(x, 3), 3), T.mul(w, x)) as Scalar, scalar(1), {}).x
}

describe("what a function uses from outside", () => {
  for (const [name, solve] of Object.entries(solvers))
    it(`has derivatives through ${name}, like parameters`, () => {
      assert.closeTo(item(solve(scalar(4))), 2, 1e-12)
      assert.closeTo(item(grad(solve)(scalar(4))), 1 / 4, 1e-10)
      assert.closeTo(item(jvp(solve, scalar(4), scalar(1))[1]), 1 / 4, 1e-10)
      assert.closeTo(item(grad(grad(solve))(scalar(4))), -1 / 32, 1e-9)
      near(numbers(vmap(grad(solve))(T.constant([1, 4], "f64"))), [1 / 2, 1 / 4])
    })

  it("may change with the steps of a loop", () => {
    // c -> sqrt(c + x): from 1 over 8, 6 and 22 it is 3, 3, 5.
    const xs = T.constant([8, 6, 22], "f64")
    const walk = (start: Scalar): Scalar =>
      T.scan((c: Scalar, x: Scalar) => [solvers["root"]?.(T.add(c, x)) ?? c, {}], start, xs)[0]
    assert.closeTo(item(walk(scalar(1))), 5, 1e-10)
    assert.closeTo(item(grad(walk)(scalar(1))), 1 / 6 / 6 / 10, 1e-10)
  })
})

describe("derivatives of solutions", () => {
  it("are linear in cotangents and tangents of any size", () => {
    for (const solve of Object.values(solvers))
      for (const scale of [1e-30, 1e-13, 1e13]) {
        const scaled = (w: Scalar) => T.mul(solve(w), scale) as Scalar
        near([item(grad(scaled)(scalar(4))) / scale], [1 / 4])
        near([item(jvp(solve, scalar(4), scalar(scale))[1]) / scale], [1 / 4])
      }
  })

  it("of small cotangents are right in f32 as well", () => {
    const mean = (p: Tensor<[]>) => argmin((x: Tensor<[]>, q: Tensor<[]>) => T.square(T.sub(x, q)), T.constant(0), p).x
    const slope = item(grad((p: Tensor<[]>) => T.mul(mean(p), 1e-9))(T.constant(3)))
    assert.closeTo(slope / 1e-9, 1, 1e-5)
  })

  it("are right for badly conditioned equations", () => {
    // Hilbert's matrix of 8 rows, condition 1.5e10, made unsymmetric: x = p.
    const n = 8
    const rows = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => 1 / (i + j + 1) + (i === 0 && j === n - 1 ? 0.3 : 0))
    )
    const h: F64 = T.constant(rows, "f64")
    const zero: F64 = T.zeros([n], "f64")
    const same = (p: F64) => root((x: F64, q: F64) => T.matmul(h, T.sub(x, q)) as F64, zero, p).x
    numbers(jacobian(same)(T.ones([n], "f64") as F64)).forEach((value, i) =>
      assert.closeTo(value, i % (n + 1) === 0 ? 1 : 0, 1e-4)
    )
  })

  it("are NaN where the equations do not determine one", () => {
    // x + y = p twice: no x follows from p alone when the two sides differ.
    const f = (x: F64, p: F64) => T.sub(T.expand(T.sum(x), 0, 2), p) as F64
    const sum = (p: F64) => T.sum(T.mul(root(f, T.zeros([2], "f64") as F64, p).x, T.constant([1, 0], "f64"))) as Scalar
    assert.deepStrictEqual(numbers(grad(sum)(T.constant([2, 2], "f64") as F64)), [NaN, NaN])
  })
})
