/** Samples of elementwise mathematics, roundings, bounds and activations; corners are given, with the bits law only. */
import { T } from "@cotangent/graph"
import { floats, i32, shaped, value } from "./operands.ts"
import { type F, type I, type OperationName, type OperationSample, sample } from "./operation-sample.ts"

const unary = (
  operation: OperationName,
  f: (x: F) => unknown,
  low: number,
  high: number
): ReadonlyArray<OperationSample> => [
  sample(operation, "floats", [floats(low, high, 3, 5)], f),
  sample(operation, "scalar", [floats(low, high)], f)
]

const binary = (
  operation: OperationName,
  f: (x: F, y: F | number) => unknown,
  low = -2,
  high = 2
): ReadonlyArray<OperationSample> => [
  sample(operation, "broadcast", [floats(low, high, 2, 3, 1), floats(low, high, 3, 4)], (x: F, y: F) => f(x, y)),
  sample(operation, "number", [floats(low, high, 5)], (x: F) => f(x, 1.5))
]

const corners = [0, -0, 1, -1, 0.5, -0.5, 3, -3, Infinity, -Infinity, Number.NaN, 1e-30, 1e30, 709.9, 40, -40, 1e-310]
const given = (dtype: "f32" | "f64", data: ReadonlyArray<number>) =>
  dtype === "f32" ? value("f32", Float32Array.from(data)) : value("f64", Float64Array.from(data))

/** Values at floats that are not ordinary: the same bits on all targets, and near the interpreter. */
const atCorners = (operation: OperationName, f: (x: F) => unknown): ReadonlyArray<OperationSample> =>
  (["f32", "f64"] as const).map((dtype) =>
    sample(operation, `corners ${dtype}`, [given(dtype, corners)], f, { only: ["bits"] })
  )

const pairsAtCorners = (operation: OperationName, f: (x: F, y: F) => unknown): ReadonlyArray<OperationSample> =>
  (["f32", "f64"] as const).map((dtype) =>
    sample(
      operation,
      `corners ${dtype}`,
      [shaped(given(dtype, corners), corners.length, 1), given(dtype, corners)],
      f,
      { only: ["bits"] }
    )
  )

const everywhere = (
  operation: OperationName,
  f: (x: F) => unknown,
  low: number,
  high: number
): ReadonlyArray<OperationSample> => [...unary(operation, f, low, high), ...atCorners(operation, f)]

const integers = (operation: OperationName, f: (x: I, y: I) => unknown): ReadonlyArray<OperationSample> => [
  sample(operation, "integers", [i32(7, -7, 7, -7, 5, 0), i32(3, 3, -3, -3, 0, 2)], f)
]

/** The samples. */
export const elementwiseSamples: ReadonlyArray<OperationSample> = [
  ...unary("tan", T.tan, -1.2, 1.2),
  ...everywhere("asin", T.asin, -0.9, 0.9),
  ...everywhere("acos", T.acos, -0.9, 0.9),
  ...everywhere("atan", T.atan, -3, 3),
  ...binary("atan2", (y, x) => T.atan2(y, x), 0.3, 2),
  ...pairsAtCorners("atan2", (y, x) => T.atan2(y, x)),
  ...binary("hypot", (x, y) => T.hypot(x, y), 0.3, 2),
  ...pairsAtCorners("hypot", (x, y) => T.hypot(x, y)),
  ...unary("sinc", T.sinc, -2, 2),
  sample("sinc", "at 0", [floats(-0.01, 0.01, 3)], T.sinc),
  ...unary("degrees", T.degrees, -2, 2),
  ...unary("radians", T.radians, -2, 2),
  ...everywhere("sinh", T.sinh, -3, 3),
  ...everywhere("cosh", T.cosh, -3, 3),
  ...everywhere("asinh", T.asinh, -3, 3),
  ...everywhere("acosh", T.acosh, 1.2, 4),
  ...everywhere("atanh", T.atanh, -0.9, 0.9),
  ...everywhere("exp2", T.exp2, -2, 2),
  ...everywhere("log2", T.log2, 0.3, 3),
  ...everywhere("log10", T.log10, 0.3, 3),
  ...binary("logaddexp", (x, y) => T.logaddexp(x, y)),
  ...pairsAtCorners("logaddexp", (x, y) => T.logaddexp(x, y)),
  ...binary("logaddexp2", (x, y) => T.logaddexp2(x, y)),
  ...binary("xlogy", (x, y) => T.xlogy(x, y), 0.3, 2),
  ...pairsAtCorners("xlogy", (x, y) => T.xlogy(x, y)),
  ...binary("xlog1py", (x, y) => T.xlog1py(x, y), 0.3, 2),
  ...everywhere("logit", T.logit, 0.05, 0.95),
  sample("logit", "eps", [floats(0.2, 0.8, 5)], (x: F) => T.logit(x, { eps: 0.1 })),
  ...everywhere("erfc", T.erfc, -2, 3),
  ...everywhere("erfinv", T.erfinv, -0.9, 0.9),
  ...everywhere("lgamma", T.lgamma, 0.3, 5),
  ...everywhere("digamma", T.digamma, 0.3, 5),
  ...everywhere("polygamma", (x) => T.polygamma(x, 2), 0.5, 5),
  ...binary("logBeta", (x, y) => T.logBeta(x, y), 0.5, 30),
  ...binary("beta", (x, y) => T.beta(x, y), 0.5, 5),
  ...everywhere("ceil", T.ceil, 0.1, 0.9),
  ...everywhere("trunc", T.trunc, -2.9, -2.1),
  ...everywhere("frac", T.frac, -2.9, -2.1),
  ...everywhere("round", (x) => T.round(x), -0.4, 0.4),
  sample("round", "decimals", [floats(0.11, 0.14, 3)], (x: F) => T.round(x, { decimals: 1 })),
  sample("fmod", "floats", [floats(2.1, 2.9, 3, 1), floats(0.96, 1.04, 4)], (x: F, y: F) => T.fmod(x, y)),
  sample("fmod", "number", [floats(-4, -3.2, 3)], (x: F) => T.fmod(x, 1.5)),
  ...integers("fmod", (x, y) => T.fmod(x, y)),
  ...pairsAtCorners("fmod", (x, y) => T.fmod(x, y)),
  sample("mod", "floats", [floats(-2.9, -2.1, 3, 1), floats(0.96, 1.04, 4)], (x: F, y: F) => T.mod(x, y)),
  sample("mod", "number", [floats(3.2, 4, 3)], (x: F) => T.mod(x, -1.5)),
  ...integers("mod", (x, y) => T.mod(x, y)),
  ...pairsAtCorners("mod", (x, y) => T.mod(x, y)),
  sample("floorDivide", "floats", [floats(-2.9, -2.1, 3, 1), floats(0.96, 1.04, 4)], (x: F, y: F) =>
    T.floorDivide(x, y)
  ),
  ...integers("floorDivide", (x, y) => T.floorDivide(x, y)),
  sample("truncDivide", "floats", [floats(-2.9, -2.1, 3, 1), floats(0.96, 1.04, 4)], (x: F, y: F) =>
    T.truncDivide(x, y)
  ),
  ...integers("truncDivide", (x, y) => T.truncDivide(x, y)),
  sample("clamp", "numbers", [floats(-2, 2, 3, 5)], (x: F) => T.clamp(x, { min: -0.7, max: 0.9 })),
  sample("clamp", "tensors", [floats(-2, 2, 3, 4), floats(-1, -0.5, 4), floats(0.5, 1, 3, 1)], (x: F, a: F, b: F) =>
    T.clamp(x, { min: a, max: b })
  ),
  sample("clamp", "one side", [floats(-2, 2, 5)], (x: F) => T.clamp(x, { max: 0.3 })),
  sample("clamp", "integers", [i32(-5, 0, 3, 9)], (x: I) => T.clamp(x, { min: -1, max: 3 })),
  sample("lerp", "number", [floats(-2, 2, 3, 1), floats(-2, 2, 4)], (x: F, y: F) => T.lerp(x, y, 0.3)),
  sample("lerp", "tensor", [floats(-2, 2, 3, 1), floats(-2, 2, 4), floats(0, 1, 3, 4)], (x: F, y: F, w: F) =>
    T.lerp(x, y, w)
  ),
  sample("addScaled", "tensors", [floats(-2, 2, 3, 1), floats(-2, 2, 4), floats(-2, 2)], (x: F, y: F, s: F) =>
    T.addScaled(x, y, s)
  ),
  ...binary("fmax", (x, y) => T.fmax(x, y)),
  ...pairsAtCorners("fmax", (x, y) => T.fmax(x, y)),
  ...binary("fmin", (x, y) => T.fmin(x, y)),
  ...everywhere("isNaN", T.isNaN, -1, 1),
  ...everywhere("isFinite", T.isFinite, -1, 1),
  ...everywhere("isInfinite", T.isInfinite, -1, 1),
  ...everywhere("signBit", T.signBit, 0.1, 1),
  ...everywhere("nanToNum", (x) => T.nanToNum(x, { posInf: 9 }), -1, 1),
  sample("copysign", "tensors", [floats(0.1, 2, 3, 1), floats(-2, -0.1, 4)], (x: F, y: F) => T.copysign(x, y)),
  ...pairsAtCorners("copysign", (x, y) => T.copysign(x, y)),
  sample("heaviside", "number", [floats(0.1, 2, 5)], (x: F) => T.heaviside(x, 0.5)),
  ...pairsAtCorners("heaviside", (x, y) => T.heaviside(x, y)),
  ...everywhere("leakyRelu", (x) => T.leakyRelu(x, { negativeSlope: 0.2 }), -2, 2),
  ...everywhere("rrelu", (x) => T.rrelu(x), -2, 2),
  ...everywhere("relu6", T.relu6, -2, 8),
  ...everywhere("hardtanh", (x) => T.hardtanh(x, { min: -0.6, max: 1.1 }), -2, 2),
  ...everywhere("hardsigmoid", T.hardsigmoid, -5, 5),
  ...everywhere("hardswish", T.hardswish, -5, 5),
  ...everywhere("hardshrink", (x) => T.hardshrink(x), -2, 2),
  ...everywhere("softshrink", (x) => T.softshrink(x, { lambda: 0.3 }), -2, 2),
  ...everywhere("threshold", (x) => T.threshold(x, { threshold: 0.3, value: 2 }), -2, 2),
  ...everywhere("softplus", (x) => T.softplus(x, { beta: 2, threshold: 3 }), -2, 1.4),
  ...everywhere("logSigmoid", T.logSigmoid, -3, 3),
  ...everywhere("mish", T.mish, -3, 3),
  ...everywhere("softsign", T.softsign, 0.1, 3),
  ...everywhere("tanhshrink", T.tanhshrink, -3, 3),
  ...everywhere("elu", (x) => T.elu(x, { alpha: 0.7 }), -2, 2),
  ...everywhere("selu", T.selu, -2, 2),
  ...everywhere("celu", (x) => T.celu(x, { alpha: 1.3 }), -2, 2),
  sample("glu", "last axis", [floats(-2, 2, 3, 6)], (x: F) => T.glu(x)),
  sample("glu", "first axis", [floats(-2, 2, 4, 3)], (x: F) => T.glu(x, { axis: 0 })),
  sample("prelu", "channels", [floats(-2, 2, 2, 3, 2), floats(0.1, 0.5, 3)], (x: F, w: F) => T.prelu(x, w)),
  sample("prelu", "one", [floats(-2, 2, 5), floats(0.1, 0.5, 1)], (x: F, w: F) => T.prelu(x, w)),
  sample("prelu", "last axis", [floats(-2, 2, 2, 4), floats(0.1, 0.5, 4)], (x: F, w: F) => T.prelu(x, w, { axis: -1 }))
]
