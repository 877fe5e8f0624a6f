/**
 * Making a failing program smaller, in two stages. First as instructions: they are dropped in runs and one by one, bodies
 * first emptied or put in place of what they are the body of, operands replaced by inputs, shapes of inputs made smaller,
 * details and input numbers made simple. Then as a graph: any value may become an input that is given the number it had,
 * any node may become the result. Every step is kept only if the law is still violated.
 */
import {
  allocate,
  type Aval,
  evaluateAll,
  type Graph,
  Graph as Graphs,
  isFloat,
  sizeOf,
  type Value
} from "@cotangent/graph"
import { constants } from "../subjects.ts"
import { functionOf } from "./instantiate.ts"
import type { Instruction, Program } from "./program.ts"

type Fails<A> = (smaller: A) => boolean

/** The first smaller form that still fails, again and again until there is none. */
const descend = <A>(from: A, smaller: (a: A) => Iterable<A>, fails: Fails<A>, budget = 2000): A => {
  let current = from
  let left = budget
  for (;;) {
    let next: A | undefined
    for (const candidate of smaller(current)) {
      if (left-- <= 0) return current
      if (fails(candidate)) {
        next = candidate
        break
      }
    }
    if (next === undefined) return current
    current = next
  }
}

const withAt = <A>(all: ReadonlyArray<A>, i: number, ...by: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...all.slice(0, i),
  ...by,
  ...all.slice(i + 1)
]

/** Smaller lists of instructions: fewer of them, with smaller or no bodies, operands further back, smaller details. */
function* smallerInstructions(
  all: ReadonlyArray<Instruction>,
  inputs: number,
  least: number
): Generator<ReadonlyArray<Instruction>> {
  for (let run = Math.ceil(all.length / 2); run >= 1; run = Math.floor(run / 2))
    for (let i = 0; i + run <= all.length; i++)
      if (all.length - run >= least) yield [...all.slice(0, i), ...all.slice(i + run)]
  for (const [i, instruction] of all.entries()) {
    const { body, back, detail } = instruction
    if (body.length > 0) {
      // The body in place of the instruction: its own values lie no further back than before.
      yield [...all.slice(0, i), ...body, ...all.slice(i + 1)]
      for (const smaller of smallerInstructions(body, 2, 0)) yield withAt(all, i, { ...instruction, body: smaller })
    }
    for (const [k, at] of back.entries())
      for (let input = 0; input < inputs; input++) {
        const direct = i + inputs - 1 - input
        if (at % (i + inputs) < i) yield withAt(all, i, { ...instruction, back: withAt(back, k, direct) })
      }
    if (detail > 0)
      for (const simpler of [0, 1, detail >> 1])
        if (simpler < detail) yield withAt(all, i, { ...instruction, detail: simpler })
  }
}

function* smallerInputs(inputs: ReadonlyArray<ReadonlyArray<number>>): Generator<ReadonlyArray<ReadonlyArray<number>>> {
  if (inputs.length > 1) for (const i of inputs.keys()) yield inputs.toSpliced(i, 1)
  for (const [i, shape] of inputs.entries())
    for (const [d, size] of shape.entries()) {
      yield withAt(inputs, i, shape.toSpliced(d, 1))
      if (size > 1) yield withAt(inputs, i, withAt(shape, d, 1))
      if (size > 2) yield withAt(inputs, i, withAt(shape, d, size >> 1))
    }
}

function* smallerPrograms(program: Program): Generator<Program> {
  for (const instructions of smallerInstructions(program.instructions, program.inputs.length, 1))
    yield { ...program, instructions }
  for (const inputs of smallerInputs(program.inputs)) yield { ...program, inputs }
  for (const resolution of [1, 2, 4, 16]) if (resolution < program.resolution) yield { ...program, resolution }
}

/** The smallest program found that still fails. */
export const shrink = (program: Program, fails: Fails<Program>): Program => descend(program, smallerPrograms, fails)

/** A graph with the values of its parameters. */
export interface Located {
  readonly graph: Graph.Graph
  readonly values: ReadonlyArray<Value>
}

const isInput = (graph: Graph.Graph, node: number): boolean => node < graph.parameters.length

/** Parameters that nothing uses are left out. */
const withoutUnused = ({ graph, values }: Located): Located => {
  const { nodes, results, parameters } = Graphs.prune(graph)
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...results].map(({ node }) => node))
  const kept = parameters.flatMap((_, i) => (used.has(i) ? [i] : []))
  const moved = new Map<number, number>()
  for (const i of [...kept, ...nodes.flatMap((_, i) => (i >= parameters.length ? [i] : []))]) moved.set(i, moved.size)
  const move = ({ node, output }: Graph.Reference): Graph.Reference => ({ node: moved.get(node) ?? -1, output })
  return {
    graph: {
      parameters: kept.flatMap((i) => parameters[i] ?? []),
      nodes: nodes.flatMap((node, i) => (moved.has(i) ? [{ ...node, inputs: node.inputs.map(move) }] : [])),
      results: results.map(move)
    },
    values: kept.flatMap((i) => values[i] ?? [])
  }
}

/** The graph in which output `output` of a node is an input of its own, with the value it had. */
const cut = ({ graph, values }: Located, node: number, output: number): Located | undefined => {
  const aval = graph.nodes[node]?.outputs[output]
  if (aval === undefined) return undefined
  const reference = { node, output }
  const [value] = evaluateAll(functionOf({ ...graph, results: [reference] })(constants(values)))
  const count = graph.parameters.length
  if (value === undefined) return undefined
  const name = `v${node}${output === 0 ? "" : `_${output}`}`
  const { shape, dtype } = aval
  const position = {}
  const made = {
    primitive: "parameter",
    attributes: { name, shape, dtype },
    inputs: [],
    regions: [],
    outputs: [aval],
    position
  } as const
  const move = (r: Graph.Reference): Graph.Reference =>
    r.node === node && r.output === output
      ? { node: count, output: 0 }
      : { node: r.node < count ? r.node : r.node + 1, output: r.output }
  return {
    graph: {
      parameters: [...graph.parameters, { name, shape, dtype }],
      nodes: [...graph.nodes.slice(0, count), made, ...graph.nodes.slice(count)].map((n) => ({
        ...n,
        inputs: n.inputs.map(move)
      })),
      results: graph.results.map(move)
    },
    values: [...values, value]
  }
}

const simpler = (value: Value): ReadonlyArray<Value> => {
  if (!isFloat(value.dtype) || sizeOf(value.shape) === 0) return []
  const rounded = (to: (x: number) => number): Value => {
    const data = value.data.slice()
    data.forEach((x, i) => (data[i] = to(x)))
    return { ...value, data }
  }
  const tries = [rounded(() => 1), rounded((x) => Math.round(x * 2) / 2), rounded((x) => Number(x.toFixed(2)))]
  return tries.filter((one) => one.data.some((x, i) => x !== value.data[i]))
}

const simple = ({ shape, dtype }: Aval): Value => ({
  shape,
  dtype,
  data: allocate(dtype, sizeOf(shape)).fill(isFloat(dtype) ? 0.5 : 0)
})

function* smallerGraphs(located: Located): Generator<Located> {
  const { graph, values } = located
  const inner = graph.nodes.flatMap(({ outputs }, node) =>
    isInput(graph, node) ? [] : outputs.map((aval, output) => ({ aval, node, output }))
  )
  const result = graph.results[0]?.node ?? 0
  // A body alone, of numbers as simple as can be.
  for (const { regions } of graph.nodes)
    for (const region of regions) yield withoutUnused({ graph: region, values: region.parameters.map(simple) })
  for (const { aval, node, output } of inner)
    if (isFloat(aval.dtype) && (node !== result || graph.results.length > 1))
      yield withoutUnused({ graph: { ...graph, results: [{ node, output }] }, values })
  for (const { node, output } of inner.toReversed())
    if (graph.results.every((r) => r.node !== node)) {
      const one = cut(located, node, output)
      if (one !== undefined) yield withoutUnused(one)
    }
  // Numbers are made simple once, from last to first.
  for (const [i, value] of values.entries())
    for (const one of simpler(value)) yield { graph, values: withAt(values, i, one) }
}

const countNodes = ({ nodes }: Graph.Graph): number =>
  nodes.reduce((count, { regions }) => count + 1 + regions.reduce((sum, region) => sum + countNodes(region), 0), 0)

/** How much is left to shrink: a step that does not make this smaller could be taken again for ever. */
const sizeOfLocated = ({ graph, values }: Located): number =>
  countNodes(graph) * 1000 + values.reduce((sum, { data }) => sum + Array.from(data, String).join("").length, 0)

/** The smallest graph found that still fails. */
export const shrinkGraph = (from: Located, fails: Fails<Located>): Located =>
  descend(
    withoutUnused(from),
    function* (located) {
      const size = sizeOfLocated(located)
      for (const smaller of smallerGraphs(located)) if (sizeOfLocated(smaller) < size) yield smaller
    },
    fails
  )
