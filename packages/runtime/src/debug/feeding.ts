/**
 * Which elements of its operands an element of a result was computed from: of all those that are bad (NaN, or infinite), the
 * ones that have a part in it.
 */
import {
  type Aval,
  freeAxes,
  type Graph,
  type HostArray,
  primitives,
  rulesOf,
  sizeOf,
  type Value,
  Views
} from "@cotangent/graph"
import { elementOf, findElement, indexOf } from "./frame.ts"

/** An element of an operand. */
export interface Fed {
  readonly operand: number
  readonly element: number
}

type IsBad = (x: number) => boolean

/** One element of one output of a node, and the values of its operands. */
export interface Spot {
  readonly node: Graph.GraphNode
  readonly output: number
  readonly element: number
  readonly operands: ReadonlyArray<Value>
}

const same = ({ element, operands }: Spot, isBad: IsBad): ReadonlyArray<Fed> =>
  operands.flatMap((value, operand) => (isBad(elementOf(value, element)) ? [{ operand, element }] : []))

const chosen = ({ element, operands: [condition, a, b] }: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  const operand = condition !== undefined && elementOf(condition, element) !== 0 ? 1 : 2
  const value = operand === 1 ? a : b
  return value !== undefined && isBad(elementOf(value, element)) ? [{ operand, element }] : []
}

const throughView = ({ node, output, element, operands: [x] }: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  const { lower } = rulesOf(primitives[node.primitive])
  const aval = node.outputs[output]
  if (x === undefined || aval === undefined || lower.tag !== "view") return []
  const view = lower.view(Views.contiguous(x.shape), node.attributes, aval)
  if (view === undefined) return []
  const at = indexOf(aval.shape, element).reduce((sum, i, d) => sum + i * (view.strides[d] ?? 0), view.offset)
  return isBad(elementOf(x, at)) ? [{ operand: 0, element: at }] : []
}

/** Every index into axes of these sizes, in order. */
function* indices(sizes: ReadonlyArray<number>): Generator<ReadonlyArray<number>> {
  const count = sizeOf(sizes)
  for (let i = 0; i < count; i++) yield indexOf(sizes, i)
}

const axesOf = (attribute: unknown): ReadonlyArray<number> => (Array.isArray(attribute) ? attribute.map(Number) : [])

/** The bad elements of an operand along some axes, the others fixed. */
const along = (
  value: Value,
  operand: number,
  fixed: ReadonlyMap<number, number>,
  axes: ReadonlyArray<number>,
  isBad: IsBad
): ReadonlyArray<Fed> => {
  const found: Array<Fed> = []
  const strides = Views.rowMajor(value.shape)
  const start = [...fixed].reduce((sum, [d, i]) => sum + i * (strides[d] ?? 0), 0)
  for (const inner of indices(axes.map((d) => value.shape[d] ?? 1))) {
    const element = axes.reduce((sum, d, i) => sum + (inner[i] ?? 0) * (strides[d] ?? 0), start)
    if (isBad(elementOf(value, element))) found.push({ operand, element })
  }
  return found
}

const reduced = ({ node, output, element, operands: [x] }: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  if (x === undefined) return []
  const axes = axesOf(node.attributes["axes"])
  const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d))
  const place = indexOf(node.outputs[output]?.shape ?? [], element)
  return along(x, 0, new Map(kept.map((d, i) => [d, place[i] ?? 0])), axes, isBad)
}

const pairOf = (attribute: unknown): readonly [ReadonlyArray<number>, ReadonlyArray<number>] =>
  Array.isArray(attribute) ? [axesOf(attribute[0]), axesOf(attribute[1])] : [[], []]

const product = ({ node, output, element, operands }: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  const batch = pairOf(node.attributes["batch"])
  const contract = pairOf(node.attributes["contract"])
  const place = indexOf(node.outputs[output]?.shape ?? [], element)
  let next = batch[0].length
  return operands.flatMap((value, operand) => {
    const side = operand === 0 ? 0 : 1
    const fixed = new Map(batch[side].map((d, i) => [d, place[i] ?? 0]))
    for (const d of freeAxes(value.shape.length, batch[side], contract[side])) fixed.set(d, place[next++] ?? 0)
    return along(value, operand, fixed, contract[side], isBad)
  })
}

const hostArray = ({ shape, dtype }: Aval, data: Float64Array): HostArray => ({ shape, dtype, data })

/**
 * For operations of any other form: the reference rule is run with NaN in some of the bad elements and a harmless number in
 * the others, and halves of them are tried until one is left.
 */
const tried = (spot: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  const { node, output, element, operands } = spot
  const { evaluate } = rulesOf(primitives[node.primitive])
  const bad = operands.map((value) =>
    findElement(value, isBad) < 0 ? [] : Array.from(value.data, (x, i) => (isBad(x) ? i : -1)).filter((i) => i >= 0)
  )
  const harmless = operands.map((value) => Float64Array.from(value.data, (x) => (Number.isFinite(x) ? x : 1)))
  const reaches = (operand: number, elements: ReadonlyArray<number>): boolean => {
    const data = harmless.map((x, i) => (i === operand ? x.slice() : x))
    for (const i of elements) if (data[operand] !== undefined) data[operand][i] = Number.NaN
    const results = evaluate(
      operands.map((value, i) => hostArray(value, data[i] ?? new Float64Array(0))),
      node.attributes,
      node.outputs,
      () => []
    )
    return Number.isNaN(results[output]?.[element])
  }
  // Where even harmless numbers give NaN nothing can be told apart: the first bad element of each operand stands for all.
  if (reaches(0, []))
    return bad.flatMap((elements, operand) => elements.slice(0, 1).map((first) => ({ operand, element: first })))
  return bad.flatMap((elements, operand) => {
    if (elements.length === 0 || !reaches(operand, elements)) return []
    let some = elements
    while (some.length > 1) {
      const half = some.slice(0, some.length >> 1)
      some = reaches(operand, half) ? half : some.slice(half.length)
    }
    return some.map((one) => ({ operand, element: one }))
  })
}

/**
 * The bad elements of the operands that have a part in an element of a result: all of them, but of operations that are asked
 * by trial one of each operand.
 */
export const feeding = (spot: Spot, isBad: IsBad): ReadonlyArray<Fed> => {
  const { node } = spot
  const { lower } = rulesOf(primitives[node.primitive])
  if (node.primitive === "select") return chosen(spot, isBad)
  if (lower.tag === "elementwise") return same(spot, isBad)
  if (lower.tag === "view") return throughView(spot, isBad)
  if (lower.tag === "reduce") return reduced(spot, isBad)
  return node.primitive === "dot" ? product(spot, isBad) : tried(spot, isBad)
}
