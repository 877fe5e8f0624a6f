/** The printed form of graphs, read back. Every node is typed anew by its primitive's rule. */
import { sameShape } from "./axes.ts"
import { allocate, type DType } from "./dtype.ts"
import { CodecError, showShape } from "./errors.ts"
import type { Graph, GraphNode, Reference } from "./graph.ts"
import { avalOf } from "./graph.ts"
import { type AttributeKind, rulesOf } from "./primitive.ts"
import { type PrimitiveName, primitives } from "./primitives/table.ts"
import { type Attributes, type Aval, sizeOf } from "./tensor.ts"
import type { Value } from "./value.ts"

/** The text that is read, and how far. */
interface Cursor {
  readonly text: string
  at: number
}

const fail = ({ text, at }: Cursor, wanted: string): CodecError => {
  const before = text.slice(0, at).split("\n")
  const found = text.slice(at).split("\n")[0] ?? ""
  return new CodecError(
    `parse: line ${before.length}, column ${(before.at(-1) ?? "").length + 1}: expected ${wanted}, found ${found === "" ? "the end of the line" : found}`
  )
}

/** What a sticky pattern matches here; throws that `wanted` was expected. */
const take = (cursor: Cursor, pattern: RegExp, wanted: string): RegExpExecArray => {
  const sticky = new RegExp(pattern, "y")
  sticky.lastIndex = cursor.at
  const match = sticky.exec(cursor.text)
  if (match === null) throw fail(cursor, wanted)
  cursor.at = sticky.lastIndex
  return match
}

const has = (cursor: Cursor, text: string): boolean => {
  if (!cursor.text.startsWith(text, cursor.at)) return false
  cursor.at += text.length
  return true
}

const skip = (cursor: Cursor, text: string): void => {
  if (!has(cursor, text)) throw fail(cursor, JSON.stringify(text))
}

/** Items separated by commas, up to the closing text. */
const list = <A>(cursor: Cursor, close: string, item: () => A): ReadonlyArray<A> => {
  if (has(cursor, close)) return []
  const items = [item()]
  while (has(cursor, ",")) {
    take(cursor, / */, "a space")
    items.push(item())
  }
  skip(cursor, close)
  return items
}

const number = (cursor: Cursor): number =>
  Number(take(cursor, /NaN|-?Infinity|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/, "a number")[0])

const integer = (cursor: Cursor): number => {
  const from = cursor.at
  const x = number(cursor)
  if (Number.isInteger(x)) return x
  cursor.at = from
  throw fail(cursor, "a whole number")
}

const text = (cursor: Cursor): string => {
  const [quoted] = take(cursor, /"(?:[^"\\]|\\.)*"/, "a text in quotes")
  // The pattern above is that of a string in JSON.
  return JSON.parse(quoted) as string
}

const integers = (cursor: Cursor): ReadonlyArray<number> => {
  skip(cursor, "[")
  return list(cursor, "]", () => integer(cursor))
}

const dtype = (cursor: Cursor): DType => take(cursor, /f32|f64|i32|u32|bool/, "an element type")[0] as DType

const aval = (cursor: Cursor): Aval => ({ dtype: dtype(cursor), shape: integers(cursor) })

/** A constant's numbers; its shape and element type stand at the end of its line. */
const numbers = (cursor: Cursor): ReadonlyArray<number> => {
  if (!has(cursor, "[")) return [number(cursor)]
  return list(cursor, "]", () => {
    if (cursor.text.startsWith("...", cursor.at))
      throw fail(cursor, "every element of the constant (print with elements: Infinity)")
    return number(cursor)
  })
}

const readers: Readonly<Record<AttributeKind, (cursor: Cursor) => unknown>> = {
  integer,
  integers,
  pair: (cursor) => {
    skip(cursor, "[")
    return list(cursor, "]", () => integers(cursor))
  },
  number,
  boolean: (cursor) => take(cursor, /true|false/, "true or false")[0] === "true",
  text,
  dtype: (cursor) => text(cursor),
  value: numbers
}

const valueOf = (cursor: Cursor, given: ReadonlyArray<number>, { shape, dtype }: Aval): Value => {
  if (given.length !== sizeOf(shape))
    throw fail(cursor, `${sizeOf(shape)} elements of ${dtype}${showShape(shape)} before, not ${given.length}`)
  const data = allocate(dtype, given.length)
  data.set(given)
  return { shape, dtype, data }
}

/** Attributes of the kinds that the primitive's form lists, constants as lists of numbers still. */
const attributesOf = (cursor: Cursor, kinds: Readonly<Record<string, AttributeKind>>): Attributes => {
  const attributes: Record<string, unknown> = {}
  while (!cursor.text.startsWith(" :", cursor.at)) {
    const [, name = ""] = take(cursor, / (\w+)=/, "an attribute")
    const kind = kinds[name]
    if (kind === undefined || name in attributes)
      throw fail(cursor, `another attribute: ${name} is ${kind === undefined ? "none of them" : "given twice"}`)
    attributes[name] = readers[kind](cursor)
  }
  const missing = Object.keys(kinds).find((name) => !(name in attributes))
  if (missing !== undefined) throw fail(cursor, `the attribute ${missing}`)
  return attributes
}

const isPrimitive = (name: string): name is PrimitiveName => Object.hasOwn(primitives, name)

/** One graph whose lines are indented by `indent` spaces. */
const graphAt = (cursor: Cursor, indent: number): Graph => {
  const space = " ".repeat(indent)
  skip(cursor, `${space}graph (`)
  const parameters = list(cursor, ")", () => {
    const name = cursor.text[cursor.at] === '"' ? text(cursor) : take(cursor, /[A-Za-z_$][\w$.-]*/, "a name")[0]
    skip(cursor, ": ")
    return { name, ...aval(cursor) }
  })
  const nodes: Array<GraphNode> = parameters.map(({ name, shape, dtype }) => ({
    primitive: "parameter",
    attributes: { name, shape, dtype },
    inputs: [],
    regions: [],
    outputs: [{ shape, dtype }],
    position: {}
  }))
  const reference = (): Reference => {
    const from = cursor.at
    const [found, name, node, output] = take(cursor, /([A-Za-z_$][\w$.-]*)|%(\d+)(?:\.(\d+))?/, "a value")
    const at = name === undefined ? Number(node) : parameters.findIndex((parameter) => parameter.name === name)
    if (nodes[at]?.outputs[Number(output ?? 0)] === undefined) {
      cursor.at = from
      throw fail(cursor, `a value defined above, for there is no ${found}`)
    }
    return { node: at, output: Number(output ?? 0) }
  }
  while (!has(cursor, `\n${space}  return`)) {
    skip(cursor, `\n${space}  let %${nodes.length} = `)
    nodes.push(nodeAt(cursor, indent, nodes, reference))
  }
  const results = has(cursor, " ") && !/^\n|^$/.test(cursor.text.slice(cursor.at, cursor.at + 1)) ? [reference()] : []
  while (has(cursor, ", ")) results.push(reference())
  return { parameters, nodes, results }
}

const nodeAt = (
  cursor: Cursor,
  indent: number,
  earlier: ReadonlyArray<GraphNode>,
  reference: () => Reference
): GraphNode => {
  const start = cursor.at
  const [, primitive = ""] = take(cursor, /(\w+)\(/, "a primitive")
  if (!isPrimitive(primitive) || primitive === "parameter") {
    cursor.at = start
    throw fail(cursor, "the name of a primitive")
  }
  const { form } = primitives[primitive]
  const inputs = list(cursor, ")", reference)
  if (form.operands !== undefined && form.operands !== inputs.length)
    throw fail(cursor, `${form.operands} operands of ${primitive}, not ${inputs.length}`)
  const written = attributesOf(cursor, form.attributes)
  skip(cursor, " : ")
  const first = aval(cursor)
  const stated = [first]
  while (has(cursor, ", ")) stated.push(aval(cursor))
  const attributes = Object.fromEntries(
    Object.entries(written).map(([name, x]) => [
      name,
      // What the reader of constants above gives.
      form.attributes[name] === "value" ? valueOf(cursor, x as ReadonlyArray<number>, first) : x
    ])
  )
  const regions = Array.from({ length: form.regions }, () => {
    skip(cursor, "\n")
    return graphAt(cursor, indent + 4)
  })
  const outputs = typed(cursor, primitive, attributes, regions, inputs, earlier)
  const same = outputs.every(({ shape, dtype }, i) => {
    const one = stated[i]
    return one !== undefined && one.dtype === dtype && sameShape(one.shape, shape)
  })
  if (!same || outputs.length !== stated.length) {
    cursor.at = start
    const types = outputs.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(", ")
    throw fail(cursor, `a node of type ${types}`)
  }
  return { primitive, attributes, inputs, regions, outputs, position: {} }
}

/** The types of a node's outputs by the rule of its primitive. */
const typed = (
  cursor: Cursor,
  primitive: PrimitiveName,
  attributes: Attributes,
  regions: ReadonlyArray<Graph>,
  inputs: ReadonlyArray<Reference>,
  earlier: ReadonlyArray<GraphNode>
): ReadonlyArray<Aval> => {
  const operands = inputs.flatMap(({ node, output }) => earlier[node]?.outputs[output] ?? [])
  const types = regions.map((g) => ({ parameters: g.parameters, results: g.results.map((r) => avalOf(g, r)) }))
  try {
    return rulesOf(primitives[primitive]).infer(operands, attributes, types)
  } catch (error) {
    throw new CodecError(`${fail(cursor, "a node that fits").message}: ${String(error)}`, { cause: error })
  }
}

/**
 * The graph that `print` writes as the given text, with every element of its constants shown: it has the hash of the graph
 * that was printed. Throws a CodecError that says in which line what was expected.
 *
 * `parse(print(graph, { elements: Infinity }))` is the graph again.
 */
export const parse = (printed: string): Graph => {
  const cursor: Cursor = { text: printed.trimEnd(), at: 0 }
  const graph = graphAt(cursor, 0)
  has(cursor, "\n")
  if (cursor.at < cursor.text.length) throw fail(cursor, "the end")
  return graph
}
