/** Margins between all classes that are true and all that are not. */
import {
  type AnyTensor,
  Axes,
  type DType,
  face,
  type Float,
  operations as ops,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor
} from "@cotangent/graph"
import type { Fits } from "../fits.ts"
import type { Lead } from "./cosine-embedding.ts"
import { checkFloats } from "./operands.ts"
import {
  type Reduction,
  reduced,
  type ReducedLoss,
  type Reducing,
  type SampleWeight,
  type WeightGuard
} from "./reduction.ts"

/** The guard of lists of labels: i32, of the shape of the output. */
export type LabelListRule<O extends Shape, T extends Shape, E extends DType> = O extends readonly []
  ? "multiLabelMargin: needs rows [..., classes], got []"
  : [DType extends E ? true : E extends "i32" ? true : false, Fits<O, T>] extends [true, true]
    ? unknown
    : `multiLabelMargin: the output ${Show<O>} needs i32 lists of labels ${Show<O>}, got ${E} ${Show<T>}`

/** A loss of rows whose targets are lists of labels. */
export interface LabelListLoss {
  <
    O extends Shape,
    D extends Float,
    T extends Shape,
    E extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined
  >(
    output: Tensor<O, D>,
    labels: Tensor<T, E> & LabelListRule<O, T, E>,
    options?: Reducing<R, W> & WeightGuard<Lead<O>, D, W>
  ): Tensor<ReducedLoss<R, Lead<O>>, D>
}

/** x with its last two axes as rows and columns: `[..., n]` along the rows or the columns of `[..., n, n]`. */
const across = (x: AnyTensor, axis: 1 | 2): AnyTensor => {
  const n = x.shape.at(-1) ?? 1
  const lead = x.shape.slice(0, -1)
  return ops.broadcast(ops.reshape(x, [...lead, ...(axis === 1 ? [n, 1] : [1, n])]), [...lead, n, n])
}

const last = (x: AnyTensor): ReadonlyArray<number> => [x.shape.length - 1]

/** How often every class stands in the list of a row: the labels before the first that is negative. */
const multiplicities = (labels: AnyTensor, dtype: DType): AnyTensor => {
  const n = labels.shape.at(-1) ?? 1
  const place = ops.iota(labels.shape, labels.shape.length - 1, "i32")
  const isEnd = ops.lt(labels, ops.full(labels.shape, 0, "i32"))
  const end = ops.reduceMin(ops.select(isEnd, place, ops.full(place.shape, n, "i32")), last(labels))
  const before = ops.lt(place, ops.broadcast(ops.reshape(end, [...end.shape, 1]), place.shape))
  // [..., class, place]: whether the place lists the class.
  const lists = ops.and(ops.eq(across(place, 1), across(labels, 2)), across(before, 2))
  return ops.reduceSum(ops.cast(lists, dtype), [labels.shape.length])
}

/**
 * `L = 1 / classes sum_j sum_i max(1 - x_j + x_i, 0)` per row, over the classes j that are true and the classes i that
 * are not. The target of a row is the list of its true classes, as i32 in the shape of the output, ended by a negative
 * number: `[3, 0, -1, 1]` names the classes 3 and 0. At a margin of exactly 0 the slope is 0.
 *
 * PyTorch's `multilabel_margin_loss`; a class listed twice counts twice, as there. Costs `classes^2` per row. Throws
 * ShapeError unless the labels are i32 of the shape of the output.
 */
export const multiLabelMargin: LabelListLoss = face(
  1,
  (output: AnyTensor, labels: AnyTensor, options: Reducing = {}) => {
    checkFloats("multiLabelMargin", output)
    const { shape, dtype } = output
    if (shape.length === 0) throw new ShapeError("multiLabelMargin: needs rows [..., classes], got []")
    if (labels.dtype !== "i32" || !Axes.sameShape(shape, labels.shape))
      throw new ShapeError(
        `multiLabelMargin: the output ${showShape(shape)} needs i32 lists of labels ${showShape(shape)}, got ${labels.dtype} ${showShape(labels.shape)}`
      )
    const counts = multiplicities(labels, dtype)
    const isFalse = ops.eq(counts, ops.full(counts.shape, 0, dtype))
    const missing = ops.add(ops.sub(across(output, 2), across(output, 1)), 1)
    const hinges = ops.select(ops.le(missing, ops.full(missing.shape, 0, dtype)), 0, missing)
    const terms = ops.mul(ops.select(across(isFalse, 2), hinges, 0), across(counts, 1))
    const rank = shape.length
    return reduced({ losses: ops.div(ops.reduceSum(terms, [rank - 1, rank]), shape.at(-1) ?? 1) }, options)
  }
)
