import { assert, describe, it } from "@effect/vitest"
import { type AnyTensor, type Shape, T, type Tensor } from "@cotangent/graph"
import { grad, hvp, jvp, vmap } from "./index.ts"

type F64 = Tensor<Shape, "f64">
type Scalar = Tensor<[], "f64">

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const near = (actual: AnyTensor, expected: AnyTensor, tolerance = 1e-12): void => {
  const [a, b] = [numbers(actual), numbers(expected)]
  assert.deepStrictEqual(actual.shape, expected.shape)
  a.forEach((x, i) => assert.closeTo(x, b[i] ?? NaN, tolerance * Math.max(1, Math.abs(x))))
}

const vector = (...x: ReadonlyArray<number>): Tensor<[3], "f64"> => T.constant(x, "f64") as never
const v = vector(0.3, -0.7, 1.1)
const direction = vector(1, 0.5, -2)
const total = (x: F64): Scalar => T.reshape(T.sum(T.mul(x, x)), []) as Scalar

const first = (x: F64): Scalar => T.reshape(T.slice(x, [{ end: 1 }]), []) as Scalar
const square = (x: F64): F64 => T.mul(T.expand(x, 0), T.expand(x, 1)) as F64

/** The same function written with control flow and without. */
const pairs: ReadonlyArray<readonly [string, (x: Tensor<[3], "f64">) => F64, (x: Tensor<[3], "f64">) => F64]> = [
  [
    "iterate",
    (x) => T.iterate((c: F64, i) => T.mul(T.sin(c), T.add(x, T.cast(i, "f64"))) as F64, x, 3),
    (x) => {
      let c: F64 = x
      for (let i = 0; i < 3; i++) c = T.mul(T.sin(c), T.add(x, i)) as F64
      return c
    }
  ],
  [
    "cond, first branch",
    (x) =>
      T.cond(
        T.greater(first(x), 0) as never,
        () => T.exp(x) as F64,
        () => T.log(x) as F64
      ),
    (x) => T.exp(x)
  ],
  [
    "cond, second branch, whose other branch is NaN",
    (x) =>
      T.cond(
        T.less(first(x), 0) as never,
        () => T.log(T.neg(x)) as F64,
        () => T.sin(x) as F64
      ),
    (x) => T.sin(x)
  ],
  [
    "whileLoop with a limit",
    (x) => {
      const { c } = T.whileLoop(
        ({ n }: { n: Tensor<[], "i32">; c: F64 }) => T.less(n, 4),
        ({ n, c }) => ({ n: T.add(n, 1), c: T.mul(T.cos(c), x) as F64 }),
        { n: T.constant(0, "i32"), c: x as F64 },
        { limit: 7 }
      )
      return c
    },
    (x) => {
      let c: F64 = x
      for (let i = 0; i < 4; i++) c = T.mul(T.cos(c), x) as F64
      return c
    }
  ],
  [
    "map",
    (x) => T.map((row: AnyTensor) => T.mul(T.sin(row as F64), x) as F64, square(x)) as F64,
    (x) => T.mul(T.sin(square(x)), x) as F64
  ]
]

describe("control flow has the derivatives of the same function without it", () => {
  for (const [name, looped, plain] of pairs) {
    it(`${name}: value, reverse, forward, second order, batches`, () => {
      near(looped(v), plain(v))
      const loss = (f: (x: Tensor<[3], "f64">) => F64) => (x: Tensor<[3], "f64">) => total(f(x))
      near(grad(loss(looped))(v), grad(loss(plain))(v))
      near(jvp(looped, v, direction)[1], jvp(plain, v, direction)[1])
      near(hvp(loss(looped), v, direction), hvp(loss(plain), v, direction), 1e-11)
      const batch = T.constant(
        [
          [0.3, -0.7, 1.1],
          [-0.4, 0.2, 0.9],
          [0.1, 0.1, -2]
        ],
        "f64"
      )
      if (!name.startsWith("cond"))
        near(
          vmap(grad(loss(looped)))(batch as never) as AnyTensor,
          vmap(grad(loss(plain)))(batch as never) as AnyTensor
        )
    })
  }

  it("cond under vmap selects row by row", () => {
    const f = (x: Tensor<[3], "f64">) =>
      T.cond(
        T.greater(first(x), 0),
        () => T.exp(x) as F64,
        () => T.sin(x) as F64
      )
    const rows = [
      [0.3, -0.7, 1.1],
      [-0.4, 0.2, 0.9]
    ]
    const batch = T.constant(rows, "f64")
    const apart = rows.map((row) => numbers(grad((x: Tensor<[3], "f64">) => total(f(x)))(vector(...row))))
    assert.deepStrictEqual(
      numbers(vmap(grad((x: Tensor<[3], "f64">) => total(f(x))))(batch as never) as AnyTensor),
      apart.flat()
    )
  })

  it("whileLoop under vmap stops each row by itself", () => {
    const f = (x: Scalar) =>
      T.whileLoop(
        (c: Scalar) => T.less(c, 10) as Tensor<[], "bool">,
        (c) => T.mul(c, 2) as Scalar,
        x,
        { limit: 20 }
      )
    const starts = [1, 3, 11]
    assert.deepStrictEqual(numbers(vmap(f)(T.constant(starts, "f64") as never) as AnyTensor), [16, 12, 11])
    assert.deepStrictEqual(numbers(vmap(grad(f))(T.constant(starts, "f64") as never) as AnyTensor), [16, 4, 1])
  })
})

describe("what control flow refuses", () => {
  it("reverse mode through a loop nobody knows the length of", () => {
    const f = (x: Scalar) =>
      T.whileLoop(
        (c: Scalar) => T.less(c, 10) as Tensor<[], "bool">,
        (c) => T.mul(c, 2) as Scalar,
        x
      )
    assert.strictEqual(numbers(jvp(f, T.constant(1, "f64"), T.constant(1, "f64"))[1])[0], 16)
    assert.throws(
      () => grad(f)(T.constant(1, "f64")),
      "grad: whileLoop without a limit has no reverse rule, for nobody knows how many steps to keep; give { limit }, use T.scan, or differentiate implicitly"
    )
  })

  it("predicates that are no scalar bool, branches that differ", () => {
    const untyped = (f: unknown) => f as (...operands: ReadonlyArray<unknown>) => unknown
    assert.throws(
      () =>
        untyped(T.cond)(
          T.greater(v, 0),
          () => v,
          () => v
        ),
      "cond: the predicate must be a scalar, it has shape [3]; use T.where"
    )
    assert.throws(
      () =>
        untyped(T.cond)(
          T.constant(1),
          () => v,
          () => v
        ),
      "cond: the predicate must be bool, it is f32"
    )
    assert.throws(
      () =>
        untyped(T.cond)(
          T.constant(true, "bool"),
          () => v,
          () => T.ones([2], "f64")
        ),
      "cond: the other branch: the leaf must be f64[3], it is f64[2]"
    )
    assert.throws(
      () =>
        untyped(T.whileLoop)(
          () => T.constant(1),
          (c: unknown) => c,
          v
        ),
      "whileLoop: the predicate must return a bool, it returns f32"
    )
    assert.throws(
      () => untyped(T.iterate)((c: F64) => T.sum(c), v, 3),
      "iterate: the carry: the leaf must be f64[3], it is f64[]"
    )
    assert.throws(() => T.iterate((c: F64) => c, v, -1), "iterate: steps must be a whole number from 0, it is -1")
  })
})
