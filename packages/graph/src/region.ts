/** Regions: tracing a function into parameters and results, and replacing tensors inside expressions. */
import type { PrimitiveName } from "./primitives/index.ts"
import type { Position } from "./position.ts"
import type { AnyTensor, Attributes, Node, Region } from "./tensor.ts"

/** How `substitute` rebuilds a node: the operations' own `apply`, passed in. */
export type Apply = (
  primitive: PrimitiveName,
  inputs: ReadonlyArray<AnyTensor>,
  attributes: Attributes,
  regions: ReadonlyArray<Region>,
  position: Position
) => ReadonlyArray<AnyTensor>

/** Every node the tensors depend on, inputs before users. Iterative: depth does not matter. `stop` nodes are included but not entered. */
export const reachable = (tensors: ReadonlyArray<AnyTensor>, stop?: (node: Node) => boolean): ReadonlyArray<Node> => {
  const seen = new Set<Node>()
  const stack: Array<Node> = []
  for (const { node } of tensors) {
    if (!seen.has(node)) {
      seen.add(node)
      stack.push(node)
    }
  }
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (stop?.(node) === true) continue
    for (const input of node.inputs) {
      if (!seen.has(input.node)) {
        seen.add(input.node)
        stack.push(input.node)
      }
    }
  }
  // Nodes are numbered as they are built: sorting by number is a topological order.
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The nodes among `nodes` (in topological order) that depend on one of `sources`, the sources included. */
export const dependents = (nodes: ReadonlyArray<Node>, sources: ReadonlyArray<AnyTensor>): ReadonlySet<Node> => {
  const dependent = new Set<Node>(sources.map((t) => t.node))
  for (const node of nodes) if (node.inputs.some((x) => dependent.has(x.node))) dependent.add(node)
  return dependent
}

/** The results with every occurrence of `sources` replaced; whatever does not depend on them is shared, not copied. */
export const substitute = (
  results: ReadonlyArray<AnyTensor>,
  sources: ReadonlyArray<AnyTensor>,
  replacements: ReadonlyArray<AnyTensor>,
  apply: Apply
): ReadonlyArray<AnyTensor> => {
  const map = new Map<Node, ReadonlyArray<AnyTensor | undefined>>()
  sources.forEach((source, i) => {
    const outputs = [...(map.get(source.node) ?? [])]
    outputs[source.output] = replacements[i]
    map.set(source.node, outputs)
  })
  const through = (x: AnyTensor): AnyTensor => map.get(x.node)?.[x.output] ?? x
  for (const node of reachable(results, (n) => map.has(n))) {
    if (map.has(node) || !node.inputs.some((x) => map.has(x.node))) continue
    map.set(node, apply(node.primitive, node.inputs.map(through), node.attributes, node.regions, node.position))
  }
  return results.map(through)
}

/** Sources that are cheaper to rebuild inside a region than to pass in. */
const isFree = (node: Node): boolean => node.primitive === "constant" || node.primitive === "iota"

/**
 * Traces `f` on fresh parameters. What its results use from outside becomes an explicit operand: `captured` lists those
 * tensors, and the region's parameters start with one for each of them.
 */
export const captureRegion = (
  parameters: ReadonlyArray<AnyTensor>,
  f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  apply: Apply
): { readonly region: Region; readonly captured: ReadonlyArray<AnyTensor> } => {
  const results = f(...parameters)
  const nodes = reachable(results)
  const inside = dependents(nodes, parameters)
  const captured = new Map<string, AnyTensor>()
  const note = (x: AnyTensor): void => {
    if (!inside.has(x.node) && !isFree(x.node)) captured.set(`${x.node.id}.${x.output}`, x)
  }
  for (const node of nodes) if (inside.has(node)) node.inputs.forEach(note)
  results.forEach(note)
  const outer = [...captured.values()]
  const fresh = outer.flatMap((x, i) =>
    apply("parameter", [], { name: `c${i}`, shape: x.shape, dtype: x.dtype }, [], x.node.position)
  )
  return {
    region: { parameters: [...fresh, ...parameters], results: substitute(results, outer, fresh, apply) },
    captured: outer
  }
}
