import { assert, describe, it } from "@effect/vitest"
import { grad, jvp } from "@cotangent/autodiff"
import { type AnyTensor, type Shape, T, type Tensor } from "@cotangent/graph"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const matrix = (rows: ReadonlyArray<ReadonlyArray<number>>): F64 => T.constant(rows, "f64") as F64
const total = (x: F64): Scalar => T.reshape(T.sum(x), []) as Scalar
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number): void =>
  actual.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, tolerance))

const a = matrix([
  [5, 1, -1],
  [1, 2, 0.5],
  [-1, 0.5, -3]
])
const t = matrix([
  [0.3, -0.2, 0.7],
  [-0.2, 0.4, 0.1],
  [0.7, 0.1, -0.6]
])
const weights = matrix([
  [1, -2, 0.5],
  [0.3, 1.5, -1],
  [2, 0.2, 0.7]
])

/** A function of values and vectors that sees every one of them. */
const f = (x: F64): Scalar => {
  const { values, vectors } = T.eigh(x)
  return T.add(
    total(T.mul(vectors, weights) as F64),
    total(T.mul(values, T.constant([1, 3, -2], "f64")) as F64)
  ) as Scalar
}

// The bound of rounding that the laws allow is wide for an iteration of thousands of steps: wrong rules of eigh are seen here.
describe("the derivative of eigh", () => {
  it("of eigenvalues is v^T dA v", () => {
    const { vectors } = T.eigh(a)
    const expected = numbers(T.diagonal(T.matmul(T.transpose(vectors), T.matmul(t, vectors)) as F64))
    near(numbers(jvp((x: F64) => T.eigh(x).values as F64, a, t)[1]), expected, 1e-12)
  })

  it("of a function of values and vectors is its slope, in both modes, to second order", () => {
    const h = 1e-5
    const at = (x: number): F64 => T.add(a, T.mul(t, x)) as F64
    const slope = ((numbers(f(at(h)))[0] ?? NaN) - (numbers(f(at(-h)))[0] ?? NaN)) / (2 * h)
    near(numbers(jvp(f, a, t)[1]), [slope], 1e-8)
    near(numbers(total(T.mul(grad(f)(a), t) as F64)), [slope], 1e-8)
    const along = (x: F64): Scalar => total(T.mul(grad(f)(x), t) as F64)
    const curve = ((numbers(along(at(h)))[0] ?? NaN) - (numbers(along(at(-h)))[0] ?? NaN)) / (2 * h)
    near(numbers(total(T.mul(grad(along)(a), t) as F64)), [curve], 1e-7)
  })

  it("of a function that does not depend on the choice of vectors is right where eigenvalues are equal", () => {
    // The trace of A^2 is the sum of w^2, whose gradient is 2 A.
    const twice = matrix([
      [2, 0, 0],
      [0, 2, 0],
      [0, 0, 5]
    ])
    const squares = (x: F64): Scalar => total(T.square(T.eigh(x).values) as F64)
    near(numbers(grad(squares)(twice)), numbers(T.mul(twice, 2)), 1e-12)
  })
})
