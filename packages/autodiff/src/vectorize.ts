/** The batching pass: a function of one example becomes a function of a batch, operation by operation. */
import {
  type AnyTensor,
  apply,
  makeRuleOperations,
  type Node,
  type Passes,
  operations,
  primitives,
  reachable,
  rulesOf
} from "@cotangent/graph"

/**
 * The results with `sources` replaced by `replacements`, some of which carry a batch as axis 0. Every result has the batch
 * as axis 0; a result that does not depend on a batched source is repeated.
 */
export const vectorizeWith = (
  passes: Passes,
  results: ReadonlyArray<AnyTensor>,
  sources: ReadonlyArray<AnyTensor>,
  replacements: ReadonlyArray<AnyTensor>,
  batched: ReadonlyArray<boolean>,
  size: number
): ReadonlyArray<AnyTensor> => {
  interface Entry {
    readonly tensors: ReadonlyArray<AnyTensor>
    readonly batched: boolean
  }
  const map = new Map<Node, Entry>()
  sources.forEach((source, i) => {
    const tensor = replacements[i]
    if (tensor !== undefined) map.set(source.node, { tensors: [tensor], batched: batched[i] ?? false })
  })
  const operandOf = (x: AnyTensor) => {
    const entry = map.get(x.node)
    return { tensor: entry?.tensors[x.output] ?? x, batched: entry?.batched ?? false }
  }
  for (const node of reachable(results, (n) => map.has(n))) {
    if (map.has(node) || !node.inputs.some((x) => map.has(x.node))) continue
    const operands = node.inputs.map(operandOf)
    if (operands.some((o) => o.batched)) {
      const rules = rulesOf(primitives[node.primitive])
      map.set(node, {
        tensors: rules.batch(makeRuleOperations(node.position, passes), operands, node.attributes, size, node.regions),
        batched: true
      })
    } else {
      map.set(node, {
        tensors: apply(
          node.primitive,
          operands.map((o) => o.tensor),
          node.attributes,
          node.regions,
          node.position
        ),
        batched: false
      })
    }
  }
  return results.map((y) => {
    const { tensor, batched: is } = operandOf(y)
    return is ? tensor : operations.broadcast(tensor, [size, ...tensor.shape])
  })
}
