/**
 * The reverse pass: one walk over the nodes between results and targets, from users to inputs, summing cotangents.
 * Gradients are ordinary expressions: they differentiate again.
 */
import {
  type AnyTensor,
  applicationOf,
  derivativeOf,
  DifferentiationError,
  isFloat,
  makeRuleOperations,
  type Maybe,
  type Node,
  type Passes,
  type Position,
  primitives,
  reachable,
  rulesOf,
  showPosition
} from "@cotangent/graph"
import { flowing } from "./targets.ts"

const refusal = (node: Node, because: string): DifferentiationError => {
  const where = showPosition(node.position)
  const built = where === undefined ? "" : `, built at ${where},`
  return new DifferentiationError(
    `grad: ${node.primitive}${built} has no derivative: ${because}; use T.stopGradient on its operands`
  )
}

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
  const relevant = flowing(nodes, targets)
  const sums = new Map<Node, Array<Maybe>>()
  let at: Position = {}
  const ops = makeRuleOperations(() => at, passes)
  const takes = (x: AnyTensor | undefined): boolean => x !== undefined && relevant.has(x.node) && isFloat(x.dtype)
  const accumulate = (x: AnyTensor, g: Maybe): void => {
    if (g === undefined || !takes(x)) return
    const outputs = sums.get(x.node) ?? []
    const sum = outputs[x.output]
    outputs[x.output] = sum === undefined ? g : ops.add(sum, g)
    sums.set(x.node, outputs)
  }
  results.forEach((y, i) => accumulate(y, cotangents[i]))
  for (const node of nodes.toReversed()) {
    const gradients = sums.get(node)
    if (gradients === undefined || wanted.has(node)) continue
    sums.delete(node)
    at = derivativeOf("backward", node)
    const { reverse } = rulesOf(primitives[node.primitive])
    if (reverse.tag === "zero") continue
    if (reverse.tag === "refuses") throw refusal(node, reverse.because)
    const application = applicationOf(node)
    const cotangentsOfOutputs = application.outputs.map((y) => gradients[y.output])
    const cotangentsOfInputs = reverse.pullback(ops, application, cotangentsOfOutputs, (k) => takes(node.inputs[k]))
    node.inputs.forEach((x, k) => accumulate(x, cotangentsOfInputs[k]))
  }
  return targets.map((t) => sums.get(t.node)?.[t.output])
}
