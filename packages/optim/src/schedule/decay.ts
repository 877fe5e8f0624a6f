/** Schedules along one curve. `from` is the rate of step 0, `to` the rate that is approached or reached. */
import { T } from "@cotangent/graph"
import { f64, type Scalar } from "../scalar.ts"
import { anyNumber, count, flag, milestones, nonNegative, oneOf, positive, validate } from "../validation.ts"
import { between, cosineWeight, halfCosine, line } from "./curve.ts"
import { describe, type Schedule } from "./schedule.ts"

/** `k / n`, at most 1. */
const progress = (k: Scalar, n: number): Scalar => T.div(T.minimum(k, n), n)

/** `eta(k) = value`. */
export const constant = (value: number): Schedule => {
  const options = validate("constant", { value }, { value: anyNumber })
  return describe("constant", options, () => f64(options.value))
}

/** Options of a linear schedule. */
export interface LinearOptions {
  readonly from: number
  readonly to: number
  /** How many steps the way from `from` to `to` takes. */
  readonly steps: number
}

/**
 * A straight line, then `to`: `eta(k) = from + (to - from) min(k, n) / n`.
 *
 * Warm-up is `linear({ from: 0, to: peak, steps })`. PyTorch's `LinearLR(o, a, b, n)` on a rate r is
 * `linear({ from: a r, to: b r, steps: n })`; Optax: `linear_schedule`.
 */
export const linear = (options: LinearOptions): Schedule => {
  const o = validate("linear", options, { from: anyNumber, to: anyNumber, steps: count })
  return describe("linear", o, (k) => line(o.from, o.to, progress(k, o.steps)))
}

/** Options of an exponential schedule. */
export interface ExponentialOptions {
  readonly from: number
  /** What the rate is multiplied by ... */
  readonly factor: number
  /** ... over this many steps: 1 unless given. */
  readonly every?: number
  /** Whether it falls in stairs, `floor(k / every)`, or smoothly (the default). */
  readonly staircase?: boolean
}

/**
 * `eta(k) = from factor^(k / every)`, with `staircase` `from factor^floor(k / every)`.
 *
 * PyTorch: `ExponentialLR(o, factor)`; Keras: `ExponentialDecay(from, every, factor, staircase)`; Optax:
 * `exponential_decay`.
 */
export const exponential = (options: ExponentialOptions): Schedule => {
  const complete = { every: 1, staircase: false, ...options }
  const o = validate("exponential", complete, { from: anyNumber, factor: positive, every: count, staircase: flag })
  return describe("exponential", o, (k) => {
    const exponent = T.div(k, o.every)
    return T.mul(T.pow(f64(o.factor), o.staircase ? T.floor(exponent) : exponent), o.from)
  })
}

/** Options of a schedule that falls every so many steps. */
export interface StepOptions {
  readonly from: number
  /** 0.1 unless given. */
  readonly factor?: number
  readonly every: number
}

/** `eta(k) = from factor^floor(k / every)`. PyTorch: `StepLR(o, every, factor)`. */
export const step = (options: StepOptions): Schedule => {
  const o = validate("step", { factor: 0.1, ...options }, { from: anyNumber, factor: positive, every: count })
  return describe("step", o, (k) => T.mul(T.pow(f64(o.factor), T.floor(T.div(k, o.every))), o.from))
}

/** Options of a schedule that falls at given steps. */
export interface MultiStepOptions {
  readonly from: number
  /** 0.1 unless given. */
  readonly factor?: number
  /** The steps from which the rate is multiplied by `factor` once more, ascending. */
  readonly milestones: ReadonlyArray<number>
}

/**
 * `eta(k) = from factor^|{i : milestone_i <= k}|`.
 *
 * PyTorch: `MultiStepLR(o, milestones, factor)`; Keras and Optax: `PiecewiseConstant...` with equal ratios.
 */
export const multiStep = (options: MultiStepOptions): Schedule => {
  const o = validate("multiStep", { factor: 0.1, ...options }, { from: anyNumber, factor: positive, milestones })
  return describe("multiStep", o, (k) => {
    const passed = o.milestones.map((m): Scalar => T.cast(T.greaterEqual(k, m), "f64"))
    return T.mul(
      T.pow(
        f64(o.factor),
        passed.reduce((n, one): Scalar => T.add(n, one), f64(0))
      ),
      o.from
    )
  })
}

/** Options of a cosine schedule. */
export interface CosineOptions {
  readonly from: number
  /** The lowest rate, 0 unless given. */
  readonly to?: number
  /** Half a period: the step at which `to` is reached. */
  readonly steps: number
  /** The power of the cosine, 1 unless given. */
  readonly exponent?: number
  /** After `steps`: `"hold"` the rate `to` (Keras, Optax; the default), or go on along the cosine, up again: `"mirror"` (PyTorch). */
  readonly after?: "hold" | "mirror"
}

/**
 * Half a cosine: `eta(k) = to + (from - to) ((1 + cos(pi k / n)) / 2)^exponent`.
 *
 * Source: Loshchilov and Hutter 2017, SGDR, equation 5. PyTorch: `CosineAnnealingLR(o, n, to)` is `after: "mirror"`;
 * Keras: `CosineDecay`, Optax: `cosine_decay_schedule` are `after: "hold"`. A warm-up before it is `warmup(cosine(...), ...)`.
 */
export const cosine = (options: CosineOptions): Schedule => {
  const complete = { to: 0, exponent: 1, after: "hold" as const, ...options }
  const o = validate("cosine", complete, {
    from: anyNumber,
    to: anyNumber,
    steps: count,
    exponent: positive,
    after: oneOf("hold", "mirror")
  })
  return describe("cosine", o, (k) => {
    const part = o.after === "hold" ? progress(k, o.steps) : T.div(k, o.steps)
    return o.exponent === 1
      ? halfCosine(o.from, o.to, part)
      : between(o.from, o.to, T.pow(cosineWeight(part), o.exponent))
  })
}

/** Options of a polynomial schedule. */
export interface PolynomialOptions {
  readonly from: number
  /** The rate at the end, 0 unless given. */
  readonly to?: number
  readonly steps: number
  /** 1, a straight line, unless given. */
  readonly power?: number
  /** Whether to begin again, `ceil(k / n)` times as long each time, whenever `to` is reached: false unless given. */
  readonly cycle?: boolean
}

/**
 * `eta(k) = to + (from - to) (1 - min(k, n) / n)^power`; with `cycle`, `n ceil(k / n)` (at least n) stands for n.
 *
 * PyTorch: `PolynomialLR(o, n, power)`; Keras: `PolynomialDecay`; Optax: `polynomial_schedule`.
 */
export const polynomial = (options: PolynomialOptions): Schedule => {
  const complete = { to: 0, power: 1, cycle: false, ...options }
  const o = validate("polynomial", complete, {
    from: anyNumber,
    to: anyNumber,
    steps: count,
    power: positive,
    cycle: flag
  })
  const part = (k: Scalar): Scalar =>
    o.cycle ? T.div(k, T.mul(T.maximum(T.ceil(T.div(k, o.steps)), 1), o.steps)) : progress(k, o.steps)
  return describe("polynomial", o, (k) => between(o.from, o.to, T.pow(T.sub(f64(1), part(k)), o.power)))
}

/** Options of an inverse-time schedule. */
export interface InverseTimeOptions {
  readonly from: number
  readonly decay: number
  /** 1 unless given. */
  readonly every?: number
  /** Whether it falls in stairs, `floor(k / every)`, or smoothly (the default). */
  readonly staircase?: boolean
}

/**
 * `eta(k) = from / (1 + decay k / every)`, with `staircase` `floor(k / every)` for `k / every`.
 *
 * Keras: `InverseTimeDecay`.
 */
export const inverseTime = (options: InverseTimeOptions): Schedule => {
  const complete = { every: 1, staircase: false, ...options }
  const o = validate("inverseTime", complete, { from: anyNumber, decay: nonNegative, every: count, staircase: flag })
  return describe("inverseTime", o, (k) => {
    const times = T.div(k, o.every)
    return T.div(f64(o.from), T.add(T.mul(o.staircase ? T.floor(times) : times, o.decay), 1))
  })
}
