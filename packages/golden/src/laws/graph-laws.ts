/** Laws of graphs: what is printed, stored and built again is the same graph. */
import { type AnyTensor, Graph, Hash, operations as ops, parse, print } from "@cotangent/graph"
import * as Codec from "@cotangent/graph/codec"
import { derivativesOf, type Law, type TensorFunction } from "./derivative-laws.ts"
import { dtypesOf, valuesOf } from "./subjects.ts"

/** The graph of a function of parameters of the types of some values. */
export const graphOf = (f: TensorFunction, types: ReadonlyArray<Pick<AnyTensor, "shape" | "dtype">>): Graph.Graph => {
  const parameters = types.map(({ shape, dtype }, i) => ({
    name: `x${i}`,
    tensor: ops.parameter(`x${i}`, shape, dtype)
  }))
  return Graph.make(parameters, f(parameters.map(({ tensor }) => tensor)))
}

/** The graph, printed and read back, and stored and read back, has the same hash. */
export const keepsGraph = (graph: Graph.Graph): string | undefined => {
  const hash = Hash.hash(graph)
  const text = print(graph, { elements: Infinity })
  const parsed = parse(text)
  if (Hash.hash(parsed) !== hash) return `the printed graph reads back as\n${print(parsed)}\nand was\n${print(graph)}`
  const stored: unknown = JSON.parse(JSON.stringify(Codec.encode(graph)))
  const decoded = Codec.decode(stored)
  return Hash.hash(decoded) === hash
    ? undefined
    : `the stored graph reads back as\n${print(decoded)}\nand was\n${print(graph)}`
}

/** The graph of values, gradients and tangents reads back from text and from storage, and is built with the same hash again. */
export const graphs: Law = (subject, seed) => {
  for (const dtype of dtypesOf(subject)) {
    const values = valuesOf(subject, dtype, seed)
    const build = () =>
      graphOf((xs) => {
        const { y, gradients, tangents } = derivativesOf(subject.apply, xs, seed)
        return [...y, ...gradients, ...tangents]
      }, values)
    const graph = build()
    const again = build()
    if (Hash.hash(again) !== Hash.hash(graph))
      return `${dtype}: built again, the graph is\n${print(again)}\nand was\n${print(graph)}`
    const sentence = keepsGraph(graph)
    if (sentence !== undefined) return `${dtype}: ${sentence}`
  }
  return undefined
}
