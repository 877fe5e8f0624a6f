import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, T, type Tensor, TreeError } from "@cotangent/graph"
import { grad, hessian, hvp, jacobian, jvp, vjp } from "./index.ts"

type Vector = Tensor<[3], "f64">
const x: Vector = T.constant([0.5, -1, 2], "f64")
const v: Vector = T.constant([1, 2, -1], "f64")
const numbers = (y: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(y).data)
const near = (actual: AnyTensor, expected: AnyTensor | ReadonlyArray<number>, tolerance = 1e-13) => {
  const wanted = Array.isArray(expected) ? expected : numbers(expected as AnyTensor)
  const got = numbers(actual)
  assert.strictEqual(got.length, wanted.length)
  got.forEach((y, i) => assert.closeTo(y, wanted[i] ?? NaN, tolerance))
}

/** A map from vectors to matrices whose Jacobian is full. */
const curved = (z: Vector): Tensor<[2, 3], "f64"> => T.mul(T.expand(T.sin(z), 0, 2), T.constant([[1], [2]], "f64"))

describe("vjp and jvp", () => {
  it("are products with the Jacobian from either side", () => {
    const j = numbers(jacobian(curved)(x))
    assert.deepStrictEqual(jacobian(curved)(x).shape, [2, 3, 3])
    const weights = T.constant(
      [
        [1, -1, 2],
        [0.5, 3, -2]
      ],
      "f64"
    )
    const [y, pullback] = vjp(curved, x)
    near(y, curved(x))
    const columns = [0, 1, 2].map((k) => numbers(weights).reduce((sum, w, i) => sum + w * (j[i * 3 + k] ?? 0), 0))
    near(pullback(weights), columns)
    const [y2, tangent] = jvp(curved, x, v)
    near(y2, curved(x))
    near(
      tangent,
      Array.from({ length: 6 }, (_, i) => numbers(v).reduce((sum, t, k) => sum + (j[i * 3 + k] ?? 0) * t, 0))
    )
  })

  it("are transposes of each other", () => {
    const weights = T.constant(
      [
        [1, -1, 2],
        [0.5, 3, -2]
      ],
      "f64"
    )
    const f = (z: Vector) => T.softmax(T.mul(curved(z), T.logsumexp(z)))
    near(T.sum(T.mul(jvp(f, x, v)[1], weights)), T.sum(T.mul(vjp(f, x)[1](weights), v)))
  })

  it("go over trees, whatever the order of keys in the cotangent", () => {
    const p = { a: x, n: T.constant(2, "i32"), b: [v] as const }
    const f = (q: typeof p) => ({ product: T.mul(q.a, q.b[0]), count: T.add(q.n, 1), total: T.sum(q.a) })
    const [y, pullback] = vjp(f, p)
    assert.deepStrictEqual(numbers(y.count), [3])
    const one = T.ones([3], "f64")
    const back = pullback({ total: T.constant(10, "f64"), count: T.constant(7, "i32"), product: one })
    near(
      back.a,
      numbers(v).map((w) => w + 10)
    )
    near(back.b[0], x)
    assert.deepStrictEqual(numbers(back.n), [0])
    const [, tangent] = jvp(f, p, { b: [one] as const, n: p.n, a: one })
    near(
      tangent.product,
      numbers(x).map((a, i) => a + (numbers(v)[i] ?? 0))
    )
    assert.deepStrictEqual(numbers(tangent.count), [0])
    near(tangent.total, [3])
  })

  it("give zeros where nothing depends on the argument", () => {
    assert.deepStrictEqual(numbers(jvp((_: Vector) => v, x, v)[1]), [0, 0, 0])
    assert.deepStrictEqual(numbers(vjp((_: Vector) => v, x)[1](v)), [0, 0, 0])
    assert.deepStrictEqual(numbers(jvp((z: Vector) => T.floor(z), x, v)[1]), [0, 0, 0])
  })

  it("refuse cotangents and tangents of another structure", () => {
    const untyped = vjp as (f: unknown, p: unknown) => readonly [unknown, (cotangent: unknown) => unknown]
    assert.throws(
      () => untyped(curved, x)[1](x),
      TreeError,
      "vjp: the cotangent: the leaf must be f64[2, 3], it is f64[3]"
    )
    const push = jvp as (f: unknown, p: unknown, t: unknown) => unknown
    assert.throws(
      () => push(curved, x, T.ones([3])),
      TreeError,
      "jvp: the tangent: the leaf must be f64[3], it is f32[3]"
    )
    assert.throws(() => push(curved, { a: x }, { b: x }), "jvp: the tangent lacks a")
  })
})

describe("second order", () => {
  const f = (z: Vector) => T.sum(T.mul(T.exp(z), T.sin(T.sum(z))))

  it("the Hessian is symmetric, and its product with a vector is hvp", () => {
    const h = hessian(f)(x)
    near(h, T.transpose(h))
    near(T.matmul(h, v), hvp(f, x, v), 1e-12)
  })

  it("hvp is the derivative of the gradient along a line", () => {
    const along = (t: Tensor<[], "f64">) => T.sum(T.mul(grad(f)(T.add(x, T.mul(v, T.expand(t, 0)))), v))
    near(grad(along)(T.zeros([], "f64")), T.sum(T.mul(hvp(f, x, v), v)), 1e-12)
  })

  it("forward over reverse, reverse over forward and reverse over reverse agree", () => {
    const forwardReverse = hvp(f, x, v)
    const reverseForward = grad((z: Vector) => jvp(f, z, v)[1])(x)
    const reverseReverse = grad((z: Vector) => T.sum(T.mul(grad(f)(z), v)))(x)
    const forwardForward = jvp((z: Vector) => jvp(f, z, v)[1], x, v)[1]
    near(reverseForward, forwardReverse, 1e-12)
    near(reverseReverse, forwardReverse, 1e-12)
    near(forwardForward, T.sum(T.mul(forwardReverse, v)), 1e-12)
  })

  it("of a quadratic form is its matrix", () => {
    const a = T.constant(
      [
        [2, 1, 0],
        [1, 3, -1],
        [0, -1, 4]
      ],
      "f64"
    )
    const q = (z: Vector) => T.mul(T.sum(T.mul(z, T.matmul(a, z))), 0.5)
    near(hessian(q)(x), a)
    near(hvp(q, x, v), T.matmul(a, v))
  })
})

describe("jacobian", () => {
  it("of a linear map is its matrix, of a scalar its gradient", () => {
    const a = T.constant(
      [
        [1, 2, 3],
        [4, 5, 6]
      ],
      "f64"
    )
    near(jacobian((z: Vector) => T.matmul(a, z))(x), a)
    near(jacobian((z: Vector) => T.sum(T.square(z)))(x), grad((z: Vector) => T.sum(T.square(z)))(x))
  })
})
