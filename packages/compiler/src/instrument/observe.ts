/**
 * Observing a program: a pass that adds what somebody wants to see to the results of a graph, and says what each added
 * result is. The canonical graph fixes every bit, so that looking changes no value.
 *
 * Inside a `scan` a sight is stacked over the steps; a branch that is not taken gives zeros and says that it did not run;
 * a `whileLoop`, whose number of steps is known to nobody, keeps the last value or the largest.
 */
import { allocate, type Aval, Graph } from "@cotangent/graph"
import { first, makeRewriter, type Rewriter } from "../rewriter.ts"

type Reference = Graph.Reference
type GraphNode = Graph.GraphNode

/** Something to see at a node. */
export interface Sight<A> {
  readonly about: A
  readonly value: Reference
  /** What is kept of the steps of a `whileLoop`: the last value, or the largest of each element. */
  readonly keeps: "last" | "largest"
}

/** What there is to see at a node; `rewriter` is for computing it from the node's operands and outputs. */
export type Observer<A> = (
  rewriter: Rewriter,
  node: GraphNode,
  inputs: ReadonlyArray<Reference>,
  outputs: ReadonlyArray<Reference>
) => ReadonlyArray<Sight<A>>

/** An added result. */
export interface Observation<A> {
  readonly about: A
  /** The number of the result that holds it. */
  readonly result: number
  /** The number of the result that says, by 1 or 0, whether it was computed, where that depends on a branch or a loop. */
  readonly ran?: number
  /** How many of its leading axes count the steps of loops, outer loops first. */
  readonly loops: number
}

/** A graph with added results. */
export interface Observed<A> {
  readonly graph: Graph.Graph
  readonly observations: ReadonlyArray<Observation<A>>
}

interface Seen<A> extends Sight<A> {
  readonly ran: Reference | undefined
  readonly loops: number
}

/** A graph that can still be added to. */
interface Open<A> {
  readonly parameters: Graph.Graph["parameters"]
  readonly rewriter: Rewriter
  readonly results: ReadonlyArray<Reference>
  readonly seen: ReadonlyArray<Seen<A>>
}

const close = ({ parameters, rewriter }: Open<unknown>, results: ReadonlyArray<Reference>): Graph.Graph =>
  Graph.prune({ parameters, nodes: rewriter.nodes, results })

/** A number repeated over a shape. */
export const filled = (rewriter: Rewriter, { shape, dtype }: Aval, value: number): Reference => {
  const data = allocate(dtype, 1)
  data[0] = value
  const scalar = rewriter.add("constant", [], { value: { shape: [], dtype, data } })
  return first(shape.length === 0 ? scalar : rewriter.add("broadcast", scalar, { shape }))
}

const flag: Aval = { shape: [], dtype: "i32" }

/** What a body returns beside its results: each value, then whether it was computed where that is known by running only. */
const additionsOf = <A>(seen: ReadonlyArray<Seen<A>>): ReadonlyArray<Reference> =>
  seen.flatMap(({ value, ran }) => (ran === undefined ? [value] : [value, ran]))

/** The same sights as outputs of the node around. */
const lifted = <A>(
  seen: ReadonlyArray<Seen<A>>,
  outputs: ReadonlyArray<Reference>,
  change: (of: Seen<A>) => { readonly loops: number; readonly isConditional: boolean }
): ReadonlyArray<Seen<A>> => {
  let next = 0
  const take = (): Reference => {
    const reference = outputs[next++]
    if (reference === undefined) throw new RangeError("a sight has an output")
    return reference
  }
  return seen.map((sight) => {
    const { loops, isConditional } = change(sight)
    const value = take()
    return { ...sight, value, ran: isConditional ? take() : undefined, loops }
  })
}

interface Rebuilt<A> {
  readonly outputs: ReadonlyArray<Reference>
  readonly seen: ReadonlyArray<Seen<A>>
}

/** A node with regions, the sights in them made outputs of it. */
type Control = <A>(
  rewriter: Rewriter,
  node: GraphNode,
  inputs: ReadonlyArray<Reference>,
  bodies: ReadonlyArray<Open<A>>
) => Rebuilt<A>

const rebuilt = (
  rewriter: Rewriter,
  { primitive, attributes, position }: GraphNode,
  inputs: ReadonlyArray<Reference>,
  regions: ReadonlyArray<Graph.Graph>
): ReadonlyArray<Reference> => rewriter.add(primitive, inputs, attributes, { position, regions })

const inScan: Control = (rewriter, node, inputs, [body]) => {
  if (body === undefined) throw new RangeError("scan has no body")
  const regions = [close(body, [...body.results, ...additionsOf(body.seen)])]
  const outputs = rebuilt(rewriter, node, inputs, regions)
  const count = node.outputs.length
  return {
    outputs: outputs.slice(0, count),
    seen: lifted(body.seen, outputs.slice(count), ({ loops, ran }) => ({
      loops: loops + 1,
      isConditional: ran !== undefined
    }))
  }
}

const inBranch: Control = (rewriter, node, inputs, branches) => {
  const seen = branches.flatMap((branch) => branch.seen)
  const regions = branches.map((branch) => {
    const own = new Set(branch.seen)
    const { rewriter: inner } = branch
    const added = branches.flatMap((other) =>
      other.seen.flatMap((sight) =>
        own.has(sight)
          ? [sight.value, sight.ran ?? filled(inner, flag, 1)]
          : [
              filled(inner, other.rewriter.aval(sight.value), 0),
              filled(inner, sight.ran === undefined ? flag : other.rewriter.aval(sight.ran), 0)
            ]
      )
    )
    return close(branch, [...branch.results, ...added])
  })
  const outputs = rebuilt(rewriter, node, inputs, regions)
  const count = node.outputs.length
  return {
    outputs: outputs.slice(0, count),
    seen: lifted(seen, outputs.slice(count), ({ loops }) => ({ loops, isConditional: true }))
  }
}

/** A graph with more parameters behind those it has. */
const withParameters = (graph: Graph.Graph, added: ReadonlyArray<Aval>): Graph.Graph => {
  const count = graph.parameters.length
  const move = ({ node, output }: Reference): Reference => ({ node: node < count ? node : node + added.length, output })
  const parameters = added.map(({ shape, dtype }, i) => ({ name: `seen${i}`, shape, dtype }))
  return {
    parameters: [...graph.parameters, ...parameters],
    nodes: [
      ...graph.nodes.slice(0, count),
      ...parameters.map(({ name, shape, dtype }): GraphNode => ({
        primitive: "parameter",
        attributes: { name, shape, dtype },
        inputs: [],
        regions: [],
        outputs: [{ shape, dtype }],
        position: {}
      })),
      ...graph.nodes.slice(count).map((node) => ({ ...node, inputs: node.inputs.map(move) }))
    ],
    results: graph.results.map(move)
  }
}

/** What a loop without rows keeps is carried, from zeros. */
const inWhile: Control = (rewriter, node, inputs, [test, body]) => {
  if (test === undefined || body === undefined) throw new RangeError("whileLoop has a predicate and a step")
  const carried = body.seen.flatMap(({ value, ran, keeps }) => [
    { from: value, aval: body.rewriter.aval(value), keeps },
    ran === undefined
      ? { from: filled(body.rewriter, flag, 1), aval: flag, keeps: "last" as const }
      : { from: ran, aval: body.rewriter.aval(ran), keeps: "largest" as const }
  ])
  const avals = carried.map(({ aval }) => aval)
  const step = reopened(withParameters(close(body, [...body.results, ...carried.map(({ from }) => from)]), avals))
  const [own, added] = [step.results.slice(0, body.results.length), step.results.slice(body.results.length)]
  const offset = body.parameters.length
  const kept = added.map((now, i) =>
    carried[i]?.keeps === "largest" ? first(step.rewriter.add("max", [{ node: offset + i, output: 0 }, now])) : now
  )
  const { primitive, attributes, position } = node
  const outputs = rewriter.add(
    primitive,
    [...inputs, ...avals.map((aval) => filled(rewriter, aval, 0))],
    { ...attributes, carries: Number(attributes["carries"]) + avals.length },
    { position, regions: [withParameters(close(test, test.results), avals), close(step, [...own, ...kept])] }
  )
  const count = node.outputs.length
  return {
    outputs: outputs.slice(0, count),
    seen: lifted(body.seen, outputs.slice(count), ({ loops }) => ({ loops, isConditional: true }))
  }
}

const controls: Readonly<Partial<Record<GraphNode["primitive"], Control>>> = {
  scan: inScan,
  cond: inBranch,
  whileLoop: inWhile
}

/** The nodes of a graph added to an empty one, taps left out; `observer` sees every node. */
const visit = <A>(graph: Graph.Graph, observer: Observer<A>): Open<A> => {
  const rewriter = makeRewriter()
  const place: Array<ReadonlyArray<Reference>> = []
  const seen: Array<Seen<A>> = []
  const move = ({ node, output }: Reference): Reference => {
    const moved = place[node]?.[output]
    if (moved === undefined)
      throw new RangeError(`observe: output ${output} of node ${node} is used before it is defined`)
    return moved
  }
  for (const node of graph.nodes) {
    const { primitive, attributes, position } = node
    const inputs = node.inputs.map(move)
    let outputs: ReadonlyArray<Reference>
    if (primitive === "tap") outputs = inputs
    else {
      const control = node.regions.length === 0 ? undefined : controls[primitive]
      if (control === undefined) {
        const regions = node.regions.map((region) => withoutTaps(region))
        outputs = rewriter.add(primitive, inputs, attributes, { position, regions })
      } else {
        // A predicate runs once more than its loop: it is not looked into.
        const bodies = node.regions.map((region, i) =>
          primitive === "whileLoop" && i === 0 ? visit<A>(region, () => []) : visit(region, observer)
        )
        const made = control(rewriter, node, inputs, bodies)
        outputs = made.outputs
        seen.push(...made.seen)
      }
    }
    for (const sight of observer(rewriter, node, inputs, outputs)) seen.push({ ...sight, ran: undefined, loops: 0 })
    place.push(outputs)
  }
  return { parameters: graph.parameters, rewriter, results: graph.results.map(move), seen }
}

/** A graph to add to, its nodes numbered as they are. */
const reopened = (graph: Graph.Graph): Open<never> => {
  const rewriter = makeRewriter()
  for (const { primitive, inputs, attributes, position, regions } of graph.nodes)
    rewriter.add(primitive, inputs, attributes, { position, regions })
  return { parameters: graph.parameters, rewriter, results: graph.results, seen: [] }
}

/** The graph without its taps. */
export const withoutTaps = (graph: Graph.Graph): Graph.Graph => {
  const open = visit<never>(graph, () => [])
  return close(open, open.results)
}

/** Adds everything an observer sees to the results of a graph, behind those it has. Taps are left out. */
export const observe = <A>(graph: Graph.Graph, observer: Observer<A>): Observed<A> => {
  const open = visit(graph, observer)
  let next = graph.results.length
  const observations = open.seen.map(({ about, loops, ran }): Observation<A> => {
    const result = next++
    return ran === undefined ? { about, result, loops } : { about, result, loops, ran: next++ }
  })
  return { graph: close(open, [...open.results, ...additionsOf(open.seen)]), observations }
}
