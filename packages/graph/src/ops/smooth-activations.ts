/** Activations that bend: exponential units, softplus and what is made of it. Names and defaults are torch's. */
import { withOptions, type WithRareOptions } from "../elementwise-face.ts"
import { optionError } from "../errors.ts"
import { unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { sizeOf } from "./signed.ts"

const isPositive = (x: AnyTensor): AnyTensor => ops.lt(ops.full([], 0, x.dtype), x)

/** log(1 + e^x) without overflow: x + log(1 + e^-x) from 0 on, as smooth there as the function itself. */
const softplusOf = (x: AnyTensor): AnyTensor =>
  ops.add(ops.log1p(ops.exp(ops.neg(sizeOf(x)))), ops.select(ops.lt(x, 0), 0, x))

/** The steepness, and from where on the function is taken as its asymptote. */
export interface SoftplusOptions {
  readonly beta?: number
  readonly threshold?: number
}

/**
 * `log(1 + e^(beta x)) / beta`, computed as `max(x, 0) + log1p(e^(-beta |x|)) / beta`, which neither overflows nor cancels;
 * beta is 1 unless given. With `threshold` it is x itself where `beta x > threshold`: torch's is 20 by default, which
 * changes the value by less than 2.1e-9; here, as in Keras and JAX, there is none unless given.
 */
export const softplus: WithRareOptions<"softplus", "float", SoftplusOptions> = withOptions<
  "softplus",
  "float",
  SoftplusOptions
>("softplus", "float", (x, { beta = 1, threshold }) => {
  if (beta === 0) throw optionError("softplus: beta", "other than 0", beta)
  const z = beta === 1 ? x : ops.mul(x, beta)
  const y = beta === 1 ? softplusOf(z) : ops.div(softplusOf(z), beta)
  return threshold === undefined ? y : ops.select(ops.lt(ops.full([], threshold, x.dtype), z), x, y)
})

/** `log(sigmoid(x)) = -log(1 + e^-x)`, without overflow. */
export const logSigmoid = unary("logSigmoid", "float", (x) => ops.neg(softplusOf(ops.neg(x))))

/** `x tanh(log(1 + e^x))`. Misra 2019. */
export const mish = unary("mish", "float", (x) => ops.mul(x, ops.tanh(softplusOf(x))))

/** `x / (1 + |x|)`. */
export const softsign = unary("softsign", "float", (x) => ops.div(x, ops.add(ops.abs(x), 1)))

/** `x - tanh(x)`. */
export const tanhshrink = unary("tanhshrink", "float", (x) => ops.sub(x, ops.tanh(x)))

/** `scale x` above 0, else `scale alpha (e^(x / width) - 1)`; at 0 the derivative is that of the exponential. */
const exponentialUnit = (x: AnyTensor, alpha: number, width: number, scale = 1): AnyTensor => {
  // Above 0 the exponential could overflow, and its derivative with it.
  const low = ops.select(isPositive(x), 0, x)
  const bend = ops.mul(ops.expm1(width === 1 ? low : ops.div(low, width)), alpha * scale)
  return ops.select(isPositive(x), scale === 1 ? x : ops.mul(x, scale), bend)
}

/** The limit of the exponential part for large negative x, with the sign turned. */
export interface AlphaOption {
  readonly alpha?: number
}

/** `x` above 0, else `alpha (e^x - 1)`, alpha being 1 unless given. Clevert, Unterthiner, Hochreiter 2016. */
export const elu = withOptions<"elu", "float", AlphaOption>("elu", "float", (x, { alpha = 1 }) =>
  exponentialUnit(x, alpha, 1)
)

/** `scale (x above 0, else alpha (e^x - 1))` with the constants of Klambauer et al. 2017, which keep mean and variance. */
export const selu = unary("selu", "float", (x) => exponentialUnit(x, 1.6732632423543772, 1, 1.0507009873554805))

/** `max(x, 0) + min(0, alpha (e^(x / alpha) - 1))`, alpha being 1 unless given: the elu whose slope is continuous. Barron 2017. */
export const celu = withOptions<"celu", "float", AlphaOption>("celu", "float", (x, { alpha = 1 }) => {
  if (alpha === 0) throw optionError("celu: alpha", "other than 0", alpha)
  return exponentialUnit(x, alpha, alpha)
})
