import * as few from "./few-unknowns.ts"
import * as many from "./many-unknowns.ts"
import * as fits from "./measurements.ts"
import type { Problem } from "./problem.ts"

export { objective, type Minimum, type Problem } from "./problem.ts"

/** All 35 problems of the paper. */
export const problems: ReadonlyArray<Problem> = [few, fits, many].flatMap((group) => Object.values<Problem>(group))
