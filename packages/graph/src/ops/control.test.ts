import { assert, describe, it } from "@effect/vitest"
import { DTypeError, ShapeError, TreeError } from "../errors.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const xs = T.constant([1, 2, 3, 4], "f64")
const zero = T.zeros([], "f64")
type Scalar = Tensor<[], "f64">

describe("scan", () => {
  it("passes the carry on and stacks the outputs", () => {
    const [last, sums] = T.scan((sum: Scalar, x: Scalar) => [T.add(sum, x), T.mul(sum, x)], zero, xs)
    assert.deepStrictEqual(nested(last), 10)
    assert.deepStrictEqual(nested(sums), [0, 2, 9, 24])
  })

  it("runs backwards, outputs staying in their places", () => {
    const [last, sums] = T.scan((sum: Scalar, x: Scalar) => [T.add(sum, x), sum], zero, xs, { reverse: true })
    assert.deepStrictEqual(nested(last), 10)
    assert.deepStrictEqual(nested(sums), [9, 7, 4, 0])
  })

  it("carries trees, in whatever order the body writes their keys", () => {
    const start = { a: zero, b: [T.ones([], "f64"), zero] as const }
    const [last, trail] = T.scan(
      (c: typeof start, row: { x: Scalar; y: Tensor<[2], "f64"> }) => [
        { b: [c.b[0], T.add(c.b[1], T.sum(row.y))] as const, a: T.add(c.a, T.mul(row.x, c.b[0])) },
        { squares: T.square(row.x), pair: [c.a, row.y] as const }
      ],
      start,
      { x: xs, y: T.ones([4, 2], "f64") }
    )
    assert.deepStrictEqual(Object.keys(last), ["a", "b"])
    assert.deepStrictEqual([nested(last.a), nested(last.b[1])], [10, 8])
    assert.deepStrictEqual(nested(trail.squares), [1, 4, 9, 16])
    assert.deepStrictEqual(nested(trail.pair[0]), [0, 1, 3, 6])
    assert.deepStrictEqual(trail.pair[1].shape, [4, 2])
  })

  it("uses values from outside, also in loops in loops", () => {
    const rate = T.constant(0.5, "f64")
    const [last] = T.scan(
      (c: Scalar, x: Scalar) => {
        const [inner] = T.scan((d: Scalar, z: Scalar) => [T.add(d, T.mul(T.mul(z, x), rate)), d], c, xs)
        return [inner, c]
      },
      zero,
      xs
    )
    // The sum of x z / 2 over all pairs.
    assert.deepStrictEqual(nested(last), 50)
  })

  it("over no rows gives the start", () => {
    const [last, none] = T.scan((c: Scalar, x: Scalar) => [T.add(c, x), c], T.constant(7, "f64"), T.zeros([0], "f64"))
    assert.deepStrictEqual([nested(last), nested(none)], [7, []])
  })

  it("carries integers and booleans", () => {
    const [count, odd] = T.scan(
      (n: Tensor<[], "i32">, x: Tensor<[], "i32">) => [T.add(n, x), T.equal(T.and(n, 1), 1)],
      T.zeros([], "i32"),
      T.iota(5)
    )
    assert.deepStrictEqual([nested(count), nested(odd)], [10, [0, 0, 1, 1, 0]])
  })

  it("refuses what does not fit", () => {
    const untyped = T.scan as (f: unknown, initial: unknown, sequences: unknown) => unknown
    const body = (c: AnyTensor, x: AnyTensor) => [T.add(c, x), c]
    assert.throws(
      () => untyped(body, zero, {}),
      ShapeError,
      "scan: needs a sequence with a leading dimension to run over, or { length }"
    )
    assert.throws(() => untyped(body, zero, zero), ShapeError, "scan: needs a sequence")
    assert.throws(
      () => untyped(() => [zero, zero], zero, [xs, T.zeros([3])]),
      ShapeError,
      "scan: a sequence has 3 rows, another has 4"
    )
    assert.throws(
      () => untyped((c: AnyTensor) => [T.cast(c, "f32"), c], zero, xs),
      TreeError,
      "scan: the carry: the leaf must be f64[], it is f32[]"
    )
    assert.throws(
      () => untyped((c: AnyTensor, x: AnyTensor) => [c, T.add(T.cast(x, "f32"), c)], zero, xs),
      DTypeError,
      "add: f32 with f64"
    )
  })
})
