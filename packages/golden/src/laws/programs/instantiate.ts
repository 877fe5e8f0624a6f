/** Graphs as functions of tensors again. */
import { type AnyTensor, apply, type Graph, operations as ops } from "@cotangent/graph"
import type { TensorFunction } from "../derivative-laws.ts"

/** The function that a graph was made of: its nodes applied to other tensors. */
export const functionOf =
  (graph: Graph.Graph): TensorFunction =>
  (inputs) => {
    const values: Array<ReadonlyArray<AnyTensor>> = []
    const at = ({ node, output }: Graph.Reference): AnyTensor => {
      const value = values[node]?.[output]
      if (value === undefined) throw new RangeError(`graph: output ${output} of node ${node} is missing`)
      return value
    }
    graph.nodes.forEach(({ primitive, attributes, inputs: operands, regions }, i) => {
      const argument = inputs[i]
      if (i < graph.parameters.length && argument !== undefined) values.push([argument])
      else {
        const bodies = regions.map((region) => ({
          avals: region.parameters,
          f: (...xs: ReadonlyArray<AnyTensor>) => functionOf(region)(xs)
        }))
        values.push(apply(primitive, operands.map(at), attributes, ops.regions("traced", bodies).regions))
      }
    })
    return graph.results.map(at)
  }
