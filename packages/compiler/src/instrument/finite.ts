/** Whether every number of a program is finite: one flag for each output of each operation. */
import { type Aval, isFloat, primitives, rulesOf, sizeOf } from "@cotangent/graph"
import { first } from "../rewriter.ts"
import { filled, type Observer } from "./observe.ts"

/** A check: 1 where an element of an operation's output is NaN or infinite, else 0. */
export interface FiniteSight {
  readonly tag: "finite"
}

const largest: Readonly<Record<"f32" | "f64", number>> = { f32: (2 - 2 ** -23) * 2 ** 127, f64: Number.MAX_VALUE }

/** Whether an output is computed, of floats, and not empty: views and sources make no numbers. */
const isLookedAt = ({ shape, dtype }: Aval): boolean => isFloat(dtype) && sizeOf(shape) > 0

/** Sees whether the outputs of operations are finite. */
export const finiteObserver: Observer<FiniteSight> = (rewriter, { primitive }, _, outputs) => {
  const { lower } = rulesOf(primitives[primitive])
  if (lower.tag === "source" || lower.tag === "view" || lower.tag === "control") return []
  return outputs.flatMap((output) => {
    const aval = rewriter.aval(output)
    if (!isLookedAt(aval)) return []
    const bound = filled(rewriter, aval, largest[aval.dtype === "f64" ? "f64" : "f32"])
    // A comparison with NaN does not hold: NaN is not at most the largest number.
    const isFinite = rewriter.add("le", [...rewriter.add("abs", [output]), bound])
    const flags = rewriter.add("cast", rewriter.add("not", isFinite), { dtype: "i32" })
    const axes = aval.shape.map((_d, d) => d)
    const value = first(axes.length === 0 ? flags : rewriter.add("reduceMax", flags, { axes }))
    return [{ about: { tag: "finite" }, value, keeps: "largest" }]
  })
}
