import { assert, describe, it } from "@effect/vitest"
import { DifferentiationError, type Shape, T, type Tensor } from "@cotangent/graph"
import { checkpoint } from "./checkpoint.ts"
import { customJvp, customVjp } from "./custom.ts"
import { grad } from "./gradient.ts"
import { unusedParameters } from "./linearize.ts"
import { jvp } from "./products.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[4], "f64">

const x = T.constant([0.1, 0.2, 0.3, 0.4], "f64")
const close = (actual: Tensor<Shape, "f64">, expected: ReadonlyArray<number>): void => {
  const { data } = T.evaluate(actual)
  assert.strictEqual(data.length, expected.length)
  for (const [i, y] of expected.entries()) assert.closeTo(data[i] ?? Number.NaN, y, 1e-12)
}
const threefold = (r: Scalar): Scalar => T.reshape(T.sum(T.mul(T.expand(T.sin(r), 0), T.ones([3], "f64"))), [])

describe("functions with derivatives of their own, that make constants", () => {
  const byTangent = customJvp(threefold, ({ args: [r] }, [t]): Scalar => T.mul(T.mul(T.cos(r), 3), t))
  const byCotangent = customVjp(threefold, ({ args: [r] }, g) => [T.mul(T.mul(T.cos(r), 3), g)])
  const slopes = [0.1, 0.2, 0.3, 0.4].map((v) => 3 * Math.cos(v))

  it("in loops, where constants are computed once before", () => {
    const mapped = (f: (r: Scalar) => Scalar) => (v: Vector) => T.map(f, v)
    close(grad((v: Vector) => T.sum(mapped(byTangent)(v)))(x), slopes)
    close(grad((v: Vector) => T.sum(mapped(byCotangent)(v)))(x), slopes)
    close(
      jvp(mapped(byTangent), x, x)[1],
      slopes.map((s, i) => s * (i + 1) * 0.1)
    )
  })

  it("in checkpoints", () => {
    const half = T.constant(0.5, "f64")
    close(grad(checkpoint(byTangent))(half), [3 * Math.cos(0.5)])
    close(grad(checkpoint(byCotangent))(half), [3 * Math.cos(0.5)])
  })
})

type Rule = (a: Scalar, t: Scalar) => Scalar
const zero: Scalar = T.constant(0, "f64")

describe("a forward rule that loops or branches", () => {
  const two: Scalar = T.constant(2, "f64")
  const ruled = (rule: Rule) =>
    customJvp(
      (a: Scalar) => T.square(a),
      ({ args: [a] }, [t]) => rule(a, t)
    )

  const linear: Readonly<Record<string, readonly [number, Rule]>> = {
    scan: [4, (a, t) => T.iterate((c: Scalar) => T.mul(c, a), t, 2)],
    cond: [
      5,
      (a, t) =>
        T.cond(
          T.greater(a, 0),
          () => T.mul(t, 5),
          () => t
        )
    ],
    whileLoop: [
      4,
      (_, t) =>
        T.whileLoop(
          (c: { n: Scalar; t: Scalar }) => T.less(c.n, 2),
          (c) => ({ n: T.add(c.n, 1), t: T.mul(c.t, 2) }),
          { n: zero, t },
          { limit: 4 }
        ).t
    ],
    "the tangent of a loop": [192, (a, t) => jvp((z: Scalar) => T.iterate((c: Scalar) => T.mul(c, z), z, 5), a, t)[1]]
  }
  for (const [name, [slope, rule]] of Object.entries(linear))
    it(`${name}: is transposed if it is linear in the tangents`, () => close(grad(ruled(rule))(two), [slope]))

  const nonlinear: Readonly<Record<string, Rule>> = {
    scan: (_, t) => T.iterate((c: Scalar) => T.mul(c, t), t, 2),
    cond: (_, t) =>
      T.cond(
        T.greater(t, 0),
        () => t,
        () => T.neg(t)
      ),
    whileLoop: (_, t) =>
      T.whileLoop(
        (c: Scalar) => T.less(c, 3),
        (c) => T.mul(c, 2),
        t,
        { limit: 4 }
      )
  }
  for (const [name, rule] of Object.entries(nonlinear))
    it(`${name}: is refused if it is not`, () =>
      assert.throws(() => grad(ruled(rule))(two), DifferentiationError, "the rule is not linear in the tangents"))
})

describe("what a loop carries beside the result", () => {
  const p = { a: zero, b: zero, c: zero }
  const unused = (f: (q: typeof p) => Scalar) => unusedParameters(f)(p)

  it("is used if a step brings it in, and only then", () => {
    const pair = (q: typeof p) => ({ u: q.a, v: q.b })
    type Pair = ReturnType<typeof pair>
    const apart = (c: Pair): Pair => ({ u: T.mul(c.u, 2), v: T.mul(c.v, 2) })
    const across = (c: Pair): Pair => ({ u: T.mul(c.u, c.v), v: T.mul(c.v, 2) })
    const until = { limit: 4 }
    assert.deepStrictEqual(
      unused((q) => T.iterate(apart, pair(q), 3).u),
      ["b", "c"]
    )
    assert.deepStrictEqual(
      unused((q) => T.iterate(across, pair(q), 3).u),
      ["c"]
    )
    assert.deepStrictEqual(
      unused((q) => T.whileLoop((c: Pair) => T.less(c.v, 9), apart, pair(q), until).u),
      ["b", "c"]
    )
    assert.deepStrictEqual(
      unused((q) => T.whileLoop((c: Pair) => T.less(c.u, 9), across, pair(q), until).u),
      ["c"]
    )
  })

  it("is unused if only the rows count and they do not need it", () => {
    const rows = (q: typeof p) => T.scan((c: Scalar, r: Scalar) => [T.mul(c, q.c), T.mul(r, q.a)] as const, q.b, x)
    assert.deepStrictEqual(
      unused((q) => T.reshape(T.sum(rows(q)[1]), [])),
      ["b", "c"]
    )
    assert.deepStrictEqual(
      unused((q) => rows(q)[0]),
      ["a"]
    )
  })
})
