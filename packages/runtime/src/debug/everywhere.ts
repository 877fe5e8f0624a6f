/** The first operation of a program that makes a number that is not finite, whether or not that reaches a result. */
import { type Graph, primitives, rulesOf, type Value } from "@cotangent/graph"
import { stepsOf } from "./control.ts"
import { feeding } from "./feeding.ts"
import { type Evaluate, findElement, type Frame, makeFrame } from "./frame.ts"
import type { Place } from "./trace.ts"

/** How many elements of an operation that mixes its operands' elements are followed to them. */
const tries = 16

const isNotFinite = (x: number): boolean => !Number.isFinite(x)

/** Which numbers count. */
type Counts = (x: number) => boolean

/** An element of a node's output that is not finite although everything it was computed from is. */
const madeBy = (frame: Frame, index: number, counts: Counts): Place | undefined => {
  const node = frame.graph.nodes[index]
  if (node === undefined) return undefined
  const { lower } = rulesOf(primitives[node.primitive])
  if (lower.tag === "source" || lower.tag === "view") return undefined
  for (let output = 0; output < node.outputs.length; output++) {
    const value = frame.valueOf({ node: index, output })
    if (findElement(value, counts) < 0) continue
    const operands = node.inputs.map(frame.valueOf)
    const isMade = (element: number): boolean => {
      const spot = { node, output, element, operands }
      const isNaN = Number.isNaN(value.data[element])
      return feeding(spot, isNaN ? Number.isNaN : isNotFinite).length === 0
    }
    let left = lower.tag === "elementwise" ? value.data.length : tries
    for (let element = 0; element < value.data.length && left > 0; element++) {
      if (!counts(value.data[element] ?? 0)) continue
      if (isMade(element)) return { frame, node: index, output, element, steps: [], rank: [index] }
      left--
    }
  }
  return undefined
}

const search = (frame: Frame, counts: Counts): Place | undefined => {
  for (let index = frame.graph.parameters.length; index < frame.graph.nodes.length; index++) {
    const node = frame.graph.nodes[index]
    const steps = node === undefined ? undefined : stepsOf(frame, node)
    for (let step = 0; step < (steps?.count ?? 0); step++) {
      const inside = steps === undefined ? undefined : search(steps.frame(step), counts)
      if (steps !== undefined && inside !== undefined)
        return {
          ...inside,
          steps: [...steps.nameOf(step), ...inside.steps],
          rank: [index, step, ...inside.rank]
        }
    }
    const here = steps === undefined ? madeBy(frame, index, counts) : undefined
    if (here !== undefined) return here
  }
  return undefined
}

/** Looks through a program, loops step by step, in the order in which it is computed. */
export const firstMade = (
  evaluate: Evaluate,
  graph: Graph.Graph,
  inputs: ReadonlyArray<Value>,
  infinities: boolean
): Place | undefined => search(makeFrame(evaluate, graph, inputs), infinities ? isNotFinite : Number.isNaN)
