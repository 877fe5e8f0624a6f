/** Loops and branches: their bodies are blocks over the memory of the block around. */
import { Builder, type Buffer, type Loop, type Step } from "@cotangent/kernel"
import { type Graph, sizeOf, Views } from "@cotangent/graph"
import { type Context, outputsOf } from "./lower/fused.ts"
import { copyKernel } from "./lower/structure.ts"
import type { Group } from "./schedule.ts"
import type { Given, Place, Underway } from "./underway.ts"

/** How the body of a loop is planned: passed in, for bodies may have loops. */
export type PlanBlock = (
  underway: Underway,
  graph: Graph.Graph,
  place: Place
) => { readonly steps: ReadonlyArray<Step> }

/** One node of control flow, with where its operands lie and where its outputs go. */
interface Control {
  readonly underway: Underway
  readonly node: Graph.GraphNode
  readonly operands: ReadonlyArray<Given>
  readonly outputs: ReadonlyArray<Buffer>
  readonly around: ReadonlyArray<Loop>
  readonly block: (region: number, place: Omit<Place, "around">, loops?: ReadonlyArray<Loop>) => ReadonlyArray<Step>
}

const wholeOf = (buffer: Buffer, shape: ReadonlyArray<number>): Given => ({ buffer, view: Views.contiguous(shape) })

/** Carried values live in the outputs: first their initial values are copied there. */
const startCarries = (
  { underway, outputs, node, around }: Control,
  initial: ReadonlyArray<Given>
): { readonly carries: ReadonlyArray<Given>; readonly steps: ReadonlyArray<Step> } => {
  const carries = initial.flatMap((_, i) => {
    const [buffer, aval] = [outputs[i], node.outputs[i]]
    return buffer === undefined || aval === undefined ? [] : [wholeOf(buffer, aval.shape)]
  })
  const steps = carries.flatMap(({ buffer }, i) => {
    const from = initial[i]
    if (from === undefined) throw new RangeError("a carry has an initial value")
    return underway.call(copyKernel(`start${i}`, from.buffer, from.view, buffer), around)
  })
  return { carries, steps }
}

/** A loop with the buffers that were made while its body was planned. */
const owning = (underway: Underway, make: () => Step): Step => {
  const first = underway.store.count()
  const step = make()
  underway.owned.set(step, [first, underway.store.count()])
  return step
}

/** Row `loop` (or, backwards, row `length - 1 - loop`) of a sequence. */
const rowOf = ({ buffer, view }: Given, loop: Loop, reverse: boolean): Given => {
  const [stride = 0, ...strides] = view.strides
  const shape = view.shape.slice(1)
  return {
    buffer: {
      ...buffer,
      length: sizeOf(shape),
      row: {
        of: buffer,
        offset: view.offset + (reverse ? (loop.extent - 1) * stride : 0),
        terms: stride === 0 ? [] : [{ loop, stride: reverse ? -stride : stride }]
      }
    },
    view: { shape, strides, offset: 0 }
  }
}

const lowerScan = (control: Control): ReadonlyArray<Step> => {
  const { underway, node, operands, outputs, block } = control
  const count = Number(node.attributes["carries"])
  const captured = operands.length - count - Number(node.attributes["sequences"])
  const reverse = node.attributes["reverse"] === true
  const length = Number(node.attributes["length"])
  const { carries, steps } = startCarries(control, operands.slice(captured, captured + count))
  if (length === 0) return steps
  const loop = underway.loop(length)
  const rows = operands.slice(captured + count).map((x) => rowOf(x, loop, reverse))
  const written = outputs.slice(count).flatMap((buffer, i) => {
    const aval = node.outputs[count + i]
    return aval === undefined ? [] : [rowOf(wholeOf(buffer, aval.shape), loop, reverse).buffer]
  })
  const repeat = owning(underway, () => ({
    tag: "repeat",
    loop,
    body: block(
      0,
      {
        given: {
          parameters: [...operands.slice(0, captured), ...carries, ...rows],
          results: [...carries.map((c) => c.buffer), ...written]
        },
        replaces: [...carries.map((_, i) => captured + i), ...written.map(() => undefined)]
      },
      [loop]
    )
  }))
  return [...steps, repeat]
}

const lowerWhile = (control: Control): ReadonlyArray<Step> => {
  const { underway, node, operands, block } = control
  const captured = operands.length - node.outputs.length
  const { carries, steps } = startCarries(control, operands.slice(captured))
  const parameters = [...operands.slice(0, captured), ...carries]
  const loop = owning(underway, () => {
    const buffer = underway.store.make("flag", "bool", 1)
    return {
      tag: "while",
      test: block(0, { given: { parameters, results: [buffer] }, replaces: [undefined] }),
      flag: { buffer, index: Builder.at(0) },
      body: block(1, {
        given: { parameters, results: carries.map((c) => c.buffer) },
        replaces: carries.map((_, i) => captured + i)
      })
    }
  })
  return [...steps, loop]
}

const lowerBranch = ({ operands: [predicate, ...parameters], outputs, block }: Control): ReadonlyArray<Step> => {
  if (predicate === undefined) throw new RangeError("cond: the predicate is missing")
  const branch = (region: number) =>
    block(region, { given: { parameters, results: outputs }, replaces: outputs.map(() => undefined) })
  return [
    {
      tag: "branch",
      flag: { buffer: predicate.buffer, index: Builder.at(predicate.view.offset) },
      whenSet: branch(0),
      whenNot: branch(1)
    }
  ]
}

const lowerings: Readonly<Partial<Record<Graph.GraphNode["primitive"], (control: Control) => ReadonlyArray<Step>>>> = {
  scan: lowerScan,
  whileLoop: lowerWhile,
  cond: lowerBranch
}

/** The steps of a node with regions. */
export const lowerControl = (
  underway: Underway,
  context: Context,
  group: Group,
  around: ReadonlyArray<Loop>,
  planBlock: PlanBlock
): ReadonlyArray<Step> => {
  const [member] = group.members
  const node = member === undefined ? undefined : context.values.graph.nodes[member.node]
  const lowering = node === undefined ? undefined : lowerings[node.primitive]
  if (member === undefined || node === undefined || lowering === undefined)
    throw new RangeError("a control group has one member, which has regions")
  return lowering({
    underway,
    node,
    around,
    operands: member.operands.map(({ base, view }) => ({ buffer: context.bufferOf(base), view })),
    outputs: outputsOf(context.values, member).map(context.bufferOf),
    block: (region, place, loops = []) => {
      const graph = node.regions[region]
      if (graph === undefined) throw new RangeError(`${node.primitive}: region ${region} is missing`)
      return planBlock(underway, graph, { ...place, around: [...around, ...loops] }).steps
    }
  })
}
