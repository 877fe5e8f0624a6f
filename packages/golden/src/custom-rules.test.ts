/** Functions with rules of their own in loops, branches and batches, compiled: the numbers of the function without them. */
import { assert, describe, it } from "@effect/vitest"
import { checkpoint, customDerivative, customJvp, customVjp, grad, hvp, jvp, vmap } from "@cotangent/autodiff"
import { type AnyTensor, T, type Tensor, type Value, Values } from "@cotangent/graph"
import { targetNames, targetOf } from "./targets.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[3], "f64">
type Function = (x: Scalar) => Scalar

const cubed = (w: Scalar, x: Scalar): Scalar => T.mul(w, T.mul(T.square(x), x))
const slope = (w: Scalar, x: Scalar): Scalar => T.mul(w, T.mul(T.square(x), 3))

/** w x^3 with its derivative given; w comes from outside of the function and of its rule. */
const ruled: Readonly<Record<string, (w: Scalar) => Function>> = {
  customVjp: (w) =>
    customVjp(
      (x: Scalar) => cubed(w, x),
      ({ args: [x] }, g) => [T.mul(g, slope(w, x))]
    ),
  customJvp: (w) =>
    customJvp(
      (x: Scalar) => cubed(w, x),
      ({ args: [x] }, [t]) => T.mul(t, slope(w, x))
    ),
  customDerivative: (w) =>
    customDerivative((x: Scalar) => cubed(w, x), {
      vjp: ({ args: [x] }, g) => [T.mul(g, slope(w, x))],
      jvp: ({ args: [x] }, [t]) => T.mul(t, slope(w, x))
    })
}

const zero: Scalar = T.constant(0, "f64")
const forms: Readonly<Record<string, (f: Function) => (x: Vector) => Scalar>> = {
  map: (f) => (x) => T.sum(T.map(f, x)),
  vmap: (f) => (x) => T.sum(vmap(f)(x)) as Scalar,
  scan: (f) => (x) => T.scan((c: Scalar, row: Scalar) => [T.add(f(c), row), {}] as const, zero, x)[0],
  cond: (f) => (x) =>
    T.cond(
      T.greater(T.sum(x), 0),
      () => f(T.sum(x)),
      () => zero
    ),
  // The function uses a counter from outside, which is a constant to derivatives.
  whileLoop: (f) => (x) =>
    T.whileLoop(
      (c: { n: Scalar; y: Scalar }) => T.less(c.n, 3),
      (c) => ({ n: T.add(c.n, 1), y: T.div(f(c.y), c.n) }),
      { n: T.ones([], "f64"), y: T.sum(x) },
      { limit: 4 }
    ).y,
  checkpoint: (f) => (x) => T.sum(T.map(checkpoint(f), x)),
  "a loop of batches": (f) => (x) => T.iterate((c: Scalar) => T.mean(vmap(f)(T.mul(x, c))) as Scalar, T.sum(x), 2)
}

type Way = (f: (x: Vector) => Scalar, x: Vector) => AnyTensor
const reverse: Readonly<Record<string, Way>> = {
  grad: (f, x) => grad(f)(x),
  "grad of grad": (f, x) => grad((z: Vector): Scalar => T.sum(T.square(grad(f)(z))) as Scalar)(x),
  "vmap of grad": (f, x) => vmap((s: Scalar) => grad(f)(T.mul(x, s)))(x)
}
const forward: Readonly<Record<string, Way>> = {
  jvp: (f, x) => jvp(f, x, x)[1],
  hvp: (f, x) => hvp(f, x, x),
  "vmap of jvp": (f, x) => vmap((s: Scalar) => jvp(f, T.mul(x, s), x)[1])(x)
}

const inputs: ReadonlyArray<Value> = [
  Values.of(Float64Array.of(0.7), [], "f64"),
  Values.of(Float64Array.of(0.5, -0.4, 1.1), [3], "f64")
]

/** Every form and way with one maker of functions. */
const all =
  (make: (w: Scalar) => Function, ways: Readonly<Record<string, Way>>) =>
  ([w, x]: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> =>
    Object.values(forms).flatMap((form) =>
      // The inputs have these types.
      Object.values(ways).map((way) => way(form(make(T.sin(w as Scalar))), x as Vector))
    )

describe("a function with a rule that is right", () => {
  for (const [name, make] of Object.entries(ruled)) {
    const ways = name === "customVjp" ? reverse : { ...reverse, ...forward }
    const names = Object.keys(forms).flatMap((form) => Object.keys(ways).map((way) => `${way}, ${form}`))
    it(`${name}: every form, every way, every target`, () => {
      const expected = targetOf("interpreter").evaluate(
        all((w) => (x) => cubed(w, x), ways),
        inputs
      )
      for (const target of targetNames) {
        const actual = targetOf(target).evaluate(all(make, ways), inputs)
        expected.forEach(({ data, shape }, i) => {
          assert.deepStrictEqual(actual[i]?.shape, shape, names[i])
          Array.from(data).forEach((y, k) =>
            assert.closeTo(
              actual[i]?.data[k] ?? Number.NaN,
              y,
              1e-12 * Math.max(1, Math.abs(y)),
              `${names[i]}, ${target}`
            )
          )
        })
      }
    })
  }
})
