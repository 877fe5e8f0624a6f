/**
 * Gamma numbers and what is made of them. The value comes from a rejection loop, which has no derivative with respect to
 * the concentration; the derivative is that of the quantile, see gamma-slope.ts.
 */
import type { Float } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import { withRule } from "../primitives/custom.ts"
import type { Mutable, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor } from "../tensor.ts"
import { exponentialAndBit } from "./exponential.ts"
import { logGammaSlope } from "./gamma-slope.ts"
import { type Key, split } from "./key.ts"
import { untilAccepted } from "./loops.ts"
import { normal } from "./normal.ts"

const full = (like: AnyTensor, x: number): AnyTensor => ops.full([], x, like.dtype)

/**
 * The logarithm of a gamma number of concentration a for every element of a. Marsaglia, Tsang, A Simple Method for
 * Generating Gamma Variables, ACM TOMS 26 (2000): d v with d = a - 1/3, v = (1 + x / sqrt(9 d))^3 for a normal x, accepted
 * with probability above 0.95; below 1, a gamma number of concentration a + 1 times u^(1/a).
 */
const drawLogGamma = (k: Key, concentration: AnyTensor): AnyTensor => {
  const { shape } = concentration
  const dtype: Float = concentration.dtype === "f64" ? "f64" : "f32"
  const [roundKey, boostKey] = split(k)
  const isValid = ops.and(ops.lt(full(concentration, 0), concentration), ops.lt(concentration, Infinity))
  const a = ops.select(isValid, concentration, 1)
  const isSmall = ops.lt(a, 1)
  const d = ops.sub(ops.select(isSmall, ops.add(a, 1), a), 1 / 3)
  const c = ops.div(full(d, 1 / 3), ops.sqrt(d))
  const logV = untilAccepted(roundKey, ops.full(shape, 0, dtype), ops.not(isValid), (key) => {
    const [normalKey, uniformKey] = split(key)
    const x = normal(normalKey, shape, { dtype })
    const root = ops.add(ops.mul(c, x), 1)
    const isPositive = ops.lt(full(root, 0), root)
    const v = ops.select(isPositive, ops.mul(ops.mul(root, root), root), 1)
    const log = ops.log(v)
    // -log of a uniform number is exponential: accept where it is above minus the logarithm of the ratio of densities.
    const ratio = ops.add(ops.mul(ops.mul(x, x), 0.5), ops.mul(d, ops.add(ops.sub(full(v, 1), v), log)))
    const { value: exponential } = exponentialAndBit(uniformKey, shape, dtype)
    return { value: log, accepted: ops.and(isPositive, ops.lt(ops.neg(ratio), exponential)) }
  })
  const boost = ops.div(exponentialAndBit(boostKey, shape, dtype).value, a)
  const log = ops.sub(ops.add(ops.log(d), logV), ops.select(isSmall, boost, 0))
  // Infinity stays; there is no gamma number for a concentration that is not positive.
  const invalid = ops.select(ops.eq(concentration, Infinity), Infinity, full(concentration, Number.NaN))
  return ops.select(isValid, log, invalid)
}

/** The logarithm of a gamma number with its derivatives with respect to the concentration. */
const logGammaOf = (k: Key, concentration: AnyTensor): AnyTensor => {
  const [sample] = ops.custom(
    [drawLogGamma(k, ops.stopGradient(concentration)), concentration],
    withRule(
      { name: "gamma", results: 1, captured: 0 },
      {
        pullback: (rules, { arguments: [a], results: [y] }, [g]) => [
          a === undefined || y === undefined || g === undefined ? undefined : rules.mul(g, logGammaSlope(rules, a, y))
        ],
        pushforward: (rules, { arguments: [a], results: [y] }, [t]) => [
          a === undefined || y === undefined || t === undefined ? undefined : rules.mul(t, logGammaSlope(rules, a, y))
        ]
      }
    )
  )
  if (sample === undefined) throw new ShapeError("gamma: there is no sample")
  return sample
}

/** A parameter: a number, or a tensor that broadcasts to the shape of the result. */
export type Parameter<D extends Float = Float> = number | Tensor<Shape, D>

/** The element type of a distribution: that of its first parameter which is a tensor, else the one asked for. */
type DTypeOf<P, Otherwise extends Float> =
  P extends Tensor<Shape, infer E> ? (E extends Float ? E : Otherwise) : Otherwise

/** A parameter for every element of a shape. */
export const parameterOf = (operation: string, x: Parameter, shape: ReadonlyArray<number>, dtype: Float): AnyTensor => {
  const tensor = isTensor(x) ? x : ops.full([], x, dtype)
  try {
    return ops.broadcast(tensor, shape)
  } catch {
    throw new ShapeError(
      `${operation}: a parameter of shape ${showShape(tensor.shape)} does not broadcast to ${showShape(shape)}`
    )
  }
}

const dtypeOf = (parameters: ReadonlyArray<Parameter>, otherwise: Float | undefined): Float => {
  const tensor = parameters.find((x) => typeof x !== "number")
  return typeof tensor === "object" ? tensor.dtype : (otherwise ?? "f32")
}

/**
 * The logarithm of gamma numbers of scale 1: does not underflow where the concentration is small, as `gamma` does.
 * See `gamma` for the parameters.
 */
export const logGamma = <const S extends ReadonlyArray<number>, const P extends Parameter, D extends Float = "f32">(
  k: Key,
  concentration: P,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, DTypeOf<P, D>> => {
  const dtype = dtypeOf([concentration], options.dtype)
  return logGammaOf(k, parameterOf("gamma", concentration, shape, dtype)) as Tensor<Mutable<S>, DTypeOf<P, D>>
}

/**
 * Gamma numbers of scale 1, density `x^(a - 1) e^-x / Gamma(a)`, by rejection (Marsaglia, Tsang 2000). The concentration a
 * is a number, or a tensor that broadcasts to the shape; NaN where it is not positive. Differentiable with respect to it,
 * to every order: the derivative is that of the quantile (implicit reparameterisation, Figurnov, Mohamed, Mnih 2018),
 * computed by quadrature. Multiplied by a scale it has that scale.
 *
 * ```ts
 * const rows = Key.gamma(Key.key(0), T.constant([0.5, 2, 9]), [100, 3])   // one concentration for each column
 * ```
 */
export const gamma = <const S extends ReadonlyArray<number>, const P extends Parameter, D extends Float = "f32">(
  k: Key,
  concentration: P,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, DTypeOf<P, D>> =>
  ops.exp(logGamma(k, concentration, shape, options)) as Tensor<Mutable<S>, DTypeOf<P, D>>

/**
 * Beta numbers, density `x^(a - 1) (1 - x)^(b - 1) / B(a, b)`: `g / (g + h)` of gamma numbers of concentrations a and b,
 * formed from their logarithms, so that it is right for small concentrations too. Differentiable with respect to both.
 */
export const beta = <
  const S extends ReadonlyArray<number>,
  const P extends Parameter,
  const Q extends Parameter,
  D extends Float = "f32"
>(
  k: Key,
  a: P,
  b: Q,
  shape: S,
  options: { readonly dtype?: D } = {}
): Tensor<Mutable<S>, DTypeOf<P, DTypeOf<Q, D>>> => {
  const dtype = dtypeOf([a, b], options.dtype)
  const [first, second] = split(k)
  const [g, h] = [
    logGammaOf(first, parameterOf("beta", a, shape, dtype)),
    logGammaOf(second, parameterOf("beta", b, shape, dtype))
  ]
  return ops.sigmoid(ops.sub(g, h)) as Tensor<Mutable<S>, DTypeOf<P, DTypeOf<Q, D>>>
}

/**
 * Dirichlet vectors: positive numbers that add up to 1 along the last axis, by which `concentration` is given. The result
 * has the shape of the concentration, with the dimensions of `shape` in front. It is the softmax of the logarithms of gamma
 * numbers, so that vectors with small concentrations are right too. Differentiable with respect to the concentration.
 */
export const dirichlet = <const S extends Shape, D extends Float, const P extends ReadonlyArray<number> = []>(
  k: Key,
  concentration: Tensor<S, D>,
  shape?: P
): Tensor<[...Mutable<P>, ...S], D> => {
  if (concentration.shape.length === 0)
    throw new ShapeError("dirichlet: the concentration is a scalar; it needs an axis of categories")
  const whole = [...(shape ?? []), ...concentration.shape]
  const logs = logGammaOf(k, ops.broadcast(concentration, whole))
  const axes = [whole.length - 1]
  const keep = [...whole.slice(0, -1), 1]
  const shifted = ops.sub(logs, ops.stopGradient(ops.reshape(ops.reduceMax(logs, axes), keep)))
  const powers = ops.exp(shifted)
  return ops.div(powers, ops.reshape(ops.reduceSum(powers, axes), keep)) as Tensor<[...Mutable<P>, ...S], D>
}
