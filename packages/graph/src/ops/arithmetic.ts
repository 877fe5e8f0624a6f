/** Elementwise arithmetic. Operands broadcast as in numpy, except that a symbol may not come to stand twice. */
import { binary, type Binary, unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"

/** `self + that`. `T.add([1, 2], ...)`: shapes broadcast; a number is a constant. */
export const add = binary("add", "number", ops.add)
/** `self - that`. */
export const sub = binary("sub", "number", ops.sub)
/** `self * that`, element by element; see `matmul` for the matrix product. */
export const mul = binary("mul", "number", ops.mul)
/** `self / that`. Integers truncate; an integer divided by zero is 0. */
export const div = binary("div", "number", ops.div)
/** `self ^ that` for floats; the derivative with respect to the exponent is 0 where `self <= 0`. */
export const pow = binary("pow", "float", ops.pow)
/** The larger element; NaN if either is. Ties share the derivative evenly. */
export const maximum = binary("maximum", "number", ops.max)
/** The smaller element; NaN if either is. Ties share the derivative evenly. */
export const minimum = binary("minimum", "number", ops.min)

/** Bitwise and of integers, logical of booleans. */
export const and = binary("and", "bits", ops.and)
/** Bitwise or of integers, logical of booleans. */
export const or = binary("or", "bits", ops.or)
/** Bitwise exclusive or of integers, logical of booleans. */
export const xor = binary("xor", "bits", ops.xor)
/** Bits shifted to the left by a number of bits modulo 32. */
export const shiftLeft = binary("shiftLeft", "integer", ops.shiftLeft)
/** Bits shifted to the right by a number of bits modulo 32: arithmetic for i32, logical for u32. */
export const shiftRight = binary("shiftRight", "integer", ops.shiftRight)
/** Logical negation, or the complement of integer bits. */
export const not = unary("not", "bits", ops.not)

/** A comparison: two operands of one element type, the result is bool. */
const comparison = <Op extends string>(
  operation: Op,
  body: (a: AnyTensor, b: AnyTensor | number) => AnyTensor
): Binary<Op, "any", "bool"> => binary(operation, "any", body)

const numeric = (a: AnyTensor, b: AnyTensor | number): AnyTensor =>
  typeof b === "number" ? ops.full([], b, a.dtype) : b

/** Whether elements are equal; NaN equals nothing. */
export const equal = comparison("equal", ops.eq)
/** Whether elements differ. */
export const notEqual = comparison("notEqual", (a, b) => ops.not(ops.eq(a, b)))
/** `self < that`. */
export const less = comparison("less", ops.lt)
/** `self <= that`. */
export const lessEqual = comparison("lessEqual", ops.le)
/** `self > that`. */
export const greater = comparison("greater", (a, b) => ops.lt(numeric(a, b), a))
/** `self >= that`. */
export const greaterEqual = comparison("greaterEqual", (a, b) => ops.le(numeric(a, b), a))

/** `-x`. */
export const neg = unary("neg", "number", ops.neg)
/** `|x|`, derivative 0 at 0. */
export const abs = unary("abs", "number", ops.abs)
/** -1, 0 or 1. */
export const sign = unary("sign", "number", ops.sign)
/** The largest integer not above x. */
export const floor = unary("floor", "float", ops.floor)
/** `e^x`. */
export const exp = unary("exp", "float", ops.exp)
/** `e^x - 1`, accurate near 0. */
export const expm1 = unary("expm1", "float", ops.expm1)
/** The natural logarithm. */
export const log = unary("log", "float", ops.log)
/** `ln(1 + x)`, accurate near 0. */
export const log1p = unary("log1p", "float", ops.log1p)
/** The square root. */
export const sqrt = unary("sqrt", "float", ops.sqrt)
/** The sine of x radians; NaN beyond 2^15 pi in f32 and 2^28 pi in f64. */
export const sin = unary("sin", "float", ops.sin)
/** The cosine of x radians; NaN beyond 2^15 pi in f32 and 2^28 pi in f64. */
export const cos = unary("cos", "float", ops.cos)
/** The error function. */
export const erf = unary("erf", "float", ops.erf)
/** `x^2`. */
export const square = unary("square", "number", (x) => ops.mul(x, x))
/** `1 / x` for floats. */
export const reciprocal = unary("reciprocal", "float", (x) => ops.div(ops.full(x.shape, 1, x.dtype), x))
/** `1 / sqrt(x)`. */
export const rsqrt = unary("rsqrt", "float", (x) => ops.div(ops.full(x.shape, 1, x.dtype), ops.sqrt(x)))
