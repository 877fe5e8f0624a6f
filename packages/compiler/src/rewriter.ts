/** Building graphs node by node, equal nodes merged: what every graph pass is written with. */
import { type Aval, type Attributes, Graph, type PrimitiveName, primitives, rulesOf } from "@cotangent/graph"

type Reference = Graph.Reference
type GraphNode = Graph.GraphNode

/** A graph under construction. */
export interface Rewriter {
  readonly nodes: ReadonlyArray<GraphNode>
  readonly aval: (reference: Reference) => Aval
  readonly node: (reference: Reference) => GraphNode | undefined
  /** Appends a node unless an equal one exists; gives its outputs. */
  readonly add: (
    primitive: PrimitiveName,
    inputs: ReadonlyArray<Reference>,
    attributes?: Attributes,
    from?: Partial<Pick<GraphNode, "regions" | "position">>
  ) => ReadonlyArray<Reference>
}

/** The first output of a node: what most nodes have. */
export const first = (outputs: ReadonlyArray<Reference>): Reference => {
  const [reference] = outputs
  if (reference === undefined) throw new RangeError("a node has at least one output")
  return reference
}

/** An empty graph to add to. */
export const makeRewriter = (): Rewriter => {
  const nodes: Array<GraphNode> = []
  const merged = new Map<string, number>()
  const aval = ({ node, output }: Reference): Aval => {
    const found = nodes[node]?.outputs[output]
    if (found === undefined) throw new RangeError(`graph: there is no output ${output} of node ${node}`)
    return found
  }
  return {
    nodes,
    aval,
    node: ({ node }) => nodes[node],
    add: (primitive, inputs, attributes = {}, { regions = [], position = {} } = {}) => {
      const key =
        regions.length > 0 || primitive === "parameter"
          ? undefined
          : `${primitive}|${Graph.attributesKey(attributes)}|${inputs.map((r) => `${r.node}.${r.output}`).join(",")}`
      const known = key === undefined ? undefined : merged.get(key)
      const index = known ?? nodes.length
      if (known === undefined) {
        const types = regions.map((g) => ({
          parameters: g.parameters,
          results: g.results.map((r) => Graph.avalOf(g, r))
        }))
        nodes.push({
          primitive,
          attributes,
          inputs,
          regions,
          outputs: rulesOf(primitives[primitive]).infer(inputs.map(aval), attributes, types),
          position
        })
        if (key !== undefined) merged.set(key, index)
      }
      return (nodes[index]?.outputs ?? []).map((_, output) => ({ node: index, output }))
    }
  }
}

/** What a rule may do with one node: give other references for its outputs, or `undefined` to keep it. */
export type Rule = (
  rewriter: Rewriter,
  node: GraphNode,
  inputs: ReadonlyArray<Reference>
) => ReadonlyArray<Reference> | undefined

/** Rebuilds a graph in one pass, inputs first, the bodies of its loops too; the first rule that applies to a node replaces it. */
export const rewrite = (
  graph: Graph.Graph,
  rules: Readonly<Partial<Record<PrimitiveName, ReadonlyArray<Rule>>>>
): Graph.Graph => {
  const rewriter = makeRewriter()
  const place: Array<ReadonlyArray<Reference>> = []
  const move = ({ node, output }: Reference): Reference => {
    const moved = place[node]?.[output]
    if (moved === undefined)
      throw new RangeError(`graph: output ${output} of node ${node} is used before it is defined`)
    return moved
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(move)
    let outputs: ReadonlyArray<Reference> | undefined
    for (const rule of rules[node.primitive] ?? []) {
      outputs = rule(rewriter, node, inputs)
      if (outputs !== undefined) break
    }
    const regions = node.regions.map((region) => rewrite(region, rules))
    const { attributes, position, primitive } = node
    place.push(outputs ?? rewriter.add(primitive, inputs, attributes, { position, regions }))
  }
  return Graph.prune({ parameters: graph.parameters, nodes: rewriter.nodes, results: graph.results.map(move) })
}
