/** The batching pass: a function of one example becomes a function of a batch, operation by operation. */
import {
  type AnyTensor,
  apply,
  type BatchOperand,
  makeRuleOperations,
  type Node,
  operations,
  type Passes,
  type Position,
  primitives,
  reachable,
  rulesOf
} from "@cotangent/graph"

/** What stands for the outputs of a node; when batched, axis 0 of each is the batch. */
interface Entry {
  readonly tensors: ReadonlyArray<AnyTensor>
  readonly batched: boolean
}

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
  const map = new Map<Node, Entry>()
  sources.forEach((source, i) => {
    const tensor = replacements[i]
    if (tensor !== undefined) map.set(source.node, { tensors: [tensor], batched: batched[i] ?? false })
  })
  const operandOf = (x: AnyTensor): BatchOperand => {
    const entry = map.get(x.node)
    return { tensor: entry?.tensors[x.output] ?? x, batched: entry?.batched ?? false }
  }
  let at: Position = {}
  const ops = makeRuleOperations(() => at, passes)
  for (const node of reachable(results, (n) => map.has(n))) {
    if (map.has(node) || !node.inputs.some((x) => map.has(x.node))) continue
    const operands = node.inputs.map(operandOf)
    const { primitive, attributes, regions, position } = node
    at = position
    const isBatched = operands.some((operand) => operand.batched)
    const tensors = isBatched
      ? rulesOf(primitives[primitive]).batch(ops, operands, attributes, size, regions)
      : apply(
          primitive,
          operands.map(({ tensor }) => tensor),
          attributes,
          regions,
          position
        )
    map.set(node, { tensors, batched: isBatched })
  }
  return results.map((y) => {
    const { tensor, batched: isBatched } = operandOf(y)
    return isBatched ? tensor : operations.broadcast(tensor, [size, ...tensor.shape])
  })
}
