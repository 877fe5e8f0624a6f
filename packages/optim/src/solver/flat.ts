/** Trees as vectors, which is what solvers work on. */
import { valueAndGrad } from "@cotangent/autodiff"
import {
  type AnyTensor,
  type DType,
  DTypeError,
  isFloat,
  isTensor,
  operations as ops,
  ShapeError,
  showShape,
  sizeOf,
  T,
  type Tensor,
  Tree,
  TreeError
} from "@cotangent/graph"
import type { Scalar } from "../scalar.ts"

/** A tensor of one dimension. */
export type Vector = AnyTensor

/** The way from trees of one structure to vectors and back. */
export interface Flattening<P> {
  readonly size: number
  readonly dtype: DType
  readonly vector: (tree: P) => Vector
  readonly tree: (vector: Vector) => P
}

/** The flattening of trees like `like`. Throws a TreeError unless there are leaves, all f32 or all f64. */
export const flattening = <P>(name: string, like: P): Flattening<P> => {
  const leaves = Tree.leaves(like)
  const dtype = leaves[0]?.dtype
  if (dtype === undefined || leaves.some((leaf) => !isFloat(leaf.dtype) || leaf.dtype !== dtype))
    throw new TreeError(
      `${name}: the parameters must be tensors that are all f32, or all f64, they are ${leaves.map((leaf) => leaf.dtype).join(", ") || "none"}; use T.cast, or close over what does not move`
    )
  const sizes = leaves.map(({ shape }) => sizeOf(shape))
  return {
    size: sizes.reduce((a, b) => a + b, 0),
    dtype,
    vector: (tree) =>
      ops.concat(
        Tree.leavesLike(`${name}: the parameters`, like, tree).map((leaf, i) => ops.reshape(leaf, [sizes[i] ?? 0])),
        0
      ),
    tree: (vector) => {
      let start = 0
      return Tree.map(like, (leaf, _, i) => {
        const limit = start + (sizes[i] ?? 0)
        const part = ops.slice(vector, { start: [start], limit: [limit], step: [1] })
        start = limit
        return ops.reshape(part, leaf.shape)
      })
    }
  }
}

/** The value and the gradient of an objective at a vector. */
export interface Evaluated {
  readonly f: Scalar
  readonly g: Vector
}

/** A scalar expression of any float type in float64. */
export const wide = (x: AnyTensor): Scalar => ops.cast(x, "f64") as Scalar

/** The inner product, in float64. */
export const dot = (a: Vector, b: Vector): Scalar => wide(ops.reduceSum(ops.mul(a, b), [0]))

/** The largest absolute value, in float64. */
export const largest = (a: Vector): Scalar => wide(ops.reduceMax(ops.abs(a), [0]))

/** The sum of absolute values, in float64. */
export const sumOfSizes = (a: Vector): Scalar => wide(ops.reduceSum(ops.abs(a), [0]))

/** Whether a number is neither infinite nor NaN. */
export const isFinite = (x: Scalar): Tensor<[], "bool"> => T.equal(T.sub(x, x), 0)

/** Whether a value and its gradient are finite. */
export const finiteAt = ({ f, g }: Evaluated): Tensor<[], "bool"> => T.and(isFinite(f), isFinite(sumOfSizes(g)))

/** `x + t d`, the factor rounded to the element type once. */
export const along = (x: Vector, t: Scalar, d: Vector): Vector => ops.add(x, ops.mul(d, ops.cast(t, x.dtype)))

/** A scalar of a float type, or throws: a ShapeError for other shapes, a DTypeError for other element types. */
const scalarOf = (name: string, y: unknown): Tensor<[], "f64"> => {
  const must = `${name}: the objective must return`
  if (!isTensor(y)) throw new ShapeError(`${must} a scalar tensor, it returns ${y === null ? "null" : typeof y}`)
  if (y.shape.length > 0)
    throw new ShapeError(
      `${must} a scalar, it returns ${showShape(y.shape)}; use T.sum or T.mean, or leastSquares for residuals`
    )
  if (!isFloat(y.dtype)) throw new DTypeError(`${must} f32 or f64, it returns ${y.dtype}; use T.cast`)
  // Either element type will do: the value is cast, and the gradient follows the parameters.
  return y as Tensor<[], "f64">
}

/** An objective of trees, with its gradient, as a function of vectors. */
export const onVectors =
  <P>(name: string, objective: (p: P) => unknown, { tree, vector }: Flattening<P>): ((x: Vector) => Evaluated) =>
  (x) => {
    const [f, g] = valueAndGrad((p: P) => scalarOf(name, objective(p)))(tree(x))
    return { f: T.reshape(wide(f), []) as Scalar, g: vector(g) }
  }
