import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { Embedding } from "../index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const key = Key.key(4)
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

describe("embedding", () => {
  const model = pipe(Model.input([3]), Model.embedding("tokens", 4, 2))
  const table = T.constant([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8]
  ])

  it("takes a row for each number", () => {
    same<Equal<typeof model, Model.Model<["batch", 3], ["batch", 3, 2], { tokens: Embedding<4, 2> }>>>()
    const { y } = model.apply({ tokens: { embeddings: table } }, {}, T.constant([[0, 3, 1]]), Model.evaluate)
    assert.deepStrictEqual(
      [y.shape, numbers(y)],
      [
        [1, 3, 2],
        [1, 2, 7, 8, 3, 4]
      ]
    )
    assertGradient(
      (p) => T.sum(T.square(model.apply(p, {}, T.constant([[0, 3, 3]]), Model.evaluate).y)),
      { tokens: { embeddings: table } },
      1e-4
    )
  })

  it("draws uniformly between -0.05 and 0.05, as Keras does", () => {
    const all = numbers(pipe(Model.input([]), Model.embedding("e", 200, 10)).init(key).params.e.embeddings)
    assert.isBelow(Math.max(...all.map(Math.abs)), 0.05)
    assert.isAbove(Math.max(...all.map(Math.abs)), 0.049)
    assert.throws(() => Model.embedding("e", 0, 2), OptionError, "embedding: inputDim must be a whole number above 0")
  })
})

describe("positions", () => {
  it("are learned", () => {
    const model = pipe(Model.input([3, 2]), Model.learnedPositions("at"))
    same<Equal<typeof model, Model.Model<["batch", 3, 2], ["batch", 3, 2], { at: Embedding<3, 2> }>>>()
    const embeddings = T.constant([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
    const { y } = model.apply({ at: { embeddings } }, {}, T.ones([2, 3, 2]), Model.evaluate)
    assertClose(numbers(y), [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6, 7])
    // @ts-expect-error learnedPositions: needs [batch, ..., length, features], got [batch, 3]
    const flat = () => pipe(Model.input([3]), Model.learnedPositions("at"))
    assert.throws(flat, ShapeError, "learnedPositions: needs [batch, ..., length, features], got [batch, 3]")
  })

  it("are sines and cosines", () => {
    const model = pipe(Model.input([4, 5]), Model.sinusoidalPositions({ maxWavelength: 100 }))
    const y = numbers(model.apply({}, {}, T.zeros([1, 4, 5]), Model.evaluate).y)
    const expected = range(4).flatMap((t) =>
      range(5).map((d) => {
        const angle = t / 100 ** ((2 * Math.floor(d / 2)) / 5)
        return d % 2 === 0 ? Math.sin(angle) : Math.cos(angle)
      })
    )
    assertClose(y, expected, 1e-6)
  })

  it("turn by angles that grow", () => {
    const x = Key.normal(key, [2, 3, 4])
    const [u, y] = [numbers(x), numbers(Model.rotary(x))]
    const expected = range(2).flatMap((b) =>
      range(3).flatMap((t) => {
        const at = (d: number) => u[(b * 3 + t) * 4 + d] ?? NaN
        const angle = (d: number) => t / 10_000 ** ((2 * d) / 4)
        return [
          ...range(2).map((d) => at(d) * Math.cos(angle(d)) - at(d + 2) * Math.sin(angle(d))),
          ...range(2).map((d) => at(d + 2) * Math.cos(angle(d)) + at(d) * Math.sin(angle(d)))
        ]
      })
    )
    assertClose(y, expected, 1e-6)
    assert.throws(() => Model.rotary(T.ones([3, 5])), ShapeError, "rotary: needs [..., length, features] with an even")
  })

  it("make products of turned vectors depend on their distance only", () => {
    const row = Key.normal(key, [1, 6])
    const [q, k] = [
      T.expect(
        T.concatAll(
          range(9).map(() => row),
          0
        ),
        [9, 6]
      ),
      T.full([9, 6], 0.5)
    ]
    const [turnedQ, turnedK] = [Model.rotary(q), Model.rotary(k)]
    const products = numbers(T.matmul(turnedQ, T.transpose(turnedK)))
    for (const distance of range(8))
      for (const t of range(9 - distance))
        assert.approximately(products[t * 9 + t + distance] ?? NaN, products[distance] ?? NaN, 1e-6)
  })
})
