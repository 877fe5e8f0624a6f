/** Loops and branches, run step by step: what their bodies are given at each step. */
import { Graph, sizeOf, type Value } from "@cotangent/graph"
import { type Frame, makeFrame } from "./frame.ts"

type GraphNode = Graph.GraphNode

/** Where a parameter of a body comes from. */
export type Source =
  /** An operand of the node around, from the element `offset` on. */
  | { readonly tag: "operand"; readonly operand: number; readonly offset: number }
  /** A result of the step before. */
  | { readonly tag: "carry"; readonly result: number }

/** Where an output of the node around comes from. */
export type Target =
  | { readonly tag: "result"; readonly step: number; readonly result: number; readonly element: number }
  /** A loop without steps gives its operand back. */
  | { readonly tag: "operand"; readonly operand: number; readonly element: number }

/** A node with regions, taken apart into the steps that ran. */
export interface Steps {
  readonly count: number
  /** What every step runs. */
  readonly body: Graph.Graph
  /** How a step is called, for people: the row of a scan, the number of a step of a loop; nothing for a branch. */
  readonly nameOf: (step: number) => ReadonlyArray<number>
  readonly frame: (step: number) => Frame
  readonly sourceOf: (step: number, parameter: number) => Source
  readonly targetOf: (output: number, element: number) => Target
}

const regionOf = ({ primitive, regions }: GraphNode, index: number): Graph.Graph => {
  const region = regions[index]
  if (region === undefined) throw new RangeError(`${primitive}: region ${index} is missing`)
  return region
}

const operandsOf = (frame: Frame, node: GraphNode): ReadonlyArray<Value> => node.inputs.map(frame.valueOf)

const rowOf = ({ shape, dtype, data }: Value, row: number): Value => {
  const inner = shape.slice(1)
  const size = sizeOf(inner)
  return { shape: inner, dtype, data: data.slice(row * size, (row + 1) * size) }
}

const sizeOfRow = (node: GraphNode, output: number): number => sizeOf((node.outputs[output]?.shape ?? []).slice(1))

const scanSteps = (frame: Frame, node: GraphNode): Steps => {
  const { attributes } = node
  const [count, sequences] = [Number(attributes["carries"]), Number(attributes["sequences"])]
  const length = Number(attributes["length"])
  const reverse = attributes["reverse"] === true
  const body = regionOf(node, 0)
  const operands = operandsOf(frame, node)
  const captured = operands.length - count - sequences
  const rowAt = (step: number): number => (reverse ? length - 1 - step : step)
  const given = (step: number, carries: ReadonlyArray<Value>): ReadonlyArray<Value> => [
    ...operands.slice(0, captured),
    ...carries,
    ...operands.slice(captured + count).map((x) => rowOf(x, rowAt(step)))
  ]
  const entering: Array<ReadonlyArray<Value>> = [operands.slice(captured, captured + count)]
  const carriesAt = (step: number): ReadonlyArray<Value> => {
    for (let s = entering.length; s <= step; s++)
      entering.push(frame.evaluate(body, body.results.slice(0, count), given(s - 1, entering[s - 1] ?? [])))
    return entering[step] ?? []
  }
  return {
    count: length,
    body,
    nameOf: (step) => [rowAt(step)],
    frame: (step) => makeFrame(frame.evaluate, body, given(step, count === 0 ? [] : carriesAt(step))),
    sourceOf: (step, parameter) => {
      if (parameter < captured) return { tag: "operand", operand: parameter, offset: 0 }
      if (parameter < captured + count)
        return step > 0
          ? { tag: "carry", result: parameter - captured }
          : { tag: "operand", operand: parameter, offset: 0 }
      const size = sizeOf((operands[parameter]?.shape ?? []).slice(1))
      return { tag: "operand", operand: parameter, offset: rowAt(step) * size }
    },
    targetOf: (output, element) => {
      if (output < count)
        return length > 0
          ? { tag: "result", step: length - 1, result: output, element }
          : { tag: "operand", operand: captured + output, element }
      const size = sizeOfRow(node, output)
      return { tag: "result", step: rowAt(Math.floor(element / size)), result: output, element: element % size }
    }
  }
}

const whileSteps = (frame: Frame, node: GraphNode): Steps => {
  const [test, body] = [regionOf(node, 0), regionOf(node, 1)]
  const operands = operandsOf(frame, node)
  const count = Number(node.attributes["carries"])
  const captured = operands.slice(0, operands.length - count)
  const entering: Array<ReadonlyArray<Value>> = [operands.slice(captured.length)]
  const goesOn = (carries: ReadonlyArray<Value>): boolean =>
    frame.evaluate(test, test.results, [...captured, ...carries])[0]?.data[0] === 1
  for (let last = entering[0]; last !== undefined && goesOn(last); last = entering.at(-1))
    entering.push(frame.evaluate(body, body.results, [...captured, ...last]))
  const steps = entering.length - 1
  return {
    count: steps,
    body,
    nameOf: (step) => [step],
    frame: (step) => makeFrame(frame.evaluate, body, [...captured, ...(entering[step] ?? [])]),
    sourceOf: (step, parameter) =>
      parameter >= captured.length && step > 0
        ? { tag: "carry", result: parameter - captured.length }
        : { tag: "operand", operand: parameter, offset: 0 },
    targetOf: (output, element) =>
      steps > 0
        ? { tag: "result", step: steps - 1, result: output, element }
        : { tag: "operand", operand: captured.length + output, element }
  }
}

const branchSteps = (frame: Frame, node: GraphNode): Steps => {
  const [predicate, ...operands] = operandsOf(frame, node)
  const branch = regionOf(node, predicate?.data[0] === 0 ? 1 : 0)
  return {
    count: 1,
    body: branch,
    nameOf: () => [],
    frame: () => makeFrame(frame.evaluate, branch, operands),
    sourceOf: (_, parameter) => ({ tag: "operand", operand: parameter + 1, offset: 0 }),
    targetOf: (output, element) => ({ tag: "result", step: 0, result: output, element })
  }
}

const forms: Readonly<Partial<Record<GraphNode["primitive"], (frame: Frame, node: GraphNode) => Steps>>> = {
  scan: scanSteps,
  whileLoop: whileSteps,
  cond: branchSteps
}

/** The steps of a loop or a branch that ran in a frame; `undefined` for a node that is neither. */
export const stepsOf = (frame: Frame, node: GraphNode): Steps | undefined =>
  node.regions.length === 0 ? undefined : forms[node.primitive]?.(frame, node)
