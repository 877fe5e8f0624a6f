/** Graphs as JSON, checked by a Schema: constants keep every bit, positions are left out. */
import * as Schema from "effect/Schema"
import { allocate, type DType } from "./dtype.ts"
import { EvaluationError } from "./errors.ts"
import { avalOf, type Graph, type GraphNode } from "./graph.ts"
import { rulesOf } from "./primitive.ts"
import { type PrimitiveName, primitiveNames, primitives } from "./primitives/index.ts"
import { isValue, type Value } from "./value.ts"

const Aval = Schema.Struct({
  shape: Schema.Array(Schema.Int),
  dtype: Schema.Literals(["f32", "f64", "i32", "u32", "bool"])
})
const Reference = Schema.Struct({ node: Schema.Int, output: Schema.Int })

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
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, ...Aval.fields })),
  nodes: Schema.Array(
    Schema.Struct({
      primitive: Schema.String,
      attributes: Schema.Record(Schema.String, Schema.Unknown),
      inputs: Schema.Array(Reference),
      regions: Schema.Array(Schema.suspend((): Schema.Codec<EncodedGraph> => EncodedGraph))
    })
  ),
  results: Schema.Array(Reference)
})

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")

const encodeValue = ({ shape, dtype, data }: Value): unknown => ({
  shape,
  dtype,
  hex: hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
})

const decodeValue = (encoded: unknown): Value => {
  const {
    shape,
    dtype,
    hex: text
  } = Schema.decodeUnknownSync(Schema.Struct({ ...Aval.fields, hex: Schema.String }))(encoded)
  const data = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1)
  )
  if (text.length !== data.byteLength * 2 || !/^[0-9a-f]*$/.test(text))
    throw new EvaluationError(`graph: a constant of ${data.byteLength} bytes is written with ${text.length / 2}`)
  const bytes = new Uint8Array(data.buffer)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return { shape, dtype, data }
}

/** A graph as JSON-ready data. */
export const encode = (graph: Graph): EncodedGraph => ({
  parameters: graph.parameters.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
  nodes: graph.nodes.map(({ primitive, attributes, inputs, regions }) => ({
    primitive,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, isValue(value) ? encodeValue(value) : value])
    ),
    inputs,
    regions: regions.map(encode)
  })),
  results: graph.results
})

const isPrimitive = (name: string): name is PrimitiveName => primitiveNames.some((p) => p === name)

/** A graph from its JSON form. Every node is typed anew by its primitive's rule; anything that does not fit throws a sentence. */
export const decode = (encoded: unknown): Graph => {
  const { parameters, nodes, results } = Schema.decodeUnknownSync(EncodedGraph)(encoded)
  const decoded: Array<GraphNode> = []
  const aval = ({ node, output }: { readonly node: number; readonly output: number }) => {
    const found = decoded[node]?.outputs[output]
    if (found === undefined)
      throw new EvaluationError(`graph: output ${output} of node ${node} is used before it is defined`)
    return found
  }
  for (const { primitive, attributes, inputs, regions } of nodes) {
    if (!isPrimitive(primitive)) throw new EvaluationError(`graph: there is no primitive ${primitive}`)
    const own = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        name === "value" && primitive === "constant" ? decodeValue(value) : value
      ])
    )
    const inner = regions.map(decode)
    const outputs = rulesOf(primitives[primitive]).infer(
      inputs.map(aval),
      own,
      inner.map((g) => ({ results: g.results.map((r) => avalOf(g, r)) }))
    )
    decoded.push({ primitive, attributes: own, inputs, regions: inner, outputs, position: {} })
  }
  results.forEach(aval)
  return { parameters, nodes: decoded, results }
}
