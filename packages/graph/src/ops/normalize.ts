/** Vectors of length 1. */
import { normalizeAxes } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { optionError } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import type { FirstMismatch, NamedAxes } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { pNorm } from "./p-norm.ts"
import { spread } from "./shift.ts"

/** Options of normalize. */
export interface NormalizeOptions<A extends NamedAxes = NamedAxes> {
  /** The axes that vectors lie along, the last one unless given. PyTorch's default is 1. */
  readonly axis?: A
  /** Which norm is 1 afterwards; 2 unless given. */
  readonly p?: number
  /** The least length that is divided by; 1e-12 unless given. */
  readonly epsilon?: number
}

/** The rule of normalize: axes that exist. */
export type NormalizeRule<S extends Shape, D extends DType, A extends NamedAxes> = FirstMismatch<
  [Accepts<"normalize", "float", D>, Reduced<"normalize", S, A, false>, unknown]
>

/** A normalisation that holds its options and waits for its operand. */
export interface NormalizeBy<A extends NamedAxes> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<NormalizeRule<S, D, A>>): Tensor<S, D>
}

/**
 * `x / max(|x|_p, epsilon)`: vectors along one axis or several, divided by their length.
 *
 * ```ts
 * const unit = T.normalize(T.constant([[3, 4], [0, 5]]))   // [[0.6, 0.8], [0, 1]]
 * ```
 *
 * Vectors shorter than epsilon are divided by epsilon, and so is their derivative: vectors of zeros stay zeros. PyTorch's
 * `normalize`. Throws ShapeError for an axis that does not exist, OptionError for a negative p or epsilon.
 */
export const normalize: {
  <const A extends NamedAxes = -1>(options?: NormalizeOptions<A>): NormalizeBy<A>
  <S extends Shape, D extends DType, const A extends NamedAxes = -1>(
    self: Tensor<S, D> & Guard<Accepts<"normalize", "float", D>>,
    options?: NormalizeOptions<A> & Guard<NormalizeRule<S, D, A>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, { axis = -1, p = 2, epsilon = 1e-12 }: NormalizeOptions = {}) => {
  checkOperand("normalize", "float", x)
  const axes = normalizeAxes("normalize", x.shape, axis)
  if (!(p >= 0)) throw optionError("normalize: p", "0 or more", p)
  if (!(epsilon >= 0)) throw optionError("normalize: epsilon", "0 or more", epsilon)
  const length = pNorm(x, p, axes)
  const kept = ops.select(ops.lt(length, ops.full(length.shape, epsilon, length.dtype)), epsilon, length)
  return ops.div(x, spread(kept, x, axes))
})
