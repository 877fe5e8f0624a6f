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

/** The tensors of a tree of values: constants where the values stood. */
export type TensorsOf<V> =
  V extends Value<infer S, infer D> ? Tensor<S, D> : { readonly [K in keyof V]: TensorsOf<V[K]> }

/** A tree of values, such as trained parameters, as a tree of constants: what `model.apply` takes. */
export const fromValues = <V>(values: V): TensorsOf<V> =>
  // The tensors stand where their values stood.
  Tree.rebuildWith(
    values,
    Tree.leaves<Value>(values).map((value) => fromValue(value))
  ) as TensorsOf<V>
