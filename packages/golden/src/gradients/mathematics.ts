/** torch's mathematical functions of one and two tensors: angles, logarithms, roundings, remainders, special functions. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"
import { binary, unary } from "./elementwise.ts"

/** One adapter under several of torch's names. */
const named = (adapter: Adapter, ...names: ReadonlyArray<string>): { readonly [op: string]: Adapter } =>
  Object.fromEntries(names.map((name) => [`torch.${name}`, adapter]))

const functions: ReadonlyArray<readonly [operation: string, f: (x: F64) => F64, ...names: ReadonlyArray<string>]> = [
  ["T.tan", T.tan, "tan"],
  ["T.asin", T.asin, "asin", "arcsin"],
  ["T.acos", T.acos, "acos", "arccos"],
  ["T.atan", T.atan, "atan", "arctan"],
  ["T.sinh", T.sinh, "sinh"],
  ["T.cosh", T.cosh, "cosh"],
  ["T.asinh", T.asinh, "asinh", "arcsinh"],
  ["T.acosh", T.acosh, "acosh", "arccosh"],
  ["T.atanh", T.atanh, "atanh", "arctanh"],
  ["T.sinc", T.sinc, "sinc", "special.sinc"],
  ["T.radians", T.radians, "deg2rad"],
  ["T.degrees", T.degrees, "rad2deg"],
  ["T.exp2", T.exp2, "exp2", "special.exp2"],
  ["T.log2", T.log2, "log2"],
  ["T.log10", T.log10, "log10"],
  ["T.expm1", T.expm1, "special.expm1"],
  ["T.log1p", T.log1p, "special.log1p"],
  ["T.erf", T.erf, "special.erf"],
  ["T.erfc", T.erfc, "erfc", "special.erfc"],
  ["T.erfinv", T.erfinv, "erfinv", "special.erfinv"],
  ["T.lgamma", T.lgamma, "lgamma", "special.gammaln"],
  ["T.digamma", T.digamma, "digamma", "special.digamma", "special.psi"],
  ["T.sigmoid", T.sigmoid, "special.expit"],
  ["T.ceil", T.ceil, "ceil"],
  ["T.trunc", T.trunc, "trunc", "fix"],
  ["T.frac", T.frac, "frac"],
  ["T.abs", T.abs, "absolute"],
  ["T.neg", T.neg, "negative"]
]

const bounds = (call: Call) => ({
  ...(call.has("min") ? { min: call.operand("min") } : {}),
  ...(call.has("max") ? { max: call.operand("max") } : {})
})

const clamp: Adapter = {
  parameters: ["input", "min", "max"],
  operation: "T.clamp",
  apply: (call) => T.clamp(call.float("input"), bounds(call))
}

const oneSided = (bound: "min" | "max"): Adapter => ({
  parameters: ["input", bound],
  operation: "T.clamp",
  apply: (call) => T.clamp(call.float("input"), bounds(call))
})

const polygamma: Adapter = {
  parameters: ["n", "input"],
  operation: "T.polygamma",
  apply: (call) => T.polygamma(call.float("input"), call.number("n"))
}

const round: Adapter = {
  parameters: ["input", "decimals"],
  operation: "T.round",
  apply: (call) => T.round(call.float("input"), { decimals: call.number("decimals", 0) })
}

const logit: Adapter = {
  parameters: ["input", "eps"],
  operation: "T.logit",
  apply: (call) => T.logit(call.float("input"), call.has("eps") ? { eps: call.number("eps") } : {})
}

const fromAngle = binary("T.atan2", (a, b) => T.atan2(a, b))
const xlogy = binary("T.xlogy", (a, b) => T.xlogy(a, b))
const heaviside: Adapter = {
  ...binary("T.heaviside", (a, b) => T.heaviside(a, b)),
  parameters: ["input", "values"],
  apply: (call) => T.heaviside(call.float("input"), call.operand("values"))
}

/** Questions about every element. */
const predicate = (operation: string, f: (x: F64) => ReturnType<typeof T.isNaN>): Adapter => ({
  parameters: ["input"],
  operation,
  apply: (call) => f(call.float("input"))
})

/** Mathematical functions by torch's names. */
export const mathematics: { readonly [op: string]: Adapter } = {
  ...Object.assign({}, ...functions.map(([operation, f, ...names]) => named(unary(operation, f), ...names))),
  ...named(fromAngle, "atan2", "arctan2"),
  ...named(
    binary("T.hypot", (a, b) => T.hypot(a, b)),
    "hypot"
  ),
  ...named(
    binary("T.fmod", (a, b) => T.fmod(a, b)),
    "fmod"
  ),
  ...named(
    binary("T.mod", (a, b) => T.mod(a, b)),
    "remainder"
  ),
  ...named(
    binary("T.floorDivide", (a, b) => T.floorDivide(a, b)),
    "floor_divide"
  ),
  ...named(
    binary("T.logaddexp", (a, b) => T.logaddexp(a, b)),
    "logaddexp"
  ),
  ...named(
    binary("T.logaddexp2", (a, b) => T.logaddexp2(a, b)),
    "logaddexp2"
  ),
  ...named(xlogy, "xlogy", "special.xlogy"),
  ...named(
    binary("T.xlog1py", (a, b) => T.xlog1py(a, b)),
    "special.xlog1py"
  ),
  ...named(
    binary("T.copysign", (a, b) => T.copysign(a, b)),
    "copysign"
  ),
  ...named(
    binary("T.fmax", (a, b) => T.fmax(a, b)),
    "fmax"
  ),
  ...named(
    binary("T.fmin", (a, b) => T.fmin(a, b)),
    "fmin"
  ),
  ...named(heaviside, "heaviside"),
  ...named(clamp, "clamp", "clip"),
  ...named(oneSided("min"), "clamp_min"),
  ...named(oneSided("max"), "clamp_max"),
  ...named(polygamma, "polygamma", "special.polygamma"),
  ...named(round, "round", "special.round"),
  ...named(logit, "logit", "special.logit"),
  ...named(predicate("T.isNaN", T.isNaN), "isnan"),
  ...named(predicate("T.isInfinite", T.isInfinite), "isinf"),
  ...named(predicate("T.isFinite", T.isFinite), "isfinite"),
  ...named(predicate("T.signBit", T.signBit), "signbit"),
  "torch.lerp": {
    parameters: ["input", "end", "weight"],
    operation: "T.lerp",
    apply: (call) => T.lerp(call.float("input"), call.float("end"), call.operand("weight"))
  },
  "torch.nan_to_num": {
    parameters: ["input", "nan", "posinf", "neginf"],
    operation: "T.nanToNum",
    apply: (call) =>
      T.nanToNum(call.float("input"), {
        ...(call.has("nan") ? { nan: call.number("nan") } : {}),
        ...(call.has("posinf") ? { posInf: call.number("posinf") } : {}),
        ...(call.has("neginf") ? { negInf: call.number("neginf") } : {})
      })
  }
}
