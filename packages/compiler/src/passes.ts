/**
 * The passes over graphs, in the order they run. Each maps a graph to one with the same parameters and results; the last
 * gives the canonical graph, which fixes every bit.
 */
import type { Graph } from "@cotangent/graph"
import { exactRules } from "./exact.ts"
import { mergeLoops, trimLoops } from "./loops.ts"
import { reluMasks } from "./masks.ts"
import { narrowing } from "./narrow.ts"
import type { Planned } from "./program.ts"
import { rewrite } from "./rewriter.ts"
import type { Schedule } from "./schedule.ts"
import { stableRewrites } from "./stable.ts"

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

/** What a pass has made. */
export type Stage =
  | { readonly tag: "graph"; readonly pass: string; readonly graph: Graph.Graph }
  | { readonly tag: "schedule"; readonly pass: string; readonly schedule: Schedule }
  | { readonly tag: "plan"; readonly pass: string; readonly planned: Planned }

/** Whoever looks at what passes make. */
export type Watch = (stage: Stage) => void

let watching: Watch | undefined

/** Lets somebody look at what every pass makes, from now on; tests let the validators look. Gives who looked before. */
export const watchPasses = (watch: Watch | undefined): Watch | undefined => {
  const before = watching
  watching = watch
  return before
}

/** Shows a stage to whoever looks. */
export const show = (stage: Stage): void => watching?.(stage)

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
