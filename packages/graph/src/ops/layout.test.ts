import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ShapeError } from "../errors.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const x = T.reshape(T.iota(6), [2, 3])

describe("layout", () => {
  it("reshape keeps the row-major order", () => {
    assert.deepStrictEqual(nested(T.reshape(x, [3, 2])), [
      [0, 1],
      [2, 3],
      [4, 5]
    ])
    assert.deepStrictEqual(T.reshape(T.zeros([0, 3]), [5, 0]).shape, [5, 0])
    assert.strictEqual(T.reshape(x, [2, 3]), x)
  })

  it("flatten keeps the first dimension", () => {
    assert.deepStrictEqual(T.flatten(T.zeros([2, 3, 4])).shape, [2, 12])
    assert.deepStrictEqual(T.flatten(T.zeros([5])).shape, [5, 1])
    assert.deepStrictEqual(T.flatten(T.zeros([2, 0, 4])).shape, [2, 0])
  })

  it("transpose exchanges the last two dimensions or permutes all", () => {
    assert.deepStrictEqual(nested(T.transpose(x)), [
      [0, 3],
      [1, 4],
      [2, 5]
    ])
    assert.deepStrictEqual(nested(pipe(x, T.transpose([1, 0]))), nested(T.transpose(x)))
    const y = T.reshape(T.iota(24), [2, 3, 4])
    const z = T.transpose(y, [2, 0, 1])
    assert.deepStrictEqual(z.shape, [4, 2, 3])
    const at = (t: AnyTensor, ...index: ReadonlyArray<number>) =>
      T.evaluate(t).data[index.reduce((place, i, d) => place * (t.shape[d] ?? 1) + i, 0)]
    for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) assert.strictEqual(at(z, 3, i, j), at(y, i, j, 3))
    assert.strictEqual(T.transpose(x, [0, 1]), x)
  })

  it("expand adds an axis, repeated", () => {
    assert.deepStrictEqual(T.expand(x, 0).shape, [1, 2, 3])
    assert.deepStrictEqual(T.expand(x, -1).shape, [2, 3, 1])
    assert.deepStrictEqual(nested(T.expand(T.constant([1, 2]), 1, 3)), [
      [1, 1, 1],
      [2, 2, 2]
    ])
    assert.throws(
      () => T.expand(T.dyn(x), 0.5),
      ShapeError,
      "expand: axis 0.5 does not exist after adding one to [2, 3]"
    )
  })

  it("broadcastTo repeats", () => {
    assert.deepStrictEqual(nested(T.broadcastTo(T.constant([[1], [2]]), [2, 2, 2])), [
      [
        [1, 1],
        [2, 2]
      ],
      [
        [1, 1],
        [2, 2]
      ]
    ])
    assert.strictEqual(sizeOf(T.broadcastTo(T.ones([]), [3, 0]).shape), 0)
  })
})

describe("expect", () => {
  it("states a shape", () => {
    const stated: AnyTensor = T.expect(x, ["batch", 3])
    const piped: AnyTensor = pipe(T.dyn(x), T.expect([2, "features"]))
    assert.strictEqual(stated, x)
    assert.strictEqual(piped, x)
  })

  it("checks sizes, rank, and that symbols agree with themselves", () => {
    const refused = (shape: ReadonlyArray<number | string>, sentence: string) =>
      assert.throws(() => T.expect(T.dyn(x), shape), ShapeError, sentence)
    refused([2, 4], "expect: [2, 3] is not [2, 4]")
    refused(["n", "n"], "expect: [2, 3] is not [n, n]")
    refused(["n"], "expect: [2, 3] is not [n]")
    refused(["n", 3, 1], "expect: [2, 3] is not [n, 3, 1]")
    assert.throws(() => T.expect(T.dyn(T.ones([])), ["n"]), "expect: [] is not [n]")
    T.expect(T.dyn(T.ones([4, 3, 4])), ["n", 3, "n"])
  })
})
