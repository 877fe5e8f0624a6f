/** torch's activations, as functions and in torch.nn.functional. */
import { T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

type Definition = Omit<Adapter, "apply"> & { readonly apply: (x: F64, call: Call) => F64 }

/** An activation: the tensor, its parameters, and whether to overwrite the tensor, which is not done here. */
const activation = (operation: string, parameters: ReadonlyArray<string>, apply: Definition["apply"]): Adapter => ({
  parameters: ["input", ...parameters, "inplace"],
  // The values are the same in place.
  operation,
  apply: (call) => apply(call.float("input"), call)
})

const plain = (operation: string, f: (x: F64) => F64): Adapter => activation(operation, [], f)

/** torch computes some derivatives with a constant that it has rounded to float32. */
const rounded = (constant: string): Required<Pick<Adapter, "rounded">> => ({
  rounded: {
    tolerance: { relative: 1e-7, floor: 1 },
    note: `torch's derivative has ${constant} rounded to float32; compared to 1e-7`
  }
})

const prelu: Adapter = {
  parameters: ["input", "weight"],
  operation: "T.prelu",
  apply: (call) => T.prelu(call.float("input"), call.float("weight"))
}

const rrelu = activation("T.rrelu", ["lower", "upper", "training"], (x, call) =>
  T.rrelu(x, { lower: call.number("lower", 1 / 8), upper: call.number("upper", 1 / 3) })
)

/** By torch's names in torch.nn.functional. */
const functional: { readonly [name: string]: Adapter } = {
  relu: plain("T.relu", T.relu),
  relu6: plain("T.relu6", T.relu6),
  silu: plain("T.silu", T.silu),
  mish: plain("T.mish", T.mish),
  selu: plain("T.selu", T.selu),
  tanh: plain("T.tanh", T.tanh),
  sigmoid: plain("T.sigmoid", T.sigmoid),
  softsign: plain("T.softsign", T.softsign),
  tanhshrink: plain("T.tanhshrink", T.tanhshrink),
  logsigmoid: plain("T.logSigmoid", T.logSigmoid),
  hardsigmoid: { ...plain("T.hardsigmoid", T.hardsigmoid), ...rounded("1/6") },
  hardswish: plain("T.hardswish", T.hardswish),
  leaky_relu: activation("T.leakyRelu", ["negative_slope"], (x, call) =>
    T.leakyRelu(x, { negativeSlope: call.number("negative_slope", 0.01) })
  ),
  elu: activation("T.elu", ["alpha"], (x, call) => T.elu(x, { alpha: call.number("alpha", 1) })),
  celu: {
    ...activation("T.celu", ["alpha"], (x, call) => T.celu(x, { alpha: call.number("alpha", 1) })),
    ...rounded("1/alpha")
  },
  hardtanh: activation("T.hardtanh", ["min_val", "max_val"], (x, call) =>
    T.hardtanh(x, { min: call.number("min_val", -1), max: call.number("max_val", 1) })
  ),
  hardshrink: activation("T.hardshrink", ["lambd"], (x, call) =>
    T.hardshrink(x, { lambda: call.number("lambd", 0.5) })
  ),
  softshrink: activation("T.softshrink", ["lambd"], (x, call) =>
    T.softshrink(x, { lambda: call.number("lambd", 0.5) })
  ),
  softplus: activation("T.softplus", ["beta", "threshold"], (x, call) =>
    T.softplus(x, { beta: call.number("beta", 1), threshold: call.number("threshold", 20) })
  ),
  threshold: activation("T.threshold", ["threshold", "value"], (x, call) =>
    T.threshold(x, { threshold: call.number("threshold"), value: call.number("value") })
  ),
  gelu: {
    parameters: ["input", "approximate"],
    operation: "T.gelu, T.geluTanh",
    apply: (call) => {
      const approximate = call.text("approximate", "none")
      if (approximate === "none") return T.gelu(call.float("input"))
      return approximate === "tanh" ? T.geluTanh(call.float("input")) : call.missing(`with approximate=${approximate}`)
    }
  },
  glu: {
    parameters: ["input", "dim"],
    operation: "T.glu",
    apply: (call) => T.glu(call.float("input"), { axis: call.number("dim", -1) })
  },
  prelu,
  rrelu: {
    ...rrelu,
    apply: (call) => (call.boolean("training", false) ? call.missing("with training=true") : rrelu.apply(call))
  }
}

/** Those that torch has outside torch.nn.functional too. */
const outside = ["celu", "hardshrink", "prelu", "rrelu", "selu", "threshold"]

/** Activations by torch's names. */
export const activations: { readonly [op: string]: Adapter } = Object.fromEntries([
  ...Object.entries(functional).map(([name, adapter]) => [`torch.nn.functional.${name}`, adapter]),
  ...outside.map((name) => [`torch.${name}`, functional[name]])
])
