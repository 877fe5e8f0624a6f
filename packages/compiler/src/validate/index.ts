/**
 * Validators of what passes make: graphs, schedules and plans. Each gives sentences that say what is wrong, none if nothing
 * is. Kernels have a validator of their own. Tests let them look at every stage of every program (`watchPasses`).
 */
import type { Stage } from "../watch.ts"
import { validateGraph } from "./graph.ts"
import { validatePlan } from "./plan.ts"
import { validateSchedule } from "./schedule.ts"

export { validateGraph, validatePlan, validateSchedule }

/** The problems of whatever a pass has made. */
export const problemsOf = (stage: Stage): ReadonlyArray<string> => {
  switch (stage.tag) {
    case "graph":
      return validateGraph(stage.graph)
    case "schedule":
      return validateSchedule(stage.schedule)
    case "plan":
      return validatePlan(stage.planned)
  }
}

/** Throws when a pass has made something wrong: what to give to `watchPasses`. */
export const validateStage = (stage: Stage): void => {
  const problems = problemsOf(stage)
  if (problems.length > 0) throw new RangeError(`after ${stage.pass}:\n${problems.join("\n")}`)
}
