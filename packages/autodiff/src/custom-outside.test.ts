/** Functions with rules that use tensors from outside, in loops, branches, checkpoints and batches. */
import { assert, describe, it } from "@effect/vitest"
import { DifferentiationError, EvaluationError, reachable, type Shape, T, type Tensor } from "@cotangent/graph"
import { checkpoint } from "./checkpoint.ts"
import { customDerivative, customJvp, customVjp } from "./custom.ts"
import { fixedPoint } from "./implicit.ts"
import { grad } from "./gradient.ts"
import { jvp, vjp } from "./products.ts"
import { vmap } from "./vmap.ts"

type Scalar = Tensor<[], "f64">
type Vector = Tensor<[3], "f64">

const x: Vector = T.constant([0.5, -1, 2], "f64")
const numbers = (y: Tensor<Shape, "f64">): ReadonlyArray<number> => Array.from(T.evaluate(y).data)
const close = (actual: Tensor<Shape, "f64">, expected: ReadonlyArray<number>): void => {
  const found = numbers(actual)
  assert.strictEqual(found.length, expected.length)
  for (const [i, y] of expected.entries()) assert.closeTo(found[i] ?? Number.NaN, y, 1e-10)
}

/** w x, where w comes from outside; computed, so that it is an operand of regions and no constant of theirs. */
const rules: Readonly<Record<string, (w: Scalar) => (x: Scalar) => Scalar>> = {
  customJvp: (w) =>
    customJvp(
      (y: Scalar) => T.mul(T.sin(w), y),
      ({ args: [_] }, [t]) => T.mul(t, 2)
    ),
  customVjp: (w) =>
    customVjp(
      (y: Scalar) => T.mul(T.sin(w), y),
      (_, g) => [T.mul(g, 2)]
    )
}
const forms: Readonly<Record<string, (f: (x: Scalar) => Scalar) => (x: Vector) => Scalar>> = {
  map: (f) => (v) => T.sum(T.map(f, v)),
  scan: (f) => (v) => T.scan((c: Scalar, row: Scalar) => [T.add(c, f(row)), {}] as const, T.constant(0, "f64"), v)[0],
  checkpoint: (f) => (v) => checkpoint((u: Vector) => f(T.sum(u)))(v),
  cond: (f) => (v) =>
    T.cond(
      T.greater(T.sum(v), 0),
      () => f(T.sum(v)),
      () => T.sum(v)
    ),
  iterate: (f) => (v) =>
    T.mul(
      T.iterate((c: Scalar) => f(c), T.sum(v), 3),
      1 / 4
    ),
  whileLoop: (f) => (v) =>
    T.mul(
      T.whileLoop(
        (c: { n: Scalar; x: Scalar }) => T.less(c.n, 3),
        (c) => ({ n: T.add(c.n, 1), x: f(c.x) }),
        { n: T.constant(0, "f64"), x: T.sum(v) },
        { limit: 5 }
      ).x,
      1 / 4
    ),
  "checkpoint in a loop": (f) => (v) => T.sum(T.map(checkpoint(f), v))
}

describe("a tensor from outside that no derivative is taken with respect to", () => {
  for (const [form, around] of Object.entries(forms))
    for (const [name, ruled] of Object.entries(rules))
      it(`is a constant of ${name} in ${form}`, () => {
        const w = T.sin(T.constant(0.7, "f64"))
        close(grad(around(ruled(w)))(x), [2, 2, 2])
        if (name === "customJvp") close(jvp(around(ruled(w)), x, x)[1], [3])
      })

  it("and one that it is taken with respect to is refused, by name", () => {
    for (const [form, around] of Object.entries(forms))
      for (const ruled of Object.values(rules))
        assert.throws(
          () => grad((w: Scalar) => around(ruled(T.sin(w)))(x))(T.constant(1, "f64")),
          DifferentiationError,
          "uses a tensor from outside that the derivative is taken with respect to; pass it as an argument",
          form
        )
  })

  it("leaves the other cotangents of a loop as they are", () => {
    const cell = (w: Scalar, v: Vector, c: Scalar): Scalar =>
      T.scan((h: Scalar, row: Scalar) => [T.tanh(T.add(T.mul(w, h), row)), {}] as const, c, v)[0]
    const at = { w: T.constant(0.8, "f64"), c: T.constant(0.3, "f64") }
    const all = grad((p: { w: Scalar; c: Scalar; v: Vector }) => cell(p.w, p.v, p.c))({ ...at, v: x })
    close(grad((w: Scalar) => cell(w, x, at.c))(at.w), numbers(all.w))
    close(grad((v: Vector) => cell(at.w, v, at.c))(x), numbers(all.v))
    close(grad((c: Scalar) => cell(at.w, x, c))(at.c), numbers(all.c))
  })
})

describe("a tensor from outside that a loop carries", () => {
  /** Three steps of y = n y, n = 1, 2, 3: n is carried, and from outside of the function with a rule. */
  const steps = (times: (n: Scalar) => (y: Scalar) => Scalar, next: (n: Scalar, y: Scalar) => Scalar) => (y: Scalar) =>
    T.iterate(
      (c: { n: Scalar; y: Scalar }) => ({ n: next(c.n, c.y), y: times(c.n)(c.y) }),
      { n: T.ones([], "f64"), y },
      3
    ).y
  const times = (n: Scalar) =>
    customJvp(
      (y: Scalar) => T.mul(n, y),
      (_, [t]) => T.mul(t, 2)
    )

  it("is a constant as long as no step makes it depend on what the derivative is taken with respect to", () => {
    const f = steps(times, (n) => T.add(n, 1))
    close(f(T.constant(1, "f64")), [6])
    close(grad(f)(T.constant(1, "f64")), [8])
    close(jvp(f, T.constant(1, "f64"), T.ones([], "f64"))[1], [8])
  })

  it("is refused once a step does, also by way of another carry", () => {
    const f = steps(times, (n, y) => T.add(n, y))
    for (const derivative of [() => grad(f)(T.ones([], "f64")), () => jvp(f, T.ones([], "f64"), T.ones([], "f64"))])
      assert.throws(derivative, DifferentiationError, "customJvp: the function uses a tensor from outside")
  })
})

/** A rule that takes from outside what only has a value where the function is called. */
describe("a rule that uses a tensor from inside a loop or a batch around the function", () => {
  const identity = (y: Scalar): Scalar => T.mul(y, 1)
  const scaled: Readonly<Record<string, (w: Scalar) => (y: Scalar) => Scalar>> = {
    customVjp: (w) => customVjp(identity, (_, g) => [T.mul(g, T.sin(w))]),
    customJvp: (w) => customJvp(identity, (_, [t]) => T.mul(t, T.sin(w))),
    customDerivative: (w) =>
      customDerivative(identity, { vjp: (_, g) => [T.mul(g, T.sin(w))], jvp: (_, [t]) => T.mul(t, T.sin(w)) })
  }
  const around: Readonly<Record<string, (rule: (w: Scalar) => (y: Scalar) => Scalar) => (y: Scalar) => Scalar>> = {
    map: (rule) => (y) => T.sum(T.map((w: Scalar) => rule(w)(y), x)),
    vmap: (rule) => (y) => T.sum(vmap((w: Scalar) => rule(w)(y))(x)) as Scalar,
    iterate: (rule) => (y) => T.iterate((c: Scalar) => rule(c)(c), y, 2),
    checkpoint: (rule) => checkpoint((c: Scalar) => rule(c)(c))
  }
  const one: Scalar = T.ones([], "f64")

  for (const [name, rule] of Object.entries(scaled))
    it(`${name}: is refused`, () => {
      for (const [where, form] of Object.entries(around)) {
        const sentence = `${name}: the rule uses a tensor from inside a loop, a batch or a checkpoint around the function`
        assert.throws(() => grad(form(rule))(one), DifferentiationError, sentence, where)
        if (name !== "customVjp") assert.throws(() => jvp(form(rule), one, one), DifferentiationError, sentence, where)
      }
    })

  it("is called in there if the derivative is taken in there", () => {
    for (const rule of Object.values(scaled)) {
      const inside = (w: Scalar): Scalar => grad((y: Scalar) => rule(w)(y))(one)
      const expected = [0.5, -1, 2].map(Math.sin)
      close(vmap(inside)(x) as Vector, expected)
      close(T.map(inside, x) as Vector, expected)
    }
  })

  it("has no value outside, and says so", () => {
    let kept: Scalar | undefined
    vmap((w: Scalar) => (kept = T.square(w)))(x)
    const tensor = kept ?? assert.fail()
    assert.throws(
      () => T.evaluate(tensor),
      EvaluationError,
      "evaluate: a tensor is used that was computed from x0, a parameter of the function of a loop, a batch or a checkpoint, after that function returned; let the function return it"
    )
  })
})

type Matrix = Tensor<[2, 2], "f64">
type Pair = Tensor<[2], "f64">
const a: Matrix = T.add(T.constant([[3, 1], [0.5, 2]], "f64"), 0) // prettier-ignore
const rows: Tensor<[3, 2], "f64"> = T.constant([[1, 2], [-1, 0.5], [4, 3]], "f64") // prettier-ignore

describe("what all examples of a batch share", () => {
  const shapesOf = (y: Tensor<Shape, "f64">, primitive: string): ReadonlyArray<string> =>
    reachable([y]).flatMap((node) => (node.primitive === primitive ? [String(node.outputs[0]?.shape)] : []))

  it("is factored once, forwards and backwards", () => {
    const solved = vmap((m: Matrix, b: Pair): Pair => T.solve(m, b), { in: [undefined, 0] })
    assert.deepStrictEqual(new Set(shapesOf(solved(a, rows), "lu")), new Set(["2,2"]))
    const loss = (m: Matrix, b: typeof rows): Scalar => T.sum(T.square(solved(m, b))) as Scalar
    const [ga, gb] = [grad(loss)(a, rows), grad((b: typeof rows) => loss(a, b))(rows)]
    assert.deepStrictEqual(new Set([...shapesOf(ga, "lu"), ...shapesOf(gb, "lu")]), new Set(["2,2"]))
    const one = (m: Matrix, i: number): Pair => T.solve(m, T.at(rows, [i]))
    const apart = (m: Matrix): Scalar => T.sum(T.stack([0, 1, 2].map((i) => T.sum(T.square(one(m, i))))))
    close(ga, numbers(grad(apart)(a)))
  })

  it("has the sum of the cotangents of a rule, and one tangent", () => {
    const byCotangent = customVjp(
      (w: Scalar, v: Scalar): Scalar => T.mul(w, v),
      ({ args: [w, v] }, g) => [T.mul(g, T.mul(v, 10)), T.mul(g, T.mul(w, 10))]
    )
    const byTangent = customJvp(
      (w: Scalar, v: Scalar): Scalar => T.mul(w, v),
      ({ args: [w, v] }, [dw, dv]) => T.mul(T.add(T.mul(dw, v), T.mul(w, dv)), 10)
    )
    const w = T.constant(3, "f64")
    for (const f of [byCotangent, byTangent]) {
      const batch = (p: { w: Scalar; v: Vector }): Vector => vmap(f, { in: [undefined, 0] })(p.w, p.v) as Vector
      const back = vjp(batch, { w, v: x })[1](T.constant([1, 2, 3], "f64"))
      close(back.w, [10 * (0.5 - 2 + 6)])
      close(back.v, [30, 60, 90])
      // Nested: the other way round, the vector is shared by a batch of weights.
      const table = vmap((u: Scalar, v: Vector) => vmap(f, { in: [undefined, 0] })(u, v), { in: [0, undefined] })
      const g = grad((v: Vector): Scalar => T.sum(table(x, v)) as Scalar)(x)
      close(g, [15, 15, 15])
    }
    const moved = vmap(byTangent, { in: [undefined, 0] })
    const [, t] = jvp((u: Scalar) => moved(u, x) as Vector, w, T.constant(1, "f64"))
    close(t, [5, -10, 20])
  })

  it("is one parameter of the equations of a batch", () => {
    const step = (y: Scalar, p: { a: Scalar; b: Scalar }): Scalar => T.add(T.mul(T.cos(y), p.a), p.b)
    const solution = (a: Scalar, b: Scalar): Scalar => fixedPoint(step, T.constant(0, "f64"), { a, b }).x
    const half = T.constant(0.5, "f64")
    const together = (a: Scalar): Scalar => T.sum(vmap(solution, { in: [undefined, 0] })(a, x)) as Scalar
    const apart = (a: Scalar): Scalar => T.sum(T.map((b: Scalar) => solution(a, b), x))
    close(grad(together)(half), numbers(grad(apart)(half)))
  })
})
