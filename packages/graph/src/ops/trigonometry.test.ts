import { assert, describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, specials, vector } from "./numbers.test.support.ts"

const grid = Array.from({ length: 41 }, (_, i) => (i - 20) / 20)

describe("angles", () => {
  it("are those of Math", () => {
    for (const [f, expected] of [
      [T.tan, Math.tan],
      [T.asin, Math.asin],
      [T.acos, Math.acos],
      [T.atan, Math.atan]
    ] as const) {
      near(numbers(f(vector(grid))), grid.map(expected))
      const special = expected === Math.tan ? specials.filter((x) => Math.abs(x) !== Infinity) : specials
      near(numbers(f(vector(special))), special.map(expected))
    }
  })

  it("keep their digits near 0 and near 1", () => {
    const small = [1e-3, 1e-8, 1e-20, 1e-300]
    near(numbers(T.asin(vector(small))), small.map(Math.asin), 1e-15)
    near(numbers(T.tan(vector(small))), small.map(Math.tan), 1e-15)
    // acos(1 - d) = sqrt(2 d) (1 + d/12 + ...)
    for (const d of [2 ** -20, 2 ** -30, 2 ** -50]) {
      const expected = Math.sqrt(2 * d) * (1 + d / 12 + (3 * d * d) / 160)
      near(numbers(T.acos(vector([1 - d]))), [expected], 1e-15)
      near(numbers(T.asin(vector([1 - d]))), [Math.PI / 2 - expected], 1e-15)
    }
  })

  it("atan2 has the quadrants, zeros and infinities of C", () => {
    const pairs = specials.flatMap((y) => specials.map((x) => [y, x] as const))
    const actual = numbers(T.atan2(vector(pairs.map(([y]) => y)), vector(pairs.map(([, x]) => x))))
    pairs.forEach(([y, x], i) => {
      const expected = Math.atan2(y, x)
      near([actual[i] ?? Number.NaN], [expected], 1e-15, `atan2(${y}, ${x})`)
      assert.strictEqual(Object.is(actual[i], -0), Object.is(expected, -0), `the sign of atan2(${y}, ${x})`)
    })
  })

  it("hypot neither overflows nor underflows", () => {
    const pairs = [...specials, 1e200, 1e-200, 3, 4].flatMap((x) => [...specials, 3e200, 4e-200].map((y) => [x, y]))
    const actual = numbers(T.hypot(vector(pairs.map(([x = 0]) => x)), vector(pairs.map(([, y = 0]) => y))))
    near(
      actual,
      pairs.map(([x = 0, y = 0]) => Math.hypot(x, y)),
      1e-15
    )
    assert.deepStrictEqual(numbers(T.hypot(T.constant([3, 5]), 4)), [5, Math.fround(Math.sqrt(41))])
  })

  it("sinc is 1 at 0 and exactly 0 at the other whole numbers", () => {
    near(numbers(T.sinc(vector([0, 1, -2, 100, 1e15]))), [1, 0, 0, 0, 0])
    const xs = [0.1, -0.3, 0.49, 0.5, 0.51, 1.5, -7.25]
    near(
      numbers(T.sinc(vector(xs))),
      xs.map((x) => Math.sin(Math.PI * x) / (Math.PI * x)),
      1e-14
    )
  })

  it("degrees and radians", () => {
    near(numbers(T.degrees(vector([Math.PI, 1]))), [180, 180 / Math.PI])
    near(numbers(T.radians(vector([180, 90]))), [Math.PI, Math.PI / 2])
  })
})
