/**
 * Cutting earlier: a slice of a convolution that nothing else reads is the convolution of a slice, and a slice of a padded
 * array is that array, padded less. Every output is computed as before, and fewer of them.
 *
 * The derivative of a convolution of a padded input is what needs this: its own rule gives the cotangent of the padded
 * input, of which the padding is then cut off.
 */
import type { Graph } from "@cotangent/graph"
import type { Rewriter, Rule } from "./rewriter.ts"

type Reference = Graph.Reference
type GraphNode = Graph.GraphNode

interface Box {
  readonly start: ReadonlyArray<number>
  readonly limit: ReadonlyArray<number>
}

const numbers = (list: unknown): ReadonlyArray<number> => (Array.isArray(list) ? list.map(Number) : [])

/** The box that a slice cuts out; `undefined` when it skips elements. */
const boxOf = ({ attributes }: GraphNode): Box | undefined =>
  numbers(attributes["step"]).every((step) => step === 1)
    ? { start: numbers(attributes["start"]), limit: numbers(attributes["limit"]) }
    : undefined

/** A box of a value; of a padded one, the part of the operand in the box, and the padding there. */
const cut = (rewriter: Rewriter, x: Reference, box: Box): Reference => {
  const { shape } = rewriter.aval(x)
  const { start, limit } = box
  if (shape.every((size, d) => start[d] === 0 && limit[d] === size)) return x
  const pad = rewriter.node(x)
  const [inner] = pad?.inputs ?? []
  if (pad?.primitive === "pad" && inner !== undefined) {
    const { shape: sizes } = rewriter.aval(inner)
    const [low, interior] = [numbers(pad.attributes["low"]), numbers(pad.attributes["interior"])]
    // Where the operand's elements end, the padding behind begins.
    const ends = sizes.map((size, d) => (low[d] ?? 0) + size)
    const touched = shape.map((size, d) => start[d] !== 0 || limit[d] !== size)
    const whole = touched.every((is, d) => !is || interior[d] === 0)
    const meets = sizes.every(
      (_, d) => !touched[d] || ((start[d] ?? 0) < (ends[d] ?? 0) && (limit[d] ?? 0) > (low[d] ?? 0))
    )
    if (whole && meets) {
      const within: Box = {
        start: sizes.map((_, d) => (touched[d] === true ? Math.max(0, (start[d] ?? 0) - (low[d] ?? 0)) : 0)),
        limit: sizes.map((size, d) => (touched[d] === true ? Math.min(size, (limit[d] ?? 0) - (low[d] ?? 0)) : size))
      }
      const [padded = x] = rewriter.add("pad", [cut(rewriter, inner, within)], {
        ...pad.attributes,
        low: low.map((k, d) => (touched[d] === true ? Math.max(0, k - (start[d] ?? 0)) : k)),
        high: numbers(pad.attributes["high"]).map((k, d) =>
          touched[d] === true ? Math.max(0, (limit[d] ?? 0) - (ends[d] ?? 0)) : k
        )
      })
      return padded
    }
  }
  const [sliced = x] = rewriter.add("slice", [x], { start, limit, step: start.map(() => 1) })
  return sliced
}

/** The box of the input that the outputs in a box are computed from. */
const inputBox = (conv: GraphNode, kernel: ReadonlyArray<number>, input: ReadonlyArray<number>, box: Box): Box => {
  const [strides, dilations] = [numbers(conv.attributes["strides"]), numbers(conv.attributes["dilations"])]
  const spatial = (d: number): boolean => d > 0 && d <= strides.length
  const first = (d: number): number => (box.start[d] ?? 0) * (strides[d - 1] ?? 1)
  const last = (d: number): number => ((box.limit[d] ?? 0) - 1) * (strides[d - 1] ?? 1)
  const reach = (d: number): number => ((kernel[d - 1] ?? 1) - 1) * (dilations[d - 1] ?? 1) + 1
  return {
    start: input.map((_, d) => (spatial(d) ? first(d) : d === 0 ? (box.start[0] ?? 0) : 0)),
    limit: input.map((size, d) => (spatial(d) ? last(d) + reach(d) : d === 0 ? (box.limit[0] ?? 0) : size))
  }
}

/** How often the operand of each slice is read, in a graph and in the bodies of its loops. */
const readersOf = (graph: Graph.Graph): ReadonlyMap<GraphNode, number> => {
  const readers = new Map<GraphNode, number>()
  const visit = ({ nodes, results }: Graph.Graph): void => {
    const counts = new Array<number>(nodes.length).fill(0)
    const count = ({ node }: Reference): void => {
      counts[node] = (counts[node] ?? 0) + 1
    }
    for (const node of nodes) node.inputs.forEach(count)
    results.forEach(count)
    for (const node of nodes) {
      if (node.primitive === "slice") readers.set(node, counts[node.inputs[0]?.node ?? -1] ?? 0)
      node.regions.forEach(visit)
    }
  }
  visit(graph)
  return readers
}

/** The rule for the slices of a graph. */
export const narrowing = (graph: Graph.Graph): Rule => {
  const readers = readersOf(graph)
  return (rewriter, node, [y]) => {
    const box = boxOf(node)
    const conv = y === undefined ? undefined : rewriter.node(y)
    if (y === undefined || box === undefined || conv === undefined || node.outputs[0]?.shape.includes(0) === true)
      return undefined
    if (conv.primitive === "pad") return [cut(rewriter, y, box)]
    const [x, w] = conv.inputs
    if (conv.primitive !== "conv" || x === undefined || w === undefined || readers.get(node) !== 1) return undefined
    const { shape } = rewriter.aval(y)
    const channels = shape.length - 1
    if (box.start[channels] !== 0 || box.limit[channels] !== shape[channels]) return undefined
    const narrow = cut(rewriter, x, inputBox(conv, rewriter.aval(w).shape, rewriter.aval(x).shape, box))
    return rewriter.add("conv", [narrow, w], conv.attributes, conv)
  }
}
