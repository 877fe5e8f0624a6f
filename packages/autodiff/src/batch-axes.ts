/** Where the batch stands in a tree. */
import { DifferentiationError, isTensor, type Tensor, Tree } from "@cotangent/graph"

/** The axis of a batch, or `undefined` where there is none: every example gets the same. */
export type BatchAxis = number | undefined

/** One axis for all leaves of a tree, or a tree of axes; what such a tree leaves out has no batch. */
export type BatchAxes<T> =
  | BatchAxis
  | (T extends Tensor<infer _S, infer _D>
      ? never
      : unknown extends T
        ? { readonly [key: string]: BatchAxes<unknown> } | ReadonlyArray<BatchAxes<unknown>>
        : { readonly [K in keyof T]?: BatchAxes<T[K]> })

/** The axis of every leaf of a tree, in order. */
export const batchAxesOf = (what: string, tree: unknown, axes: BatchAxes<unknown>): ReadonlyArray<BatchAxis> => {
  if (axes === undefined || typeof axes === "number") return Tree.tensors(tree, `vmap: ${what}`).map(() => axes)
  if (typeof axes !== "object" || axes === null)
    throw new DifferentiationError(
      `vmap: the axis of ${what} must be a whole number, undefined, or a tree of them; it is ${Tree.describe(axes)}`
    )
  if (isTensor(tree) || typeof tree !== "object" || tree === null)
    throw new DifferentiationError(`vmap: ${what} is one tensor; give one axis for it, not a tree of axes`)
  const children = Object.entries(tree)
  const given = new Map(Object.entries(axes))
  const stray = [...given.keys()].find((key) => !children.some(([name]) => name === key))
  if (stray !== undefined) throw new DifferentiationError(`vmap: the axes name ${stray}, which ${what} does not have`)
  return children.flatMap(([key, child]) => batchAxesOf(`${what}.${key}`, child, given.get(key)))
}
