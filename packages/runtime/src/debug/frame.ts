/**
 * Frames: a graph with values for its parameters, whose nodes can be looked at one by one. What a frame shows was computed
 * by the engine that ran the program, therefore in the same bits.
 */
import { type Aval, Graph, isFloat, sizeOf, type Value, Values } from "@cotangent/graph"
import { bytesOf } from "@cotangent/kernel"
import type { Engine } from "../engine.ts"
import { makeRunner, type Runner } from "../run-once.ts"

type Reference = Graph.Reference

/** Computes some values of a graph from values of its parameters. */
export type Evaluate = (
  graph: Graph.Graph,
  wanted: ReadonlyArray<Reference>,
  inputs: ReadonlyArray<Value>
) => ReadonlyArray<Value>

/** Bytes of values that are computed together. */
const batchBytes = 2 ** 26
/** Bytes of values that a frame remembers; above it forgets them all. */
const rememberedBytes = 2 ** 28

const leafOf = (path: string, { shape, dtype }: Aval) => ({ path, shape, dtype })

/** Compiles what is asked for, once per graph and choice of values. */
export const makeEvaluate = (engine: Engine): Evaluate => {
  const known = new WeakMap<Graph.Graph, Map<string, Runner>>()
  return (graph, wanted, inputs) => {
    const runners = known.get(graph) ?? new Map<string, Runner>()
    known.set(graph, runners)
    const key = wanted.map(({ node, output }) => `${node}.${output}`).join()
    const runner =
      runners.get(key) ??
      makeRunner(engine, {
        graph: Graph.prune({ ...graph, results: wanted }),
        parameters: graph.parameters.map((p) => leafOf(p.name, p)),
        results: wanted.map((reference, i) => leafOf(String(i), Graph.avalOf(graph, reference)))
      })
    runners.set(key, runner)
    return runner.run(inputs)
  }
}

/** A graph and what it computes from given values. */
export interface Frame {
  readonly graph: Graph.Graph
  readonly evaluate: Evaluate
  readonly inputs: ReadonlyArray<Value>
  readonly valueOf: (reference: Reference) => Value
}

const keyOf = ({ node, output }: Reference): string => `${node}.${output}`

/** The outputs of a node and of what it is computed from, nearest first, as many as are computed together. */
const nearest = (graph: Graph.Graph, from: number, isKnown: (reference: Reference) => boolean) => {
  const needed = graph.nodes.map((_, i) => i === from)
  const wanted: Array<Reference> = []
  let bytes = 0
  for (let i = from; i >= graph.parameters.length && bytes < batchBytes; i--) {
    const node = graph.nodes[i]
    if (node === undefined || needed[i] !== true) continue
    for (const input of node.inputs) needed[input.node] = true
    if (node.primitive === "constant") continue
    node.outputs.forEach(({ shape, dtype }, output) => {
      const reference = { node: i, output }
      // What comes back is where control and indices come from, and every number.
      if (isKnown(reference)) return
      wanted.push(reference)
      bytes += sizeOf(shape) * bytesOf[dtype]
    })
  }
  return wanted
}

/** A frame. Values are computed when they are asked for, together with those that will be asked for next. */
export const makeFrame = (evaluate: Evaluate, graph: Graph.Graph, inputs: ReadonlyArray<Value>): Frame => {
  const values = new Map<string, Value>()
  let bytes = 0
  const compute = (reference: Reference): Value => {
    if (bytes > rememberedBytes) {
      values.clear()
      bytes = 0
    }
    const wanted = nearest(graph, reference.node, (r) => values.has(keyOf(r)))
    evaluate(graph, wanted, inputs).forEach((value, i) => {
      const at = wanted[i]
      if (at !== undefined) values.set(keyOf(at), value)
      bytes += value.data.byteLength
    })
    const found = values.get(keyOf(reference))
    if (found === undefined) throw new RangeError(`output ${keyOf(reference)} was not computed`)
    return found
  }
  return {
    graph,
    evaluate,
    inputs,
    valueOf: (reference) => {
      const given = inputs[reference.node]
      if (reference.node < graph.parameters.length && given !== undefined) return given
      const constant = graph.nodes[reference.node]?.attributes["value"]
      if (Values.isValue(constant)) return constant
      return values.get(keyOf(reference)) ?? compute(reference)
    }
  }
}

/** A number of a value. */
export const elementOf = (value: Value, element: number): number => value.data[element] ?? 0

/** Which element of an array of this shape has the number `element` in row-major order. */
export const indexOf = (shape: ReadonlyArray<number>, element: number): ReadonlyArray<number> => {
  const index: Array<number> = []
  let rest = element
  for (const size of shape.toReversed()) {
    index.push(rest % size)
    rest = Math.floor(rest / size)
  }
  return index.reverse()
}

/** The first element for which something holds, -1 if there is none; of floats only. */
export const findElement = ({ dtype, data }: Value, holds: (x: number) => boolean): number =>
  isFloat(dtype) ? data.findIndex(holds) : -1

/** Whether every number is finite: the difference of a number and itself is 0 unless it is NaN or infinite. A loop, for speed. */
export const isAllFinite = ({ dtype, data }: Value): boolean => {
  if (!isFloat(dtype)) return true
  for (let i = 0; i < data.length; i++) {
    const x = data[i] ?? 0
    if (x - x !== 0) return false
  }
  return true
}
