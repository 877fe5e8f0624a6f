/** Functions of one example as functions of a batch. */
import { DifferentiationError, type Dim, operations, type Shape, type Tensor, Tree } from "@cotangent/graph"
import { passes } from "./passes.ts"

/** A tree with a leading batch dimension `B` on every leaf. */
export type Batched<T, B extends Dim = number> =
  T extends Tensor<infer S extends Shape, infer D>
    ? Tensor<number extends S["length"] ? Shape : [B, ...S], D>
    : { readonly [K in keyof T]: Batched<T[K], B> }

/** The arguments of a function, each with a leading batch dimension. */
export type BatchedArguments<A extends ReadonlyArray<unknown>, B extends Dim> = { [K in keyof A]: Batched<A[K], B> }

/**
 * A function of one example as a function of a batch: every leaf of the arguments carries a leading batch dimension,
 * and so does every result; what `f` uses from outside is the same for all examples. Computes the same as a loop over
 * the examples.
 */
export const vmap =
  <A extends ReadonlyArray<unknown>, Y>(f: (...examples: A) => Y) =>
  <B extends Dim>(...batch: BatchedArguments<A, B>): Batched<Y, B> => {
    const leaves = Tree.leaves(batch)
    const size = leaves[0]?.shape[0]
    if (size === undefined) throw new DifferentiationError("vmap: needs an argument with a leading batch dimension")
    for (const leaf of leaves) {
      if (leaf.shape[0] !== size) {
        throw new DifferentiationError(`vmap: the leading dimensions ${size} and ${leaf.shape[0] ?? "none"} differ`)
      }
    }
    const examples = leaves.map((x, i) => operations.parameter(`x${i}`, x.shape.slice(1), x.dtype))
    // The structure of one example is that of the batch, a dimension less on every leaf.
    const y = f(...(Tree.rebuildWith([...batch], examples) as A))
    const isBatched = leaves.map(() => true)
    const results = passes.vectorize(Tree.leaves(y), examples, leaves, isBatched, size)
    return Tree.rebuildWith(y, results) as Batched<Y, B>
  }
