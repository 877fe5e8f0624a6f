/** Derivatives of reductions and cumulative operations at zeros, ties, infinities and NaN, to second order. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, T, type Tensor } from "@cotangent/graph"
import { grad, hessian, jvp } from "./index.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[number], "f64">

const vector = (...xs: ReadonlyArray<number>): Vector =>
  T.fromArray<[number], "f64">(Float64Array.from(xs), [xs.length], "f64")
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data, (y) => y + 0)

/** A sum with weights: a cotangent that tells the results apart. */
const weighted =
  (f: (x: Vector) => Tensor<[number], "f64">, ...weights: ReadonlyArray<number>) =>
  (x: Vector): Scalar =>
    T.sum(T.mul(f(x), vector(...weights)))

describe("products with zeros", () => {
  const f = (x: Vector): Scalar => T.prod(x)
  it("have the product of the others as derivative", () => {
    assert.deepStrictEqual(numbers(grad(f)(vector(2, 0, 3))), [0, 6, 0])
    assert.deepStrictEqual(numbers(grad(f)(vector(0, 0, 3))), [0, 0, 0])
    assert.deepStrictEqual(numbers(grad(f)(vector(2, 5, 3, 7))), [105, 42, 70, 30])
  })

  it("and second derivatives", () => {
    assert.deepStrictEqual(numbers(hessian(f)(vector(0, 0, 3))), [0, 3, 0, 3, 0, 0, 0, 0, 0])
    assert.deepStrictEqual(numbers(hessian(f)(vector(0, 0, 0))), new Array<number>(9).fill(0))
    const third = grad((x: Vector) => T.sum(grad((y: Vector) => T.sum(grad(f)(y)))(x)))
    // The derivative of the sum of all mixed second derivatives is 2 where nothing but one product is left.
    assert.deepStrictEqual(numbers(third(vector(0, 0, 0))), [2, 2, 2])
  })

  it("accumulated likewise", () => {
    const g = weighted((x) => T.cumprod(x), 1, 10, 100)
    assert.deepStrictEqual(numbers(grad(g)(vector(0, 2, 3))), [1 + 20 + 600, 0, 0])
    assert.deepStrictEqual(numbers(grad(g)(vector(2, 0, 3))), [1, 20 + 600, 0])
    assert.deepStrictEqual(numbers(hessian(g)(vector(0, 0, 3))), [0, 10 + 300, 0, 10 + 300, 0, 0, 0, 0, 0])
    const back = weighted((x) => T.cumprod(x, { reverse: true, exclusive: true }), 1, 10, 100)
    assert.deepStrictEqual(numbers(grad(back)(vector(0, 0, 3))), [0, 3, 10])
  })
})

describe("norms at zero", () => {
  for (const p of [0.5, 1, 1.5, 2, 3, Infinity, -Infinity, 0, -1])
    it(`p = ${p}: derivatives of the norm of zeros are 0`, () => {
      const f = (x: Vector): Scalar => T.norm(x, { p })
      assert.deepStrictEqual(numbers(grad(f)(vector(0, 0, 0))), [0, 0, 0])
      assert.deepStrictEqual(numbers(hessian(f)(vector(0, 0))), [0, 0, 0, 0])
      assert.deepStrictEqual(numbers(jvp(f, vector(0, 0), vector(1, 2))[1]), [0])
    })

  it("and where one element is 0 its derivative is", () => {
    assert.deepStrictEqual(numbers(grad((x: Vector) => T.norm(x))(vector(0, -2, 0))), [0, -1, 0])
    assert.deepStrictEqual(numbers(grad((x: Vector) => T.norm(x, { p: 1 }))(vector(3, 0, -4))), [1, 0, -1])
    assert.deepStrictEqual(numbers(T.norm(vector(3, 0, 4), { p: -1 })), [0])
    assert.deepStrictEqual(numbers(T.norm(vector(2, 2), { p: -1 })), [1])
  })

  it("the standard deviation of equal elements has derivative 0", () => {
    const f = (x: Vector): Scalar => T.std(x, { correction: 1 })
    assert.deepStrictEqual(numbers(grad(f)(vector(3, 3, 3))), [0, 0, 0])
    assert.deepStrictEqual(numbers(hessian(f)(vector(3, 3))), [0, 0, 0, 0])
  })
})

describe("ties", () => {
  it("share the derivative, or the first takes it", () => {
    const x = vector(1, 5, 5, 5)
    assert.deepStrictEqual(numbers(grad((y: Vector) => T.max(y))(x)), [0, 1 / 3, 1 / 3, 1 / 3])
    assert.deepStrictEqual(numbers(grad((y: Vector) => T.max(y, { ties: "first" }))(x)), [0, 1, 0, 0])
    assert.deepStrictEqual(numbers(grad((y: Vector) => T.min(T.neg(y), { ties: "first" }))(x)), [0, -1, 0, 0])
    const rows = (y: Vector): Scalar => T.sum(T.max(T.reshape(y, [2, 2]), { axis: 1, ties: "first" }))
    assert.deepStrictEqual(numbers(grad(rows)(x)), [0, 1, 1, 0])
    assert.deepStrictEqual(numbers(T.max(vector(1, NaN, 3, NaN), { ties: "first" })), [NaN])
    assert.deepStrictEqual(numbers(T.min(T.constant([3, -2147483648], "i32"), { ties: "first" })), [-2147483648])
    assert.throws(
      () => T.max(T.zeros([2, 0]), { axis: 1, ties: "first" }),
      "max: the axes are empty in [2, 0], there is no first element"
    )
  })

  it("of running extrema go to the last", () => {
    const f = weighted((x) => T.cummax(x), 1, 10, 100, 1000)
    assert.deepStrictEqual(numbers(grad(f)(vector(2, 1, 2, 1))), [11, 0, 1100, 0])
    const g = weighted((x) => T.cummin(x, { reverse: true }), 1, 10, 100, 1000)
    assert.deepStrictEqual(numbers(grad(g)(vector(1, 2, 1, 2))), [1, 0, 110, 1000])
    assert.deepStrictEqual(numbers(T.cummax(vector(1, NaN, 3))), [1, NaN, NaN])
  })
})

describe("infinities and NaN", () => {
  it("logsumexp of -Infinity alone has derivative 0", () => {
    const f = (x: Vector): Scalar => T.sum(T.logsumexp(T.reshape(x, [2, 2]), { axis: 1 }))
    assert.deepStrictEqual(numbers(grad(f)(vector(-Infinity, -Infinity, 0, -Infinity))), [0, 0, 1, 0])
    assert.isTrue(numbers(hessian(f)(vector(-Infinity, -Infinity, 0, -Infinity))).every((x) => x === 0))
    assert.deepStrictEqual(numbers(grad((x: Vector) => T.logmeanexp(x))(vector(-Infinity, 5))), [0, 1])
  })

  it("logcumsumexp likewise", () => {
    const f = weighted((x) => T.logcumsumexp(x), 1, 10, 100)
    // The first result is the first element.
    assert.deepStrictEqual(numbers(grad(f)(vector(-Infinity, -Infinity, 7))), [1, 0, 100])
    assert.isTrue(numbers(hessian(f)(vector(-Infinity, -Infinity, 7))).every((x) => x === 0))
    assert.deepStrictEqual(numbers(grad(f)(vector(1000, -Infinity, 1000))), [1 + 10 + 50, 0, 50])
  })

  it("nansum and nanmean leave NaN out, which have derivative 0", () => {
    assert.deepStrictEqual(numbers(T.nansum(vector(NaN, 2, 3))), [5])
    assert.deepStrictEqual(numbers(T.nanmean(vector(NaN, 2, 3))), [2.5])
    assert.deepStrictEqual(numbers(T.nanmean(vector(NaN, NaN))), [NaN])
    assert.deepStrictEqual(numbers(grad((x: Vector) => T.nansum(T.square(x)))(vector(NaN, 2, 3))).slice(1), [4, 6])
    assert.deepStrictEqual(numbers(grad((x: Vector) => T.nanmean(x))(vector(NaN, 2, 3))), [0, 0.5, 0.5])
    assert.deepStrictEqual(numbers(T.countNonzero(vector(0, NaN, 3, -0))), [2])
  })
})
