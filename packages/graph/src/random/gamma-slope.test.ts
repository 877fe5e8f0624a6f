import { assert, describe, it } from "@effect/vitest"
import { operations as ops } from "../operations.ts"
import * as T from "../ops/index.ts"
import { logGammaSlope } from "./gamma-slope.ts"

/** Concentration, logarithm of a gamma number, and dy/da by adaptive quadrature in 30 digits. */
const table = [
  [0.01, -200, 19943.911454213132],
  [0.01, -5, 447.5466955311873],
  [0.01, 0.5, 42.53142050441885],
  [0.3, -8, 26.110095586043027],
  [0.3, -1, 4.628968573646597],
  [0.3, 0.7, 1.7740772063737211],
  [0.99, -2, 2.6517254659348706],
  [0.99, 0.2, 1.068456249927967],
  [0.99, 1.5, 0.5079680363980329],
  [1, -1, 1.8329897900481258],
  [1, 0, 1.1735630272247268],
  [1, 1, 0.6846576398963767],
  [4, 0.2, 0.44399080217400266],
  [4, 1.2, 0.28562522344599023],
  [4, 2.2, 0.16873627799498714],
  [100, 4.3, 0.011622633238160197],
  [100, 4.6, 0.010042599549919961],
  [100, 4.9, 0.008612488510575833],
  [10000, 9.18, 0.00010152638167545181],
  [10000, 9.21, 0.00010001868653123678],
  [10000, 9.25, 9.80317594057691e-5]
] as const

describe("the slope of the logarithm of a gamma number", () => {
  const column = (j: 0 | 1): ReadonlyArray<number> => table.map((row) => row[j])

  it("is right to 1e-12 in float64, over tails and concentrations", () => {
    const vector = (xs: ReadonlyArray<number>) => T.fromArray(Float64Array.from(xs), [xs.length], "f64")
    const slopes = T.evaluate(logGammaSlope(ops, vector(column(0)), vector(column(1)))).data
    table.forEach(([a, y, expected], i) =>
      assert.closeTo((slopes[i] ?? 0) / expected, 1, 1e-12, `concentration ${a}, logarithm ${y}`)
    )
  })

  it("is right to 1e-5 by the rule for float32", () => {
    const vector = (xs: ReadonlyArray<number>) => T.fromArray(Float32Array.from(xs), [xs.length])
    const slopes = T.evaluate(logGammaSlope(ops, vector(column(0)), vector(column(1)))).data
    table.forEach(([a, y, expected], i) =>
      assert.closeTo((slopes[i] ?? 0) / expected, 1, 1e-5, `concentration ${a}, logarithm ${y}`)
    )
  })
})
