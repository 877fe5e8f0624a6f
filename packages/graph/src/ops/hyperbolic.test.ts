import { describe, it } from "@effect/vitest"
import * as T from "./index.ts"
import { near, numbers, specials, vector } from "./numbers.test.support.ts"

const functions = [
  [T.sinh, Math.sinh],
  [T.cosh, Math.cosh],
  [T.asinh, Math.asinh],
  [T.acosh, Math.acosh],
  [T.atanh, Math.atanh]
] as const

describe("hyperbolic functions", () => {
  it("are those of Math, near 0 and for large arguments too", () => {
    const sizes = [1e-300, 1e-20, 1e-8, 1e-3, 0.3, 0.99, 1, 1.0000001, 2, 20, 700, 710.4, 711, 1e8, 1e9, 1e160, 1e308]
    for (const [f, expected] of functions) {
      const xs = [...sizes, ...sizes.map((x) => -x), ...specials]
      // Math.acosh of V8 is not exact below 1: NaN there.
      near(
        numbers(f(vector(xs))),
        xs.map((x) => (expected === Math.acosh && x < 1 ? Number.NaN : expected(x))),
        4e-15,
        expected.name
      )
    }
  })

  it("keep their digits in f32", () => {
    const xs = [1e-30, 1e-5, 0.1, 3, 60, 88.9]
    for (const [f, expected] of functions) {
      const values = xs.map((x) => (expected === Math.acosh ? 1 + x : expected === Math.atanh ? Math.min(x, 0.9) : x))
      const single = values.map(Math.fround)
      near(
        numbers(f(T.constant(values))),
        single.map((x) => Math.fround(expected(x))),
        6e-7,
        expected.name
      )
    }
  })
})
