/**
 * Scalars of an update rule: rates, powers of beta and bias corrections are computed in float64, whatever the element
 * type of the parameters, and rounded to it once. In f32, `1 - 0.999^t` alone would lose four of seven digits.
 */
import { T, type Tensor } from "@cotangent/graph"

/** A float64 scalar expression. */
export type Scalar = Tensor<[], "f64">

/** A float64 constant. */
export const f64 = (value: number): Scalar => T.constant(value, "f64")

/** `beta^t`. */
export const power = (beta: number | Scalar, t: Scalar): Scalar => T.pow(typeof beta === "number" ? f64(beta) : beta, t)

/** `1 - beta^t`: the total weight of t terms of a moving average that started from zero. */
export const biasCorrection = (beta: number | Scalar, t: Scalar): Scalar => T.sub(f64(1), power(beta, t))
