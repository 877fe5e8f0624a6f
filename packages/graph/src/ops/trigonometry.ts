/** Angles and their inverses. Compositions of sin, cos and atan that keep their digits and derivatives everywhere. */
import { binary, unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { isNegative, sizeOf, tensorLike } from "./signed.ts"

const one = (like: AnyTensor): AnyTensor => ops.full([], 1, like.dtype)

/** The tangent of x radians, `sin x / cos x`. Its range of arguments is that of the sine. */
export const tan = unary("tan", "float", (x) => ops.div(ops.sin(x), ops.cos(x)))

/** The inverse tangent, an angle in [-pi/2, pi/2]. */
export const atan = unary("atan", "float", ops.atan)

/**
 * The inverse sine, an angle in [-pi/2, pi/2]: `2 atan(x / (1 + sqrt(1 - x) sqrt(1 + x)))`, which keeps its digits near 0 and
 * near 1. NaN outside [-1, 1]; the derivative at +-1 is Infinity.
 */
export const asin = unary("asin", "float", (x) => {
  const cosine = ops.mul(ops.sqrt(ops.sub(one(x), x)), ops.sqrt(ops.add(x, 1)))
  return ops.mul(ops.atan(ops.div(x, ops.add(cosine, 1))), 2)
})

/**
 * The inverse cosine, an angle in [0, pi]: `2 atan(sqrt(1 - |x|) / sqrt(1 + |x|))`, from pi below 0, which keeps its digits
 * near 1. NaN outside [-1, 1]; the derivative at +-1 is -Infinity.
 */
export const acos = unary("acos", "float", (x) => {
  const size = sizeOf(x)
  const angle = ops.mul(ops.atan(ops.div(ops.sqrt(ops.sub(one(x), size)), ops.sqrt(ops.add(size, 1)))), 2)
  return ops.select(ops.lt(x, 0), ops.sub(ops.full([], Math.PI, x.dtype), angle), angle)
})

/** The two sizes, the larger and the smaller one, and what is not finite and positive about them. */
const ordered = (a: AnyTensor, b: AnyTensor) => {
  const isSmaller = ops.lt(a, b)
  const larger = ops.select(isSmaller, b, a)
  const smaller = ops.select(isSmaller, a, b)
  const isZero = ops.and(ops.eq(a, 0), ops.eq(b, 0))
  const isInfinite = ops.or(ops.eq(a, Infinity), ops.eq(b, Infinity))
  const isSpecial = ops.or(isZero, isInfinite)
  // Numbers without corners where the result is decided otherwise: no derivative passes through them there.
  return {
    isSmaller,
    isZero,
    isInfinite,
    larger: ops.select(isSpecial, 1, larger),
    smaller: ops.select(isSpecial, 0, smaller)
  }
}

/**
 * The angle of the point (x, y) from the positive x axis, in [-pi, pi]: `T.atan2(y, x)`. Quadrants, signed zeros and
 * infinities as in C; no intermediate overflows. The derivatives are x / (x^2 + y^2) and -y / (x^2 + y^2), at the origin
 * and at infinity, where there are none, 0.
 */
export const atan2 = binary("atan2", "float", (y, right) => {
  const x = tensorLike(y, right)
  const [sizeY, sizeX] = [sizeOf(y), sizeOf(x)]
  const { isSmaller, isInfinite, larger, smaller } = ordered(sizeX, sizeY)
  // An infinite point lies on an axis, or halfway between two when both of its coordinates are infinite.
  const isKnown = ops.and(ops.eq(x, x), ops.eq(y, y))
  const onAxis = ops.select(isKnown, 0, ops.full([], Number.NaN, y.dtype))
  const corner = ops.select(ops.eq(sizeX, sizeY), Math.PI / 4, onAxis)
  // Adding 0 turns -0 into 0: the sign is given in the end.
  const steep = ops.select(isInfinite, corner, ops.add(ops.atan(ops.div(smaller, larger)), 0))
  const quarter = ops.select(isSmaller, ops.sub(ops.full([], Math.PI / 2, y.dtype), steep), steep)
  const half = ops.select(isNegative(x), ops.sub(ops.full([], Math.PI, y.dtype), quarter), quarter)
  return ops.select(isNegative(y), ops.neg(half), half)
})

/**
 * `sqrt(x^2 + y^2)` without overflow or underflow on the way; Infinity if either is infinite. The derivatives are
 * x / hypot and y / hypot, at the origin, where there are none, 0.
 */
export const hypot = binary("hypot", "float", (x, right) => {
  const y = tensorLike(x, right)
  const { isZero, isInfinite, larger, smaller } = ordered(sizeOf(x), sizeOf(y))
  const slope = ops.div(smaller, larger)
  const length = ops.mul(larger, ops.sqrt(ops.add(ops.mul(slope, slope), 1)))
  return ops.select(isInfinite, Infinity, ops.select(isZero, 0, length))
})

/** Terms of the series of sinc: enough for |x| <= 1/2 and for its derivatives up to the tenth. */
const terms = 16

/** sin(z)/z as a polynomial in z^2. */
const series = (square: AnyTensor): AnyTensor => {
  const coefficients: Array<number> = [1]
  for (let k = 1; k < terms; k++) coefficients.push((coefficients[k - 1] ?? 0) / -(2 * k * (2 * k + 1)))
  return coefficients
    .slice(0, -1)
    .reduceRight<AnyTensor>(
      (sum, c) => ops.add(ops.mul(sum, square), c),
      ops.full(square.shape, coefficients[terms - 1] ?? 0, square.dtype)
    )
}

/**
 * The normalised sinc function, `sin(pi x) / (pi x)` and 1 at 0, exactly 0 at the other whole numbers. Right at 0 to
 * every order of derivatives: there it is its series.
 */
export const sinc = unary("sinc", "float", (x) => {
  const isNear = ops.lt(ops.abs(x), 0.5)
  const near = ops.mul(ops.select(isNear, x, 0), Math.PI)
  // sin(pi x) = (-1)^n sin(pi (x - n)) with the nearest whole number n.
  const far = ops.select(isNear, 1, x)
  const n = ops.nearest(far)
  const half = ops.mul(n, 0.5)
  const sign = ops.sub(one(x), ops.mul(ops.sub(half, ops.floor(half)), 4))
  const wave = ops.mul(ops.sin(ops.mul(ops.sub(far, n), Math.PI)), sign)
  return ops.select(isNear, series(ops.mul(near, near)), ops.div(wave, ops.mul(far, Math.PI)))
})

/** An angle in degrees, given in radians. */
export const degrees = unary("degrees", "float", (x) => ops.mul(x, 180 / Math.PI))
/** An angle in radians, given in degrees. */
export const radians = unary("radians", "float", (x) => ops.mul(x, Math.PI / 180))
