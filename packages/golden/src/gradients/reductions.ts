/** torch's reductions, and softmax. */
import { type AnyTensor, T } from "@cotangent/graph"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

type Options = ReturnType<Call["reduction"]>

const reduction = (operation: string, f: (x: F64, options: Options) => F64): Adapter => ({
  parameters: ["input", "dim", "keepdim"],
  operation,
  apply: (call) => f(call.float("input"), call.reduction())
})

const along = (operation: string, f: (x: F64, axis: number) => F64): Adapter => ({
  parameters: ["input", "dim"],
  operation,
  apply: (call) => {
    const x = call.float("input")
    return f(x, call.axis("dim", x))
  }
})

/** torch's divisor of variances: the number of elements less 1 unless told otherwise. The second argument may be `unbiased`. */
const correction = (call: Call): number => {
  if (call.has("correction")) return call.number("correction")
  return (call.is("dim", "boolean") ? call.boolean("dim", true) : call.boolean("unbiased", true)) ? 1 : 0
}

const spread = (
  operation: string,
  f: (x: F64, options: Options & { readonly correction: number }) => F64
): Adapter => ({
  parameters: ["input", "dim", "unbiased", "keepdim", "correction"],
  operation,
  apply: (call) => {
    const keepDims = call.boolean("keepdim", false)
    const over = call.is("dim", "boolean") ? { keepDims } : call.reduction()
    return f(call.float("input"), { ...over, correction: correction(call) })
  }
})

/** torch's `max` and `min`: of all elements, along an axis (the first of the ties, and where it is), or of two tensors. */
const extremum = (
  operation: string,
  forms: {
    readonly all: (x: F64) => F64
    readonly along: (x: F64, options: { readonly axis: number; readonly keepDims: boolean }) => F64
    readonly where: (x: F64, options: { readonly axis: number; readonly keepDims: boolean }) => AnyTensor
    readonly two: (x: F64, y: F64) => F64
  }
): Adapter => ({
  parameters: ["input", "dim", "keepdim", "other"],
  operation,
  apply: (call) => {
    const x = call.float("input")
    if (call.isFloat("dim")) return forms.two(x, call.float("dim"))
    if (call.has("other")) return forms.two(x, call.float("other"))
    if (!call.has("dim")) return forms.all(x)
    const options = { axis: call.axis("dim", x), keepDims: call.boolean("keepdim", false) }
    return [forms.along(x, options), forms.where(x, options)]
  }
})

const norm = (name: string, otherwise: number): Adapter => ({
  parameters: ["input", name, "dim", "keepdim"],
  operation: "T.norm",
  apply: (call) => {
    const p = call.is(name, "string") ? call.text(name, "") : call.number(name, otherwise)
    const named = typeof p === "number" ? p : p === "fro" ? 2 : Number(p)
    return Number.isNaN(named)
      ? call.missing(`with ${name}=${p}`)
      : T.norm(call.float("input"), { ...call.reduction(), p: named })
  }
})

/** Reductions by torch's names. */
export const reductions: { readonly [op: string]: Adapter } = {
  "torch.sum": reduction("T.sum", (x, options) => T.sum(x, options)),
  "torch.mean": reduction("T.mean", (x, options) => T.mean(x, options)),
  "torch.nansum": reduction("T.nansum", (x, options) => T.nansum(x, options)),
  "torch.nanmean": reduction("T.nanmean", (x, options) => T.nanmean(x, options)),
  "torch.prod": reduction("T.prod", (x, options) => T.prod(x, options)),
  "torch.amax": reduction("T.max", (x, options) => T.max(x, options)),
  "torch.amin": reduction("T.min", (x, options) => T.min(x, options)),
  "torch.max": extremum("T.max, T.argmax, T.maximum", {
    all: (x) => T.max(x),
    along: (x, options) => T.max(x, { ...options, ties: "first" }),
    where: (x, options) => T.argmax(x, options),
    two: (x, y) => T.maximum(x, y)
  }),
  "torch.min": extremum("T.min, T.argmin, T.minimum", {
    all: (x) => T.min(x),
    along: (x, options) => T.min(x, { ...options, ties: "first" }),
    where: (x, options) => T.argmin(x, options),
    two: (x, y) => T.minimum(x, y)
  }),
  "torch.count_nonzero": {
    parameters: ["input", "dim"],
    operation: "T.countNonzero",
    apply: (call) => T.countNonzero(call.float("input"), call.reduction())
  },
  "torch.any": {
    parameters: ["input", "dim", "keepdim"],
    operation: "T.any",
    apply: (call) => T.any(call.mask("input"), call.reduction())
  },
  "torch.all": {
    parameters: ["input", "dim", "keepdim"],
    operation: "T.all",
    apply: (call) => T.all(call.mask("input"), call.reduction())
  },
  "torch.logsumexp": reduction("T.logsumexp", (x, options) => T.logsumexp(x, options)),
  "torch.var": spread("T.variance", (x, options) => T.variance(x, options)),
  "torch.std": spread("T.std", (x, options) => T.std(x, options)),
  "torch.linalg.vector_norm": norm("ord", 2),
  "torch.norm": norm("p", 2),
  "torch.nn.functional.softmax": along("T.softmax", (x, axis) => T.softmax(x, { axis })),
  "torch.softmax": along("T.softmax", (x, axis) => T.softmax(x, { axis })),
  "torch.nn.functional.softmin": along("T.softmin", (x, axis) => T.softmin(x, { axis })),
  "torch.nn.functional.log_softmax": along("T.logSoftmax", (x, axis) => T.logSoftmax(x, { axis })),
  "torch.log_softmax": along("T.logSoftmax", (x, axis) => T.logSoftmax(x, { axis })),
  "torch.cumsum": along("T.cumsum", (x, axis) => T.cumsum(x, { axis })),
  "torch.cumprod": along("T.cumprod", (x, axis) => T.cumprod(x, { axis })),
  "torch.logcumsumexp": along("T.logcumsumexp", (x, axis) => T.logcumsumexp(x, { axis })),
  "torch.diff": {
    parameters: ["input", "n", "dim", "prepend", "append"],
    operation: "T.diff",
    apply: (call) => {
      const x = call.float("input")
      return T.diff(x, {
        order: call.number("n", 1),
        axis: call.axis("dim", x, -1),
        ...(call.has("prepend") ? { prepend: call.float("prepend") } : {}),
        ...(call.has("append") ? { append: call.float("append") } : {})
      })
    }
  }
}
