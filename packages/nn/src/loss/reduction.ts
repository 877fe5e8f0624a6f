/**
 * What is made of the losses of elements. A loss gives one number per element of the output, or one per row when it is a
 * loss of whole rows (cross-entropies, margins over classes, distances of vectors); `reduction` says how these become
 * one:
 *
 * | reduction | of losses l with weights w |
 * | --- | --- |
 * | `"mean"`, unless given | `sum w l / sum w`; without weights the mean of all losses |
 * | `"sum"` | `sum w l` |
 * | `"none"` | `w l`, as many as there are losses |
 * | `"batchMean"` | `sum w l / batch`, the batch being the first axis: PyTorch's `batchmean` |
 * | `"meanOfWeighted"` | `sum w l / number of losses`: Keras's `sum_over_batch_size`, PyTorch's `weight` of `binary_cross_entropy` |
 *
 * w is the product of the weights a loss has by itself (class weights; 0 for targets that it ignores, which so do not
 * count) and of `sampleWeight`. A mean over weights that add up to 0 (every target ignored) is NaN with derivative 0, as
 * in PyTorch; a sum over them is 0.
 *
 * PyTorch's `reduction` is over all elements, Keras's over samples whose loss is the mean over their elements; means of
 * samples of one size are the same.
 */
import {
  type AnyTensor,
  Axes,
  checkSameDType,
  type Dim,
  type DType,
  type Float,
  type Guard,
  type Mismatch,
  operations as ops,
  type Same,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  sizeOf,
  type Tensor
} from "@cotangent/graph"

/** How the losses of elements become one number. */
export type Reduction = "mean" | "sum" | "none" | "batchMean" | "meanOfWeighted"

/** Weights of samples, or none. */
export type SampleWeight = AnyTensor | undefined

/** How a loss is reduced. */
export interface Reducing<R extends Reduction = Reduction, W extends SampleWeight = SampleWeight> {
  /** `"mean"` unless given. */
  readonly reduction?: R
  /**
   * The weights of losses: of the shape of the losses, or of their first axes (`[batch]` weighs samples). A loss of
   * weight 0 counts as 0 even where it is infinite.
   */
  readonly sampleWeight?: W
}

/** The shape of what a reduction makes of losses. */
export type ReducedLoss<R extends Reduction, E extends Shape> = [R] extends ["none"] ? E : "none" extends R ? Shape : []

/** The guard of weights for losses of shape `E` and element type `D`: `unknown`, or the sentence. */
export type WeightGuard<E, D extends DType, W extends SampleWeight> = Guard<
  W extends Tensor<infer S, infer F>
    ? E extends Shape
      ? DType extends F | D
        ? WeightRule<E, S>
        : [D, F] extends [F, D]
          ? WeightRule<E, S>
          : Mismatch<`loss: ${D} with ${F}; cast one side with T.cast`>
      : unknown
    : unknown
>
type WeightRule<E extends Shape, S extends Shape> =
  IsLead<S, E> extends true
    ? unknown
    : Mismatch<`loss: the sampleWeight of losses ${Show<E>} has their shape or that of their first axes, it is ${Show<S>}`>
type IsLead<S extends Shape, E extends Shape> = number extends S["length"] | E["length"]
  ? true
  : S extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? E extends readonly [infer H2 extends Dim, ...infer R2 extends Shape]
      ? Same<H, H2> extends true
        ? IsLead<R, R2>
        : false
      : false
    : true

/** Losses, and the weights that they have been multiplied by already: those that a mean divides by. */
export interface WeightedLosses {
  readonly losses: AnyTensor
  readonly weights?: AnyTensor
}

/** Numbers by weights; 0 where the weight is 0, even if the number is infinite. */
export const weighted = (w: AnyTensor, v: AnyTensor): AnyTensor => {
  // A finite number keeps its derivative with respect to a weight of 0.
  const infinite = ops.eq(ops.abs(v), ops.full(v.shape, Number.POSITIVE_INFINITY, v.dtype))
  const nothing = ops.and(ops.eq(w, ops.full(w.shape, 0, w.dtype)), infinite)
  return ops.mul(ops.select(nothing, 0, v), w)
}

const everyAxis = (x: AnyTensor): ReadonlyArray<number> => x.shape.map((_, d) => d)
const total = (x: AnyTensor): AnyTensor => ops.reduceSum(x, everyAxis(x))
const mean = (x: AnyTensor): AnyTensor => ops.div(total(x), sizeOf(x.shape))

/** A quotient; NaN by 0, with derivative 0. */
const ratio = (a: AnyTensor, b: AnyTensor): AnyTensor => {
  const none = ops.eq(b, ops.full(b.shape, 0, b.dtype))
  return ops.select(none, Number.NaN, ops.div(a, ops.select(none, 1, b)))
}

const batchMean = (x: AnyTensor): AnyTensor => {
  const [batch] = x.shape
  if (batch === undefined) throw new ShapeError("loss: batchMean needs losses [batch, ...], got []")
  return ops.div(total(x), batch)
}

const reductions: Readonly<Record<Reduction, (losses: AnyTensor, weights: AnyTensor | undefined) => AnyTensor>> = {
  mean: (losses, weights) => (weights === undefined ? mean(losses) : ratio(total(losses), total(weights))),
  sum: total,
  none: (losses) => losses,
  batchMean,
  meanOfWeighted: mean
}

/** Weights lined up with the first axes of losses, and repeated along the others. */
const alignedWeight = (weight: AnyTensor, losses: AnyTensor): AnyTensor => {
  const { shape } = losses
  checkSameDType("loss", losses.dtype, weight.dtype)
  if (!isLead(weight.shape, shape))
    throw new ShapeError(
      `loss: the sampleWeight of losses ${showShape(shape)} has their shape or that of their first axes, it is ${showShape(weight.shape)}`
    )
  const ones = shape.slice(weight.shape.length).map(() => 1)
  return ops.broadcast(ops.reshape(weight, [...weight.shape, ...ones]), shape)
}

const isLead = (weight: ReadonlyArray<number>, shape: ReadonlyArray<number>): boolean =>
  weight.length <= shape.length && Axes.sameShape(weight, shape.slice(0, weight.length))

/** What a reduction makes of losses. Throws ShapeError for weights of another shape. */
export const reduced = (
  { losses, weights }: WeightedLosses,
  { reduction = "mean", sampleWeight }: Reducing
): AnyTensor => {
  if (sampleWeight === undefined) return reductions[reduction](losses, weights)
  const weight = alignedWeight(sampleWeight, losses)
  return reductions[reduction](weighted(weight, losses), weights === undefined ? weight : ops.mul(weights, weight))
}

/** Floats whose shape is known at run time only. */
export type Floats = Tensor<Shape, Float>
