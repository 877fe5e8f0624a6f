import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, DifferentiationError, type Shape, T, type Tensor } from "@cotangent/graph"
import { customDerivative, customJvp, customVjp, grad, hvp, jvp, vjp, vmap } from "./index.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">

const scalar = (x: number): Scalar => T.constant(x, "f64")
const vector = (...x: ReadonlyArray<number>): Tensor<[number], "f64"> => T.constant(x, "f64") as never
const item = (x: AnyTensor): number => T.evaluate(x).data[0] ?? NaN
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

describe("customVjp", () => {
  const twice = customVjp(
    (x: F64, y: F64) => T.mul(x, y) as F64,
    // Not the true derivative, so that it shows that the rule is used.
    ({ args: [x, y] }, g) => [T.mul(T.mul(g, y), 10) as F64, T.mul(T.mul(g, x), 100) as F64]
  )

  it("gives the value of the function and the derivatives of the rule", () => {
    assert.strictEqual(item(twice(scalar(2), scalar(3))), 6)
    assert.strictEqual(item(grad((x: Scalar) => twice(x, scalar(3)) as Scalar)(scalar(2))), 30)
    assert.strictEqual(item(grad((y: Scalar) => twice(scalar(2), y) as Scalar)(scalar(3))), 200)
  })

  it("differentiates the rule again", () => {
    const f = customVjp(
      (x: Scalar) => T.square(x) as Scalar,
      ({ args: [x] }, g) => [T.mul(g, T.pow(x, 3)) as Scalar]
    )
    assert.strictEqual(item(grad(f)(scalar(2))), 8)
    assert.strictEqual(item(grad(grad(f))(scalar(2))), 12)
  })

  it("can use its result, and leaves out arguments without a cotangent", () => {
    const f = customVjp(
      (x: Scalar, k: Scalar) => T.exp(T.mul(x, k)) as Scalar,
      ({ args: [, k], result }, g) => [T.mul(T.mul(g, result), k) as Scalar, undefined]
    )
    assert.closeTo(item(grad((x: Scalar) => f(x, scalar(2)))(scalar(1))), 2 * Math.exp(2), 1e-14)
    assert.strictEqual(item(grad((k: Scalar) => f(scalar(1), k))(scalar(2))), 0)
  })

  it("takes trees, and arguments that are no tensors", () => {
    const f = customVjp(
      (p: { a: Scalar; b: Scalar }, power: number) => T.add(T.pow(p.a, power), p.b) as Scalar,
      ({ args: [p, power] }, g) => [{ a: T.mul(g, T.mul(p.a, power)) as Scalar, b: T.neg(g) }, undefined]
    )
    const { a, b } = grad((p: { a: Scalar; b: Scalar }) => f(p, 5))({ a: scalar(2), b: scalar(1) })
    assert.deepStrictEqual([item(a), item(b)], [10, -1])
  })

  it("works under vmap, in batches of any operand", () => {
    const xs = vector(1, 2, 3)
    assert.deepStrictEqual(numbers(vmap((x: Scalar) => twice(x, scalar(4)) as Scalar)(xs as never)), [4, 8, 12])
    const slopes = vmap(grad((x: Scalar) => T.mul(twice(x, scalar(4)), x) as Scalar))
    // d/dx of (x y) x with the rule for the first factor: 10 y x + x y.
    assert.deepStrictEqual(numbers(slopes(xs as never) as AnyTensor), [44, 88, 132])
  })

  it("works inside the body of a loop", () => {
    const half = customVjp(
      (c: Scalar) => T.mul(c, 0.5) as Scalar,
      (_, g) => [T.mul(g, 3) as Scalar]
    )
    const f = (x: Scalar) => T.iterate((c: Scalar) => half(c), x, 4)
    assert.strictEqual(item(f(scalar(16))), 1)
    assert.strictEqual(item(grad(f)(scalar(16))), 81)
  })

  it("refuses forward mode, rules of another shape, and functions of differentiated tensors from outside", () => {
    const refuses = (f: () => unknown, sentence: string) => assert.throws(f, DifferentiationError, sentence)
    refuses(
      () => jvp((x: Scalar) => twice(x, x) as Scalar, scalar(1), scalar(1)),
      "jvp: customVjp has a rule for reverse mode only; use grad or vjp, or give it a forward rule with customJvp or customDerivative"
    )
    const wrong = customVjp(
      (x: F64) => T.square(x) as F64,
      () => [vector(1, 2) as F64]
    )
    assert.throws(
      () => grad((x: Scalar) => wrong(x) as Scalar)(scalar(1)),
      "customVjp: the cotangent of argument 0: the leaf must be f64[], it is f64[2]"
    )
    const pair = { a: scalar(1), b: scalar(2) }
    const ofPair = (cotangent: unknown) =>
      customVjp((p: typeof pair) => T.mul(p.a, p.b) as Scalar, (() => [cotangent]) as never)
    refuses(
      () => grad(ofPair({ a: scalar(1), b: 5 }))(pair),
      "customVjp: the cotangent of argument 0: b must be a tensor, it is the number 5"
    )
    assert.throws(() => grad(ofPair({ a: scalar(1) }))(pair), "customVjp: the cotangent of argument 0 lacks b")
    const few = customVjp((x: F64, y: F64) => T.mul(x, y) as F64, (() => [scalar(1)]) as never)
    refuses(
      () => grad((x: Scalar) => few(x, x) as Scalar)(scalar(1)),
      "customVjp: the rule must return one cotangent for each of the 2 arguments, in a list; it returned 1"
    )
    const outer = (y: Scalar) =>
      customVjp(
        (x: Scalar) => T.mul(x, y) as Scalar,
        (_, g) => [g]
      )(scalar(2))
    assert.strictEqual(item(outer(scalar(3))), 6)
    refuses(
      () => grad(outer)(scalar(3)),
      "customVjp: the function uses a tensor from outside that the derivative is taken with respect to; pass it as an argument, so that the rule can give its cotangent"
    )
  })
})

describe("customJvp", () => {
  const f = customJvp(
    (x: F64) => T.mul(T.mul(x, x), x) as F64,
    ({ args: [x] }, [t]) => T.mul(T.mul(T.square(x), 3), t) as F64
  )

  it("serves forward mode, reverse mode and both together", () => {
    assert.strictEqual(item(jvp(f, scalar(2) as F64, scalar(1) as F64)[1]), 12)
    assert.strictEqual(item(grad((x: Scalar) => f(x) as Scalar)(scalar(2))), 12)
    assert.strictEqual(item(grad(grad((x: Scalar) => f(x) as Scalar))(scalar(2))), 12)
    assert.strictEqual(item(hvp((x: Scalar) => f(x) as Scalar, scalar(2), scalar(1))), 12)
  })

  it("is linear in tangents of several elements", () => {
    const g = grad((x: Tensor<[number], "f64">) => T.sum(T.mul(f(x), vector(1, 10, 100))) as Scalar)
    assert.deepStrictEqual(numbers(g(vector(1, 2, 3))), [3, 120, 2700])
  })

  it("refuses a rule that is not linear, and takes every rule that is", () => {
    const squared = customJvp(
      (x: Scalar) => T.mul(x, 2) as Scalar,
      (_, [t]) => T.square(t) as Scalar
    )
    assert.throws(
      () => grad(squared)(scalar(1)),
      DifferentiationError,
      "customJvp: the rule is not linear in the tangents, so it has no transpose for reverse mode; tangents may be scaled, added and moved, not multiplied with each other"
    )
    type Pair = Tensor<[2], "f64">
    const pair: Pair = T.constant([3, 4], "f64")
    const rules: Readonly<Record<string, (x: Pair, t: Pair) => Pair>> = {
      scaled: (x, t) => T.div(T.mul(x, t), 2),
      chosen: (x, t) => T.where(T.greater(x, 3), t, T.neg(t)) as Pair,
      moved: (_, t) => T.flip(t, { axis: 0 }) as Pair,
      "by a matrix": (_, t) =>
        T.matmul(
          T.constant(
            [
              [1, 2],
              [3, 4]
            ],
            "f64"
          ),
          t
        ),
      "in a loop": (x, t) => T.iterate((c: Pair) => T.mul(c, x), t, 2),
      "in a branch": (x, t) =>
        T.cond(
          T.greater(T.sum(x), 0),
          () => T.mul(t, 2),
          () => t
        ),
      "through another rule": (x, t) => jvp((z: F64) => f(z), x as F64, t as F64)[1] as Pair
    }
    for (const [name, rule] of Object.entries(rules)) {
      const g = customJvp(
        (x: Pair): Pair => T.square(x),
        ({ args: [x] }, [t]) => rule(x, t)
      )
      // The adjoint identity: <y_bar, J t> = <J^T y_bar, t>.
      const [t, w]: readonly [Pair, Pair] = [T.constant([0.5, -2], "f64"), T.constant([7, 0.25], "f64")]
      const forward = item(T.sum(T.mul(jvp(g, pair, t)[1], w)))
      assert.closeTo(item(T.sum(T.mul(vjp(g, pair)[1](w), t))), forward, 1e-12 * Math.abs(forward), name)
    }
  })
})

describe("customDerivative", () => {
  // Rules of different size, so that it shows which one is used.
  const f = customDerivative((x: Scalar): Scalar => T.mul(T.square(x), x), {
    vjp: ({ args: [x] }, g) => [T.mul(g, T.mul(T.square(x), 30))],
    jvp: ({ args: [x], result }, [t]) => T.mul(t, T.mul(T.div(result, x), 300))
  })

  it("uses the rule of each mode", () => {
    assert.strictEqual(item(grad(f)(scalar(2))), 120)
    assert.strictEqual(item(jvp(f, scalar(2), scalar(1))[1]), 1200)
    assert.deepStrictEqual(numbers(vmap(grad(f))(vector(1, 2))), [30, 120])
    assert.deepStrictEqual(numbers(vmap((x: Scalar) => jvp(f, x, scalar(1))[1])(vector(1, 2))), [300, 1200])
  })

  it("takes higher derivatives of the rules, in every mode", () => {
    assert.strictEqual(item(grad(grad(f))(scalar(2))), 120)
    assert.strictEqual(item(hvp(f, scalar(2), scalar(1))), 120)
    // 300 f(x) / x, with f' = 30 x^2 in reverse mode.
    assert.strictEqual(item(grad((x: Scalar) => jvp(f, x, scalar(1))[1])(scalar(2))), 300 * 29 * 2)
  })
})

describe("functions with rules", () => {
  it("may use from outside what is constant to derivatives", () => {
    const times = (y: Scalar) => {
      const k = T.stopGradient(y)
      return customVjp(
        (x: Scalar) => T.mul(x, k) as Scalar,
        (_, g) => [T.mul(g, k) as Scalar]
      )(y)
    }
    assert.strictEqual(item(grad(times)(scalar(3))), 3)
    const rounded = (y: Scalar) => {
      const k = T.cast(T.cast(y, "i32"), "f64")
      return customJvp(
        (x: Scalar) => T.mul(x, k) as Scalar,
        (_, [t]) => T.mul(t, k) as Scalar
      )(y)
    }
    assert.strictEqual(item(grad(rounded)(scalar(3.5))), 3)
  })

  it("have rules that use functions with rules", () => {
    const inner = customVjp(
      (x: Scalar) => T.square(x) as Scalar,
      ({ args: [x] }, g) => [T.mul(g, T.mul(x, 20)) as Scalar]
    )
    const outer = customVjp(
      (x: Scalar) => inner(T.sin(x)),
      ({ args: [x] }, g) => [grad((z: Scalar) => T.mul(g, inner(T.sin(z))) as Scalar)(x)]
    )
    assert.closeTo(item(grad(outer)(scalar(0.5))), 20 * Math.sin(0.5) * Math.cos(0.5), 1e-12)
    assert.closeTo(item(grad(grad(outer))(scalar(0.5))), 20 * Math.cos(1), 1e-12)
  })

  it("may be their own derivatives", () => {
    const exponential: (x: Scalar) => Scalar = customVjp(
      (x: Scalar) => T.exp(x) as Scalar,
      ({ args: [x] }, g) => [T.mul(g, exponential(x)) as Scalar]
    )
    assert.closeTo(item(grad(grad(grad(exponential)))(scalar(1))), Math.E, 1e-14)
  })
})
