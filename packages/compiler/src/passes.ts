/**
 * The passes over graphs, in the order they run. Each maps a graph to one with the same parameters and results; the last
 * gives the canonical graph, which fixes every bit.
 */
import type { Graph } from "@cotangent/graph"
import { exactRules } from "./exact.ts"
import { mergeLoops, trimLoops } from "./loops.ts"
import { reluMasks } from "./masks.ts"
import { narrowing } from "./narrow.ts"
import { rewrite } from "./rewriter.ts"
import { stableRewrites } from "./stable.ts"
import { show } from "./watch.ts"

/** A pass and what it is called. */
export interface Pass {
  readonly name: string
  readonly run: (graph: Graph.Graph) => Graph.Graph
}

/** The graph with its stable rewrites: the expressions whose values a program computes. */
export const stabilise = (graph: Graph.Graph): Graph.Graph => rewrite(graph, stableRewrites)

/** The passes before scheduling. */
export const passes: ReadonlyArray<Pass> = [
  { name: "merge loops", run: mergeLoops },
  { name: "trim loops", run: trimLoops },
  {
    name: "exact rewrites",
    run: (graph) =>
      rewrite(graph, {
        ...exactRules,
        select: [...(exactRules.select ?? []), reluMasks()],
        slice: [narrowing(graph)]
      })
  },
  { name: "stable rewrites", run: stabilise }
]

/** The graph the arithmetic contract speaks of: all passes applied, in the bodies of loops too. */
export const canonical = (graph: Graph.Graph): Graph.Graph => {
  let current = graph
  show({ tag: "graph", pass: "make", graph })
  for (const { name, run } of passes) {
    current = run(current)
    show({ tag: "graph", pass: name, graph: current })
  }
  return current
}
