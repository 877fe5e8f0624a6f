/** What is alike is to be nearer than what is not. */
import { type AnyTensor, type DType, face, type Float, type Shape, ShapeError, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import type { Lead } from "./cosine-embedding.ts"
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

/** Options of tripletMargin. */
export interface TripletMarginOptions extends MarginOptions {
  /** Which norm measures distances; 2 unless given. */
  readonly p?: number
  /** Added to every element of a difference; 1e-6 unless given. See `T.pairwiseDistance`. */
  readonly epsilon?: number
  /** Whether the distance from the positive to the negative counts where it is the smaller; false unless given. */
  readonly swap?: boolean
}

/** A loss of triplets of vectors. */
export interface TripletLoss {
  <
    O extends Shape,
    D extends Float,
    P extends Shape,
    E extends DType,
    N extends Shape,
    F extends DType,
    const R extends Reduction = "mean",
    W extends SampleWeight = undefined
  >(
    anchor: Tensor<O, D> & (O extends readonly [] ? "tripletMargin: needs vectors [..., n], got []" : unknown),
    positive: Tensor<P, E> & OperandRule<"tripletMargin", "the positive", O, D, P, E>,
    negative: Tensor<N, F> & OperandRule<"tripletMargin", "the negative", O, D, N, F>,
    options?: Reducing<R, W> & WeightGuard<Lead<O>, D, W>
  ): Tensor<ReducedLoss<R, Lead<O>>, D>
}

/**
 * `L = max(d(a, p) - d(a, n) + margin, 0)` per triplet of vectors `[..., n]`, an anchor, what is like it and what is not;
 * margin 1 unless given. Distances are `T.pairwiseDistance`.
 *
 * ```ts
 * const loss = Loss.tripletMargin({ margin: 0.5, swap: true })
 * const mean = loss(T.zeros([2, 3]), T.ones([2, 3]), T.ones([2, 3]))   // 0.5
 * ```
 *
 * PyTorch's `triplet_margin_loss`, with slope 1 where the hinge is exactly 0. With `swap`, d(a, n) is the smaller of
 * d(a, n) and d(p, n) (Balntas and others 2016), which share the derivative of a tie. Throws OptionError for a negative
 * p, ShapeError when the operands do not fit. Schroff and others 2015.
 */
export const tripletMargin = ({
  margin = 1,
  p = 2,
  epsilon = 1e-6,
  swap = false
}: TripletMarginOptions = {}): TripletLoss => {
  if (!(p >= 0)) throw optionError("tripletMargin: p", "0 or more", p)
  return face(1, (anchor: AnyTensor, positive: AnyTensor, negative: AnyTensor, options: Reducing = {}) => {
    checkFloats("tripletMargin", anchor)
    if (anchor.shape.length === 0) throw new ShapeError("tripletMargin: needs vectors [..., n], got []")
    checkOperandOf("tripletMargin", "the positive", anchor.shape, anchor.dtype, positive)
    checkOperandOf("tripletMargin", "the negative", anchor.shape, anchor.dtype, negative)
    // The checks leave floats only.
    const [a, like, unlike] = [anchor, positive, negative] as ReadonlyArray<AnyTensor> as readonly [
      Floats,
      Floats,
      Floats
    ]
    const distance = (x: Floats, y: Floats): Floats => T.pairwiseDistance(x, y, { p, epsilon })
    const far = swap ? T.minimum(distance(a, unlike), distance(like, unlike)) : distance(a, unlike)
    return reduced({ losses: openHinge(T.add(T.sub(distance(a, like), far), margin)) }, options)
  })
}
