/** The first index of a program that is out of range. */
import { isInRange, rangeOf } from "@cotangent/compiler"
import { Graph, originOf, showPosition, type Value } from "@cotangent/graph"
import { stepsOf } from "./control.ts"
import { type Evaluate, type Frame, indexOf, makeFrame } from "./frame.ts"

/** An index and where it stands. */
export interface OutOfRange {
  readonly primitive: string
  readonly phase: "forward" | "backward" | "tangent"
  readonly position: string | undefined
  readonly layer: string | undefined
  readonly index: number
  readonly at: ReadonlyArray<number>
  readonly shape: ReadonlyArray<number>
  readonly range: readonly [number, number]
  readonly loopSteps: ReadonlyArray<number>
}

type GraphNode = Graph.GraphNode

const inNode = ({ graph, valueOf }: Frame, node: GraphNode): OutOfRange | undefined => {
  const range = rangeIn(graph, node)
  const input = range === undefined ? undefined : node.inputs[range.operand]
  if (range === undefined || input === undefined) return undefined
  const { data, shape } = valueOf(input)
  const element = data.findIndex((index) => !isInRange(index, range))
  if (element < 0) return undefined
  return {
    primitive: node.primitive,
    phase: node.position.derivative?.phase ?? "forward",
    position: showPosition(node.position),
    layer: originOf(node.position).label,
    index: data[element] ?? 0,
    at: indexOf(shape, element),
    shape,
    range: [-range.size, range.last],
    loopSteps: []
  }
}

const rangeIn = (graph: Graph.Graph, node: GraphNode): ReturnType<typeof rangeOf> =>
  rangeOf(
    node,
    node.inputs.map((input) => Graph.avalOf(graph, input))
  )

const hasIndices = (graph: Graph.Graph): boolean =>
  graph.nodes.some((node) => rangeIn(graph, node) !== undefined || node.regions.some(hasIndices))

const inFrame = (frame: Frame): OutOfRange | undefined => {
  for (const node of frame.graph.nodes) {
    const steps = node.regions.some(hasIndices) ? stepsOf(frame, node) : undefined
    for (let step = 0; step < (steps?.count ?? 0); step++) {
      const inside = steps === undefined ? undefined : inFrame(steps.frame(step))
      if (steps !== undefined && inside !== undefined)
        return { ...inside, loopSteps: [...steps.nameOf(step), ...inside.loopSteps] }
    }
    const here = inNode(frame, node)
    if (here !== undefined) return here
  }
  return undefined
}

/** Looks through a program, loops step by step, in the order in which it is computed. */
export const outOfRange = (
  evaluate: Evaluate,
  graph: Graph.Graph,
  inputs: ReadonlyArray<Value>
): OutOfRange | undefined => inFrame(makeFrame(evaluate, graph, inputs))
