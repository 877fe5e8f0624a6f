/** Derivatives of random numbers with respect to their parameters. */
import { assert, describe, it } from "@effect/vitest"
import { grad, hvp, jvp, vmap } from "@cotangent/autodiff"
import { Key, T, type Tensor } from "@cotangent/graph"
import { targetOf } from "../targets.ts"
import { gammaFunction } from "./distributions.test.support.ts"

type Scalar = Tensor<[], "f64">
const scalar = (x: number): Scalar => T.constant(x, "f64")
const item = (x: Tensor<[], "f64">): number => T.evaluate(x).data[0] ?? Number.NaN

/** The quantile of a probability, by bisection. */
const quantile = (distribution: (x: number) => number, p: number, from: number, to: number): number => {
  let [low, high] = [from, to]
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (distribution(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const slopeOf = (f: (x: number) => number, x: number, h: number): number =>
  (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)

describe("gamma", () => {
  const draw = (seed: number) => (a: Scalar) => Key.gamma(Key.key(seed), a, []) as Scalar

  it("the derivative is that of the quantile, to the second order", () => {
    for (const a of [0.4, 0.99, 1.5, 6, 40]) {
      for (const seed of [1, 2, 3, 4]) {
        const x = item(draw(seed)(scalar(a)))
        const p = gammaFunction(a)(x)
        const at = (b: number): number => quantile(gammaFunction(b), p, x / 3, x * 3)
        const first = item(grad(draw(seed))(scalar(a)))
        assert.closeTo(first, slopeOf(at, a, a * 2 ** -7), 1e-6 * Math.max(1, Math.abs(first)), `a = ${a}, x = ${x}`)
        const slope = (b: number): number => slopeOf(at, b, b * 2 ** -6)
        const second = item(grad(grad(draw(seed)))(scalar(a)))
        const expected = slopeOf(slope, a, a * 2 ** -6)
        assert.closeTo(second, expected, 2e-4 * Math.max(0.01, Math.abs(expected)), `second order, a = ${a}, x = ${x}`)
      }
    }
  })

  it("both modes agree, compiled too, and a batch is a loop", () => {
    const f = (a: Tensor<[3], "f64">) => Key.gamma(Key.key(9), a, [3]) as Tensor<[3], "f64">
    const a = T.constant([0.3, 1.2, 20], "f64")
    const [, tangent] = jvp(f, a, T.constant([1, 1, 1], "f64"))
    const gradient = grad((x: Tensor<[3], "f64">) => T.sum(f(x)))(a)
    const [interpreted, reverse] = [T.evaluate(tangent).data, T.evaluate(gradient).data]
    for (let i = 0; i < 3; i++) assert.closeTo(interpreted[i] ?? 0, reverse[i] ?? 1, 1e-12)
    const compiled = (["wasm", "js"] as const).map(
      (name) =>
        targetOf(name).evaluate(
          ([x]) => [grad((y: Tensor<[3], "f64">) => T.sum(f(y)))(x as Tensor<[3], "f64">)],
          [T.evaluate(a)]
        )[0]?.data
    )
    assert.deepStrictEqual(compiled[0], compiled[1])
    for (let i = 0; i < 3; i++) assert.closeTo(compiled[0]?.[i] ?? 0, reverse[i] ?? 1, 1e-9)
    const keys = Key.split(Key.key(3), 2)
    const each = (k: Key.Key, c: Scalar): Scalar => grad((x: Scalar) => Key.gamma(k, x, []) as Scalar)(c)
    const batch = vmap(each)(T.stack(keys), T.constant([0.7, 3], "f64"))
    const [first, second] = [each(keys[0], scalar(0.7)), each(keys[1], scalar(3))].map(item)
    const together = T.evaluate(batch).data
    assert.closeTo(together[0] ?? 0, first ?? 1, 1e-12)
    assert.closeTo(together[1] ?? 0, second ?? 1, 1e-12)
  })

  it("the mean moves by 1 per unit of concentration", () => {
    const n = 20_000
    const [value] = targetOf("wasm").evaluate(
      ([a]) => [grad((x: Scalar) => T.mean(Key.gamma(Key.key(4), x, [n])) as Scalar)(a as Scalar)],
      [T.evaluate(scalar(2.5))]
    )
    assert.closeTo(value?.data[0] ?? 0, 1, 0.02)
  })

  it("logGamma does not underflow where gamma does", () => {
    const tiny = T.constant([1e-3, 1e-3, 1e-3])
    const logs = T.evaluate(Key.logGamma(Key.key(1), tiny, [3])).data
    assert.isTrue(logs.every((y) => Number.isFinite(y) && y < -100))
    const slopes = T.evaluate(grad((a: Tensor<[3]>) => T.sum(Key.logGamma(Key.key(1), a, [3])))(tiny)).data
    assert.isTrue(slopes.every((s) => Number.isFinite(s) && s > 0))
  })
})

describe("what is made of gamma numbers", () => {
  it("beta moves as its quantile", () => {
    // With b = 1 the distribution function is x^a: x = p^(1/a), dx/da = -x log(x) / a.
    const f = (a: Scalar) => Key.beta(Key.key(2), a, 1, []) as Scalar
    const n = 4000
    const many = (a: Scalar) => T.mean(Key.beta(Key.key(2), a, 1, [n])) as Scalar
    const [value] = targetOf("wasm").evaluate(([a]) => [grad(many)(a as Scalar)], [T.evaluate(scalar(3))])
    // The mean is a / (a + 1).
    assert.closeTo(value?.data[0] ?? 0, 1 / 16, 0.01)
    assert.isTrue(Number.isFinite(item(hvp(f, scalar(3), scalar(1)))))
  })

  it("dirichlet vectors stay on the simplex", () => {
    const f = (c: Tensor<[3], "f64">) => Key.dirichlet(Key.key(6), c)
    const c = T.constant([0.2, 1, 5], "f64")
    const [y, moved] = jvp(f, c, T.constant([1, -0.5, 2], "f64"))
    assert.closeTo(item(T.sum(y)), 1, 1e-14)
    assert.closeTo(item(T.sum(moved)), 0, 1e-14)
  })
})

describe("locations and scales", () => {
  it("are differentiated as the arithmetic that they are", () => {
    const noise = T.evaluate(Key.normal(Key.key(8), [], { dtype: "f64" })).data[0] ?? 0
    const f = (s: Scalar) => T.add(T.mul(Key.normal(Key.key(8), [], { dtype: "f64" }), s), 1)
    assert.strictEqual(item(grad(f)(scalar(3))), noise)
  })
})
