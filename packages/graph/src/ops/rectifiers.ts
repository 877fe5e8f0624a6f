/** Activations made of straight pieces. Names and defaults are torch's; so is the derivative at a corner. */
import { withOptions } from "../elementwise-face.ts"
import { OptionError, optionError } from "../errors.ts"
import { unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { cutBetween } from "./bounds.ts"

const isAbove = (x: AnyTensor, bound: number): AnyTensor => ops.lt(ops.full([], bound, x.dtype), x)

const leaky = (x: AnyTensor, slope: number): AnyTensor => ops.select(isAbove(x, 0), x, ops.mul(x, slope))

/** The slope below 0. */
export interface LeakyReluOptions {
  readonly negativeSlope?: number
}

/**
 * `x` above 0, else `negativeSlope x` (0.01; Keras's layer has 0.3). The derivative at 0 is the slope. Maas, Hannun, Ng
 * 2013.
 */
export const leakyRelu = withOptions<"leakyRelu", "float", LeakyReluOptions>(
  "leakyRelu",
  "float",
  (x, { negativeSlope = 0.01 }) => leaky(x, negativeSlope)
)

/** The range the slope below 0 is drawn from. */
export interface RreluOptions {
  readonly lower?: number
  readonly upper?: number
}

/**
 * The randomized leaky rectifier as it is evaluated: the slope below 0 is the middle of [lower, upper], (1/8 + 1/3)/2
 * unless given. Xu, Wang, Chen, Li 2015.
 */
export const rrelu = withOptions<"rrelu", "float", RreluOptions>(
  "rrelu",
  "float",
  (x, { lower = 1 / 8, upper = 1 / 3 }) => leaky(x, (lower + upper) / 2)
)

/** `min(max(x, 0), 6)`; the derivative at 0 and 6 is 0. Howard et al. 2017. */
export const relu6 = unary("relu6", "float", (x) => cutBetween(x, 0, 6))

/** The lower and the upper end. */
export interface HardtanhOptions {
  readonly min?: number
  readonly max?: number
}

/** `min(max(x, min), max)` between -1 and 1 unless given; unlike with `clamp` the derivative at the ends is 0. */
export const hardtanh = withOptions<"hardtanh", "float", HardtanhOptions>(
  "hardtanh",
  "float",
  (x, { min = -1, max = 1 }) => {
    if (!(min <= max)) throw optionError("hardtanh: min", `at most max, ${max}`, min)
    return cutBetween(x, min, max)
  }
)

/**
 * `relu6(x + 3) / 6`, straight between -3 and 3; the derivative at +-3 is 0. Keras's since version 3; before, it was
 * `min(max(0.2 x + 0.5, 0), 1)`.
 */
export const hardsigmoid = unary("hardsigmoid", "float", (x) => ops.div(cutBetween(ops.add(x, 3), 0, 6), 6))

/** `x relu6(x + 3) / 6`; the derivative at -3 is -1/2, at 3 it is 3/2, as in torch. Howard et al. 2019. */
export const hardswish = unary("hardswish", "float", (x) =>
  ops.select(ops.lt(x, -3), 0, ops.select(ops.le(x, 3), ops.div(ops.mul(x, ops.add(x, 3)), 6), x))
)

/** The half width of the middle part. */
export interface ShrinkOptions {
  readonly lambda?: number
}

/** `x` where |x| > lambda (1/2), else 0. */
export const hardshrink = withOptions<"hardshrink", "float", ShrinkOptions>(
  "hardshrink",
  "float",
  (x, { lambda = 0.5 }) => ops.select(ops.le(ops.abs(x), lambda), 0, x)
)

/** x moved towards 0 by lambda (1/2), and 0 where |x| <= lambda: the proximal operator of the absolute value. */
export const softshrink = withOptions<"softshrink", "float", ShrinkOptions>(
  "softshrink",
  "float",
  (x, { lambda = 0.5 }) => {
    if (!(lambda >= 0)) throw optionError("softshrink: lambda", "0 or more", lambda)
    const lower = ops.select(ops.lt(x, -lambda), ops.add(x, lambda), ops.select(ops.eq(x, x), 0, x))
    return ops.select(isAbove(x, lambda), ops.sub(x, lambda), lower)
  }
)

/** Above what x stays, and what it becomes otherwise. */
export interface ThresholdOptions {
  readonly threshold: number
  readonly value: number
}

/** `x` above the threshold, else `value`: `T.threshold(x, { threshold: 0.1, value: 20 })`. NaN stays. */
export const threshold = withOptions<"threshold", "float", ThresholdOptions>(
  "threshold",
  "float",
  (x, { threshold: bound, value }) => {
    if (bound === undefined || value === undefined)
      throw new OptionError("threshold: needs { threshold, value }, the bound and what x becomes below it")
    return ops.select(ops.le(x, bound), value, x)
  }
)
