/** torch's elementwise functions and activations. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter } from "./call.ts"

const unary = (operation: string, f: (x: F64) => F64): Adapter => ({
  parameters: ["input"],
  operation,
  apply: (call) => f(call.float("input"))
})

const activation = (operation: string, f: (x: F64) => F64): Adapter => ({
  ...unary(operation, f),
  parameters: ["input", "inplace"],
  only: { inplace: false }
})

const binary = (operation: string, f: (a: F64, b: F64 | number) => F64, only: Adapter["only"] = {}): Adapter => ({
  parameters: ["input", "other"],
  only,
  operation,
  apply: (call) => f(call.float("input"), call.operand("other"))
})

/** Elementwise functions by torch's names. */
export const elementwise: { readonly [op: string]: Adapter } = {
  "torch.add": binary("T.add", (a, b) => T.add(a, b), { alpha: 1 }),
  "torch.sub": binary("T.sub", (a, b) => T.sub(a, b), { alpha: 1 }),
  "torch.mul": binary("T.mul", (a, b) => T.mul(a, b)),
  "torch.div": binary("T.div", (a, b) => T.div(a, b), { rounding_mode: null }),
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
  "torch.nn.functional.relu": activation("T.relu", T.relu),
  "torch.nn.functional.silu": activation("T.silu", T.silu),
  "torch.nn.functional.tanh": unary("T.tanh", T.tanh),
  "torch.nn.functional.sigmoid": unary("T.sigmoid", T.sigmoid),
  // torch's softplus is the identity above its threshold: the true function differs from it by less than 3e-9 there.
  "torch.nn.functional.softplus": {
    ...unary("T.softplus", T.softplus),
    parameters: ["input", "beta", "threshold"],
    only: { beta: 1, threshold: 20 }
  },
  "torch.nn.functional.gelu": {
    parameters: ["input", "approximate"],
    operation: "T.gelu, T.geluTanh",
    apply: (call) => {
      const approximate = call.text("approximate", "none")
      if (approximate === "none") return T.gelu(call.float("input"))
      return approximate === "tanh" ? T.geluTanh(call.float("input")) : call.missing(`with approximate=${approximate}`)
    }
  },
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
