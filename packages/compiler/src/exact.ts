/**
 * Exact rewrites: each gives the same bits as what it replaces, for all inputs, NaN and signed zeros included. Therefore
 * `x * 0`, `x - x` and `x + 0` are not among them.
 */
import { Axes, type Graph, type PrimitiveName, Values } from "@cotangent/graph"
import type { Rewriter, Rule } from "./rewriter.ts"

type Reference = Graph.Reference

/** The number every element of a value equals, when it is a repeated scalar constant. */
export const constantScalar = (
  rewriter: Pick<Rewriter, "node">,
  reference: Reference | undefined
): number | undefined => {
  for (let at = reference; at !== undefined;) {
    const node = rewriter.node(at)
    if (node?.primitive === "broadcast" || node?.primitive === "reshape") {
      at = node.inputs[0]
      continue
    }
    const value = node?.primitive === "constant" ? node.attributes["value"] : undefined
    return Values.isValue(value) && value.data.length === 1 ? value.data[0] : undefined
  }
  return undefined
}

const same = (a: Reference | undefined, b: Reference | undefined): boolean =>
  a !== undefined && b !== undefined && a.node === b.node && a.output === b.output

/** `f(x, c) = x` for the constant c on the right (and on the left when the operation commutes). */
const neutral =
  (c: number, commutes: boolean): Rule =>
  (rewriter, _, [x, y]) => {
    if (x !== undefined && Object.is(constantScalar(rewriter, y), c)) return [x]
    return commutes && y !== undefined && Object.is(constantScalar(rewriter, x), c) ? [y] : undefined
  }

const shapeOf = (rewriter: Rewriter, reference: Reference | undefined): ReadonlyArray<number> =>
  reference === undefined ? [] : rewriter.aval(reference).shape

/** A view that changes nothing, or two of one kind that are one. */
const noView: Rule = (rewriter, node, [x]) =>
  x !== undefined && Axes.sameShape(shapeOf(rewriter, x), node.outputs[0]?.shape ?? []) ? [x] : undefined
const merge =
  (primitive: PrimitiveName): Rule =>
  (rewriter, node, [x]) => {
    const inner = x === undefined ? undefined : rewriter.node(x)
    const source = inner?.primitive === primitive ? inner.inputs[0] : undefined
    return source === undefined ? undefined : rewriter.add(primitive, [source], node.attributes, node)
  }

/** `iota` of any shape is the view of a one-dimensional one, whose positions are its values. */
const flatIota: Rule = (rewriter, node) => {
  const [shape = [], axis = 0] = [node.outputs[0]?.shape, Number(node.attributes["axis"])]
  if (shape.length <= 1) return undefined
  const n = shape[axis] ?? 0
  const line = rewriter.add("iota", [], { shape: [n], axis: 0, dtype: node.outputs[0]?.dtype })
  const column = rewriter.add("reshape", line, { shape: shape.map((_, d) => (d === axis ? n : 1)) })
  return rewriter.add("broadcast", column, { shape })
}

/** A reduction over several axes, in row-major order, is one over a single axis of the reshaped operand. */
const oneAxis: Rule = (rewriter, node, [x]) => {
  const axes: unknown = node.attributes["axes"]
  if (x === undefined || !Array.isArray(axes) || axes.length < 2) return undefined
  const reduced = axes.map(Number)
  const { shape } = rewriter.aval(x)
  const [from = 0] = reduced
  const consecutive = reduced.every((axis, i) => axis === from + i)
  const kept = shape.map((_, d) => d).filter((d) => !reduced.includes(d))
  const size = reduced.reduce((n, d) => n * (shape[d] ?? 1), 1)
  const at = consecutive ? from : kept.length
  const ordered = consecutive ? [x] : rewriter.add("transpose", [x], { permutation: [...kept, ...reduced] })
  const sizes = kept.map((d) => shape[d] ?? 1)
  const merged = rewriter.add("reshape", ordered, { shape: [...sizes.slice(0, at), size, ...sizes.slice(at)] })
  return rewriter.add(node.primitive, merged, { axes: [at] }, node)
}

/** The table, by the primitive that is replaced. Each row's law is checked in `exact.test.ts`. */
export const exactRules: Readonly<Partial<Record<PrimitiveName, ReadonlyArray<Rule>>>> = {
  mul: [neutral(1, true)],
  div: [neutral(1, false)],
  sub: [neutral(0, false)],
  neg: [
    (rewriter, _, [x]) => {
      const inner = x === undefined ? undefined : rewriter.node(x)
      return inner?.primitive === "neg" && inner.inputs[0] !== undefined ? [inner.inputs[0]] : undefined
    }
  ],
  select: [(_, __, [, a, b]) => (a !== undefined && same(a, b) ? [a] : undefined)],
  reshape: [noView, merge("reshape")],
  broadcast: [noView],
  transpose: [
    (_, node, [x]) => {
      const permutation = node.attributes["permutation"]
      return x !== undefined && Array.isArray(permutation) && permutation.every((p, d) => p === d) ? [x] : undefined
    }
  ],
  iota: [flatIota],
  reduceSum: [oneAxis],
  reduceMax: [oneAxis],
  reduceMin: [oneAxis]
}
