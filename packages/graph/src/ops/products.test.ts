import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import type { AnyTensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(T.evaluate(x).data)
const a = T.constant(
  [
    [1, 2, 3],
    [4, 5, 6]
  ],
  "f64"
)
const b = T.constant(
  [
    [1, 0],
    [2, 1],
    [0, 3]
  ],
  "f64"
)
const v = T.constant([1, 10, 100], "f64")

describe("products", () => {
  it("outer", () => {
    assert.deepStrictEqual(numbers(T.outer(T.constant([1, 2]), T.constant([3, 4, 5]))), [3, 4, 5, 6, 8, 10])
    assert.deepStrictEqual(T.outer(T.zeros([0]), T.ones([2])).shape, [0, 2])
    assert.deepStrictEqual(numbers(T.outer(T.constant([2], "i32"), T.constant([3], "i32"))), [6])
  })

  it("vecdot", () => {
    assert.deepStrictEqual(numbers(T.vecdot(a, v)), [321, 654])
    assert.deepStrictEqual(numbers(pipe(a, T.vecdot(a, { axis: 0 }))), [17, 29, 45])
    assert.deepStrictEqual(T.vecdot(a, v, { keepDims: true }).shape, [2, 1])
  })

  it("linear", () => {
    const w = T.constant(
      [
        [1, 0, 0],
        [0, 1, 1]
      ],
      "f64"
    )
    assert.deepStrictEqual(numbers(T.linear(a, w)), [1, 5, 4, 11])
    assert.deepStrictEqual(numbers(T.linear(a, w, T.constant([10, 20], "f64"))), [11, 25, 14, 31])
    assert.deepStrictEqual(numbers(T.linear(a, v)), [321, 654])
    assert.deepStrictEqual(numbers(T.linear(v, v)), [10101])
  })

  it("addmm", () => {
    const c = T.constant([1, 2], "f64")
    assert.deepStrictEqual(numbers(T.addmm(c, a, b)), [6, 13, 15, 25])
    assert.deepStrictEqual(numbers(T.addmm(c, a, b, { alpha: 2, beta: 10 })), [20, 42, 38, 66])
    assert.deepStrictEqual(numbers(T.addmm(T.constant([NaN, NaN], "f64"), a, b, { beta: 0 })), [5, 11, 14, 23])
  })

  it("inner", () => {
    assert.deepStrictEqual(numbers(T.inner(a, v)), [321, 654])
    assert.deepStrictEqual(numbers(T.inner(a, a)), [14, 32, 32, 77])
    assert.deepStrictEqual(numbers(T.inner(a, T.constant(2, "f64"))), [2, 4, 6, 8, 10, 12])
  })

  it("tensordot", () => {
    assert.deepStrictEqual(numbers(T.tensordot(a, b, { axes: 1 })), [5, 11, 14, 23])
    assert.deepStrictEqual(
      numbers(
        T.tensordot(a, b, {
          axes: [
            [0, 1],
            [1, 0]
          ]
        })
      ),
      [1 + 4 + 0 + 0 + 5 + 18]
    )
    assert.deepStrictEqual(T.tensordot(a, b, { axes: 0 }).shape, [2, 3, 3, 2])
    assert.deepStrictEqual(T.tensordot(T.ones([2, 3, 4]), T.ones([3, 4, 5])).shape, [2, 5])
    assert.deepStrictEqual(
      T.tensordot(T.ones([2, 3, 4]), T.ones([4, 3]), {
        axes: [
          [-1, 1],
          [0, -1]
        ]
      }).shape,
      [2]
    )
  })

  it("kron", () => {
    assert.deepStrictEqual(numbers(T.kron(T.constant([[1, 2]]), T.constant([[1], [3]]))), [1, 2, 3, 6])
    const y = T.kron(T.constant([1, 10]), T.constant([[1, 2]]))
    assert.deepStrictEqual(
      [y.shape, numbers(y)],
      [
        [1, 4],
        [1, 2, 10, 20]
      ]
    )
  })

  it("multiDot", () => {
    const [p, q, r] = [T.ones([10, 100], "f64"), T.ones([100, 5], "f64"), T.ones([5, 50], "f64")]
    const y = T.multiDot([p, q, r])
    assert.deepStrictEqual(y.shape, [10, 50])
    assert.deepStrictEqual(new Set(numbers(y)), new Set([500]))
    assert.deepStrictEqual(numbers(T.multiDot([T.constant([1, 1], "f64"), a, v])), [975])
    assert.deepStrictEqual(numbers(T.multiDot([a])), numbers(a))
    // The product of the last two comes first: 100 by 5 by 5 numbers are never formed.
    assert.deepStrictEqual(
      T.multiDot([p, q, T.ones([5], "f64")]).node.inputs.map(({ shape }) => shape),
      [[10, 100], [100]]
    )
  })

  it("cross", () => {
    const [x, y, z] = [T.constant([1, 0, 0]), T.constant([0, 1, 0]), T.constant([0, 0, 1])]
    assert.deepStrictEqual(numbers(T.cross(x, y)), numbers(z))
    assert.deepStrictEqual(numbers(T.cross(T.constant([1, 2, 3]), T.constant([4, 5, 6]))), [-3, 6, -3])
    const columns = T.transpose(
      T.constant([
        [1, 2, 3],
        [4, 5, 6]
      ])
    )
    assert.deepStrictEqual(T.cross(columns, T.expand(T.constant([4, 5, 6]), 1), { axis: 0 }).shape, [3, 2])
  })

  it("refuse what does not fit", () => {
    assert.throws(() => T.outer(a as never, v), "outer: needs vectors, got [2, 3]")
    assert.throws(
      () => T.tensordot(a, a as never, { axes: 1 }),
      "tensordot: axes [-1] of [2, 3] and [0] of [2, 3] do not pair"
    )
    assert.throws(() => T.tensordot(a, v as never, { axes: 2 }), "tensordot: axis 1 does not exist in [3]")
    assert.throws(() => T.linear(a, b as never), "linear: [2, 3] by the weight [3, 2]: the features 3 and 2 differ")
    assert.throws(() => T.multiDot([] as never), "multiDot: no matrix was given")
    assert.throws(() => T.cross(b, b as never), "cross: axis -1 of [3, 2] has size 2, not 3")
  })
})
