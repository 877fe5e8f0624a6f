/**
 * Graphs: expressions collected into one array, inputs before users, equal computations merged. What is printed,
 * hashed, stored, optimised and compiled.
 */
import { attributesKey } from "./attributes.ts"
import { EvaluationError, showShape } from "./errors.ts"
import { makeInterner } from "./interner.ts"
import type { Position } from "./position.ts"
import { type PrimitiveName } from "./primitives/table.ts"
import { reachable } from "./region.ts"
import type { AnyTensor, Attributes, Aval, Node } from "./tensor.ts"

export { attributesKey, constantKey } from "./attributes.ts"

/** Output `output` of node `node` of a graph. */
export interface Reference {
  readonly node: number
  readonly output: number
}

/** A node of a graph; inputs refer to earlier nodes. */
export interface GraphNode {
  readonly primitive: PrimitiveName
  readonly attributes: Attributes
  readonly inputs: ReadonlyArray<Reference>
  readonly regions: ReadonlyArray<Graph>
  readonly outputs: ReadonlyArray<Aval>
  readonly position: Position
}

/** A function as data: parameter i is node i, then the computation, then which values it returns. */
export interface Graph {
  readonly parameters: ReadonlyArray<Aval & { readonly name: string }>
  readonly nodes: ReadonlyArray<GraphNode>
  readonly results: ReadonlyArray<Reference>
}

/** What a reference refers to. */
export const avalOf = (graph: Graph, { node, output }: Reference): Aval => {
  const aval = graph.nodes[node]?.outputs[output]
  if (aval === undefined) throw new EvaluationError(`graph: there is no output ${output} of node ${node}`)
  return aval
}

/** A tensor that a graph takes as an argument, and the name it has there. */
export interface Argument {
  readonly name: string
  readonly tensor: AnyTensor
}

/** How `make` collects. */
export interface MakeOptions {
  /** Keeps every tap, for somebody who looks at what it shows; unless asked for, graphs leave them out. */
  readonly taps?: boolean
}

/** What changes nothing but derivatives: graphs leave it out. */
const transparent: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["alias", "stopGradient", "tap", "custom"])

const foreignParameter = ({ attributes, outputs }: Node): EvaluationError =>
  new EvaluationError(
    `graph: the parameter ${String(attributes["name"])} of shape ${showShape(outputs[0]?.shape ?? [])} is used but is not among the arguments: a tensor of an outer function cannot be returned from an inner one`
  )

/** The nodes of a graph under construction. Outputs are numbered through, so that one number is one reference. */
const makeNodes = () => {
  const nodes: Array<GraphNode> = []
  const firstOutput: Array<number> = []
  let outputs = 0
  const append = (node: GraphNode): Array<Reference> => {
    const index = nodes.push(node) - 1
    firstOutput.push(outputs)
    outputs += node.outputs.length
    return node.outputs.map((_, output) => ({ node: index, output }))
  }
  const numberOf = ({ node, output }: Reference): number => (firstOutput[node] ?? 0) + output
  return { nodes, append, numberOf }
}

/** A graph under construction: where the outputs of every node seen so far have gone. */
const makeCollector = (options: MakeOptions) => {
  const { nodes, append, numberOf } = makeNodes()
  const place = new Map<Node, Array<Reference>>()
  const intern = makeInterner()
  /** By the number of a computation, the references to its outputs. */
  const computed: Array<Array<Reference> | undefined> = []
  /** Barriers are numbered as they are met, so that equal functions have equal graphs. */
  const barriers = new Map<unknown, number>()
  const barrierNumber = (id: unknown): number => {
    const number = barriers.get(id) ?? barriers.size
    barriers.set(id, number)
    return number
  }
  const argument = ({ name, tensor: { node, output, shape, dtype } }: Argument): void => {
    const references = place.get(node) ?? []
    const parameter = { primitive: "parameter", inputs: [], regions: [], position: node.position } as const
    const [reference] = append({ ...parameter, attributes: { name, shape, dtype }, outputs: [{ shape, dtype }] })
    if (reference !== undefined) references[output] = reference
    place.set(node, references)
  }
  const find = (x: AnyTensor): Reference => {
    const reference = place.get(x.node)?.[x.output]
    if (reference === undefined) {
      throw new EvaluationError(`graph: output ${x.output} of ${x.node.primitive} was not reached`)
    }
    return reference
  }
  const compute = (node: Node): Array<Reference> => {
    const { primitive, attributes, outputs, position } = node
    const inputs = node.inputs.map(find)
    // Taps of one value with one label are two taps: they are not merged.
    if (primitive === "tap" && options.taps === true)
      return append({ primitive, attributes, inputs, regions: [], outputs, position })
    if (transparent.has(primitive)) return inputs
    const regions = node.regions.map(({ parameters, results }) =>
      make(parameters.map(regionArgument), results, options)
    )
    // Loops are rarely duplicated: nodes with regions are not compared.
    if (regions.length > 0) return append({ primitive, attributes, inputs, regions, outputs, position })
    const known = primitive === "barrier" ? { id: barrierNumber(attributes["id"]) } : attributes
    const id = intern(primitive + attributesKey(known), inputs.map(numberOf))
    return (computed[id] ??= append({ primitive, attributes: known, inputs, regions, outputs, position }))
  }
  return { nodes, place, argument, find, compute }
}

const regionArgument = (tensor: AnyTensor, i: number): Argument => ({ name: `r${i}`, tensor })

/**
 * Collects the results of a function into a graph. `parameters` are the tensors the function was called with; equal
 * nodes are merged (hash-consing), aliases, taps and unused nodes are left out. Linear in the number of nodes.
 */
export const make = (
  parameters: ReadonlyArray<Argument>,
  results: ReadonlyArray<AnyTensor>,
  options: MakeOptions = {}
): Graph => {
  const { nodes, place, argument, find, compute } = makeCollector(options)
  parameters.forEach(argument)
  for (const node of reachable(results, (n) => place.has(n))) {
    if (place.has(node)) continue
    if (node.primitive === "parameter") throw foreignParameter(node)
    place.set(node, compute(node))
  }
  return {
    parameters: parameters.map(({ name, tensor }) => ({ name, shape: tensor.shape, dtype: tensor.dtype })),
    nodes,
    results: results.map(find)
  }
}

/** The nodes that results depend on, renumbered; parameters all stay. */
export const prune = (graph: Graph): Graph => {
  const used = graph.nodes.map((_, i) => i < graph.parameters.length)
  for (const { node } of graph.results) used[node] = true
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    if (used[i] === true) for (const { node } of graph.nodes[i]?.inputs ?? []) used[node] = true
  }
  let next = 0
  const renumbered = used.map((is) => (is ? next++ : -1))
  const move = ({ node, output }: Reference): Reference => ({ node: renumbered[node] ?? -1, output })
  return {
    parameters: graph.parameters,
    nodes: graph.nodes.flatMap((n, i) => (used[i] === true ? [{ ...n, inputs: n.inputs.map(move) }] : [])),
    results: graph.results.map(move)
  }
}
