/** Metrics: streaming accumulators. The state is a small tree of tensors, so that it lives in the compiled program. */
import { type AnyTensor, type DType, face, type Float, type Shape, sizeOf, T, type Tensor } from "@cotangent/graph"
import { forgetShapes as forgetLossShapes, type Loss } from "../loss/loss.ts"
import { type AnyTarget, assertTarget, type TargetKind, type TargetRule } from "../targets.ts"

/** The state after one more batch of outputs and their targets. */
export interface Update<K extends TargetKind, S> {
  <O extends Shape, D extends Float, T extends Shape, E extends DType>(
    state: S,
    output: Tensor<O, D>,
    target: Tensor<T, E> & TargetRule<"metric", K, O, D, T, E>
  ): S
}

/** A metric for targets of kind `K` with a state of type `S`. */
export interface Metric<K extends TargetKind, S = Mean> {
  readonly name: string
  readonly targets: K
  /** The state before the first batch. */
  readonly init: () => S
  /** Throws ShapeError when the target is not what the output needs. */
  readonly update: Update<K, S>
  /** The metric of everything seen so far, whatever the sizes of the batches; NaN of nothing. */
  readonly result: (state: S) => Tensor<[], "f64">
}

/** `update` without shapes in the types, for programs over any metric; they are still checked when it is called. */
export const forgetShapes = <K extends TargetKind, S>({
  update
}: Metric<K, S>): ((state: S, output: AnyTensor, target: AnyTensor) => S) => face(1, update)

/** A sum and the number of its terms. */
export type Mean = {
  readonly total: Tensor<[], "f64">
  readonly count: Tensor<[], "f64">
}

/** What a mean metric is made of. */
export interface MeanDefinition<K extends TargetKind> {
  readonly name: string
  readonly targets: K
  /** The numbers whose mean is the metric. */
  readonly elements: (output: Tensor<Shape, Float>, target: AnyTarget<K>) => Tensor<Shape, Float>
}

/**
 * The mean over all elements of all batches: `sum of elements / number of elements`. A batch is summed in the output's
 * element type, the sums of batches in f64.
 */
export const mean = <K extends TargetKind>({ name, targets, elements }: MeanDefinition<K>): Metric<K> => ({
  name,
  targets,
  init: () => ({ total: T.zeros([], "f64"), count: T.zeros([], "f64") }),
  update: face(1, ({ total, count }: Mean, output: AnyTensor, target: AnyTensor): Mean => {
    assertTarget("metric", targets, output, target)
    // assertTarget and the type of outputs leave these element types only.
    const x = elements(output as Tensor<Shape, Float>, target as AnyTarget<K>)
    const sum = T.expect(T.cast(T.sum(x), "f64"), [])
    return { total: T.add(total, sum), count: T.add(count, sizeOf(x.shape)) }
  }),
  result: ({ total, count }) => T.div(total, count)
})

/** The mean of a loss over all samples. */
export const fromLoss = <K extends TargetKind>(loss: Loss<K>): Metric<K> =>
  mean({ name: loss.name, targets: loss.targets, elements: forgetLossShapes(loss) })
