/** The forward pass: tangents from sources to results, node by node. */
import {
  type AnyTensor,
  applicationOf,
  dependents,
  derivativeOf,
  DifferentiationError,
  makeRuleOperations,
  type Maybe,
  type Node,
  type Passes,
  type Position,
  primitives,
  reachable,
  rulesOf
} from "@cotangent/graph"

/** The tangents of `results` given those of `sources`: `y_dot = sum_i dy/dx_i x_dot_i`. `undefined` stands for zero. */
export const pushforwardWith = (
  passes: Passes,
  results: ReadonlyArray<AnyTensor>,
  sources: ReadonlyArray<AnyTensor>,
  tangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const moving = new Map<Node, ReadonlyArray<Maybe>>()
  sources.forEach((x, i) => {
    const outputs = [...(moving.get(x.node) ?? [])]
    outputs[x.output] = tangents[i]
    moving.set(x.node, outputs)
  })
  const nodes = reachable(results, (n) => moving.has(n))
  const relevant = dependents(nodes, sources)
  let at: Position = {}
  const ops = makeRuleOperations(() => at, passes)
  for (const node of nodes) {
    if (moving.has(node) || !relevant.has(node)) continue
    const inputs = node.inputs.map((x) => moving.get(x.node)?.[x.output])
    if (inputs.every((t) => t === undefined)) continue
    const { forward } = rulesOf(primitives[node.primitive])
    if (forward.tag === "zero") continue
    if (forward.tag === "refuses") {
      throw new DifferentiationError(
        `jvp: ${node.primitive} has no derivative: ${forward.because}; use T.stopGradient on its operands`
      )
    }
    at = derivativeOf("tangent", node)
    moving.set(node, forward.pushforward(ops, applicationOf(node), inputs))
  }
  return results.map((y) => moving.get(y.node)?.[y.output])
}
