/** torch's elementwise arithmetic and choices. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter } from "./call.ts"

/** A function of one tensor. */
export const unary = (operation: string, f: (x: F64) => F64): Adapter => ({
  parameters: ["input"],
  operation,
  apply: (call) => f(call.float("input"))
})

/** A function of two tensors, of which the second may be a number. */
export const binary = (
  operation: string,
  f: (a: F64, b: F64 | number) => F64,
  only: Adapter["only"] = {}
): Adapter => ({
  parameters: ["input", "other"],
  only,
  operation,
  apply: (call) => f(call.float("input"), call.operand("other"))
})

/** A sum or difference, whose second operand may be scaled. */
const sum = (operation: string, sign: 1 | -1, f: (a: F64, b: F64 | number) => F64): Adapter => ({
  parameters: ["input", "other", "alpha"],
  operation: `${operation}, T.addScaled`,
  apply: (call) => {
    const [a, b, alpha] = [call.float("input"), call.operand("other"), call.number("alpha", 1)]
    return alpha === 1 ? f(a, b) : T.addScaled(a, b, sign * alpha)
  }
})

const quotients = {
  floor: (a: F64, b: F64 | number): F64 => T.floorDivide(a, b),
  trunc: (a: F64, b: F64 | number): F64 => T.truncDivide(a, b),
  exact: (a: F64, b: F64 | number): F64 => T.div(a, b)
}

const quotient: Adapter = {
  parameters: ["input", "other", "rounding_mode"],
  operation: "T.div, T.floorDivide, T.truncDivide",
  apply: (call) => {
    const mode = call.text("rounding_mode", "exact")
    if (mode !== "floor" && mode !== "trunc" && mode !== "exact") return call.missing(`with rounding_mode=${mode}`)
    return quotients[mode](call.float("input"), call.operand("other"))
  }
}

/** Elementwise functions by torch's names. */
export const elementwise: { readonly [op: string]: Adapter } = {
  "torch.add": sum("T.add", 1, (a, b) => T.add(a, b)),
  "torch.sub": sum("T.sub", -1, (a, b) => T.sub(a, b)),
  "torch.subtract": sum("T.sub", -1, (a, b) => T.sub(a, b)),
  "torch.mul": binary("T.mul", (a, b) => T.mul(a, b)),
  "torch.multiply": binary("T.mul", (a, b) => T.mul(a, b)),
  "torch.div": quotient,
  "torch.divide": quotient,
  "torch.true_divide": binary("T.div", (a, b) => T.div(a, b)),
  "torch.pow": {
    parameters: ["input", "exponent"],
    operation: "T.pow",
    apply: (call) => T.pow(call.float("input"), call.operand("exponent"))
  },
  "torch.maximum": binary("T.maximum", (a, b) => T.maximum(a, b)),
  "torch.minimum": binary("T.minimum", (a, b) => T.minimum(a, b)),
  "torch.neg": unary("T.neg", T.neg),
  "torch.abs": unary("T.abs", T.abs),
  "torch.sign": unary("T.sign", T.sign),
  "torch.floor": unary("T.floor", T.floor),
  "torch.exp": unary("T.exp", T.exp),
  "torch.expm1": unary("T.expm1", T.expm1),
  "torch.log": unary("T.log", T.log),
  "torch.log1p": unary("T.log1p", T.log1p),
  "torch.sqrt": unary("T.sqrt", T.sqrt),
  "torch.rsqrt": unary("T.rsqrt", T.rsqrt),
  "torch.square": unary("T.square", T.square),
  "torch.reciprocal": unary("T.reciprocal", T.reciprocal),
  "torch.sin": unary("T.sin", T.sin),
  "torch.cos": unary("T.cos", T.cos),
  "torch.tanh": unary("T.tanh", T.tanh),
  "torch.sigmoid": unary("T.sigmoid", T.sigmoid),
  "torch.relu": unary("T.relu", T.relu),
  "torch.erf": unary("T.erf", T.erf),
  "torch.where": {
    parameters: ["condition", "input", "other"],
    operation: "T.where",
    apply: (call) => T.where(call.mask("condition"), call.float("input"), call.operand("other"))
  },
  "Tensor.masked_fill": {
    parameters: ["self", "mask", "value"],
    operation: "T.where",
    apply: (call) => T.where(call.mask("mask"), call.float("value"), call.float("self"))
  }
}
