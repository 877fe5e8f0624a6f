/**
 * The reverse pass: one walk over the nodes between results and targets, from users to inputs, summing cotangents.
 * Gradients are ordinary expressions: they differentiate again.
 */
import {
  type AnyTensor,
  dependents,
  DifferentiationError,
  isFloat,
  makeRuleOperations,
  type Maybe,
  type Node,
  type Passes,
  operations,
  primitives,
  project,
  reachable,
  rulesOf,
  showPosition
} from "@cotangent/graph"

/** Which targets no result depends on differentiably: their gradients are zero. */
const add = (a: Maybe, b: Maybe): Maybe => (a === undefined ? b : b === undefined ? a : operations.add(a, b))

/**
 * The cotangents of `targets` given those of `results`: `x_bar = sum_i (dy_i/dx)^T y_bar_i`. `undefined` stands for zero.
 * Linear in the number of nodes between them. Throws a DifferentiationError where an operation refuses to be differentiated.
 */
export const pullbackWith = (
  passes: Passes,
  results: ReadonlyArray<AnyTensor>,
  cotangents: ReadonlyArray<Maybe>,
  targets: ReadonlyArray<AnyTensor>
): ReadonlyArray<Maybe> => {
  const wanted = new Set<Node>(targets.map((t) => t.node))
  const nodes = reachable(results, (n) => wanted.has(n))
  const relevant = dependents(nodes, targets)
  const sums = new Map<Node, Array<Maybe>>()
  const accumulate = (x: AnyTensor, g: Maybe): void => {
    if (g === undefined || !relevant.has(x.node) || !isFloat(x.dtype)) return
    const at = sums.get(x.node) ?? []
    at[x.output] = add(at[x.output], g)
    sums.set(x.node, at)
  }
  results.forEach((y, i) => accumulate(y, cotangents[i]))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    if (node === undefined || wanted.has(node)) continue
    const g = sums.get(node)
    if (g === undefined) continue
    sums.delete(node)
    const { reverse } = rulesOf(primitives[node.primitive])
    if (reverse.tag === "zero") continue
    if (reverse.tag === "refuses") {
      const where = showPosition(node.position)
      throw new DifferentiationError(
        `grad: ${node.primitive}${where === undefined ? "" : `, built at ${where},`} has no derivative: ${reverse.because}; use T.stopGradient on its operands`
      )
    }
    const outputs = node.outputs.map((_, output) => project(node, output))
    const inputs = reverse.pullback(
      makeRuleOperations(node.position, passes),
      { inputs: node.inputs, outputs, attributes: node.attributes, regions: node.regions },
      node.outputs.map((_, output) => g[output])
    )
    node.inputs.forEach((x, k) => accumulate(x, inputs[k]))
  }
  return targets.map((t) => sums.get(t.node)?.[t.output])
}
