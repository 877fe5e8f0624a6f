/** Exponentials and logarithms in other bases, and logarithms of sums and products that keep their digits. */
import { withOptions } from "../elementwise-face.ts"
import { binary, unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { clampBetween } from "./bounds.ts"
import { sizeOf, tensorLike } from "./signed.ts"

/** `2^x`, exact at whole numbers. */
export const exp2 = unary("exp2", "float", ops.exp2)
/** The logarithm to base 2, exact at the powers of 2; -Infinity at 0, NaN below. */
export const log2 = unary("log2", "float", ops.log2)
/** The logarithm to base 10, exact at the powers of 10; -Infinity at 0, NaN below. */
export const log10 = unary("log10", "float", ops.log10)

/** max(a, b) + log(1 + e^(-|a - b| l)) / l, where l is the logarithm of the base. */
const logOfSum = (a: AnyTensor, right: AnyTensor | number, l: number): AnyTensor => {
  const b = tensorLike(a, right)
  // The difference of two equal infinities would be NaN.
  const isSame = ops.and(ops.eq(a, b), ops.eq(ops.abs(a), Infinity))
  const gap = ops.sub(ops.select(isSame, 0, a), ops.select(isSame, 0, b))
  const log = ops.log1p(ops.exp(ops.mul(sizeOf(gap), -l)))
  return ops.add(ops.select(ops.lt(gap, 0), b, a), l === 1 ? log : ops.div(log, l))
}

/** `log(e^a + e^b)` without overflow; its derivatives are the softmax of a and b, to every order, at a tie too. */
export const logaddexp = binary("logaddexp", "float", (a, b) => logOfSum(a, b, 1))
/** `log2(2^a + 2^b)` without overflow. */
export const logaddexp2 = binary("logaddexp2", "float", (a, b) => logOfSum(a, b, Math.LN2))

/** x f(y), and 0 where x is 0 and f(y) is not finite; no derivative passes there. */
const zeroTimes = (
  x: AnyTensor,
  right: AnyTensor | number,
  isOrdinary: (y: AnyTensor) => AnyTensor,
  safe: number,
  f: (y: AnyTensor) => AnyTensor
): AnyTensor => {
  const y = tensorLike(x, right)
  const isKnown = ops.eq(y, y)
  const isZero = ops.and(ops.and(ops.eq(x, 0), isKnown), ops.not(isOrdinary(y)))
  return ops.mul(ops.select(isZero, 0, x), f(ops.select(isZero, safe, y)))
}

const isPositive = (y: AnyTensor): AnyTensor => ops.and(ops.lt(ops.full([], 0, y.dtype), y), ops.lt(y, Infinity))

/** `x log(y)`, and 0 where x is 0, whatever y is but NaN: the summand of an entropy. */
export const xlogy = binary("xlogy", "float", (x, y) => zeroTimes(x, y, isPositive, 1, ops.log))
/** `x log(1 + y)`, and 0 where x is 0, whatever y is but NaN. */
export const xlog1py = binary("xlog1py", "float", (x, y) =>
  zeroTimes(x, y, (z) => isPositive(ops.add(z, 1)), 0, ops.log1p)
)

/** How near to 0 and 1 probabilities are moved. */
export interface LogitOptions {
  readonly eps?: number
}

/**
 * `log(x / (1 - x))`, the inverse of the sigmoid, with its digits near 1/2 too. -Infinity at 0, Infinity at 1, NaN
 * outside [0, 1]; with `eps`, x is first moved into [eps, 1 - eps], as in torch.
 */
export const logit = withOptions<"logit", "float", LogitOptions>("logit", "float", (p, { eps }) => {
  const x = eps === undefined ? p : clampBetween(p, eps, 1 - eps)
  const one = ops.full([], 1, x.dtype)
  // 2x - 1 is exact around 1/2.
  const isMiddle = ops.lt(ops.abs(ops.sub(x, 0.5)), 0.25)
  const middle = ops.select(isMiddle, x, 0.5)
  const outer = ops.select(isMiddle, 0.25, x)
  return ops.select(
    isMiddle,
    ops.log1p(ops.div(ops.sub(ops.mul(middle, 2), 1), ops.sub(one, middle))),
    ops.sub(ops.log(outer), ops.log1p(ops.neg(outer)))
  )
})
