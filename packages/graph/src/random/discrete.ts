/** Distributions over booleans and whole numbers. They have no derivatives. */
import { normalizeAxis } from "../axes.ts"
import type { DType, Float } from "../dtype.ts"
import { DTypeError } from "../errors.ts"
import { type Accepts, checkOperand } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AxisOf, Reduced } from "../shape-rules.ts"
import type { Guard, Mutable, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor } from "../tensor.ts"
import { exponentialAndBit, gumbel } from "./exponential.ts"
import { type Parameter, parameterOf } from "./gamma.ts"
import { type Key, split } from "./key.ts"
import { untilAccepted } from "./loops.ts"
import { openUniform, uniform } from "./uniform.ts"

/** True with probability `p`, a number or a tensor that broadcasts to the shape. */
export const bernoulli = <const S extends ReadonlyArray<number>>(
  k: Key,
  p: Parameter,
  shape: S
): Tensor<Mutable<S>, "bool"> => {
  const dtype: Float = isTensor(p) ? p.dtype : "f32"
  return ops.lt(uniform(k, shape, { dtype }), parameterOf("bernoulli", p, shape, dtype)) as Tensor<Mutable<S>, "bool">
}

/** The axis of the categories, the last unless given, and dimensions of independent samples in front. */
export interface CategoricalOptions<A extends number, P extends ReadonlyArray<number>> {
  readonly axis?: A
  readonly shape?: P
}

/** The shape of samples: that of the logits without the axis, after the dimensions asked for. */
type Sampled<S extends Shape, A extends number, P extends ReadonlyArray<number>> =
  Reduced<"categorical", S, A, false> extends infer R extends Shape ? [...Mutable<P>, ...R] : Shape

/**
 * Categories as i32, each with a probability proportional to `e^logit`: the place of the largest of the logits plus Gumbel
 * numbers. Gumbel 1954. Logits of -Infinity are never chosen. `shape` asks for independent samples.
 *
 * ```ts
 * const logits = T.log(T.constant([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]))
 * const one = Key.categorical(Key.key(0), logits)                         // Tensor<[2], "i32">
 * const many = Key.categorical(Key.key(0), logits, { shape: [100] })      // Tensor<[100, 2], "i32">
 * ```
 */
export const categorical = <
  const S extends Shape,
  D extends DType,
  const A extends number = -1,
  const P extends ReadonlyArray<number> = []
>(
  k: Key,
  logits: Tensor<S, D> & Guard<Accepts<"categorical", "float", D, AxisOf<"categorical", S, A, unknown>>>,
  options: CategoricalOptions<A, P> = {}
): Tensor<Sampled<S, A, P>, "i32"> => {
  const x: AnyTensor = logits
  checkOperand("categorical", "float", x)
  const axis = normalizeAxis("categorical", x.shape, options.axis ?? -1)
  const lead: ReadonlyArray<number> = options.shape ?? []
  const shape = [...lead, ...x.shape]
  const noise = gumbel(k, shape, { dtype: x.dtype === "f64" ? "f64" : "f32" })
  return ops.argmax(ops.add(noise, x), lead.length + axis) as Tensor<Sampled<S, A, P>, "i32">
}

/** Rates up to here are counted one by one. */
const smallRate = 10

/** Poisson numbers of small rates: the number of exponential waiting times that fit into the rate, by inversion. */
const byInversion = (k: Key, rate: AnyTensor, isFixed: AnyTensor): AnyTensor => {
  const { unit } = openUniform(k, rate.shape, "f64")
  let cumulated = ops.exp(ops.neg(rate))
  let term = cumulated
  let count = ops.full(rate.shape, 0, "f64")
  // With a rate of 10 or less a number above 60 has a probability below 1e-27.
  for (let n = 1; n <= 60; n++) {
    count = ops.add(count, ops.select(ops.lt(cumulated, unit), 1, ops.full([], 0, "f64")))
    term = ops.mul(term, ops.div(rate, n))
    cumulated = ops.add(cumulated, term)
  }
  return ops.select(isFixed, 0, count)
}

/** Poisson numbers of large rates: Hörmann, The transformed rejection method (1993), algorithm PTRS. */
const byRejection = (k: Key, rate: AnyTensor, isFixed: AnyTensor): AnyTensor => {
  const full = (x: number): AnyTensor => ops.full([], x, "f64")
  const b = ops.add(ops.mul(ops.sqrt(rate), 2.53), 0.931)
  const a = ops.add(ops.mul(b, 0.02483), -0.059)
  const logInverseAlpha = ops.log(ops.add(ops.div(full(1.1328), ops.sub(b, 3.4)), 1.1239))
  const squeeze = ops.sub(full(0.9277), ops.div(full(3.6224), ops.sub(b, 2)))
  const logRate = ops.log(rate)
  return untilAccepted(k, ops.full(rate.shape, 0, "f64"), isFixed, (key) => {
    const [first, second] = split(key)
    const u = ops.sub(openUniform(first, rate.shape, "f64").unit, 0.5)
    // v is uniform; its logarithm is minus an exponential number.
    const { value: exponential } = exponentialAndBit(second, rate.shape, "f64")
    const v = ops.exp(ops.neg(exponential))
    const rest = ops.sub(full(0.5), ops.abs(u))
    const count = ops.floor(ops.add(ops.add(ops.mul(ops.add(ops.div(ops.mul(a, 2), rest), b), u), rate), 0.43))
    const isInside = ops.and(ops.le(full(0.07), rest), ops.le(v, squeeze))
    const isOutside = ops.or(ops.lt(count, 0), ops.and(ops.lt(rest, 0.013), ops.lt(rest, v)))
    const safe = ops.max(count, 0)
    const left = ops.sub(ops.sub(logInverseAlpha, exponential), ops.log(ops.add(ops.div(a, ops.mul(rest, rest)), b)))
    const right = ops.sub(ops.sub(ops.mul(safe, logRate), rate), ops.lgamma(ops.add(safe, 1)))
    return { value: count, accepted: ops.or(isInside, ops.and(ops.not(isOutside), ops.le(left, right))) }
  })
}

/**
 * Poisson numbers as i32, `P(n) = rate^n e^-rate / n!`; the rate is a number or a tensor that broadcasts to the shape. By
 * inversion up to a rate of 10, by rejection above (Hörmann 1993), in float64. 0 where the rate is 0 and -1, which is no
 * count, where it is negative or NaN; counts saturate at 2^31 - 1.
 */
export const poisson = <const S extends ReadonlyArray<number>>(
  k: Key,
  rate: Parameter,
  shape: S
): Tensor<Mutable<S>, "i32"> => {
  if (isTensor(rate) && rate.dtype !== "f32" && rate.dtype !== "f64")
    throw new DTypeError(`poisson: the rate must be a float, it is ${String(rate)}; use T.cast`)
  const all = ops.cast(parameterOf("poisson", rate, shape, isTensor(rate) ? rate.dtype : "f64"), "f64")
  const [first, second] = split(k)
  const isValid = ops.le(ops.full([], 0, "f64"), all)
  const isSmall = ops.le(all, smallRate)
  const small = ops.select(ops.and(isValid, isSmall), all, 1)
  const isLarge = ops.and(isValid, ops.not(isSmall))
  const large = ops.select(isLarge, ops.min(all, 2 ** 40), 2 * smallRate)
  const count = ops.select(
    isLarge,
    byRejection(second, large, ops.not(isLarge)),
    byInversion(first, small, ops.not(isSmall))
  )
  return ops.cast(ops.select(isValid, count, -1), "i32") as Tensor<Mutable<S>, "i32">
}
