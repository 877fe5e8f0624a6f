/** Schedules that rise and fall. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { anyNumber, count, flag, fraction, number, oneOf, positive, validate } from "../validation.ts"
import { between, cosineWeight, halfCosine, line } from "./curve.ts"
import { describe, type Schedule } from "./schedule.ts"

/** Options of a cosine with warm restarts. */
export interface CosineRestartsOptions {
  readonly from: number
  /** The lowest rate, 0 unless given. */
  readonly to?: number
  /** The length of the first run. */
  readonly steps: number
  /** How many times longer each run is than the one before: 1 unless given. */
  readonly multiplier?: number
  /** What `from - to` is multiplied by from run to run: 1 unless given. */
  readonly peakFactor?: number
}

/**
 * Half a cosine from `from` to `to`, again and again: `eta(k) = to + (from - to) peakFactor^r (1 + cos(pi i / n)) / 2`,
 * with i the step within run r and n its length, `n = steps multiplier^r`.
 *
 * Source: Loshchilov and Hutter 2017, SGDR, equation 5. PyTorch: `CosineAnnealingWarmRestarts(o, steps, multiplier, to)`;
 * Keras: `CosineDecayRestarts(from, steps, multiplier, peakFactor, to / from)`. For runs that each have a warm-up see `sgdr`.
 */
export const cosineRestarts = (options: CosineRestartsOptions): Schedule => {
  const complete = { to: 0, multiplier: 1, peakFactor: 1, ...options }
  const o = validate("cosineRestarts", complete, {
    from: anyNumber,
    to: anyNumber,
    steps: count,
    multiplier: number("a finite number, 1 or more", (x) => x >= 1),
    peakFactor: positive
  })
  const isWhole = Number.isInteger(o.multiplier)
  const place = (k: Scalar): Place => {
    if (o.multiplier === 1) {
      const run = T.floor(T.div(k, o.steps))
      return { run, within: T.sub(k, T.mul(run, o.steps)), length: f64(o.steps) }
    }
    // Run r begins at step n (m^r - 1) / (m - 1). A little later the logarithm is safely above r: half a step where runs
    // begin at whole steps, else no more than what separates two of them.
    const grown = T.add(T.mul(T.add(k, isWhole ? 0.5 : 1e-9), (o.multiplier - 1) / o.steps), 1)
    const run = T.floor(T.div(T.log(grown), T.log(f64(o.multiplier))))
    const growth = T.pow(f64(o.multiplier), run)
    // The power of a whole number is one, except for its last bits.
    const exact = isWhole ? T.floor(T.add(growth, 0.5)) : growth
    const within = T.sub(k, T.mul(T.sub(exact, 1), o.steps / (o.multiplier - 1)))
    return { run, within: isWhole ? within : T.maximum(within, 0), length: T.mul(exact, o.steps) }
  }
  return describe("cosineRestarts", o, (k) => {
    const { run, within, length } = place(k)
    const part = T.div(within, length)
    if (o.peakFactor === 1) return halfCosine(o.from, o.to, part)
    return between(o.from, o.to, T.mul(cosineWeight(part), T.pow(f64(o.peakFactor), run)))
  })
}

/** Where a step is: in which run, how far in it, and how long that run is. */
interface Place {
  readonly run: Scalar
  readonly within: Scalar
  readonly length: Scalar
}

/** Options of the one-cycle schedule. */
export interface OneCycleOptions {
  /** The largest rate. */
  readonly peak: number
  readonly steps: number
  /** The part of the steps that the rate rises for: 0.3 unless given. */
  readonly rising?: number
  /** The first rate is `peak / divisor`: 25 unless given. */
  readonly divisor?: number
  /** The last rate is `peak / divisor / finalDivisor`: 1e4 unless given. */
  readonly finalDivisor?: number
  /** Whether the way down is as long as the way up, and the rest goes from the first rate to the last: false unless given. */
  readonly threePhase?: boolean
  /** The curve of each phase: `"cosine"` unless given. */
  readonly curve?: "cosine" | "linear"
}

/**
 * One cycle: up from `peak / divisor` to `peak`, then down to `peak / divisor / finalDivisor`, each phase half a cosine
 * or a straight line. Phases meet at step `rising steps - 1`, which need not be whole.
 *
 * Source: Smith and Topin 2018, Super-Convergence. PyTorch: `OneCycleLR(o, peak, steps)`; Optax:
 * `cosine_onecycle_schedule`.
 */
export const oneCycle = (options: OneCycleOptions): Schedule => {
  const complete = {
    rising: 0.3,
    divisor: 25,
    finalDivisor: 1e4,
    threePhase: false,
    curve: "cosine" as const,
    ...options
  }
  const o = validate(
    "oneCycle",
    complete,
    {
      peak: positive,
      steps: count,
      rising: fraction,
      divisor: positive,
      finalDivisor: positive,
      threePhase: flag,
      curve: oneOf("cosine", "linear")
    },
    [
      {
        holds: ({ rising, steps, threePhase }) =>
          rising * steps > 1 && rising * steps < (threePhase ? steps / 2 : steps),
        otherwise:
          "rising must leave room: more than one step, and less than all of them (half of them with threePhase)"
      }
    ]
  )
  const first = o.peak / o.divisor
  const last = first / o.finalDivisor
  const top = o.rising * o.steps - 1
  const end = o.steps - 1
  const curve = o.curve === "linear" ? line : halfCosine
  const phase =
    (from: number, to: number, start: number, stop: number) =>
    (k: Scalar): Scalar =>
      curve(from, to, T.div(T.sub(T.minimum(k, stop), start), stop - start))
  const down = 2 * top
  const later = o.threePhase
    ? [
        { after: top, rate: phase(o.peak, first, top, down) },
        { after: down, rate: phase(first, last, down, end) }
      ]
    : [{ after: top, rate: phase(o.peak, last, top, end) }]
  const rise = phase(first, o.peak, 0, top)
  return describe("oneCycle", o, (k) =>
    later.reduce((sofar, { after, rate }): Scalar => T.where(T.greater(k, after), rate(k), sofar), rise(k))
  )
}

/** Options of a triangular schedule. */
export interface TriangularOptions {
  /** The lowest rate, where every cycle begins and ends. */
  readonly from: number
  /** The highest rate of the first cycle. */
  readonly to: number
  /** How many steps the way up takes. */
  readonly up: number
  /** How many steps the way down takes: as many as `up` unless given. */
  readonly down?: number
  /** What the height is multiplied by from cycle to cycle: 1 unless given. */
  readonly perCycle?: number
  /** What the height is multiplied by from step to step: 1 unless given. */
  readonly perStep?: number
}

/**
 * Up and down in straight lines: `eta(k) = from + (to - from) h(k) perCycle^c perStep^k`, with c the number of whole
 * cycles before step k and h the height within the cycle, from 0 to 1 in `up` steps and back in `down`.
 *
 * Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks. PyTorch: `CyclicLR`, whose mode
 * `triangular2` is `perCycle: 0.5` and whose `exp_range` is `perStep: gamma`.
 */
export const triangular = (options: TriangularOptions): Schedule => {
  const complete = { down: options?.up, perCycle: 1, perStep: 1, ...options }
  const o = validate("triangular", complete, {
    from: anyNumber,
    to: anyNumber,
    up: count,
    down: count,
    perCycle: positive,
    perStep: positive
  })
  const length = o.up + o.down
  return describe("triangular", o, (k) => {
    const cycle = T.floor(T.div(k, length))
    const within = T.sub(k, T.mul(cycle, length))
    const height: Scalar = T.minimum(T.div(within, o.up), T.div(T.sub(f64(length), within), o.down))
    const byCycle: Scalar = o.perCycle === 1 ? height : T.mul(height, T.pow(f64(o.perCycle), cycle))
    const byStep: Scalar = o.perStep === 1 ? byCycle : T.mul(byCycle, T.pow(f64(o.perStep), k))
    return line(o.from, o.to, byStep)
  })
}
