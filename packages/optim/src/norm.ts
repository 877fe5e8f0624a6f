/** Sums and Euclidean norms, of a tensor and of a whole tree. */
import { type AnyTensor, isFloat, operations as ops, T, Tree } from "@cotangent/graph"
import * as Monoid from "fp-ts/lib/Monoid.js"
import { f64, type Scalar } from "./scalar.ts"

/** Scalars under addition: what sums over leaves are folded with. */
const addition = (): Monoid.Monoid<Scalar> => ({ concat: (a, b) => T.add(a, b), empty: f64(0) })

/** The sum of all elements, a scalar of the tensor's own element type. */
export const sumOf = (x: AnyTensor): AnyTensor =>
  ops.reduceSum(
    x,
    x.shape.map((_, axis) => axis)
  )

/** The sum of all elements of some tensors: each in its own element type, together in float64. */
export const totalOf = (tensors: ReadonlyArray<AnyTensor>): Scalar =>
  // Reducing over all axes leaves a scalar, which the untyped operations cannot say.
  Monoid.concatAll(addition())(tensors.map((x) => ops.cast(sumOf(x), "f64") as Scalar))

/** The Euclidean norm of one tensor, in its own element type. */
export const normOf = (x: AnyTensor): AnyTensor => ops.sqrt(sumOf(ops.mul(x, x)))

/** `sqrt(sum over leaves and elements of x^2)`; leaves that are not floating point do not count. */
export const globalNorm = (tree: unknown): Scalar =>
  T.sqrt(
    totalOf(
      Tree.leaves(tree)
        .filter((leaf) => isFloat(leaf.dtype))
        .map((leaf) => ops.mul(leaf, leaf))
    )
  )
