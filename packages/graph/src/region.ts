/** Regions: tracing a function into parameters and results, and replacing tensors inside expressions. */
import type { PrimitiveName } from "./primitives/table.ts"
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
export const dependents = (nodes: ReadonlyArray<Node>, sources: ReadonlyArray<AnyTensor>): Set<Node> => {
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

/** Parameters of functions whose tracing is over: what is computed from them has no value outside of their regions. */
const closed = new WeakSet<Node>()

/** Says that nothing new may be computed from these parameters. */
export const closeParameters = (parameters: ReadonlyArray<AnyTensor>): void => {
  for (const { node } of parameters) closed.add(node)
}

/** Whether the function that a parameter belongs to has been traced to its end. */
export const isClosed = (node: Node): boolean => closed.has(node)

/** Whether tensors are computed, not only by way of `known`, from a parameter of a function that was traced to its end. */
export const usesClosed = (tensors: ReadonlyArray<AnyTensor>, known: ReadonlyArray<AnyTensor>): boolean => {
  const ends = new Set(known.map((x) => x.node))
  return reachable(tensors, (node) => ends.has(node)).some((node) => !ends.has(node) && closed.has(node))
}

/** A function to be traced into a region. */
export interface RegionBody {
  /** Fresh parameter nodes. */
  readonly parameters: ReadonlyArray<AnyTensor>
  readonly f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
  /**
   * What belongs to the region: with `dependent` what is computed from its parameters, the rest is computed once before
   * (right for loops); with `traced` everything that `f` builds (right for branches, where computing less is the point).
   */
  readonly inside: "dependent" | "traced"
}

const traceBody = ({ parameters, f, inside }: RegionBody, mark: number) => {
  const results = f(...parameters)
  const nodes = reachable(results)
  const own = inside === "traced" ? new Set(nodes.filter((node) => node.id > mark)) : dependents(nodes, parameters)
  for (const { node } of parameters) own.add(node)
  return { results, nodes, own }
}

/**
 * Traces functions on fresh parameters. What their results use from outside becomes an explicit operand: `captured` lists
 * those tensors, and the parameters of every region start with one for each of them.
 */
export const captureRegions = (
  bodies: ReadonlyArray<RegionBody>,
  apply: Apply
): { readonly regions: ReadonlyArray<Region>; readonly captured: ReadonlyArray<AnyTensor> } => {
  const captured = new Map<string, AnyTensor>()
  const traced = bodies.map((body) => {
    // Nodes are numbered as they are built: what f builds comes after this one.
    const [mark] = apply("constant", [], { value: { shape: [], dtype: "f32", data: new Float32Array(1) } }, [], {})
    const { results, nodes, own } = traceBody(body, mark?.node.id ?? 0)
    const note = (x: AnyTensor): void => {
      if (!own.has(x.node) && !isFree(x.node)) captured.set(`${x.node.id}.${x.output}`, x)
    }
    for (const node of nodes) if (own.has(node)) node.inputs.forEach(note)
    results.forEach(note)
    return results
  })
  for (const { parameters } of bodies) closeParameters(parameters)
  const outer = [...captured.values()]
  const regions = bodies.map(({ parameters }, body) => {
    const fresh = outer.flatMap((x, i) =>
      apply("parameter", [], { name: `c${i}`, shape: x.shape, dtype: x.dtype }, [], x.node.position)
    )
    return { parameters: [...fresh, ...parameters], results: substitute(traced[body] ?? [], outer, fresh, apply) }
  })
  return { regions, captured: outer }
}
