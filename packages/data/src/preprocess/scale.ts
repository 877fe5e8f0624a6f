/** Brings numbers to a common scale. */
import * as Schema from "effect/Schema"
import { makeMoments } from "./statistics.ts"
import { isNumber, type Kind, noRows, notNumber, numberLearner } from "./step.ts"

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
  learner: () => {
    const moments = makeMoments()
    return numberLearner(moments.take, () => {
      if (moments.count() === 0) return noRows
      const middle = moments.mean()
      const spread = Math.sqrt(moments.squares() / moments.count())
      return Number.isFinite(middle) && Number.isFinite(spread)
        ? { _tag: "Standardise", mean: middle, deviation: spread === 0 ? 1 : spread }
        : `the mean is ${middle} and the deviation ${spread}; the numbers are too large`
    })
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
  learner: ({ clip, high, low }) => {
    let min = Infinity
    let max = -Infinity
    return numberLearner(
      (x) => {
        min = Math.min(min, x)
        max = Math.max(max, x)
      },
      () => {
        if (min > max) return noRows
        if (!(isNumber(low) && isNumber(high) && low < high))
          return `the range ${low} to ${high} is empty; low must be below high`
        const range = max - min
        if (!Number.isFinite(range)) return `the range of the numbers is ${range}; they are too large`
        return { _tag: "MinMax", min, range: range === 0 ? 1 : range, low, high, clip }
      }
    )
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
