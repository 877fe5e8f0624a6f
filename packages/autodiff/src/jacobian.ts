/** Whole Jacobians and Hessians, of functions of trees. */
import {
  type AnyTensor,
  type DType,
  DifferentiationError,
  type Float,
  isFloat,
  operations as ops,
  type Shape,
  sizeOf,
  T,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { checkFunction, checkOptions } from "./arguments.ts"
import { grad, type ScalarFunction } from "./gradient.ts"
import { linearize } from "./linearize.ts"
import { vjp } from "./products.ts"
import { vmap } from "./vmap.ts"

/** A tree like `P` whose leaves carry the dimensions `R` of a result in front of their own. */
type Rows<R extends Shape, P> =
  P extends Tensor<infer S extends Shape, infer D extends DType>
    ? Tensor<[...R, ...S], D>
    : { readonly [K in keyof P]: Rows<R, P[K]> }

/** The Jacobian of a function from `P` to `Y`: for every leaf of the result a tree like the argument. */
export type JacobianOf<Y, P> =
  Y extends Tensor<infer R extends Shape, infer _> ? Rows<R, P> : { readonly [K in keyof Y]: JacobianOf<Y[K], P> }

/** How a Jacobian is computed: row by row with pullbacks, column by column with tangents, or whatever is fewer. */
export type JacobianMode = "forward" | "reverse" | "auto"

/** The unit vectors of the elements of a leaf, as a batch. */
const units = ({ shape, dtype }: AnyTensor): AnyTensor => {
  const n = sizeOf(shape)
  return ops.reshape(T.oneHot(T.iota(n), n, dtype), [n, ...shape])
}

const zerosLike = ({ shape, dtype }: AnyTensor): AnyTensor => ops.full(shape, 0, dtype)

/** A linear function of trees applied to every unit vector of one leaf at a time: for each leaf of the argument a tree of batches. */
const columns = (linear: (x: unknown) => unknown, argument: unknown): ReadonlyArray<unknown> => {
  const leaves = Tree.leaves<AnyTensor>(argument)
  return leaves.map((leaf, k) =>
    vmap((unit: AnyTensor) =>
      linear(
        Tree.rebuildWith(
          argument,
          leaves.map((other, i) => (i === k ? unit : zerosLike(other)))
        )
      )
    )(units(leaf) as never)
  )
}

const elements = (tree: unknown): number => Tree.leaves<AnyTensor>(tree).reduce((n, { shape }) => n + sizeOf(shape), 0)

const modes: ReadonlyArray<unknown> = ["forward", "reverse", "auto"] satisfies ReadonlyArray<JacobianMode>

const checkFloats = (what: string, tree: unknown): void => {
  for (const { path, leaf } of Tree.tensors(tree, `jacobian: ${what}`))
    if (!isFloat(leaf.dtype))
      throw new DifferentiationError(
        `jacobian: ${path === "" ? what : `${path} of ${what}`} is ${leaf.dtype}; derivatives need f32 or f64, use T.cast`
      )
}

/**
 * The Jacobian of a function of a tree: `J[i..., j...] = dy[i...] / dx[j...]`. The result has the structure of f's result,
 * and at each of its leaves the structure of the argument; each tensor has the dimensions of the result, then those of the
 * argument.
 *
 * `mode`: `"reverse"` takes one pullback per element of the result, `"forward"` one tangent per element of the argument,
 * all of them in one batch; `"auto"`, the default, what is fewer.
 */
export const jacobian =
  <P, Y>(f: (x: P) => Y, options: { readonly mode?: JacobianMode } = {}) =>
  (x: P): JacobianOf<Y, P> => {
    checkFunction("jacobian", f)
    checkOptions("jacobian", options, {
      mode: { range: "forward, reverse or auto", holds: (given) => modes.includes(given) }
    })
    const { mode = "auto" } = options
    checkFloats("the argument", x)
    const [y, pullback] = vjp(f, x)
    checkFloats("the result", y)
    const forward = mode === "forward" || (mode === "auto" && elements(x) < elements(y))
    const outer = Tree.leaves<AnyTensor>(y)
    const inner = Tree.leaves<AnyTensor>(x)
    const shapeOf = (r: number, c: number): ReadonlyArray<number> => [
      ...(outer[r]?.shape ?? []),
      ...(inner[c]?.shape ?? [])
    ]
    const blocks: ReadonlyArray<ReadonlyArray<AnyTensor>> = forward
      ? transposed(
          columns(linearize(f, x)[1] as (t: unknown) => unknown, x).map((column, c) =>
            Tree.leaves<AnyTensor>(column).map((block, r) => {
              // The batch of unit vectors stands in front; the dimensions of the argument belong at the end.
              const rank = block.shape.length
              const turned = ops.transpose(block, [...Array.from({ length: rank - 1 }, (_, d) => d + 1), 0])
              return ops.reshape(turned, shapeOf(r, c))
            })
          ),
          outer.length
        )
      : columns(pullback as (g: unknown) => unknown, y).map((row, r) =>
          Tree.leaves<AnyTensor>(row).map((block, c) => ops.reshape(block, shapeOf(r, c)))
        )
    // The structure is that of JacobianOf by construction; the types cannot follow trees of trees.
    return Tree.rebuildWith(
      y,
      blocks.map((row) => Tree.rebuildWith(x, row))
    ) as JacobianOf<Y, P>
  }

const transposed = <X>(rows: ReadonlyArray<ReadonlyArray<X>>, width: number): ReadonlyArray<ReadonlyArray<X>> =>
  Array.from({ length: width }, (_, c) => rows.flatMap((row) => row[c] ?? []))

/**
 * The Hessian of a scalar function of a tree: `H[i..., j...] = d^2 y / (dx[i...] dx[j...])`, a tree of trees like the
 * argument. Forward mode over reverse mode.
 */
export const hessian = <P, R extends Shape, E extends Float>(
  f: ScalarFunction<P, [], R, E>
): ((x: P) => JacobianOf<P, P>) => jacobian(grad<P, [], R, E>(f), { mode: "forward" })
