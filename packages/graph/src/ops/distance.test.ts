import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError, ShapeError } from "../errors.ts"
import { evaluateExact } from "../interpreter.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(evaluateExact([x])[0]?.data ?? [])

const assertClose = (x: AnyTensor, expected: ReadonlyArray<number>): void => {
  const actual = numbers(x)
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((v, i) => assert.closeTo(v, expected[i] ?? NaN, 1e-9, `element ${i}`))
}

const a = T.constant(
  [
    [1, 2, 0.5],
    [-1, 0, 3]
  ],
  "f64"
)
const b = T.constant(
  [
    [1, 0, 0.25],
    [0, 1, 1]
  ],
  "f64"
)

describe("cosineSimilarity", () => {
  it("is PyTorch's, along any axis, broadcasting, and in pipes", () => {
    const rows: Tensor<[2], "f64"> = T.cosineSimilarity(a, b)
    assertClose(rows, [0.476330511622, 0.67082039325])
    assertClose(T.cosineSimilarity(T.transpose(a), T.transpose(b), { axis: 0 }), [0.476330511622, 0.67082039325])
    const kept: Tensor<[2, 1], "f64"> = pipe(a, T.cosineSimilarity(b, { keepDims: true }))
    assert.deepStrictEqual(kept.shape, [2, 1])
    assertClose(T.cosineSimilarity(a, T.constant([1, 2, 0.5], "f64")), [1, 0.069006555934])
  })

  it("is 0 for vectors of zeros, and for short ones less than the cosine", () => {
    const zero = T.zerosLike(a)
    assertClose(T.cosineSimilarity(zero, b), [0, 0])
    assertClose(T.cosineSimilarity(T.constant([0.3, 0.4], "f64"), T.constant([1, 0], "f64"), { epsilon: 1 }), [0.3])
  })

  it("refuses vectors that do not fit", () => {
    const wrong = T.dyn(T.ones([4], "f64"))
    assert.throws(() => T.cosineSimilarity(a, wrong), ShapeError, "cosineSimilarity: cannot broadcast [2, 3] with [4]")
    const axis: number = 2
    assert.throws(() => T.cosineSimilarity(a, b, { axis }), ShapeError, "axis 2 does not exist in [2, 3]")
    assert.throws(() => T.cosineSimilarity(a, b, { epsilon: -1 }), OptionError, "epsilon must be 0 or more, got -1")
  })
})

describe("pairwiseDistance", () => {
  it("is PyTorch's in any norm", () => {
    assertClose(T.pairwiseDistance(a, b), [2.015565553388, 2.449489742784])
    assertClose(T.pairwiseDistance(a, b, { p: 3, epsilon: 0 }), [2.001301236541, 2.154434690032])
    const exact = (p: number) => T.pairwiseDistance(a, b, { p, epsilon: 0 })
    assertClose(exact(1), [2.25, 4])
    assertClose(exact(Infinity), [2, 2])
    assertClose(exact(0), [2, 3])
    assertClose(exact(0.5), [(Math.SQRT2 + 0.5) ** 2, (2 + Math.SQRT2) ** 2])
    assertClose(pipe(a, T.pairwiseDistance(b, { axis: 0, epsilon: 0 })), [1, Math.sqrt(5), Math.hypot(0.25, 2)])
    assert.throws(
      () => T.pairwiseDistance(a, b, { p: -1 }),
      OptionError,
      "pairwiseDistance: p must be 0 or more, got -1"
    )
  })
})

describe("normalize", () => {
  it("divides vectors by their length, and short ones by epsilon", () => {
    const v = T.constant(
      [
        [3, 4],
        [0, 0]
      ],
      "f64"
    )
    assertClose(T.normalize(v), [0.6, 0.8, 0, 0])
    assertClose(pipe(v, T.normalize({ p: 1 })), [3 / 7, 4 / 7, 0, 0])
    assertClose(T.normalize(v, { axis: [0, 1], epsilon: 10 }), [0.3, 0.4, 0, 0])
    assertClose(T.normalize(v, { axis: 0, p: Infinity }), [1, 1, 0, 0])
    assert.throws(() => T.normalize(v, { p: -1 }), OptionError, "normalize: p must be 0 or more, got -1")
  })
})

describe("embedding", () => {
  const table = T.reshape(T.iota(8, "f64"), [4, 2])

  it("takes rows", () => {
    const rows: Tensor<[2, 2], "f64"> = T.embedding(table, T.constant([3, 0], "i32"))
    assert.deepStrictEqual(numbers(rows), [6, 7, 0, 1])
    assert.deepStrictEqual(numbers(T.embedding(table, T.constant([3, 0], "i32"), { paddingIndex: -1 })), [6, 7, 0, 1])
  })

  it("refuses an index of padding outside the table", () => {
    assert.throws(
      () => T.embedding(table, T.constant([3, 0], "i32"), { paddingIndex: 4 }),
      ShapeError,
      "embedding: row 4 does not exist in a table of 4 rows"
    )
  })
})
