/**
 * Graphs: expressions collected into one array, inputs before users, equal computations merged. What is printed,
 * hashed, stored, optimised and compiled.
 */
import { EvaluationError, showShape } from "./errors.ts"
import { type PrimitiveName } from "./primitives/index.ts"
import { reachable } from "./region.ts"
import type { AnyTensor, Attributes, Aval, Node, Position } from "./tensor.ts"
import type { Value } from "./value.ts"

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

/** Constants up to this many bytes are compared by their contents, larger ones by reference. */
const contentLimit = 1024

const references = new WeakMap<ArrayBufferLike, number>()
let lastReference = 0

/** A text that is equal for equal constants. -0 and NaN are kept apart from 0 and each other's payloads. */
export const constantKey = (value: Value): string => {
  const { data, dtype, shape } = value
  if (data.byteLength <= contentLimit)
    return `${dtype}${showShape(shape)}${Array.from(data, (x) => (Object.is(x, -0) ? "-0" : String(x))).join(",")}`
  const known = references.get(data.buffer) ?? ++lastReference
  references.set(data.buffer, known)
  return `${dtype}${showShape(shape)}@${known}+${data.byteOffset}`
}

/** A canonical text of attributes: equal for equal attributes. */
export const attributesKey = (attributes: Attributes): string => {
  const parts: Array<string> = []
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name]
    parts.push(
      name === "value" && typeof value === "object" ? constantKey(value as Value) : `${name}=${JSON.stringify(value)}`
    )
  }
  return parts.join(";")
}

/**
 * Collects the results of a function into a graph. `parameters` are the tensors the function was called with; equal
 * nodes are merged (hash-consing), aliases and unused nodes are left out. Linear in the number of nodes.
 */
export const make = (
  parameters: ReadonlyArray<{ readonly name: string; readonly tensor: AnyTensor }>,
  results: ReadonlyArray<AnyTensor>
): Graph => {
  const nodes: Array<GraphNode> = []
  const place = new Map<Node, ReadonlyArray<Reference>>()
  const merged = new Map<string, number>()
  const add = (node: GraphNode): number => nodes.push(node) - 1
  for (const { tensor, name } of parameters) {
    const aval = { shape: tensor.shape, dtype: tensor.dtype }
    place.set(tensor.node, [
      {
        node: add({
          primitive: "parameter",
          attributes: { name, ...aval },
          inputs: [],
          regions: [],
          outputs: [aval],
          position: tensor.node.position
        }),
        output: 0
      }
    ])
  }
  const find = (x: AnyTensor): Reference => {
    const reference = place.get(x.node)?.[x.output]
    if (reference === undefined)
      throw new EvaluationError(`graph: output ${x.output} of ${x.node.primitive} was not reached`)
    return reference
  }
  for (const node of reachable(results, (n) => place.has(n))) {
    if (place.has(node)) continue
    if (node.primitive === "parameter") {
      const name = String(node.attributes["name"])
      throw new EvaluationError(
        `graph: the parameter ${name} of shape ${showShape(node.outputs[0]?.shape ?? [])} is used but is not among the arguments: a tensor of an outer function cannot be returned from an inner one`
      )
    }
    const inputs = node.inputs.map(find)
    if (node.primitive === "alias" || node.primitive === "stopGradient") {
      place.set(node, inputs)
      continue
    }
    const regions = node.regions.map((region) =>
      make(
        region.parameters.map((tensor, i) => ({ name: `r${i}`, tensor })),
        region.results
      )
    )
    // Regions are compared by identity of their text only when they are equal in full; scans are rarely duplicated.
    const key =
      regions.length > 0
        ? undefined
        : `${node.primitive}|${attributesKey(node.attributes)}|${inputs.map((r) => `${r.node}.${r.output}`).join(",")}`
    const known = key === undefined ? undefined : merged.get(key)
    const index =
      known ??
      add({
        primitive: node.primitive,
        attributes: node.attributes,
        inputs,
        regions,
        outputs: node.outputs,
        position: node.position
      })
    if (key !== undefined) merged.set(key, index)
    place.set(
      node,
      node.outputs.map((_, output) => ({ node: index, output }))
    )
  }
  return {
    parameters: parameters.map(({ name, tensor }) => ({ name, shape: tensor.shape, dtype: tensor.dtype })),
    nodes,
    results: results.map(find)
  }
}

/** The nodes that results depend on, renumbered; parameters all stay. */
export const prune = (graph: Graph): Graph => {
  const used = new Array<boolean>(graph.nodes.length).fill(false)
  graph.parameters.forEach((_, i) => {
    used[i] = true
  })
  for (const { node } of graph.results) used[node] = true
  for (let i = graph.nodes.length - 1; i >= 0; i--)
    if (used[i] === true) for (const { node } of graph.nodes[i]?.inputs ?? []) used[node] = true
  const renumbered: Array<number> = []
  let next = 0
  for (let i = 0; i < graph.nodes.length; i++) renumbered.push(used[i] === true ? next++ : -1)
  const move = ({ node, output }: Reference): Reference => ({ node: renumbered[node] ?? -1, output })
  return {
    parameters: graph.parameters,
    nodes: graph.nodes.flatMap((n, i) => (used[i] === true ? [{ ...n, inputs: n.inputs.map(move) }] : [])),
    results: graph.results.map(move)
  }
}
