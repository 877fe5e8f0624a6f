/** A rate that is multiplied by a factor after every step. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { anyNumber, type Requirement, validate } from "../validation.ts"
import { describe, rateAt, type Schedule } from "./schedule.ts"

/** Options of a multiplied schedule. */
export interface MultiplicativeOptions {
  readonly from: number
  /** What the rate is multiplied by before step k, for k = 1, 2, ... */
  readonly factor: Schedule
}

const schedule: Requirement = { mustBe: "a schedule", holds: (value) => typeof value === "function" }

/**
 * `eta(k) = from factor(1) factor(2) ... factor(k)`.
 *
 * A schedule is a function of the step alone, so the product is taken anew at every step, by a loop of k steps inside the
 * graph: two numbers each, nothing beside a gradient. A fractional step counts as the whole one below.
 *
 * PyTorch: `MultiplicativeLR(o, factor)`.
 */
export const multiplicative = (options: MultiplicativeOptions): Schedule => {
  const o = validate("multiplicative", options, { from: anyNumber, factor: schedule })
  interface Product {
    readonly rate: Scalar
    readonly next: Scalar
  }
  return describe("multiplicative", o, (k) => {
    const start: Product = { rate: f64(o.from), next: f64(1) }
    return T.whileLoop(
      ({ next }: Product) => T.lessEqual(next, k),
      ({ rate, next }: Product): Product => ({ rate: T.mul(rate, rateAt(o.factor, next)), next: T.add(next, 1) }),
      start
    ).rate
  })
}
