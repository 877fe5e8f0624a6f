import { type AnyTensor, isFloat, operations as ops, Tree } from "@cotangent/graph"
import { document } from "../document.ts"
import type { Optimizer, Rule, StateOf } from "../optimizer.ts"
import { mapSlots } from "../slots.ts"
import { assertOptimizers } from "../given.ts"

/** Sparse rows in words. */
export const sparseRowsDocument = document({
  name: "sparseRows",
  summary:
    "Any optimizer, with which the rows of a table whose gradient is zero keep their parameters and their moments.",
  equation: "row i of each result is that of the optimizer where g_i is not 0, and what it was where g_i is 0",
  source: "the lazy Adam of TensorFlow (LazyAdam, 2017) and torch.optim.SparseAdam, for any rule",
  slots: {},
  conventions: { paths: "matrices and tensors with more axes unless a function of the path says otherwise" },
  traits: { symmetry: "axes" }
})

/** A scalar for each row of g: whether any of its elements differs from 0. */
const touched = (g: AnyTensor): AnyTensor => {
  const others = g.shape.map((_, axis) => axis).slice(1)
  // Infinity counts and so does NaN: a mistake must not be lost.
  const used = ops.cast(ops.not(ops.eq(g, 0)), "f32")
  const any = ops.lt(ops.full([], 0, "f32"), others.length === 0 ? used : ops.reduceMax(used, others))
  return ops.reshape(any, [g.shape[0] ?? 1, ...others.map(() => 1)])
}

/**
 * An optimizer with which rows whose gradient is entirely 0 stay what they are: parameters, and every slot of the
 * parameters' shape. For embeddings, where a step meets few of the rows: without it a moment of a row that was not met
 * goes on moving it, and weight decay shrinks it. Steps, and with them bias corrections, count for all rows together.
 *
 * `paths` says which parameters are tables, by path and tensor: all of at least two axes unless given. Slots of other shapes,
 * such as Adafactor's, are not held back.
 *
 * ```ts
 * const optimizer = sparseRows(adam({ learningRate: 1e-3 }), (path) => path.startsWith("embedding"))
 * ```
 *
 * Source: the lazy Adam of TensorFlow, and `torch.optim.SparseAdam`.
 */
export const sparseRows = <F extends Rule>(
  optimizer: Optimizer<F>,
  paths: (path: string, leaf: AnyTensor) => boolean = (_, leaf) => leaf.shape.length >= 2
): Optimizer<F> => {
  assertOptimizers("sparseRows", { optimizer })
  const step = <P>(state: StateOf<F, P>, grad: NoInfer<P>): StateOf<F, P> => {
    const next = optimizer.step<P>(state, grad)
    const gradients = new Map(Tree.entries(grad).map(({ path, leaf }) => [path, leaf]))
    const kept = mapSlots(state.params, state, next, (param, before, after, path) => {
      const g = gradients.get(path)
      const isTable = isFloat(param.dtype) && param.shape.length > 0 && paths(path, param)
      if (g === undefined || !isTable || after.shape.join() !== param.shape.join()) return after
      return ops.select(ops.broadcast(touched(g), g.shape), after, before)
    })
    // The structure is that of `next`, leaf by leaf.
    return kept as StateOf<F, P>
  }
  return Object.freeze({ ...optimizer, name: `sparseRows(${optimizer.name})`, step })
}
