/** The learning-rate range test: which rates are tried, when it stops, and which one it suggests. */
import { count, decayFactor, number, oneOf, positive, validate } from "../validation.ts"

/** Options of a range test. */
export interface RangeTestOptions {
  /** The first rate: 1e-7 unless given. */
  readonly from?: number
  /** The last rate: 10 unless given. */
  readonly to?: number
  /** How many rates: 100 unless given. */
  readonly steps?: number
  /** Whether rates grow by a factor (`"exponential"`, the default) or by a difference. */
  readonly spacing?: "exponential" | "linear"
  /** How much a loss counts on from step to step: 0.9 unless given, 0 for no smoothing. */
  readonly smoothing?: number
  /** The test stops when the smoothed loss is this many times its smallest: 4 unless given. */
  readonly divergence?: number
}

/** One rate that was tried. */
export interface RangePoint {
  readonly rate: number
  /** The loss of the batch at which the rate was tried, before the step. */
  readonly loss: number
  /** The moving average of losses, divided by its weight. */
  readonly smoothed: number
}

/** What is remembered of a range test. */
export interface RangeState {
  readonly points: ReadonlyArray<RangePoint>
  /** The moving average, not divided by its weight. */
  readonly average: number
  readonly best: number
  /** Whether the test is over: all rates were tried, or the loss has diverged. */
  readonly done: boolean
}

/** What a range test has found. */
export interface RateFinding {
  readonly points: ReadonlyArray<RangePoint>
  readonly stopped: "steps" | "divergence"
  /** The rate where the smoothed loss falls fastest, over the logarithm of the rate; none where it never falls. */
  readonly suggestion?: number
  /** A tenth of the rate with the smallest smoothed loss, a more careful choice. */
  readonly beforeMinimum: number
}

/** A range test. */
export interface RangeTest {
  readonly options: Required<RangeTestOptions>
  /** The rates in the order in which they are tried. */
  readonly rates: ReadonlyArray<number>
  readonly init: RangeState
  /** The state after the next rate has been tried, with its loss. */
  readonly update: (state: RangeState, loss: number) => RangeState
  readonly finding: (state: RangeState) => RateFinding
}

/** Slopes of `y` over `x`: of the parabola through a point and its neighbours, one-sided at the ends. */
const slopes = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): ReadonlyArray<number> => {
  const between = (i: number, j: number): number =>
    ((y[j] ?? Number.NaN) - (y[i] ?? Number.NaN)) / ((x[j] ?? Number.NaN) - (x[i] ?? Number.NaN))
  const width = (i: number, j: number): number => (x[j] ?? Number.NaN) - (x[i] ?? Number.NaN)
  return x.map((_, i) => {
    if (i === 0) return between(0, 1)
    if (i === x.length - 1) return between(i - 1, i)
    return (between(i - 1, i) * width(i, i + 1) + between(i, i + 1) * width(i - 1, i)) / width(i - 1, i + 1)
  })
}

/** The index of the smallest number from `from` on; `from` where there is none. */
const smallest = (numbers: ReadonlyArray<number>, from: number): number =>
  numbers.reduce((best, x, i) => (i > from && x < (numbers[best] ?? Infinity) ? i : best), from)

/**
 * What was found; the steepest fall is looked for up to the smallest smoothed loss, beyond it the run is on its way up. The
 * first averages are of a few losses only, and fall and rise as single batches do: they are left out.
 */
const findingOf = (
  points: ReadonlyArray<RangePoint>,
  { smoothing, steps }: Required<RangeTestOptions>
): RateFinding => {
  const finite = points.filter(({ smoothed }) => Number.isFinite(smoothed))
  const first = Math.min(Math.round(smoothing / (1 - smoothing)), Math.floor(steps / 10))
  const smoothed = finite.map((point) => point.smoothed)
  const lowest = smallest(smoothed, Math.min(first, Math.max(finite.length - 1, 0)))
  const falling = finite.slice(0, lowest + 1)
  const slope = slopes(
    falling.map(({ rate }) => Math.log(rate)),
    smoothed.slice(0, lowest + 1)
  )
  const steepest = smallest(slope, first)
  const suggestion = (slope[steepest] ?? 0) < 0 ? falling[steepest]?.rate : undefined
  return {
    points,
    stopped: points.length < steps || points.length > finite.length ? "divergence" : "steps",
    beforeMinimum: (finite[lowest]?.rate ?? Number.NaN) / 10,
    ...(suggestion === undefined ? {} : { suggestion })
  }
}

/**
 * The learning-rate range test, as a pure state machine: rates from small to large, one step each, the loss of each
 * smoothed by `a' = s a + (1 - s) loss` and divided by its weight `1 - s^n`. It stops when the smoothed loss is
 * `divergence` times its smallest, or not finite. The suggestion is the rate at which the smoothed loss falls fastest; the
 * first `s / (1 - s)` rates, a tenth of all at most, are tried and not suggested, because their averages are of few losses.
 *
 * Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3; the exponential spacing, the
 * smoothing, the steepest descent and the rates left out as in fastai's `lr_find`. The run itself is `Trainer.findRate`.
 *
 * ```ts
 * const test = rangeTest({ from: 1e-3, to: 1, steps: 4, smoothing: 0 })
 * const end = [1, 0.9, 0.2, 0.4].reduce(test.update, test.init)
 * const { suggestion } = test.finding(end)                 // 0.1
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const rangeTest = (options: RangeTestOptions = {}): RangeTest => {
  const complete: Required<RangeTestOptions> = {
    from: 1e-7,
    to: 10,
    steps: 100,
    spacing: "exponential",
    smoothing: 0.9,
    divergence: 4,
    ...options
  }
  const o = validate(
    "rangeTest",
    complete,
    {
      from: positive,
      to: positive,
      steps: count,
      spacing: oneOf("exponential", "linear"),
      smoothing: decayFactor,
      divergence: number("a finite number above 1", (x) => x > 1)
    },
    [
      { holds: ({ from, to }) => from < to, otherwise: "from must be below to" },
      { holds: ({ steps }) => steps >= 2, otherwise: "there must be two rates or more" }
    ]
  )
  const rates = Array.from({ length: o.steps }, (_, i) => {
    const part = i / (o.steps - 1)
    return o.spacing === "linear" ? o.from + (o.to - o.from) * part : o.from * (o.to / o.from) ** part
  })
  return {
    options: o,
    rates,
    init: { points: [], average: 0, best: Infinity, done: false },
    update: (state, loss) => {
      const n = state.points.length
      const rate = rates[n]
      if (state.done || rate === undefined) return state
      const average = o.smoothing * state.average + (1 - o.smoothing) * loss
      const smoothed = average / (1 - o.smoothing ** (n + 1))
      const diverged = !Number.isFinite(smoothed) || (n > 0 && smoothed > o.divergence * state.best)
      return {
        points: [...state.points, { rate, loss, smoothed }],
        average,
        best: Math.min(state.best, smoothed),
        done: diverged || n + 1 === o.steps
      }
    },
    finding: ({ points }) => findingOf(points, o)
  }
}
