/** Control flow inside graphs. */
import { ShapeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Dim, Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import type { SameTree } from "../tree-rules.ts"
import * as Tree from "../tree.ts"

/** One row of a sequence: the leading (time) dimension removed. */
export type RowOf<T> =
  // While a call is being resolved an argument may still be unknown: then every function of a row must pass.
  unknown extends T
    ? never
    : T extends Tensor<infer S, infer D>
      ? S extends readonly [unknown, ...infer R extends Shape]
        ? Tensor<R, D>
        : Tensor<Shape, D>
      : { readonly [K in keyof T]: RowOf<T[K]> }

/** The leading dimension of the tensors in a tree: `number` when they do not say the same. */
export type LeadOf<T> = Agreed<Leads<T>>
type Leads<T> =
  T extends Tensor<infer S, infer _>
    ? S extends readonly [infer N extends Dim, ...Shape]
      ? N
      : number
    : T extends ReadonlyArray<infer E>
      ? Leads<E>
      : { [K in keyof T]: Leads<T[K]> }[keyof T]
type Agreed<N, All = N> = [N] extends [never] ? number : N extends Dim ? ([All] extends [N] ? N : number) : number

/** A sequence of rows: a leading dimension `N` added. */
export type SequenceOf<T, N extends Dim = number> =
  T extends Tensor<infer S, infer D> ? Tensor<[N, ...S], D> : { readonly [K in keyof T]: SequenceOf<T[K], N> }

/**
 * Runs `f` over the rows of `sequences`, passing the carry from step to step:
 * `(c_{t+1}, y_t) = f(c_t, x_t)`. Gives the last carry and the outputs stacked over time. Trees of tensors everywhere;
 * `f` may use tensors from outside. Differentiable; `reverse` runs from the last row to the first.
 */
export const scan = <C, X, Next, Y>(
  // NoInfer: what the sequences are is said by the sequences, not by how `f` annotates a row.
  f: (carry: C, row: RowOf<NoInfer<X>>) => readonly [Next, Y] & Guard<SameTree<"scan: the carry", C, Next>>,
  initial: C,
  sequences: X,
  options: { readonly reverse?: boolean } = {}
): readonly [C, SequenceOf<Y, LeadOf<X>>] => {
  const carries = Tree.leaves(initial)
  const rows = Tree.leaves(sequences)
  const length = rows[0]?.shape[0]
  if (length === undefined)
    throw new ShapeError("scan: needs at least one sequence with a leading dimension to run over")
  let outputs: Y | undefined
  const avals = [
    ...carries.map((c) => ({ shape: c.shape, dtype: c.dtype })),
    ...rows.map((x) => ({ shape: x.shape.slice(1), dtype: x.dtype }))
  ]
  const { region, captured } = ops.region(avals, (...parameters) => {
    const carry = Tree.rebuild(initial, parameters.slice(0, carries.length))
    // A row of the tree of sequences has the tree's own structure, one dimension less: the types cannot follow.
    const row = Tree.rebuildWith(sequences, parameters.slice(carries.length)) as RowOf<NoInfer<X>>
    const [next, y] = f(carry, row)
    outputs = y
    return [...Tree.leavesLike("scan: the carry", initial, next), ...Tree.leaves(y)]
  })
  if (outputs === undefined) throw new ShapeError("scan: the body was not traced")
  const results: ReadonlyArray<AnyTensor> = ops.scan(
    region,
    [...captured, ...carries, ...rows],
    carries.length,
    rows.length,
    length,
    options.reverse ?? false
  )
  return [
    Tree.rebuild(initial, results.slice(0, carries.length)),
    Tree.rebuildWith(outputs, results.slice(carries.length)) as SequenceOf<Y, LeadOf<X>>
  ]
}
