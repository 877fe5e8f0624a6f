import { assert, describe, it } from "@effect/vitest"
import { cliffsOf, leastOf, type Point } from "./sweep.ts"

const point = (width: number, batch: number, us: number): Point => ({
  width,
  batch,
  flops: 1000 * width * batch,
  bytes: 0,
  us
})

describe("cliffsOf", () => {
  it("finds none where time follows the work", () => {
    const points = [16, 32, 64].flatMap((w) => [1, 2, 4].map((b) => point(w, b, w * b)))
    assert.deepStrictEqual(cliffsOf(points), [])
  })

  it("finds a neighbour in width and one in batch that is slower by more than 1.3, and the way back", () => {
    const points = [16, 32, 64].flatMap((w) =>
      [1, 2, 4].map((b) => point(w, b, 100 * w * b * (w === 32 && b === 2 ? 2 : 1)))
    )
    const found = cliffsOf(points).map(({ factor, from, to }) => [from.width, from.batch, to.width, to.batch, factor])
    assert.deepStrictEqual(found, [
      [16, 2, 32, 2, 2],
      [32, 1, 32, 2, 2],
      [32, 2, 64, 2, 0.5],
      [32, 2, 32, 4, 0.5]
    ])
  })

  it("leaves out what is too short to be measured", () => {
    assert.deepStrictEqual(cliffsOf([point(16, 1, 1), point(32, 1, 19)]), [])
    assert.strictEqual(cliffsOf([point(16, 1, 20), point(32, 1, 100)]).length, 1)
  })
})

describe("leastOf", () => {
  it("takes the fastest round of every size", () => {
    const rounds = [
      [point(16, 1, 5), point(32, 1, 9)],
      [point(16, 1, 7), point(32, 1, 8)]
    ]
    assert.deepStrictEqual(leastOf(rounds), [point(16, 1, 5), point(32, 1, 8)])
  })
})
