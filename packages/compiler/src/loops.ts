/**
 * Passes over loops. Neither changes a bit of what is left.
 *
 * - `mergeLoops`: a scan and its derivative run the same body over the same operands, one of them to collect the carries
 *   that enter each step. They become one loop that gives the rows of both.
 * - `trimLoops`: rows nobody reads are not written, and carries that nothing needs are not carried.
 */
import { type Attributes, Graph, Hash } from "@cotangent/graph"

type Reference = Graph.Reference
type GraphNode = Graph.GraphNode

const keyOf = ({ node, output }: Reference): string => `${node}.${output}`
const carriesOf = ({ attributes }: GraphNode): number => Number(attributes["carries"])
const sequencesOf = ({ attributes }: GraphNode): number => Number(attributes["sequences"])

const regionOf = (node: GraphNode): Graph.Graph => {
  const [region] = node.regions
  if (region === undefined) throw new RangeError(`${node.primitive} has no body`)
  return region
}

/** The graph with every body replaced. */
const inBodies = (graph: Graph.Graph, pass: (body: Graph.Graph) => Graph.Graph): Graph.Graph =>
  graph.nodes.some((node) => node.regions.length > 0)
    ? {
        ...graph,
        nodes: graph.nodes.map((node) =>
          node.regions.length === 0 ? node : { ...node, regions: node.regions.map(pass) }
        )
      }
    : graph

/** What scans must have in common to run as one: operands, order and the computation of the carries. */
const loopKey = (node: GraphNode): string => {
  const region = regionOf(node)
  const computation = Hash.hash({ ...region, results: region.results.slice(0, carriesOf(node)) })
  return `${Graph.attributesKey(node.attributes)}|${node.inputs.map(keyOf).join(",")}|${computation}`
}

/** The scans of a graph that can run as one, at least two at a time. */
const alike = (graph: Graph.Graph): ReadonlyArray<ReadonlyArray<number>> => {
  const byKey = new Map<string, Array<number>>()
  graph.nodes.forEach((node, i) => {
    if (node.primitive !== "scan") return
    const key = loopKey(node)
    byKey.set(key, [...(byKey.get(key) ?? []), i])
  })
  return [...byKey.values()].filter((group) => group.length > 1)
}

/** Runs scans with one computation of the carries as one loop. */
export const mergeLoops = (graph: Graph.Graph): Graph.Graph => {
  const inner = inBodies(graph, mergeLoops)
  const groups = alike(inner)
  if (groups.length === 0) return inner
  const nodes: Array<GraphNode> = [...inner.nodes]
  const moved = new Map<string, Reference>()
  for (const [first, ...others] of groups) {
    const leader = first === undefined ? undefined : nodes[first]
    if (first === undefined || leader === undefined) continue
    const region = regionOf(leader)
    const results: Array<Reference> = [...region.results]
    const outputs = [...leader.outputs]
    for (const other of others) {
      const node = nodes[other]
      if (node === undefined) continue
      // Equal computations are numbered alike, so the rows of one body are references into the other.
      regionOf(node).results.forEach((row, i) => {
        let at = i < carriesOf(node) ? i : results.findIndex((r, k) => k >= carriesOf(node) && keyOf(r) === keyOf(row))
        if (at < 0) {
          at = results.push(row) - 1
          const aval = node.outputs[i]
          if (aval !== undefined) outputs.push(aval)
        }
        moved.set(keyOf({ node: other, output: i }), { node: first, output: at })
      })
    }
    nodes[first] = { ...leader, regions: [{ ...region, results }], outputs }
  }
  const move = (reference: Reference): Reference => moved.get(keyOf(reference)) ?? reference
  return Graph.prune({
    parameters: inner.parameters,
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(move) })),
    results: inner.results.map(move)
  })
}

/** The parameters of a body that its results of the given numbers depend on. */
const neededBy = (body: Graph.Graph, results: ReadonlyArray<number>): ReadonlySet<number> => {
  const used = body.nodes.map(() => false)
  for (const i of results) used[body.results[i]?.node ?? -1] = true
  for (let i = body.nodes.length - 1; i >= 0; i--)
    if (used[i] === true) for (const { node } of body.nodes[i]?.inputs ?? []) used[node] = true
  return new Set(body.parameters.flatMap((_, i) => (used[i] === true ? [i] : [])))
}

interface Trimmed {
  readonly node: GraphNode
  /** Where output i went. */
  readonly outputs: ReadonlyMap<number, number>
}

/** A body without some of its parameters and results. */
const narrow = (body: Graph.Graph, parameters: ReadonlyArray<number>, results: ReadonlyArray<number>): Graph.Graph => {
  const place = new Map(parameters.map((old, i) => [old, i] as const))
  const shift = body.parameters.length - parameters.length
  const reduced = Graph.prune({ ...body, results: results.flatMap((i) => body.results[i] ?? []) })
  const move = ({ node, output }: Reference): Reference => ({
    node: node < body.parameters.length ? (place.get(node) ?? -1) : node - shift,
    output
  })
  return {
    parameters: parameters.flatMap((i) => body.parameters[i] ?? []),
    nodes: reduced.nodes.flatMap((node, i) =>
      i < body.parameters.length && !place.has(i) ? [] : [{ ...node, inputs: node.inputs.map(move) }]
    ),
    results: reduced.results.map(move)
  }
}

/** A scan that carries and writes only what the outputs that are used need. */
const trimScan = (node: GraphNode, used: ReadonlySet<number>): Trimmed => {
  const body = regionOf(node)
  const [carries, sequences] = [carriesOf(node), sequencesOf(node)]
  const captured = node.inputs.length - carries - sequences
  const rows = node.outputs.map((_, i) => i).filter((i) => i >= carries && used.has(i))
  let kept = node.outputs.map((_, i) => i).filter((i) => i < carries && used.has(i))
  let needed = neededBy(body, [...kept, ...rows])
  // What a carry is computed from is carried as well, until nothing is added.
  for (;;) {
    const wanted = Array.from({ length: carries }, (_, i) => i).filter(
      (i) => kept.includes(i) || needed.has(captured + i)
    )
    if (wanted.length === kept.length) break
    kept = wanted
    needed = neededBy(body, [...kept, ...rows])
  }
  const isKept = (operand: number): boolean =>
    operand >= captured && operand < captured + carries ? kept.includes(operand - captured) : needed.has(operand)
  const operands = node.inputs.map((_, i) => i).filter(isKept)
  const results = [...kept, ...rows]
  const attributes: Attributes = {
    ...node.attributes,
    carries: kept.length,
    sequences: operands.filter((i) => i >= captured + carries).length
  }
  return {
    node: {
      ...node,
      attributes,
      inputs: operands.flatMap((i) => node.inputs[i] ?? []),
      outputs: results.flatMap((i) => node.outputs[i] ?? []),
      regions: [narrow(body, operands, results)]
    },
    outputs: new Map(results.map((old, i) => [old, i] as const))
  }
}

/** Leaves out what loops compute for nobody. */
export const trimLoops = (graph: Graph.Graph): Graph.Graph => {
  if (!graph.nodes.some((node) => node.regions.length > 0)) return graph
  const used = graph.nodes.map(() => new Set<number>())
  const use = ({ node, output }: Reference): void => void used[node]?.add(output)
  graph.results.forEach(use)
  const nodes = [...graph.nodes]
  const moved = new Map<number, ReadonlyMap<number, number>>()
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    const outputs = used[i] ?? new Set()
    if (node === undefined || outputs.size === 0) continue
    if (node.primitive === "scan") {
      const trimmed = trimScan(node, outputs)
      nodes[i] = trimmed.node
      moved.set(i, trimmed.outputs)
    }
    nodes[i]?.inputs.forEach(use)
  }
  const move = ({ node, output }: Reference): Reference => ({ node, output: moved.get(node)?.get(output) ?? output })
  const outer = Graph.prune({
    parameters: graph.parameters,
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(move) })),
    results: graph.results.map(move)
  })
  return inBodies(outer, trimLoops)
}
