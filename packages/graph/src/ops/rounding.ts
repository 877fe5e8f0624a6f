/** Whole numbers and remainders. Roundings are constant between jumps: their derivatives are 0. */
import { binary, type Binary, unary } from "../face.ts"
import { withOptions } from "../elementwise-face.ts"
import { isFloat } from "../dtype.ts"
import { optionError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { tensorLike } from "./signed.ts"

const ceilOf = (x: AnyTensor): AnyTensor => ops.neg(ops.floor(ops.neg(x)))
const truncOf = (x: AnyTensor): AnyTensor => ops.select(ops.lt(x, 0), ceilOf(x), ops.floor(x))

/** The smallest whole number not below x. */
export const ceil = unary("ceil", "float", ceilOf)
/** x without its fraction: rounded towards 0. */
export const trunc = unary("trunc", "float", truncOf)
/** The fraction of x, `x - trunc(x)`, with the sign of x. */
export const frac = unary("frac", "float", (x) => ops.sub(x, truncOf(x)))

/** To how many decimals to round; whole numbers unless given. */
export interface RoundOptions {
  readonly decimals?: number
}

/**
 * The nearest whole number; halves go to the even one, as in IEEE 754, torch and numpy: 0.5 to 0, 1.5 to 2. With
 * `decimals`, the nearest multiple of 10^-decimals, as torch computes it: `round(x 10^d) / 10^d`.
 * Throws an OptionError when `decimals` is not a whole number.
 */
export const round = withOptions<"round", "float", RoundOptions>("round", "float", (x, { decimals = 0 }) => {
  if (!Number.isInteger(decimals)) throw optionError("round: decimals", "a whole number", decimals)
  if (decimals === 0) return ops.nearest(x)
  const scale = 10 ** Math.abs(decimals)
  // Multiplied and divided by the power that is a whole number, which is exact.
  return decimals > 0 ? ops.div(ops.nearest(ops.mul(x, scale)), scale) : ops.mul(ops.nearest(ops.div(x, scale)), scale)
})

/** The remainder with the sign of the dividend. */
const remainder = (a: AnyTensor, b: AnyTensor): AnyTensor =>
  isFloat(a.dtype) ? ops.rem(a, b) : ops.sub(a, ops.mul(ops.div(a, b), b))

/** The remainder with the sign of the divisor. */
const modulus = (a: AnyTensor, b: AnyTensor): AnyTensor => {
  const r = remainder(a, b)
  if (a.dtype === "u32") return r
  const differs = ops.xor(ops.lt(r, 0), ops.lt(b, 0))
  const isWhole = ops.eq(r, 0)
  return ops.add(r, ops.select(ops.and(differs, ops.not(isWhole)), b, 0))
}

const division = <Op extends string>(
  operation: Op,
  body: (a: AnyTensor, b: AnyTensor) => AnyTensor
): Binary<Op, "number"> => binary(operation, "number", (a, b) => body(a, tensorLike(a, b)))

/**
 * The remainder of C: `a - b trunc(a / b)`, with the sign of a, exact for all floats however large the quotient. The
 * derivatives are 1 and -trunc(a / b). For floats NaN where b is 0 or a infinite; an integer modulo 0 is itself.
 */
export const fmod = division("fmod", remainder)

/**
 * The remainder of mathematics and Python: `a - b floor(a / b)`, with the sign of b; torch calls it remainder. The
 * derivatives are 1 and -floor(a / b). For floats NaN where b is 0 or a infinite; an integer modulo 0 is itself.
 *
 * ```ts
 * const x = T.constant([7, -7])
 * const floored = T.mod(x, 3)      // [1, 2]
 * const truncated = T.fmod(x, 3)   // [1, -1]
 * ```
 */
export const mod = division("mod", modulus)

/** What is left of a quotient when its remainder is taken off: whole but for a rounding, which is removed. */
const wholeQuotient = (a: AnyTensor, b: AnyTensor, rest: AnyTensor): AnyTensor =>
  ops.nearest(ops.div(ops.sub(a, rest), b))

/**
 * The quotient rounded down, `(a - mod(a, b)) / b`: for floats it agrees with `mod` where `floor(a / b)` was rounded up.
 * Python's `//`. An integer divided by 0 is 0.
 */
export const floorDivide = division("floorDivide", (a, b) => {
  if (isFloat(a.dtype))
    return ops.select(ops.eq(b, 0), ops.stopGradient(ops.div(a, b)), wholeQuotient(a, b, modulus(a, b)))
  return ops.div(ops.sub(a, modulus(a, b)), b)
})

/** The quotient rounded towards 0, `(a - fmod(a, b)) / b`: that of C. An integer divided by 0 is 0. */
export const truncDivide = division("truncDivide", (a, b) =>
  isFloat(a.dtype)
    ? ops.select(ops.eq(b, 0), ops.stopGradient(ops.div(a, b)), wholeQuotient(a, b, ops.rem(a, b)))
    : ops.div(a, b)
)
