/** Special functions: the error functions, and the gamma function's logarithm with its derivatives. */
import type { DType } from "../dtype.ts"
import { type Accepts, binary, checkOperand, face, unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { tensorLike } from "./signed.ts"

/** `1 - erf(x)`, the complementary error function, relatively accurate where it is small. */
export const erfc = unary("erfc", "float", ops.erfc)

/** The inverse of the error function on [-1, 1]; +-Infinity at +-1, NaN outside. */
export const erfinv = unary("erfinv", "float", ops.erfinv)

/** `log |Gamma(x)|`; Infinity at 0 and at the negative whole numbers. */
export const lgamma = unary("lgamma", "float", ops.lgamma)

const polygammaOf = (x: AnyTensor, order: number): AnyTensor => {
  const [y = x] = ops.polygamma([x], { order })
  return y
}

/**
 * The derivative of `lgamma`, `Gamma'(x) / Gamma(x)`. -+Infinity at +-0, NaN at the negative whole numbers, where the two
 * sides differ.
 */
export const digamma = unary("digamma", "float", (x) => polygammaOf(x, 0))

interface LargestOrder {
  readonly f32: "20"
  readonly f64: "100"
}

/** The order is a whole number from 0, or the sentence; beyond the largest order the run time says it. */
type OrderRule<D extends DType, N extends number> = number extends N
  ? unknown
  : `${N}` extends `-${string}` | `${string}.${string}`
    ? D extends keyof LargestOrder
      ? Mismatch<`polygamma: the order must be a whole number from 0 to ${LargestOrder[D]} in ${D}, got ${N}`>
      : unknown
    : unknown

/** A derivative of digamma that waits for its operand. */
export interface PolygammaOf<N extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"polygamma", "float", D, OrderRule<D, N>>>
  ): Tensor<S, D>
}

/**
 * The derivative of order n of `digamma`: `T.polygamma(x, n)`, n a whole number from 0 to 20 in f32 and to 100 in f64.
 * `polygamma(x, 0)` is digamma, `polygamma(x, 1)` trigamma. At the poles 0, -1, -2, ... Infinity for odd n; for even n,
 * where the two sides differ, NaN, but -+Infinity at +-0. Throws an OptionError for another order.
 *
 * ```ts
 * const trigamma = T.polygamma(T.constant([1, 2], "f64"), 1)   // [pi^2 / 6, pi^2 / 6 - 1]
 * ```
 */
export const polygamma: {
  <const N extends number>(order: N): PolygammaOf<N>
  <S extends Shape, D extends DType, const N extends number>(
    self: Tensor<S, D> & Guard<Accepts<"polygamma", "float", D, OrderRule<D, N>>>,
    order: N
  ): Tensor<S, D>
} = face(2, (x: AnyTensor, order: number) => {
  checkOperand("polygamma", "float", x)
  return polygammaOf(x, order)
})

/** lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 for x >= 10: 1/(12 x) - 1/(360 x^3) + ... */
const stirlingRest = (x: AnyTensor): AnyTensor => {
  const inverse = ops.div(ops.full([], 1, x.dtype), x)
  const square = ops.mul(inverse, inverse)
  const coefficients = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]
  const series = coefficients
    .slice(0, -1)
    .reduceRight<AnyTensor>(
      (sum, c) => ops.add(ops.mul(sum, square), c),
      ops.full(square.shape, coefficients.at(-1) ?? 0, square.dtype)
    )
  return ops.mul(series, inverse)
}

const logBetaOf = (a: AnyTensor, right: AnyTensor | number): AnyTensor => {
  const b = tensorLike(a, right)
  const isSmaller = ops.lt(a, b)
  const q = ops.select(isSmaller, b, a)
  const p = ops.select(isSmaller, a, b)
  const isLarge = ops.lt(ops.full([], 10, a.dtype), q)
  const small = ops.select(isLarge, 1, q)
  const large = ops.select(isLarge, q, 16)
  const sum = ops.add(p, large)
  // lgamma(q) - lgamma(p + q), in which the logarithms of large factorials have been cancelled.
  const difference = ops.add(
    ops.sub(stirlingRest(large), stirlingRest(sum)),
    ops.sub(ops.sub(p, ops.mul(ops.sub(large, 0.5), ops.log1p(ops.div(p, large)))), ops.mul(p, ops.log(sum)))
  )
  const direct = ops.sub(ops.lgamma(small), ops.lgamma(ops.add(p, small)))
  return ops.add(ops.lgamma(p), ops.select(isLarge, difference, direct))
}

/**
 * `log B(a, b) = lgamma(a) + lgamma(b) - lgamma(a + b)` for positive a and b, with its digits also where they are large.
 * DiDonato, Morris, Algorithm 708 (1992).
 */
export const logBeta = binary("logBeta", "float", logBetaOf)

/** The beta function `B(a, b) = Gamma(a) Gamma(b) / Gamma(a + b)` for positive a and b. */
export const beta = binary("beta", "float", (a, b) => ops.exp(logBetaOf(a, b)))
