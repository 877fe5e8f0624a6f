/** Derivatives of loops against the same loop written out. */
import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, T, type Tensor, Tree } from "@cotangent/graph"
import { grad, hvp, jvp, vjp } from "./index.ts"

type Row = Tensor<[3], "f64">
interface Carry {
  readonly h: Row
  readonly n: Tensor<[], "i32">
}
interface Args {
  readonly start: Carry
  readonly xs: Tensor<["time", 3], "f64">
  readonly w: Tensor<[3, 3], "f64">
}
const length = 5
const fill = (shape: ReadonlyArray<number>, scale: number) =>
  T.dyn(
    T.fromArray(
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(scale * (i + 1))),
      shape
    )
  )
const args: Args = {
  start: { h: T.expect(fill([3], 1), [3]), n: T.constant(1, "i32") },
  xs: T.expect(fill([length, 3], 2), ["time", 3]),
  w: T.expect(fill([3, 3], 3), [3, 3])
}
const direction: Args = {
  start: { h: T.expect(fill([3], 4), [3]), n: T.constant(0, "i32") },
  xs: T.expect(fill([length, 3], 5), ["time", 3]),
  w: T.expect(fill([3, 3], 6), [3, 3])
}

/** A small recurrent cell that counts its steps; `w` comes from outside. */
const cell =
  (w: Args["w"]) =>
  (c: Carry, x: Row): readonly [Carry, { readonly y: Row; readonly n: Carry["n"] }] => {
    const h: Row = T.tanh(T.add(T.matmul(w, c.h), T.mul(x, T.cast(c.n, "f64"))))
    return [
      { h, n: T.add(c.n, 1) },
      { y: T.mul(h, c.h), n: c.n }
    ]
  }

/** A scalar of everything a loop gives: the last carry, and every output weighted by its place. */
const summary = (last: Carry, ys: AnyTensor): Tensor<[], "f64"> =>
  T.expect(
    T.dyn(T.add(T.sum(T.sin(last.h)), T.sum(T.mul(T.dyn(ys as Tensor<["time", 3], "f64">), fill([length, 1], 7))))),
    []
  )

const looped =
  (reverse: boolean) =>
  ({ start, xs, w }: Args): Tensor<[], "f64"> => {
    const [last, { y }] = T.scan(cell(w), start, xs, { reverse })
    return summary(last, y)
  }

const unrolled =
  (reverse: boolean) =>
  ({ start, xs, w }: Args): Tensor<[], "f64"> => {
    let carry = start
    const ys: Array<Row> = []
    for (let i = 0; i < length; i++) {
      const t = reverse ? length - 1 - i : i
      const x = T.expect(T.reshape(T.dyn(T.slice(xs, [{ start: t, end: t + 1 }])), [3]), [3])
      const [next, out] = cell(w)(carry, x)
      carry = next
      ys[t] = out.y
    }
    return summary(carry, T.stack(ys))
  }

const near = (actual: unknown, expected: unknown, tolerance = 1e-12) => {
  const [a, b] = [Tree.leaves(actual), Tree.leaves(expected)]
  assert.strictEqual(a.length, b.length)
  a.forEach((x, i) => {
    const [got, wanted] = [T.evaluate(x).data, T.evaluate(b[i] ?? assert.fail()).data]
    got.forEach((value: number, k: number) => assert.closeTo(value, wanted[k] ?? NaN, tolerance))
  })
}

for (const reverse of [false, true]) {
  describe(reverse ? "a loop from the last row to the first" : "a loop", () => {
    it("has the value of its steps", () => near(looped(reverse)(args), unrolled(reverse)(args)))

    it("has their gradient: with respect to the start, the rows and what comes from outside", () => {
      near(grad(looped(reverse))(args), grad(unrolled(reverse))(args))
    })

    it("has their tangent", () => {
      near(jvp(looped(reverse), args, direction), jvp(unrolled(reverse), args, direction))
    })

    it("has their second derivative, forward over reverse and reverse over reverse", () => {
      near(hvp(looped(reverse), args, direction), hvp(unrolled(reverse), args, direction), 1e-11)
      const twice = (f: (a: Args) => Tensor<[], "f64">) => (w: Args["w"]) =>
        T.sum(T.square(grad((z: Args["w"]) => f({ ...args, w: z }))(w)))
      near(grad(twice(looped(reverse)))(args.w), grad(twice(unrolled(reverse)))(args.w), 1e-10)
    })
  })
}

describe("loops", () => {
  it("in loops have the gradient of their steps", () => {
    const rows = T.expect(fill([2, 3], 2), ["time", 3])
    const inner = (r: Row, w: Row) =>
      T.scan(
        (c: Tensor<[], "f64">, z: Tensor<[], "f64">) => [T.sin(T.add(c, T.mul(z, T.sum(w)))), c],
        T.zeros([], "f64"),
        r
      )[0]
    const loops = (w: Row) =>
      T.scan((c: Tensor<[], "f64">, r: Row) => [T.mul(T.add(c, 1), inner(r, w)), c], T.ones([], "f64"), rows)[0]
    const steps = (w: Row) => {
      let c: Tensor<[], "f64"> = T.ones([], "f64")
      for (let t = 0; t < 2; t++) {
        let d: Tensor<[], "f64"> = T.zeros([], "f64")
        const at = (k: number) =>
          T.expect(
            T.reshape(
              T.dyn(
                T.slice(rows, [
                  { start: t, end: t + 1 },
                  { start: k, end: k + 1 }
                ])
              ),
              []
            ),
            []
          )
        for (let k = 0; k < 3; k++) d = T.sin(T.add(d, T.mul(at(k), T.sum(w))))
        c = T.mul(T.add(c, 1), d)
      }
      return c
    }
    near(loops(args.start.h), steps(args.start.h))
    near(grad(loops)(args.start.h), grad(steps)(args.start.h))
    near(hvp(loops, args.start.h, direction.start.h), hvp(steps, args.start.h, direction.start.h), 1e-11)
  })

  it("whose results are partly unused have zeros for the rest", () => {
    const f = (p: { a: Tensor<[], "f64">; b: Tensor<[], "f64"> }) =>
      T.scan(
        (c: typeof p, _: Tensor<[], "f64">) => [{ a: T.mul(c.a, 2), b: T.mul(c.b, 3) }, c.b],
        p,
        T.zeros([3], "f64")
      )[0].a
    const one = T.ones([], "f64")
    near(grad(f)({ a: one, b: one }), { a: T.constant(8, "f64"), b: T.constant(0, "f64") })
  })

  it("take derivatives inside their bodies", () => {
    // Three steps of gradient descent on (x - 1)^2 / 2 with rate r: 1 + (x - 1) (1 - r)^3.
    const descend = (r: Tensor<[], "f64">) =>
      T.scan(
        (x: Tensor<[], "f64">, _: Tensor<[], "f64">) => [
          T.sub(x, T.mul(r, grad((z: Tensor<[], "f64">) => T.mul(T.square(T.sub(z, 1)), 0.5))(x))),
          x
        ],
        T.constant(5, "f64"),
        T.zeros([3], "f64")
      )[0]
    near(descend(T.constant(0.25, "f64")), T.constant(1 + 4 * 0.75 ** 3, "f64"))
    near(grad(descend)(T.constant(0.25, "f64")), T.constant(-12 * 0.75 ** 2, "f64"))
  })

  it("over no rows pass derivatives through", () => {
    const f = (c: Row) => T.scan((d: Row, x: Row) => [T.mul(d, x), d], c, T.zeros([0, 3], "f64"))[0]
    const [, pullback] = vjp(f, args.start.h)
    near(pullback(direction.start.h), direction.start.h)
  })
})
