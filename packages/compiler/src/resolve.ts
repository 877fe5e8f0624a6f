/** Which array every value of a graph reads, and through which view: views move no data. */
import { type Aval, type Graph, primitives, rulesOf, type View, Views } from "@cotangent/graph"

/** A value seen as a view of a computed (or given) array. */
export interface Access {
  /** The value number of the array that is really there. */
  readonly base: number
  readonly view: View
  /** Whether a barrier lies between: what reads it is not fused with what computes it. */
  readonly guarded?: true
}

/** Every output of every node has a number. */
export interface Values {
  readonly graph: Graph.Graph
  /** The first value number of each node. */
  readonly start: ReadonlyArray<number>
  readonly avals: ReadonlyArray<Aval>
  /** The node each value belongs to. */
  readonly owner: ReadonlyArray<number>
  /** What reading each value really reads. */
  readonly access: ReadonlyArray<Access>
  /** View nodes whose strides cannot be expressed: their operand is copied in row-major order. */
  readonly copies: ReadonlySet<number>
}

/** Numbers all values and resolves chains of views; `given` says how parameters lie in memory, row-major if it does not. */
export const resolve = (graph: Graph.Graph, given: ReadonlyArray<View> = []): Values => {
  const start: Array<number> = []
  const avals: Array<Aval> = []
  const owner: Array<number> = []
  const access: Array<Access> = []
  const copies = new Set<number>()
  graph.nodes.forEach((node, i) => {
    start.push(avals.length)
    for (const aval of node.outputs) {
      const value = avals.push(aval) - 1
      owner.push(i)
      const rules = rulesOf(primitives[node.primitive])
      const [input] = node.inputs
      const source = input === undefined ? undefined : access[(start[input.node] ?? 0) + input.output]
      const view =
        rules.lower.tag === "view" && source !== undefined
          ? rules.lower.view(source.view, node.attributes, aval)
          : undefined
      if (view !== undefined && source !== undefined) {
        const guarded = node.primitive === "barrier" || source.guarded === true
        access.push({ base: source.base, view, ...(guarded ? { guarded } : {}) })
      } else {
        if (rules.lower.tag === "view") copies.add(i)
        const known = i < graph.parameters.length ? given[value] : undefined
        access.push({ base: value, view: known ?? Views.contiguous(aval.shape) })
      }
    }
  })
  return { graph, start, avals, owner, access, copies }
}

/** The number of the value a reference refers to. */
export const valueOf = (values: Values, { node, output }: Graph.Reference): number => (values.start[node] ?? 0) + output
