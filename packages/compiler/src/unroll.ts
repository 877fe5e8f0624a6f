/**
 * Scans as straight-line code: the body repeated once per step. Correct for every scan; the size of the program grows
 * with the number of steps (loops in kernels are a later capability).
 */
import { Graph } from "@cotangent/graph"
import { first, rewrite, type Rewriter, type Rule } from "./rewriter.ts"

type Reference = Graph.Reference

/** Copies a graph's computation into another, with its parameters replaced. */
const inline = (
  rewriter: Rewriter,
  body: Graph.Graph,
  parameters: ReadonlyArray<Reference>
): ReadonlyArray<Reference> => {
  const place: Array<ReadonlyArray<Reference>> = parameters.map((p) => [p])
  const move = ({ node, output }: Reference): Reference => {
    const moved = place[node]?.[output]
    if (moved === undefined)
      throw new RangeError(`graph: output ${output} of node ${node} is used before it is defined`)
    return moved
  }
  body.nodes.slice(parameters.length).forEach((node) => {
    const inputs = node.inputs.map(move)
    place.push(
      node.primitive === "scan"
        ? (unrollScan(rewriter, node, inputs) ?? [])
        : rewriter.add(node.primitive, inputs, node.attributes, node)
    )
  })
  return body.results.map(move)
}

const rowAt = (rewriter: Rewriter, sequence: Reference, t: number): Reference => {
  const { shape } = rewriter.aval(sequence)
  const start = shape.map((_, d) => (d === 0 ? t : 0))
  const limit = shape.map((size, d) => (d === 0 ? t + 1 : size))
  const row = rewriter.add("slice", [sequence], { start, limit, step: shape.map(() => 1) })
  return first(rewriter.add("reshape", row, { shape: shape.slice(1) }))
}

const unrollScan: Rule = (rewriter, node, inputs) => {
  const [body] = node.regions
  if (body === undefined) return undefined
  const [carries, sequences, length] = [
    Number(node.attributes["carries"]),
    Number(node.attributes["sequences"]),
    Number(node.attributes["length"])
  ]
  const captured = inputs.slice(0, inputs.length - carries - sequences)
  let state = inputs.slice(captured.length, captured.length + carries)
  const rows = inputs.slice(captured.length + carries)
  const steps = Array.from({ length }, (_, i) => (node.attributes["reverse"] === true ? length - 1 - i : i))
  const stacked = node.outputs.slice(carries).map(() => new Array<Reference>(length))
  for (const t of steps) {
    const results = inline(rewriter, body, [...captured, ...state, ...rows.map((x) => rowAt(rewriter, x, t))])
    state = results.slice(0, carries)
    results.slice(carries).forEach((y, i) => {
      const line = stacked[i]
      if (line !== undefined) line[t] = first(rewriter.add("reshape", [y], { shape: [1, ...rewriter.aval(y).shape] }))
    })
  }
  const outputs = stacked.map((line, i) =>
    line.length > 0 ? first(rewriter.add("concat", line, { axis: 0 })) : emptyOf(rewriter, node, carries + i)
  )
  return [...state, ...outputs]
}

/** What a scan of no steps stacks: nothing, of the right shape and type. */
const emptyOf = (rewriter: Rewriter, node: Graph.GraphNode, output: number): Reference => {
  const { shape = [], dtype = "f32" } = node.outputs[output] ?? {}
  const numbers = rewriter.add("iota", [], { shape: [0], axis: 0, dtype: "i32" })
  return first(rewriter.add("reshape", rewriter.add("cast", numbers, { dtype }), { shape }))
}

/** Replaces every scan by its steps. */
export const unrollScans = (graph: Graph.Graph): Graph.Graph =>
  graph.nodes.some((n) => n.primitive === "scan") ? rewrite(graph, { scan: [unrollScan] }) : graph
