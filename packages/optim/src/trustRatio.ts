/** Layerwise rates: a step whose length is a part of the length of the tensor that it moves. */
import { type AnyTensor, operations as ops } from "@cotangent/graph"

/** Whether the length of each tensor's step follows the tensor's own norm (`"layerwise"`), or not (`"none"`). */
export type TrustRatioMode = "layerwise" | "none"

/** `length / of`, or 1 where either is 0: a tensor that is zero must be able to leave it. */
export const trustRatio = (length: AnyTensor, of: AnyTensor): AnyTensor => {
  const zero = ops.full([], 0, length.dtype)
  const known = ops.and(ops.lt(zero, length), ops.lt(zero, of))
  return ops.select(known, ops.div(length, ops.select(known, of, 1)), 1)
}
