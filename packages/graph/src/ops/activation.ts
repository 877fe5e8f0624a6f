/** Activations and the softmax family, with the conventions of PyTorch and Keras where they agree. */
import { normalizeAxis } from "../axes.ts"
import { type AlongAxis, type AxisOption, checkOperand, faceWithOptions, unary } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor } from "../tensor.ts"
import { normalizedExponential } from "./normalized-exponential.ts"
import { shiftOf, spread } from "./shift.ts"

/** `max(x, 0)`; NaN stays NaN, and the derivative at 0 is 0. */
export const relu = unary("relu", "number", (x) => ops.select(ops.le(x, 0), 0, x))
/** `1 / (1 + e^-x)`. */
export const sigmoid = unary("sigmoid", "float", ops.sigmoid)
/** The hyperbolic tangent. */
export const tanh = unary("tanh", "float", ops.tanh)
/** `x sigmoid(x)`, also called swish. Ramachandran, Zoph, Le 2017. */
export const silu = unary("silu", "float", (x) => ops.mul(x, ops.sigmoid(x)))
/** `x Phi(x)` with the exact normal distribution function. Hendrycks, Gimpel 2016. */
export const gelu = unary("gelu", "float", (x) =>
  ops.mul(ops.mul(x, 0.5), ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1))
)
/** The tanh approximation of GELU: `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`. */
export const geluTanh = unary("geluTanh", "float", (x) => {
  const cube = ops.mul(ops.mul(x, x), x)
  const inner = ops.mul(ops.add(x, ops.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI))
  return ops.mul(ops.mul(x, 0.5), ops.add(ops.tanh(inner), 1))
})

/** An operation along one axis under its public name. */
const alongAxis = <Op extends string>(
  operation: Op,
  body: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
): AlongAxis<Op> =>
  faceWithOptions((x: AnyTensor, options: AxisOption = {}) => {
    checkOperand(operation, "float", x)
    return body(x, [normalizeAxis(operation, x.shape, options.axis ?? -1)])
  })

/** `e^x_i / sum_j e^x_j` along an axis, safe for large x. */
export const softmax = alongAxis("softmax", (x, axes) => normalizedExponential(x, axes))

/** `x_i - ln sum_j e^x_j` along an axis: the logarithm of softmax without forming it. */
export const logSoftmax = alongAxis("logSoftmax", (x, axes) => {
  const z = ops.sub(x, spread(shiftOf(x, axes), x, axes))
  return ops.sub(z, spread(ops.log(ops.reduceSum(ops.exp(z), axes)), x, axes))
})
