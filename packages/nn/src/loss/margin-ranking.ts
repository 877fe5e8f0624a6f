/** Which of two is to rank higher. */
import { type AnyTensor, type DType, face, type Float, type Shape, T, type Tensor } from "@cotangent/graph"
import type { MarginOptions } from "./hinge-embedding.ts"
import { openHinge } from "./hinge.ts"
import { checkFloats, checkOperandOf, type OperandRule } from "./operands.ts"
import {
  type Floats,
  type Reduction,
  reduced,
  type ReducedLoss,
  type Reducing,
  type SampleWeight,
  type WeightGuard
} from "./reduction.ts"

/** A loss of two outputs and which of them is to rank higher. */
export interface RankingLoss {
  <
    O extends Shape,
    D extends Float,
    B extends Shape,
    E extends DType,
    T extends Shape,
    F extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined
  >(
    first: Tensor<O, D>,
    second: Tensor<B, E> & OperandRule<"marginRanking", "the second operand", O, D, B, E>,
    target: Tensor<T, F> & OperandRule<"marginRanking", "the target", O, D, T, F>,
    options?: Reducing<R, W> & WeightGuard<O, D, W>
  ): Tensor<ReducedLoss<R, O>, D>
}

/**
 * `L = max(margin - t (x1 - x2), 0)` per element, for targets 1 (the first is to rank higher) and -1; margin 0 unless
 * given. Where the hinge is exactly 0 the slope is that of its line: with margin 0, equal operands are still moved.
 *
 * PyTorch's `margin_ranking_loss`. Throws ShapeError unless the three have one shape.
 */
export const marginRanking = ({ margin = 0 }: MarginOptions = {}): RankingLoss =>
  face(1, (first: AnyTensor, second: AnyTensor, target: AnyTensor, options: Reducing = {}) => {
    checkFloats("marginRanking", first)
    checkOperandOf("marginRanking", "the second operand", first.shape, first.dtype, second)
    checkOperandOf("marginRanking", "the target", first.shape, first.dtype, target)
    // The checks leave floats only.
    const [x1, x2, t] = [first, second, target] as ReadonlyArray<AnyTensor> as readonly [Floats, Floats, Floats]
    return reduced({ losses: openHinge(T.add(T.neg(T.mul(t, T.sub(x1, x2))), margin)) }, options)
  })
