import { assert, describe, it } from "@effect/vitest"
import { randomSource } from "../planned.test.support.ts"
import { collapse, type Nest } from "./collapse.ts"

/** The positions of every access, in the order the loops visit them. */
const walk = ({ sizes, strides }: Nest): ReadonlyArray<ReadonlyArray<number>> => {
  let positions: ReadonlyArray<ReadonlyArray<number>> = [strides.map(() => 0)]
  sizes.forEach((size, d) => {
    positions = positions.flatMap((at) =>
      Array.from({ length: size }, (_, i) => at.map((p, a) => p + i * (strides[a]?.[d] ?? 0)))
    )
  })
  return positions
}

describe("collapse", () => {
  it("merges what every access walks through without a gap", () => {
    assert.deepStrictEqual(collapse({ sizes: [2, 3, 4], strides: [[12, 4, 1]] }), { sizes: [24], strides: [[1]] })
    assert.deepStrictEqual(
      collapse({
        sizes: [2, 3, 4],
        strides: [
          [12, 4, 1],
          [0, 4, 1]
        ]
      }),
      {
        sizes: [2, 12],
        strides: [
          [12, 1],
          [0, 1]
        ]
      }
    )
  })

  it("drops dimensions of size 1, down to none", () => {
    assert.deepStrictEqual(collapse({ sizes: [1, 1], strides: [[7, 3]] }), { sizes: [], strides: [[]] })
  })

  it("visits the same positions in the same order, with no dimension of size 1 left", () => {
    const below = randomSource(1)
    for (let i = 0; i < 500; i++) {
      const rank = below(6)
      const sizes = Array.from({ length: rank }, () => below(4))
      const dense = sizes.map((_, d) => sizes.slice(d + 1).reduce((a, b) => a * b, 1))
      const strides = Array.from({ length: 1 + below(3) }, () =>
        dense.map((stride) => (below(3) === 0 ? below(5) : stride))
      )
      const merged = collapse({ sizes, strides })
      assert.deepStrictEqual(walk(merged), walk({ sizes, strides }))
      assert.isFalse(merged.sizes.includes(1))
      assert.isAtMost(merged.sizes.length, rank)
    }
  })
})
