/** Values kept within bounds, values between two others, and scaled sums. */
import type { DType } from "../dtype.ts"
import { checkOperands, type WithOperand, type Operand, ternary, type TernaryRule } from "../elementwise-face.ts"
import { OptionError } from "../errors.ts"
import { type Accepts, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { clampBetween } from "./bounds.ts"
import { tensorLike } from "./signed.ts"

/** Bounds: numbers or tensors; one may be missing. */
export interface Bounds<Min extends Operand, Max extends Operand> {
  readonly min?: Min
  readonly max?: Max
}

/** A clamp that holds its bounds and waits for its operand. */
export interface ClampBy<Min, Max> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<TernaryRule<"clamp", "number", S, D, Min, Max>>
  ): TensorOf<TernaryRule<"clamp", "number", S, D, Min, Max>, D>
}

/**
 * `min(max(x, min), max)` for bounds that are numbers or tensors, of which one may be missing:
 * `T.clamp(x, { min: 0, max: 1 })`. Where min > max the result is max. The derivative with respect to x is 1 between the
 * bounds and at them, as in torch; with respect to a bound, 1 where it is taken. NaN stays.
 *
 * ```ts
 * const x = T.constant([-2, 0.5, 3])
 * const unit = T.clamp(x, { min: 0, max: 1 })                      // [0, 0.5, 1]
 * const below = T.clamp(x, { max: T.constant([1, 0, 2]) })          // [-2, 0, 2]
 * ```
 *
 * Throws an OptionError without any bound.
 */
export const clamp: {
  <const Min extends Operand = number, const Max extends Operand = number>(bounds: Bounds<Min, Max>): ClampBy<Min, Max>
  <S extends Shape, D extends DType, const Min extends Operand = number, const Max extends Operand = number>(
    self: Tensor<S, D> & Guard<Accepts<"clamp", "number", D>>,
    bounds: {
      readonly min?: Min & Guard<WithOperand<"clamp", "number", S, D, Min>>
      readonly max?: Max & Guard<TernaryRule<"clamp", "number", S, D, Min, Max>>
    }
  ): TensorOf<TernaryRule<"clamp", "number", S, D, Min, Max>, D>
} = faceWithOptions((x: AnyTensor, { min, max }: Bounds<Operand, Operand>) => {
  checkOperands("clamp", "number", x, [min ?? 0, max ?? 0])
  if (min === undefined && max === undefined) throw new OptionError("clamp: needs { min }, { max } or both")
  return clampBetween(x, min, max)
})

/**
 * Linear interpolation `start + weight (end - start)`: `T.lerp(start, end, weight)`; exactly start for weight 0 and end
 * for weight 1, as in torch, and beyond them outside [0, 1].
 */
export const lerp = ternary("lerp", "float", (start, right, weight) => {
  const end = tensorLike(start, right)
  const difference = ops.sub(end, start)
  const from = (w: Operand): AnyTensor => ops.add(start, ops.mul(difference, w))
  const to = (w: Operand): AnyTensor => ops.sub(end, ops.mul(difference, w))
  if (!isTensor(weight)) return weight < 0.5 ? from(weight) : to(1 - weight)
  return ops.select(ops.lt(ops.abs(weight), 0.5), from(weight), to(ops.sub(ops.full([], 1, weight.dtype), weight)))
})

/** `x + scale y`: `T.addScaled(x, y, scale)`, BLAS's axpy and torch's sum with `alpha`. */
export const addScaled = ternary("addScaled", "number", (x, y, scale) => ops.add(x, ops.mul(tensorLike(x, y), scale)))
