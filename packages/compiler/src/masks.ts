/**
 * The mask of a relu read off its result: `x <= 0` is `relu(x) <= 0`, for all x, NaN and signed zeros included. The derivative
 * then needs the result only, which the next layer reads anyway, and x never reaches memory.
 */
import type { Graph } from "@cotangent/graph"
import { constantScalar } from "./exact.ts"
import { first, type Rewriter, type Rule } from "./rewriter.ts"

type Reference = Graph.Reference

const same = (a: Reference | undefined, b: Reference | undefined): boolean =>
  a !== undefined && b !== undefined && a.node === b.node && a.output === b.output

const isZero = (rewriter: Rewriter, x: Reference | undefined): boolean => Object.is(constantScalar(rewriter, x), 0)

/** For `x <= 0`: the x, and the 0 as it stands there. */
const comparison = (rewriter: Rewriter, c: Reference | undefined) => {
  const node = c === undefined ? undefined : rewriter.node(c)
  const [x, zero] = node?.inputs ?? []
  return node?.primitive === "le" && x !== undefined && zero !== undefined && isZero(rewriter, zero)
    ? { x, zero }
    : undefined
}

/**
 * The rule for `select` in one pass over a graph: remembers each relu, `x <= 0 ? 0 : x`, and gives its mask to what is
 * selected by the same comparison afterwards.
 */
export const reluMasks = (): Rule => {
  const relus = new Map<Rewriter, Map<number, Reference>>()
  return (rewriter, node, [c, a, b]) => {
    const compared = comparison(rewriter, c)
    if (c === undefined || a === undefined || b === undefined || compared === undefined) return undefined
    const known = relus.get(rewriter) ?? new Map<number, Reference>()
    relus.set(rewriter, known)
    const relu = known.get(c.node)
    if (isZero(rewriter, a) && same(b, compared.x)) {
      const y = rewriter.add("select", [c, a, b], node.attributes, node)
      if (relu === undefined) known.set(c.node, first(y))
      return y
    }
    if (relu === undefined) return undefined
    return rewriter.add("select", [first(rewriter.add("le", [relu, compared.zero])), a, b], node.attributes, node)
  }
}
