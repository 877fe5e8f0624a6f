/** The Euclidean norm of a whole tree. */
import { type AnyTensor, isFloat, operations as ops, T, Tree } from "@cotangent/graph"
import * as Monoid from "fp-ts/lib/Monoid.js"
import { f64, type Scalar } from "./scalar.ts"

/** Scalars under addition: what sums of squares of leaves are folded with. */
const sum = (): Monoid.Monoid<Scalar> => ({ concat: (a, b) => T.add(a, b), empty: f64(0) })

/** The sum of squares of a leaf in its own element type, as f64. */
const sumOfSquares = (leaf: AnyTensor): Scalar =>
  // Reducing over all axes leaves a scalar, which the untyped operations cannot say.
  ops.cast(
    ops.reduceSum(
      ops.mul(leaf, leaf),
      leaf.shape.map((_, axis) => axis)
    ),
    "f64"
  ) as Scalar

/** `sqrt(sum over leaves and elements of x^2)`; leaves that are not floating point do not count. */
export const globalNorm = (tree: unknown): Scalar =>
  T.sqrt(
    Monoid.concatAll(sum())(
      Tree.leaves(tree)
        .filter((leaf) => isFloat(leaf.dtype))
        .map(sumOfSquares)
    )
  )
