/** The curves that schedules are made of. */
import { T } from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"

/** `to + (from - to) weight`: exactly `to` at weight 0, however small it is against `from`. */
export const between = (from: number, to: number, weight: Scalar): Scalar => T.add(T.mul(weight, from - to), to)

/** `(1 + cos(pi part)) / 2`: from 1 at part 0 to 0 at part 1. */
export const cosineWeight = (part: Scalar): Scalar => T.mul(T.add(T.cos(T.mul(part, Math.PI)), 1), 0.5)

/** Half a cosine, `to + (from - to) (1 + cos(pi part)) / 2`: from `from` at part 0 to `to` at part 1. */
export const halfCosine = (from: number, to: number, part: Scalar): Scalar => between(from, to, cosineWeight(part))

/** A straight line, `from + (to - from) part`. */
export const line = (from: number, to: number, part: Scalar): Scalar => T.add(T.mul(part, to - from), from)
