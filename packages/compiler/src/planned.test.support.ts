/** Running planned programs in tests: buffers laid out in a memory full of garbage, results read back. */
import { bytesOf, type Buffer, type DType } from "@cotangent/kernel"
import { type AnyTensor, type Aval, Graph, operations as ops, sizeOf } from "@cotangent/graph"
import { type Addresses, layoutOf, plan, type Planned, type PlanOptions } from "./program.ts"
import { interpreter, readBuffer, type Target, writeBuffer } from "./target/targets.test.support.ts"

/** Numbers of one array, row-major. */
export type Numbers = ReadonlyArray<number>

const alignUp = (address: number): number => Math.ceil(address / 64) * 64

/** Where everything lies: parameters, then results (in the memory of what they replace), constants, scratch. */
export const addressesOf = (planned: Planned, replaces: PlanOptions["replaces"] = []) => {
  let end = 64
  const place = ({ dtype, length }: Buffer): number => {
    const address = end
    end = alignUp(end + length * bytesOf[dtype])
    return address
  }
  const parameters = planned.parameters.map(place)
  const results = planned.results.map((buffer, i) => {
    const replaced = replaces[i]
    return (replaced === undefined ? undefined : parameters[replaced]) ?? place(buffer)
  })
  const constants = end
  const scratch = alignUp(constants + planned.cost.constantBytes)
  const addresses: Addresses = { parameters, results, constants, scratch }
  return { addresses, end: scratch + planned.cost.scratchBytes }
}

/** Runs a planned program on one target: gives its results, the parameters afterwards, and nothing else. */
export const runPlanned = (
  planned: Planned,
  inputs: ReadonlyArray<Numbers>,
  options: { readonly target?: Target; readonly replaces?: PlanOptions["replaces"]; readonly steps?: number } = {}
): ReadonlyArray<Numbers> => {
  const { target = interpreter, replaces = [], steps = 1 } = options
  const { addresses, end } = addressesOf(planned, replaces)
  const layout = layoutOf(planned, addresses)
  const places = { layout, pages: Math.ceil((end + 64) / 65536) }
  // All bits set: NaN as a float, -1 as an integer. Whoever reads what was not written shows.
  const image = new Uint8Array(places.pages * 65536).fill(0xff).buffer
  planned.parameters.forEach((buffer, i) => writeBuffer(image, places, buffer, inputs[i] ?? []))
  for (const { buffer, data } of planned.constants) writeBuffer(image, places, buffer, Array.from(data))
  const memory = target(planned, places, image, steps)
  return planned.results.map((buffer) => readBuffer(memory, places, buffer))
}

/** A function of tensors as a graph. */
export const graphOf = (
  parameters: ReadonlyArray<Aval>,
  f: (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
): Graph.Graph => {
  const tensors = parameters.map(({ shape, dtype }, i) => ops.parameter(`p${i}`, shape, dtype))
  return Graph.make(
    tensors.map((tensor, i) => ({ name: `p${i}`, tensor })),
    f(...tensors)
  )
}

/** A function of f32 tensors of the given shapes, planned. */
export const planOf32 = (
  shapes: ReadonlyArray<ReadonlyArray<number>>,
  f: (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  options: PlanOptions = {}
): Planned =>
  plan(
    graphOf(
      shapes.map((shape) => ({ shape, dtype: "f32" as const })),
      f
    ),
    options
  )

/** A node of a graph computed alone, by a program of its own: what fusion must not change. */
export const evaluateNodeByNode = (
  graph: Graph.Graph,
  inputs: ReadonlyArray<Numbers>,
  target: Target = interpreter
): ReadonlyArray<Numbers> => {
  const values: Array<ReadonlyArray<Numbers>> = []
  graph.nodes.forEach((node, i) => {
    if (i < graph.parameters.length) {
      values.push([inputs[i] ?? []])
      return
    }
    const operands = node.inputs.map((r) => Graph.avalOf(graph, r))
    const alone: Graph.Graph = {
      parameters: operands.map((aval, k) => ({ ...aval, name: `p${k}` })),
      nodes: [
        ...operands.map((aval, k): Graph.GraphNode => ({
          primitive: "parameter",
          attributes: { name: `p${k}`, ...aval },
          inputs: [],
          regions: [],
          outputs: [aval],
          position: {}
        })),
        { ...node, inputs: operands.map((_, k) => ({ node: k, output: 0 })) }
      ],
      results: node.outputs.map((_, output) => ({ node: operands.length, output }))
    }
    values.push(
      runPlanned(
        plan(alone),
        node.inputs.map((r) => values[r.node]?.[r.output] ?? []),
        { target }
      )
    )
  })
  return graph.results.map(({ node, output }) => values[node]?.[output] ?? [])
}

/** The first difference between two lists of arrays, as a sentence; NaNs are equal to each other, -0 is not 0. */
export const differenceOf = (
  expected: ReadonlyArray<Numbers>,
  actual: ReadonlyArray<Numbers>,
  same: (a: number, b: number) => boolean = Object.is
): string | undefined => {
  if (expected.length !== actual.length) return `${actual.length} results instead of ${expected.length}`
  for (const [k, array] of expected.entries()) {
    const other = actual[k] ?? []
    if (array.length !== other.length) return `result ${k} has ${other.length} elements instead of ${array.length}`
    const at = array.findIndex((x, i) => !same(x, other[i] ?? Number.NaN))
    if (at >= 0) return `result ${k}[${at}] is ${other[at]}, expected ${array[at]}`
  }
  return undefined
}

/** Random whole numbers below n, by seed. */
export const randomSource = (seed: number): ((n: number) => number) => {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x6d2b79f5) >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const specials = [0, -0, 1, -1, NaN, Infinity, -Infinity, 0.5, 1e-40, -3e38, 1e-45, -5e-324, 1.5e308]

/** An array of every number that rewrites go wrong for, over and over. */
export const specialNumbers = ({ dtype, shape }: Aval): Numbers => {
  const all: Readonly<Record<DType, Numbers>> = {
    f32: specials.map(Math.fround),
    f64: specials,
    i32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
    u32: [0, 1, 2 ** 31, 2 ** 32 - 1],
    bool: [0, 1]
  }
  return Array.from({ length: sizeOf(shape) }, (_, i) => all[dtype][i % all[dtype].length] ?? 0)
}

/** Random elements of an array; `special` mixes in NaN, infinities, signed zeros and denormal numbers. */
export const randomNumbers = ({ shape, dtype }: Aval, below: (n: number) => number, special = false): Numbers => {
  const one: Readonly<Record<DType, () => number>> = {
    f32: () =>
      special && below(4) === 0
        ? Math.fround(specials[below(specials.length)] ?? 0)
        : Math.fround(below(4001) / 1000 - 2),
    f64: () => (special && below(4) === 0 ? (specials[below(specials.length)] ?? 0) : below(4001) / 1000 - 2),
    i32: () => (special && below(4) === 0 ? below(2 ** 32) | 0 : below(9) - 3),
    u32: () => (special && below(4) === 0 ? below(2 ** 32) : below(9)),
    bool: () => below(2)
  }
  return Array.from({ length: sizeOf(shape) }, one[dtype])
}
