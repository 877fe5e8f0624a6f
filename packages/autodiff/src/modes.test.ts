import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, DifferentiationError, T, type Tensor } from "@cotangent/graph"
import { grad, hessian, hvp, jacobian, jvp, jvpAux, linearize, unusedParameters, vjp, vjpAux } from "./index.ts"

type Scalar = Tensor<[], "f64">
type V3 = Tensor<[3], "f64">

const scalar = (x: number): Scalar => T.constant(x, "f64")
const item = (x: AnyTensor): number => T.evaluate(x).data[0] ?? NaN
const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-11): void => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) => assert.closeTo(x, expected[i] ?? NaN, tolerance * Math.max(1, Math.abs(x))))
}

const x: V3 = T.constant([0.3, -0.7, 1.1], "f64") as never
const m: Tensor<[2, 3], "f64"> = T.constant(
  [
    [1, 2, 3],
    [-1, 0.5, 2]
  ],
  "f64"
) as never

describe("linearize", () => {
  it("gives the value, a linear map that may be used often, and its transpose", () => {
    const f = (v: V3) => T.sin(T.matmul(m, v)) as Tensor<[2], "f64">
    const [y, derivative, transpose] = linearize(f, x)
    near(numbers(y), numbers(f(x)))
    for (const direction of [
      [1, 0, 0],
      [0.5, -1, 2]
    ]) {
      const t: V3 = T.constant(direction, "f64") as never
      near(numbers(derivative(t)), numbers(jvp(f, x, t)[1]))
      near(numbers(derivative(T.mul(t, 3) as V3)), numbers(T.mul(derivative(t), 3)))
    }
    const w = T.constant([2, -1], "f64") as Tensor<[2], "f64">
    const t: V3 = T.constant([0.5, -1, 2], "f64") as never
    near(numbers(transpose(w)), numbers(vjp(f, x)[1](w)))
    // The transpose by its definition.
    near([item(T.sum(T.mul(derivative(t), w)))], [item(T.sum(T.mul(t, transpose(w))))])
    assert.throws(() => transpose(x as never), "linearize: the cotangent: the leaf must be f64[2], it is f64[3]")
    assert.throws(() => derivative(m as never), "linearize: the tangent: the leaf must be f64[3], it is f64[2, 3]")
  })
})

describe("jacobian", () => {
  const f = (v: V3) => T.sin(T.matmul(m, v)) as Tensor<[2], "f64">

  it("is the same forwards and in reverse", () => {
    const [forward, reverse, auto] = (["forward", "reverse", "auto"] as const).map((mode) => jacobian(f, { mode })(x))
    const rows = numbers(T.cos(T.matmul(m, x))).flatMap((c, i) =>
      numbers(m)
        .slice(3 * i, 3 * i + 3)
        .map((a) => a * c)
    )
    for (const j of [forward, reverse, auto]) {
      assert.deepStrictEqual(j?.shape, [2, 3])
      near(numbers(j ?? assert.fail()), rows)
    }
  })

  it("of trees is a tree of trees", () => {
    const p = { w: m, b: T.constant([0.5, -0.5], "f64") as Tensor<[2], "f64"> }
    const g = ({ w, b }: typeof p) => {
      const y = T.add(T.matmul(w, x), b) as Tensor<[2], "f64">
      return { square: T.square(y) as Tensor<[2], "f64">, total: T.sum(y) as Scalar }
    }
    for (const mode of ["forward", "reverse"] as const) {
      const j = jacobian(g, { mode })(p)
      assert.deepStrictEqual(
        [j.square.w.shape, j.square.b.shape, j.total.w.shape, j.total.b.shape],
        [[2, 2, 3], [2, 2], [2, 3], [2]]
      )
      const y = numbers(T.add(T.matmul(m, x), p.b))
      near(numbers(j.square.b), [2 * (y[0] ?? 0), 0, 0, 2 * (y[1] ?? 0)])
      near(numbers(j.total.w), [...numbers(x), ...numbers(x)])
    }
  })

  it("refuses integers", () => {
    assert.throws(
      () => jacobian((v: AnyTensor) => v)(T.constant([1, 2], "i32") as AnyTensor),
      DifferentiationError,
      "jacobian: the argument is i32; derivatives need f32 or f64, use T.cast"
    )
  })
})

describe("hessian", () => {
  it("of a tree has all mixed derivatives", () => {
    // a^2 b + sin b
    const f = ({ a, b }: { a: Scalar; b: Scalar }) => T.add(T.mul(T.square(a), b), T.sin(b)) as Scalar
    const h = hessian(f)({ a: scalar(2), b: scalar(3) })
    near([item(h.a.a), item(h.a.b), item(h.b.a), item(h.b.b)], [6, 4, 4, -Math.sin(3)])
  })
})

describe("hvp", () => {
  it("agrees with the Hessian", () => {
    const q = (v: V3) => T.mul(T.sum(T.exp(v)), T.sum(T.sin(v))) as Scalar
    const t: V3 = T.constant([1, -2, 0.5], "f64") as never
    near(numbers(hvp(q, x, t)), numbers(T.matmul(hessian(q)(x), t)))
  })
})

describe("auxiliary outputs", () => {
  const f = (v: V3) => [T.sum(T.square(v)) as Scalar, { half: T.mul(v, 0.5) as V3, note: "seen" }] as const

  it("stand beside tangents and pullbacks, and have none", () => {
    const [y, tangent, aux] = jvpAux(f, x, T.constant([1, 0, 0], "f64") as V3)
    near([item(y), item(tangent)], [0.3 ** 2 + 0.7 ** 2 + 1.1 ** 2, 0.6])
    near(numbers(aux.half), [0.15, -0.35, 0.55])
    const [z, pullback, same] = vjpAux(f, x)
    near([item(z), ...numbers(pullback(scalar(2)))], [item(y), 1.2, -2.8, 4.4])
    assert.deepStrictEqual([aux.note, same.note], ["seen", "seen"])
  })

  it("differentiate again where they are used", () => {
    const twice = (v: V3) => T.sum(jvpAux(f, v, v)[2].half) as Scalar
    near(numbers(grad(twice)(x)), [0.5, 0.5, 0.5])
  })
})

describe("unusedParameters", () => {
  it("names the leaves no derivative reaches", () => {
    const p = {
      used: scalar(1),
      layer: { idle: scalar(2), stopped: scalar(3), compared: scalar(4) },
      count: T.constant(5, "i32")
    }
    const f = ({ used, layer }: typeof p) =>
      T.add(T.square(used), T.where(T.greater(layer.compared, 0), T.stopGradient(layer.stopped), 0)) as Scalar
    assert.deepStrictEqual(unusedParameters(f)(p), ["layer.idle", "layer.stopped", "layer.compared", "count"])
    assert.deepStrictEqual(unusedParameters((q: { used: Scalar }) => q.used)({ used: scalar(1) }), [])
  })
})
