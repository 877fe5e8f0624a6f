/** The hinge that margin losses are made of, with both conventions for its corner. */
import { T } from "@cotangent/graph"
import type { Floats } from "./reduction.ts"

/** `max(x, 0)` with derivative 1 at 0, as PyTorch's `clamp_min` has it; NaN stays NaN. */
export const openHinge = (x: Floats): Floats => T.where(T.less(x, 0), 0, x)

/** `max(x, 0)` with derivative 0 at 0. */
export const closedHinge = (x: Floats): Floats => T.relu(x)
