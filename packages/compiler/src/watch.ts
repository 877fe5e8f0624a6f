/** Looking at what passes make, from outside them. */
import type { Graph } from "@cotangent/graph"
import type { Planned } from "./planned.ts"
import type { Schedule } from "./schedule.ts"

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
