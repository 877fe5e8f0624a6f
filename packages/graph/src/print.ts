/** Graphs as text, one binding per line. `parse` reads the text back. */
import { showNumber, showPlain } from "./attributes.ts"
import { showShape } from "./errors.ts"
import type { Graph, Reference } from "./graph.ts"
import type { Attributes } from "./tensor.ts"
import { isValue } from "./value.ts"

/** How a graph is printed. */
export interface PrintOptions {
  /** How many elements of a constant are shown before the others are counted only: 6, or `Infinity` to read it back. */
  readonly elements?: number
}

const showAttribute = (value: unknown, elements: number): string => {
  if (!isValue(value)) return showPlain(value)
  const { data, shape } = value
  const shown = Array.from(data.subarray(0, Math.min(elements, data.length)), showNumber).join(", ")
  return shape.length === 0 ? shown : `[${shown}${data.length > elements ? `, ... ${data.length} elements` : ""}]`
}

const showAttributes = (attributes: Attributes, elements: number): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}=${showAttribute(value, elements)}`)
    .join("")

/** Names that stand for themselves; others are quoted, and what they name is referred to by its number. */
const plain = /^[A-Za-z_$][\w$.-]*$/

const linesOf = (graph: Graph, elements: number, indent: string): ReadonlyArray<string> => {
  const count = new Map<string, number>()
  for (const { name } of graph.parameters) count.set(name, (count.get(name) ?? 0) + 1)
  const refer = ({ node, output }: Reference): string => {
    const parameter = graph.parameters[node]?.name
    if (parameter !== undefined && plain.test(parameter) && count.get(parameter) === 1) return parameter
    return (graph.nodes[node]?.outputs.length ?? 1) > 1 ? `%${node}.${output}` : `%${node}`
  }
  const parameters = graph.parameters.map(
    ({ name, dtype, shape }) => `${plain.test(name) ? name : JSON.stringify(name)}: ${dtype}${showShape(shape)}`
  )
  const lines = [`${indent}graph (${parameters.join(", ")})`]
  graph.nodes.forEach((node, i) => {
    if (i < graph.parameters.length) return
    const types = node.outputs.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(", ")
    const attributes = showAttributes(node.attributes, elements)
    lines.push(`${indent}  let %${i} = ${node.primitive}(${node.inputs.map(refer).join(", ")})${attributes} : ${types}`)
    for (const region of node.regions) lines.push(...linesOf(region, elements, `${indent}    `))
  })
  lines.push(`${indent}  return ${graph.results.map(refer).join(", ")}`)
  return lines
}

/** The graph in let-form: parameters, then `let %n = primitive(operands) attributes : type`, then the results. */
export const print = (graph: Graph, { elements = 6 }: PrintOptions = {}): string =>
  linesOf(graph, elements, "").join("\n")
