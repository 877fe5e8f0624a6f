/** Evaluating expressions directly, without Effect: the reference interpreter, exact and slow. */
import { evaluateAll } from "../interpreter.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as Tree from "../tree.ts"
import { fromValue } from "./creation.ts"
import type { Value } from "../value.ts"

/** The values of a tree of tensors. */
export type ValuesOf<T> = T extends Tensor<infer S, infer D> ? Value<S, D> : { readonly [K in keyof T]: ValuesOf<T[K]> }

/**
 * Evaluates a tensor, or a tree of tensors at once, in float64 on the reference interpreter. For small things and for
 * checking; compiled programs (`Compute.compile`) are a thousand times faster.
 */
export const evaluate = <T>(tensors: T): ValuesOf<T> => {
  const leaves: ReadonlyArray<AnyTensor> = Tree.leaves(tensors)
  // The values stand where their tensors stood.
  return Tree.rebuildWith(tensors, evaluateAll(leaves)) as ValuesOf<T>
}

/**
 * The tree with every tensor computed and replaced by a constant: what a loop written by hand calls once per step, so that
 * expressions do not grow from step to step.
 */
export const realize = <T>(tensors: T): T => {
  const leaves: ReadonlyArray<AnyTensor> = Tree.leaves(tensors)
  return Tree.rebuild(
    tensors,
    evaluateAll(leaves).map((value) => fromValue(value))
  )
}
