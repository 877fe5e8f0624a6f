/** Graphs as JSON, checked on the way in: constants keep every bit, source positions are left out. */
import * as Schema from "effect/Schema"
import { sameShape } from "./axes.ts"
import type { DType } from "./dtype.ts"
import { CodecError } from "./errors.ts"
import { avalOf, type Graph, type GraphNode, type Reference } from "./graph.ts"
import { rulesOf } from "./primitive.ts"
import { type PrimitiveName, primitives } from "./primitives/table.ts"
import { decodeAttributes, encodeAttributes, Integers, StoredDType } from "./stored.ts"
import type { Aval } from "./tensor.ts"

const fields = {
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, shape: Integers, dtype: StoredDType })),
  results: Schema.Array(Schema.Struct({ node: Schema.Int, output: Schema.Int }))
}
const nodeFields = {
  primitive: Schema.String,
  attributes: Schema.Record(Schema.String, Schema.Unknown),
  inputs: fields.results
}

/** A graph as plain JSON. */
export interface EncodedGraph {
  readonly parameters: ReadonlyArray<{
    readonly name: string
    readonly shape: ReadonlyArray<number>
    readonly dtype: DType
  }>
  readonly nodes: ReadonlyArray<{
    readonly primitive: string
    readonly attributes: { readonly [name: string]: unknown }
    readonly inputs: ReadonlyArray<{ readonly node: number; readonly output: number }>
    readonly regions: ReadonlyArray<EncodedGraph>
  }>
  readonly results: ReadonlyArray<{ readonly node: number; readonly output: number }>
}

/** The Schema of the JSON form. */
export const EncodedGraph: Schema.Codec<EncodedGraph> = Schema.Struct({
  ...fields,
  nodes: Schema.Array(
    Schema.Struct({
      ...nodeFields,
      regions: Schema.Array(Schema.suspend((): Schema.Codec<EncodedGraph> => EncodedGraph))
    })
  )
})

/** One level of the JSON form: regions are read one by one, so that their depth is known before they are entered. */
const Level = Schema.Struct({
  ...fields,
  nodes: Schema.Array(Schema.Struct({ ...nodeFields, regions: Schema.Array(Schema.Unknown) }))
})
const decodeLevel = Schema.decodeUnknownSync(Level, { onExcessProperty: "error" })

/** Loops in loops deeper than this are not written by anybody. */
const maximumDepth = 64

/** A graph as JSON-ready data. */
export const encode = (graph: Graph): EncodedGraph => ({
  parameters: graph.parameters.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
  nodes: graph.nodes.map(({ primitive, attributes, inputs, regions }) => ({
    primitive,
    attributes: encodeAttributes(attributes),
    inputs,
    regions: regions.map(encode)
  })),
  results: graph.results
})

const isPrimitive = (name: string): name is PrimitiveName => Object.hasOwn(primitives, name)

/** Runs a check, putting in front of its sentence where in the graph it failed. */
const at = <A>(where: string, check: () => A): A => {
  try {
    return check()
  } catch (error) {
    const sentence = error instanceof Error ? error.message.replaceAll(/\s*\n\s*/g, " ") : String(error)
    throw new CodecError(`${where}: ${sentence}`, { cause: error })
  }
}

const refer = (nodes: ReadonlyArray<GraphNode>, { node, output }: Reference): Aval => {
  const found = nodes[node]?.outputs[output]
  if (found === undefined) throw new CodecError(`output ${output} of node ${node} is used before it is defined`)
  return found
}

type StoredNode = (typeof Level.Type)["nodes"][number]

const decodeNode = (earlier: ReadonlyArray<GraphNode>, stored: StoredNode, depth: number): GraphNode => {
  const { primitive, inputs } = stored
  if (!isPrimitive(primitive)) throw new CodecError("there is no such primitive")
  const { form } = primitives[primitive]
  if (form.operands !== undefined && inputs.length !== form.operands) {
    throw new CodecError(`needs ${form.operands} operands, got ${inputs.length}`)
  }
  if (stored.regions.length !== form.regions) {
    throw new CodecError(`needs ${form.regions} regions, got ${stored.regions.length}`)
  }
  const attributes = decodeAttributes(form, stored.attributes)
  const regions = stored.regions.map((region) => decodeGraph(region, depth + 1))
  const types = regions.map((g) => ({ parameters: g.parameters, results: g.results.map((r) => avalOf(g, r)) }))
  const operands = inputs.map((reference) => refer(earlier, reference))
  const outputs = rulesOf(primitives[primitive]).infer(operands, attributes, types)
  return { primitive, attributes, inputs, regions, outputs, position: {} }
}

/** The first nodes are the parameters, as the head of the graph lists them, and no other node is one. */
const checkParameters = ({ parameters, nodes }: Graph): void => {
  const count = nodes.filter(({ primitive }) => primitive === "parameter").length
  const agree = parameters.every(({ name, shape, dtype }, i) => {
    const node = nodes[i]
    const [aval] = node?.outputs ?? []
    return node?.attributes["name"] === name && aval?.dtype === dtype && sameShape(aval.shape, shape)
  })
  if (!agree || count !== parameters.length) {
    throw new CodecError(`graph: its first ${parameters.length} nodes are not the parameters it lists`)
  }
}

const decodeGraph = (encoded: unknown, depth: number): Graph => {
  if (depth > maximumDepth) throw new CodecError(`regions lie more than ${maximumDepth} deep`)
  const { parameters, nodes: stored, results } = at("graph", () => decodeLevel(encoded))
  const nodes: Array<GraphNode> = []
  stored.forEach((node, i) => {
    nodes.push(at(`graph: node ${i}, ${node.primitive}`, () => decodeNode(nodes, node, depth)))
  })
  results.forEach((reference) => at("graph: result", () => refer(nodes, reference)))
  const graph = { parameters, nodes, results }
  checkParameters(graph)
  return graph
}

/**
 * A graph from its JSON form. Every node is typed anew by its primitive's rule; whatever does not fit throws a CodecError
 * that says where and why.
 */
export const decode = (encoded: unknown): Graph => decodeGraph(encoded, 0)
