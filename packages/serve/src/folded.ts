/**
 * What a program computes of nothing but numbers that stand in it, such as waves of positions, computed beforehand: the
 * numbers take fewer bytes than the code that makes them, and no time.
 */
import { canonical, layoutOf, plan, toWasm } from "@cotangent/compiler"
import { bytesOf } from "@cotangent/kernel"
import { type Aval, Graph, primitives, rulesOf, sizeOf, type Value } from "@cotangent/graph"
import { alignUp, makeEngine, pagesFor, place, readValue } from "@cotangent/runtime"

type Reference = Graph.Reference

/** What a module without kernels takes, about. */
const emptyModule = 120

const keyOf = ({ node, output }: Reference): string => `${node}.${output}`

/** Masks stay: what makes them is short. */
const isNumbers = ({ dtype }: Aval): boolean => dtype !== "bool"

/** For each node whether it needs a parameter, and whether anything is computed for it. */
const kindsOf = (
  graph: Graph.Graph
): { readonly varies: ReadonlyArray<boolean>; readonly computed: ReadonlyArray<boolean> } => {
  const [varies, computed]: [Array<boolean>, Array<boolean>] = [[], []]
  for (const { primitive, inputs, regions } of graph.nodes) {
    const { tag } = rulesOf(primitives[primitive]).lower
    const of = (flags: ReadonlyArray<boolean>): boolean => inputs.some(({ node }) => flags[node] === true)
    varies.push(primitive === "parameter" || primitive === "barrier" || regions.length > 0 || of(varies))
    computed.push((tag !== "source" && tag !== "view") || of(computed))
  }
  return { varies, computed }
}

/** The program that computes some constants of a graph. */
const programFor = (graph: Graph.Graph, results: ReadonlyArray<Reference>) => {
  const planned = plan(Graph.prune({ parameters: [], nodes: graph.nodes, results }), { isCanonical: true })
  const leaves = results.map((reference) => ({ path: keyOf(reference), ...Graph.avalOf(graph, reference) }))
  const placed = place(leaves, 0)
  const constants = placed.end
  const scratch = alignUp(constants + planned.cost.constantBytes)
  const addresses = { parameters: [], results: placed.leaves.map(({ address }) => address), constants, scratch }
  return { planned, addresses, leaves: placed.leaves, pages: pagesFor(scratch + planned.cost.scratchBytes) }
}

/** What some constants are, with the bits of the program they stand in: one function has the same on every target. */
const valuesOf = ({ planned, addresses, leaves, pages }: ReturnType<typeof programFor>): ReadonlyArray<Value> => {
  const engine = makeEngine({ target: "js", mode: "narrow" })
  const memory = engine.pool.acquire(pages)
  engine.instantiate(planned, addresses, memory).step()
  return leaves.map((leaf) => readValue(memory, leaf))
}

/** The graph with some values in the place of what computed them. */
const withValues = (
  graph: Graph.Graph,
  references: ReadonlyArray<Reference>,
  values: ReadonlyArray<Value>
): Graph.Graph => {
  const folded = new Map(references.map((reference, i) => [keyOf(reference), i]))
  const first = graph.parameters.length
  const given = values.map((value, i): Graph.GraphNode => ({
    primitive: "constant",
    attributes: { value },
    inputs: [],
    regions: [],
    outputs: [{ shape: value.shape, dtype: value.dtype }],
    position: graph.nodes[references[i]?.node ?? -1]?.position ?? {}
  }))
  const moved = (reference: Reference): Reference => {
    const i = folded.get(keyOf(reference))
    if (i !== undefined) return { node: first + i, output: 0 }
    return reference.node < first ? reference : { ...reference, node: reference.node + given.length }
  }
  return Graph.prune({
    parameters: graph.parameters,
    nodes: [
      ...graph.nodes.slice(0, first),
      ...given,
      ...graph.nodes.slice(first).map((node) => ({ ...node, inputs: node.inputs.map(moved) }))
    ],
    results: graph.results.map(moved)
  })
}

/** Whether a constant takes fewer bytes than the code that computes it. */
const isShorter = (graph: Graph.Graph, reference: Reference): boolean => {
  const { shape, dtype } = Graph.avalOf(graph, reference)
  const { planned, addresses, pages } = programFor(graph, [reference])
  const code = toWasm(planned, layoutOf(planned, addresses), pages, { compact: true, wide: true })
  return sizeOf(shape) * bytesOf[dtype] <= code.length - emptyModule
}

/** The constants to compute beforehand: the last ones that are short, seen from what varies. */
const foldedOf = (graph: Graph.Graph): ReadonlyArray<Reference> => {
  const { varies, computed } = kindsOf(graph)
  const seen = new Set<string>()
  const found: Array<Reference> = []
  const read = (reference: Reference): void => {
    const key = keyOf(reference)
    if (seen.has(key) || varies[reference.node] === true || computed[reference.node] !== true) return
    seen.add(key)
    if (isNumbers(Graph.avalOf(graph, reference)) && isShorter(graph, reference)) found.push(reference)
    else graph.nodes[reference.node]?.inputs.forEach(read)
  }
  graph.nodes.forEach(({ inputs }, i) => {
    if (varies[i] === true) inputs.forEach(read)
  })
  graph.results.forEach(read)
  return found
}

/**
 * The canonical graph with its computed constants as numbers, where these take fewer bytes than the code that computes them.
 * The bits of the results stay.
 */
export const withConstants = (given: Graph.Graph): Graph.Graph => {
  const graph = canonical(given)
  const folded = foldedOf(graph)
  return folded.length === 0 ? graph : withValues(graph, folded, valuesOf(programFor(graph, folded)))
}
