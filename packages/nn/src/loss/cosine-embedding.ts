/** Whether two vectors are to point in one direction. */
import {
  type AnyTensor,
  type Dim,
  type DType,
  face,
  type Float,
  type Shape,
  ShapeError,
  T,
  type Tensor
} from "@cotangent/graph"
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

/** The shape of rows without their last axis. */
export type Lead<O extends Shape> = O extends readonly [...infer L extends Shape, Dim] ? L : Shape

/** A loss of pairs of vectors and whether they belong together. */
export interface PairLoss {
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
    first: Tensor<O, D> & (O extends readonly [] ? "cosineEmbedding: needs vectors [..., n], got []" : unknown),
    second: Tensor<B, E> & OperandRule<"cosineEmbedding", "the second operand", O, D, B, E>,
    target: Tensor<T, F> & OperandRule<"cosineEmbedding", "the target", Lead<O>, D, T, F>,
    options?: Reducing<R, W> & WeightGuard<Lead<O>, D, W>
  ): Tensor<ReducedLoss<R, Lead<O>>, D>
}

/** The cosine of PyTorch's loss: 1e-12 is added to both squares, so that it is finite and smooth everywhere. */
const cosine = (a: Floats, b: Floats): Floats => {
  const dot = (x: Floats, y: Floats): Floats => T.sum(T.mul(x, y), { axis: -1 })
  return T.div(dot(a, b), T.sqrt(T.mul(T.add(dot(a, a), 1e-12), T.add(dot(b, b), 1e-12))))
}

/**
 * `L = 1 - cos` for target 1 (the vectors belong together), `max(cos - margin, 0)` for -1 (they do not), per pair of
 * vectors `[..., n]`; margin 0 unless given. `cos = sum a b / sqrt((sum a^2 + 1e-12) (sum b^2 + 1e-12))`.
 *
 * PyTorch's `cosine_embedding_loss`, with slope 1 where `cos = margin`. A target of neither kind has loss 0. Throws
 * ShapeError when the operands do not fit.
 */
export const cosineEmbedding = ({ margin = 0 }: MarginOptions = {}): PairLoss =>
  face(1, (first: AnyTensor, second: AnyTensor, target: AnyTensor, options: Reducing = {}) => {
    checkFloats("cosineEmbedding", first)
    if (first.shape.length === 0) throw new ShapeError("cosineEmbedding: needs vectors [..., n], got []")
    checkOperandOf("cosineEmbedding", "the second operand", first.shape, first.dtype, second)
    checkOperandOf("cosineEmbedding", "the target", first.shape.slice(0, -1), first.dtype, target)
    // The checks leave floats only.
    const [a, b, t] = [first, second, target] as ReadonlyArray<AnyTensor> as readonly [Floats, Floats, Floats]
    const cos = cosine(a, b)
    const together: Floats = T.where(T.equal(t, 1), T.add(T.neg(cos), 1), 0)
    const apart: Floats = T.where(T.equal(t, -1), openHinge(T.sub(cos, margin)), 0)
    return reduced({ losses: T.add(together, apart) }, options)
  })
