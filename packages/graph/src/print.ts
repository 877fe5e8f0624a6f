/** Graphs as text, one binding per line. */
import { showNumber, showPlain } from "./attributes.ts"
import { showShape } from "./errors.ts"
import type { Graph, Reference } from "./graph.ts"
import type { Attributes } from "./tensor.ts"
import { isValue } from "./value.ts"

const showAttribute = (value: unknown): string => {
  if (!isValue(value)) return showPlain(value)
  const shown = Array.from(value.data.subarray(0, 6), showNumber).join(", ")
  return value.data.length === 1 && value.shape.length === 0
    ? shown
    : `[${shown}${value.data.length > 6 ? `, ... ${value.data.length} elements` : ""}]`
}

const showAttributes = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${showAttribute(value)}`)
    .join(" ")

/** The graph in let-form: parameters, then `let %n = primitive(operands) attributes : type`, then the results. */
export const print = (graph: Graph, indent = ""): string => {
  const name = ({ node, output }: Reference): string => {
    const parameter = graph.parameters[node]
    if (parameter !== undefined) return parameter.name
    return (graph.nodes[node]?.outputs.length ?? 1) > 1 ? `%${node}.${output}` : `%${node}`
  }
  const lines = [
    `${indent}graph (${graph.parameters.map((p) => `${p.name}: ${p.dtype}${showShape(p.shape)}`).join(", ")})`
  ]
  graph.nodes.forEach((node, i) => {
    if (i < graph.parameters.length) return
    const attributes = showAttributes(node.attributes)
    const type = node.outputs.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(", ")
    lines.push(
      `${indent}  let %${i} = ${node.primitive}(${node.inputs.map(name).join(", ")})${attributes === "" ? "" : ` ${attributes}`} : ${type}`
    )
    for (const region of node.regions) lines.push(print(region, `${indent}    `))
  })
  lines.push(`${indent}  return ${graph.results.map(name).join(", ")}`)
  return lines.join("\n")
}
