/** Metrics: streaming accumulators. The state is a small tree of tensors, so that it lives in the compiled program. */
import {
  type AnyTensor,
  Axes,
  type DType,
  face,
  type Float,
  operations as ops,
  type Shape,
  ShapeError,
  showShape,
  sizeOf,
  T,
  type Tensor,
  type Tree
} from "@cotangent/graph"
import { forgetShapes as forgetLossShapes, type Loss } from "../loss/loss.ts"
import { type AnyTarget, assertTarget, type TargetKind, type TargetRule } from "../targets.ts"

/**
 * Weights of what a metric sees, or none: of the shape of its elements (for metrics of rows, of the rows) or of their
 * first axes, `[batch]` weighing samples. Booleans are a mask. What has weight 0 does not count, whatever it is.
 */
export type MetricWeights = AnyTensor | undefined

/** The state after one more batch of outputs and their targets. */
export interface Update<K extends TargetKind, S, Next = S> {
  <O extends Shape, D extends Float, T extends Shape, E extends DType>(
    state: S,
    output: Tensor<O, D>,
    target: Tensor<T, E> & TargetRule<"metric", K, O, D, T, E>,
    weights?: MetricWeights
  ): Next
}

/**
 * A metric for targets of kind `K` with a state of type `S` and a result of shape `R`. Cutting the data into batches in
 * another way changes no result, but for rounding.
 */
export interface Metric<K extends TargetKind, S = Mean, R extends Shape = []> {
  readonly name: string
  readonly targets: K
  /** The state before the first batch. */
  readonly init: () => S
  /** Throws ShapeError when the target is not what the output needs, or weights do not fit. */
  readonly update: Update<K, S>
  /** The metric of everything seen so far, whatever the sizes of the batches; NaN of nothing. */
  readonly result: (state: S) => Tensor<R, "f64">
}

/** A metric whose state the types do not know: it must be given states that its own functions made. */
export interface AnyMetric<K extends TargetKind = TargetKind, R extends Shape = []> {
  readonly name: string
  readonly targets: K
  readonly init: () => Tree.Tree
  readonly update: Update<K, never, Tree.Tree>
  readonly result: (state: never) => Tensor<R, "f64">
}

/** `update` without shapes in the types, for programs over any metric; they are still checked when it is called. */
export const forgetShapes = <K extends TargetKind, S, R extends Shape>({
  update
}: Metric<K, S, R>): ((state: S, output: AnyTensor, target: AnyTensor, weights?: MetricWeights) => S) => face(1, update)

/** Floats whose shape is known at run time only. */
export type Floats = Tensor<Shape, Float>

/** A number in f64. */
export type Number64 = Tensor<[], "f64">

/** Weights in f64, one for each element. Throws ShapeError unless they have the shape of the elements or of their first axes. */
export const weightsFor = (shape: ReadonlyArray<number>, weights: AnyTensor): AnyTensor => {
  const lead = weights.shape
  if (lead.length > shape.length || !Axes.sameShape(lead, shape.slice(0, lead.length)))
    throw new ShapeError(
      `metric: the weights of elements ${showShape(shape)} have their shape or that of their first axes, they are ${showShape(lead)}`
    )
  const ones = shape.slice(lead.length).map(() => 1)
  return ops.broadcast(ops.reshape(ops.cast(weights, "f64"), [...lead, ...ones]), shape)
}

/** Elements in f64 by their weights; 0 for a weight of 0, whatever the element is. */
export const weighed = (x: AnyTensor, weights: MetricWeights): AnyTensor => {
  const wide = ops.cast(x, "f64")
  if (weights === undefined) return wide
  const w = weightsFor(x.shape, weights)
  return ops.select(ops.eq(w, ops.full(w.shape, 0, "f64")), 0, ops.mul(w, wide))
}

/** The sum of all elements, in f64. A sum over every axis is a scalar. */
export const total = (x: AnyTensor): Number64 =>
  ops.cast(
    ops.reduceSum(
      x,
      x.shape.map((_, d) => d)
    ),
    "f64"
  ) as Number64

/** How much elements of a shape count: their number, or the sum of their weights. */
export const countOf = (shape: ReadonlyArray<number>, weights: MetricWeights): Number64 | number =>
  weights === undefined ? sizeOf(shape) : total(weightsFor(shape, weights))

/** `a / b`; NaN by 0. */
export const ratio = (a: Number64, b: Number64): Number64 => T.div(a, b)

/** `a / b`; 0 where b is 0, as Keras's `divide_no_nan`. */
export const ratioOrZero = (a: AnyTensor, b: AnyTensor): AnyTensor => {
  const none = ops.eq(b, ops.full(b.shape, 0, "f64"))
  return ops.select(none, 0, ops.div(a, ops.select(none, 1, b)))
}

/** A sum and the number, or the weight, of its terms. */
export type Mean = {
  readonly total: Number64
  readonly count: Number64
}

/** What a mean metric is made of. */
export interface MeanDefinition<K extends TargetKind> {
  readonly name: string
  readonly targets: K
  /** The numbers whose mean is the metric. */
  readonly elements: (output: Floats, target: AnyTarget<K>) => Floats
  /**
   * How much each element counts, of their shape: 1 unless given. The elements have been multiplied by it, as the loss of a
   * sample with ignored labels is.
   */
  readonly counts?: (target: AnyTarget<K>) => Floats
  /** What becomes of the mean; itself unless given. */
  readonly finish?: (mean: Number64) => Number64
}

/**
 * The mean over all elements of all batches: `sum w x / sum w c`, the weights w and the counts c being 1 unless given. A batch
 * is summed in the output's element type (with weights in f64), the sums of batches in f64.
 *
 * ```ts
 * const within = Metrics.mean({
 *   name: "withinOne",
 *   targets: "values",
 *   elements: (y, t) => T.cast(T.lessEqual(T.abs(T.sub(y, t)), 1), "f32")
 * })
 * ```
 */
export const mean = <K extends TargetKind>({
  name,
  targets,
  elements,
  counts,
  finish
}: MeanDefinition<K>): Metric<K> => ({
  name,
  targets,
  init: () => ({ total: T.zeros([], "f64"), count: T.zeros([], "f64") }),
  update: face(1, (state: Mean, output: AnyTensor, target: AnyTensor, weights?: AnyTensor): Mean => {
    assertTarget("metric", targets, output, target)
    // assertTarget and the type of outputs leave these element types only.
    const x = elements(output as Floats, target as AnyTarget<K>)
    const c = counts?.(target as AnyTarget<K>)
    return {
      total: T.add(state.total, total(weights === undefined ? x : weighed(x, weights))),
      count: T.add(state.count, c === undefined ? countOf(x.shape, weights) : total(weighed(c, weights)))
    }
  }),
  result: ({ total, count }) => {
    const value = ratio(total, count)
    return finish === undefined ? value : finish(value)
  }
})

/**
 * The mean of a loss over all samples; over the positions that count where the loss ignores some, which is the loss of a
 * trainer without sample weights and penalties. NaN when every position so far is ignored.
 */
export const fromLoss = <K extends TargetKind>(loss: Loss<K>): Metric<K> =>
  mean({
    name: loss.name,
    targets: loss.targets,
    elements: forgetLossShapes(loss),
    ...(loss.counts === undefined ? {} : { counts: loss.counts })
  })

/** What a metric that adds up numbers is made of. */
export interface SumsDefinition<
  K extends TargetKind,
  S extends { readonly [name: string]: AnyTensor },
  R extends Shape
> {
  readonly name: string
  readonly targets: K
  readonly init: () => S
  /** What a batch adds to the state. */
  readonly batch: (
    output: Floats,
    target: AnyTarget<K>,
    weights: MetricWeights
  ) => { readonly [N in keyof S]: AnyTensor }
  readonly result: (state: S) => Tensor<R, "f64">
}

/** A metric whose state is sums over all batches. */
export const sums = <K extends TargetKind, S extends { readonly [name: string]: AnyTensor }, R extends Shape = []>({
  name,
  targets,
  init,
  batch,
  result
}: SumsDefinition<K, S, R>): Metric<K, S, R> => ({
  name,
  targets,
  init,
  update: face(1, (state: S, output: AnyTensor, target: AnyTensor, weights?: AnyTensor) => {
    assertTarget("metric", targets, output, target)
    // assertTarget and the type of outputs leave these element types only.
    const added = batch(output as Floats, target as AnyTarget<K>, weights)
    return Object.fromEntries(
      Object.entries(state).map(([part, sum]) => [part, ops.add(sum, ops.cast(added[part] ?? sum, "f64"))])
    )
  }),
  result
})
