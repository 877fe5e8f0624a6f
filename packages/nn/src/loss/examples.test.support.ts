/**
 * What the losses are tested with. The expected numbers beside the tests are PyTorch's in float64, for
 * `L = tensor([[1, 2, .5], [-1, 0, 3]])`, `y = tensor([[1, 0, .25], [0, 1, 1]])`, `t = tensor([0, 2])`,
 * `w = tensor([1, 2, .5])` and `s = tensor([[1, -1, 1], [-1, -1, 1]])`.
 */
import { T } from "@cotangent/graph"

/** Logits, or any numbers. */
export const L = T.constant([
  [1, 2, 0.5],
  [-1, 0, 3]
])

/** Targets between 0 and 1. */
export const y = T.constant([
  [1, 0, 0.25],
  [0, 1, 1]
])

/** Class numbers. */
export const t = T.constant([0, 2], "i32")

/** Distributions. */
export const soft = T.constant([
  [0.25, 0.5, 0.25],
  [0, 1, 0]
])

/** Targets -1 and 1. */
export const s = T.constant([
  [1, -1, 1],
  [-1, -1, 1]
])

/** Weights of classes. */
export const w = [1, 2, 0.5]

/** All losses, none of them reduced. */
export const none = { reduction: "none" } as const

/** All losses added up. */
export const sum = { reduction: "sum" } as const
