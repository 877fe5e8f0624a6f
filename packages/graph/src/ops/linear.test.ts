import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import type { AnyTensor } from "../tensor.ts"
import { toNested } from "../value.ts"
import * as T from "./index.ts"

const nested = (x: AnyTensor) => toNested(T.evaluate(x))
const filled = <const S extends ReadonlyArray<number>>(shape: S, count: number) =>
  T.reshape(T.dyn(T.cast(T.iota(count), "f32")), shape)

describe("matmul", () => {
  const a = filled([2, 3], 6)
  const b = filled([3, 2], 6)

  it("multiplies matrices and vectors", () => {
    const product = [
      [10, 13],
      [28, 40]
    ]
    assert.deepStrictEqual(nested(T.matmul(a, b)), product)
    assert.deepStrictEqual(nested(pipe(a, T.matmul(b))), product)
    assert.deepStrictEqual(nested(T.matmul(a, T.constant([1, 0, 2]))), [4, 13])
    assert.deepStrictEqual(nested(T.matmul(T.constant([1, 2]), a)), [6, 9, 12])
    assert.deepStrictEqual(nested(T.matmul(T.constant([1, 2]), T.constant([3, 4]))), 11)
  })

  it("applies a matrix to every row of a stack, and stacks to stacks", () => {
    const stack = filled([2, 2, 3], 12)
    const products = nested(T.matmul(stack, b))
    assert.deepStrictEqual(
      products,
      [0, 1].map((i) => nested(T.matmul(T.reshape(T.slice(T.dyn(stack), [{ start: i, end: i + 1 }]), [2, 3]), b)))
    )
    assert.deepStrictEqual(T.matmul(filled([5, 1, 2, 3], 30), filled([4, 3, 2], 24)).shape, [5, 4, 2, 2])
    assert.deepStrictEqual(T.matmul(T.ones([3]), filled([4, 3, 2], 24)).shape, [4, 2])
    const each = T.matmul(stack, filled([2, 3, 2], 12))
    assert.deepStrictEqual(T.evaluate(each).data.slice(4), Float32Array.of(172, 193, 244, 274))
  })

  it("of an empty sum is zero", () => {
    assert.deepStrictEqual(nested(T.matmul(T.zeros([2, 0]), T.zeros([0, 1]))), [[0], [0]])
  })
})
