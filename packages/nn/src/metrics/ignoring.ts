/** Metrics that pass over a label. */
import { type AnyTensor, face, operations as ops, type Shape } from "@cotangent/graph"
import { forgetShapes, type Metric, weightsFor } from "./metric.ts"

/**
 * The metric of what is not labelled `ignoreIndex`, which may be no class: for sequences with padding, beside a loss with
 * the option of that name. NaN when every label so far is ignored. TorchMetrics's `ignore_index`.
 *
 * ```ts
 * const accuracy = Metrics.ignoring(-100, Metrics.sparseCategoricalAccuracy)
 * ```
 */
export const ignoring = <S, R extends Shape>(
  ignoreIndex: number,
  metric: Metric<"labels", S, R>
): Metric<"labels", S, R> => {
  const update = forgetShapes(metric)
  return {
    ...metric,
    update: face(1, (state: S, output: AnyTensor, labels: AnyTensor, weights?: AnyTensor): S => {
      const ignored = ops.eq(labels, ops.full(labels.shape, ignoreIndex, labels.dtype))
      const wide = weights === undefined ? ops.full(labels.shape, 1, "f64") : weightsFor(labels.shape, weights)
      return update(state, output, labels, ops.select(ignored, 0, wide))
    })
  }
}
