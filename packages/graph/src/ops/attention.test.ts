import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, OptionError, ShapeError } from "../errors.ts"
import { evaluateExact } from "../interpreter.ts"
import * as Key from "../random/index.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(evaluateExact([x])[0]?.data ?? [])

const assertClose = (x: AnyTensor, expected: ReadonlyArray<number>, tolerance = 1e-9): void => {
  const actual = numbers(x)
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((v, i) => assert.closeTo(v, expected[i] ?? NaN, tolerance, `element ${i} of ${actual.join(", ")}`))
}

const q = T.constant(
  [
    [1, 0],
    [0, 1],
    [1, 1]
  ],
  "f64"
)
const k = T.constant(
  [
    [1, 2],
    [3, -1],
    [0, 1]
  ],
  "f64"
)
const v = T.constant(
  [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 10]
  ],
  "f64"
)

/** softmax(q @ k.T / sqrt(2), -1) @ v, and the same with -inf above the diagonal, by torch. */
const full = [
  3.7287357521, 4.7287357521, 5.8166844909, 3.0571303984, 4.0571303984, 5.3628256492, 2.6921616995, 3.6921616995,
  4.8321909445
]
const causal = [1, 2, 3, 1.3211254044, 2.3211254044, 3.3211254044, 2.6921616995, 3.6921616995, 4.8321909445]

const lower = T.constant([1, 0, 0, 1, 1, 0, 1, 1, 1], "bool")
const mask = T.reshape(lower, [3, 3])

describe("scaledDotProductAttention", () => {
  it("is the mean of values by the softmax of scores", () => {
    const y: Tensor<[3, 3], "f64"> = T.scaledDotProductAttention(q, k, v)
    assertClose(y, full)
    assertClose(T.scaledDotProductAttention(T.mul(q, 2), k, v, { scale: Math.SQRT1_2 / 2 }), full)
  })

  it("lets a query see no later key", () => {
    assertClose(T.scaledDotProductAttention(q, k, v, { causal: true }), causal)
    assertClose(T.scaledDotProductAttention(q, k, v, { mask }), causal)
    const added = T.where(mask, T.zeros([3, 3], "f64"), -Infinity)
    assertClose(T.scaledDotProductAttention(q, k, v, { mask: added }), causal)
    // More keys than queries: both are counted from the first.
    const two = T.slice(q, [{ end: 2 }])
    assertClose(T.scaledDotProductAttention(two, k, v, { causal: true }), causal.slice(0, 6))
  })

  it("gives a query that sees nothing zeros, and no derivative", () => {
    const blind = T.constant(
      [
        [1, 1, 1],
        [0, 0, 0],
        [1, 1, 1]
      ] as const,
      "bool"
    )
    const y = numbers(T.scaledDotProductAttention(q, k, v, { mask: blind }))
    assert.deepStrictEqual(y.slice(3, 6), [0, 0, 0])
    assert.closeTo(y[0] ?? NaN, full[0] ?? NaN, 1e-9)
  })

  it("broadcasts leading axes and masks", () => {
    const heads = T.broadcastTo(q, [2, 4, 3, 2])
    const y: Tensor<[2, 4, 3, 3], "f64"> = T.scaledDotProductAttention(heads, k, v)
    assertClose(y, Array.from({ length: 8 }, () => full).flat())
    const keys = T.constant([1, 0, 1], "bool")
    const masked = numbers(T.scaledDotProductAttention(heads, k, v, { mask: keys })).slice(0, 9)
    assertClose(T.scaledDotProductAttention(q, k, v, { mask: T.broadcastTo(keys, [3, 3]) }), masked)
  })

  it("is finite for scores of any size", () => {
    assertClose(T.scaledDotProductAttention(T.mul(q, 1e30), k, v), [4, 5, 6, 1, 2, 3, 1, 2, 3])
  })

  it("drops weights and divides the others", () => {
    const key = Key.key(3)
    const ones = T.ones([1, 4000, 2])
    const y = numbers(T.scaledDotProductAttention(T.zeros([1, 1, 2]), ones, ones, { dropout: { rate: 0.25, key } }))
    assert.closeTo(y[0] ?? NaN, 1, 0.05)
    assert.notStrictEqual(y[0], 1)
    const again = T.scaledDotProductAttention(T.zeros([1, 1, 2]), ones, ones, { dropout: { rate: 0.25, key } })
    assert.deepStrictEqual(numbers(again), y)
    assertClose(T.scaledDotProductAttention(q, k, v, { dropout: { rate: 0, key } }), full)
    assert.throws(
      () => T.scaledDotProductAttention(q, k, v, { dropout: { rate: 1, key } }),
      OptionError,
      "the rate of dropout must be 0 or more and below 1, got 1"
    )
  })

  it("refuses operands that do not fit", () => {
    const flat = T.dyn(T.ones([3], "f64"))
    const sentence = "scaledDotProductAttention: queries, keys and values are [..., length, depth], got [3]"
    assert.throws(() => T.scaledDotProductAttention(flat, k, v), ShapeError, sentence)
    assert.throws(
      () =>
        T.scaledDotProductAttention(q, k, v, {
          mask: T.dyn(T.ones([3, 3])) as Tensor<[3, 3]> as AnyTensor as Tensor<[3, 3], "f64">
        }),
      DTypeError,
      "scaledDotProductAttention: the mask must be bool or f64, it is f32"
    )
  })
})

describe("heads", () => {
  it("are split from the features and merged again", () => {
    const x = T.reshape(T.iota(24), [2, 3, 4])
    const split: Tensor<[2, 2, 3, 2], "i32"> = T.splitHeads(x, 2)
    assert.deepStrictEqual(numbers(split).slice(0, 12), [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11])
    const merged: Tensor<[2, 3, 4], "i32"> = pipe(x, T.splitHeads(2), T.mergeHeads)
    assert.deepStrictEqual(numbers(merged), numbers(x))
  })

  it("divide the features", () => {
    const three: number = 3
    const x = T.ones([2, 3, 4])
    assert.throws(() => T.splitHeads(x, three), ShapeError, "splitHeads: 4 features do not divide into 3 heads")
    assert.throws(() => T.splitHeads(T.dyn(T.ones([4])), 2), ShapeError, "needs [..., length, features], got [4]")
    assert.throws(
      () => T.mergeHeads(T.dyn(T.ones([4, 2]))),
      ShapeError,
      "needs [..., heads, length, depth], got [4, 2]"
    )
  })
})
