/** Brings numbers to a common scale. */
import * as Schema from "effect/Schema"
import { mean } from "./impute.ts"
import { allNumbers, isNumber, type Kind, notNumber } from "./step.ts"

export interface StandardisePlan {
  readonly _tag: "Standardise"
}

export interface MinMaxPlan {
  readonly _tag: "MinMax"
  readonly low: number
  readonly high: number
  readonly clip: boolean
}

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))

const Standardised = Schema.Struct({ _tag: Schema.Literal("Standardise"), mean: Schema.Finite, deviation: Positive })

const MinMaxed = Schema.Struct({
  _tag: Schema.Literal("MinMax"),
  min: Schema.Finite,
  range: Positive,
  low: Schema.Finite,
  high: Schema.Finite,
  clip: Schema.Boolean
})

/** z = (x - mean) / deviation, the deviation of the population (divided by n); 1 where all numbers are equal. */
export const standardise: Kind<StandardisePlan, typeof Standardised.Type> = {
  schema: Standardised,
  fit: (_, cells) => {
    const numbers = allNumbers(cells)
    if (typeof numbers === "string") return numbers
    const middle = mean(numbers)
    const spread = Math.sqrt(numbers.reduce((sum, x) => sum + (x - middle) ** 2, 0) / numbers.length)
    if (!Number.isFinite(middle) || !Number.isFinite(spread))
      return `the mean is ${middle} and the deviation ${spread}; the numbers are too large`
    // The mean of equal numbers can be off by a rounding, which is no deviation.
    const constant = numbers.every((x) => x === numbers[0])
    return {
      _tag: "Standardise",
      mean: constant ? (numbers[0] ?? 0) : middle,
      deviation: constant || spread === 0 ? 1 : spread
    }
  },
  compile: ({ mean: middle, deviation }, next) => ({
    ...next,
    write: (cell, out, at) => (isNumber(cell) ? next.write((cell - middle) / deviation, out, at) : notNumber(cell))
  }),
  invert: ({ mean: middle, deviation }, z) => middle + z * deviation
}

/** y = low + (x - min) (high - low) / range, the range of the training rows; 1 where all numbers are equal. */
export const minMax: Kind<MinMaxPlan, typeof MinMaxed.Type> = {
  schema: MinMaxed,
  fit: ({ clip, high, low }, cells) => {
    const numbers = allNumbers(cells)
    if (typeof numbers === "string") return numbers
    if (!(isNumber(low) && isNumber(high) && low < high))
      return `the range ${low} to ${high} is empty; low must be below high`
    const min = numbers.reduce((a, b) => Math.min(a, b))
    const range = numbers.reduce((a, b) => Math.max(a, b)) - min
    if (!Number.isFinite(range)) return `the range of the numbers is ${range}; they are too large`
    return { _tag: "MinMax", min, range: range === 0 ? 1 : range, low, high, clip }
  },
  compile: ({ min, range, low, high, clip }, next) => {
    const slope = (high - low) / range
    return {
      ...next,
      write: (cell, out, at) => {
        if (!isNumber(cell)) return notNumber(cell)
        const scaled = low + (cell - min) * slope
        return next.write(clip ? Math.min(Math.max(scaled, low), high) : scaled, out, at)
      }
    }
  },
  invert: ({ min, range, low, high }, y) => min + ((y - low) * range) / (high - low)
}
