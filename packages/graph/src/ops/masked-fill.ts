/** Numbers in the place of masked elements. */
import type { DType } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import { checkOperand, face } from "../face.ts"
import type { Fits } from "../indexing-rules.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"

/** `unknown` when a mask broadcasts to the shape, or the sentence. */
export type MaskRule<S extends Shape, M extends Shape, E extends DType> = DType extends E
  ? unknown
  : [E] extends ["bool"]
    ? Fits<"maskedFill", M, S>
    : Mismatch<`maskedFill: the mask must be bool, it is ${E}; compare it with something`>

/** A mask and a number that wait for their operand. */
export interface MaskedFillBy<M extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<MaskRule<S, M, E>>): Tensor<S, D>
}

/**
 * A number where the mask holds, the tensor elsewhere: torch's `masked_fill`. The mask broadcasts to the tensor, which has no
 * derivative where it holds, whatever stands there.
 *
 * ```ts
 * const y = T.maskedFill(T.constant([1, 2, 3]), T.constant([true, false, true], "bool"), -Infinity)
 * ```
 */
export const maskedFill: {
  <M extends Shape, E extends DType>(mask: Tensor<M, E>, value: number): MaskedFillBy<M, E>
  <S extends Shape, D extends DType, M extends Shape, E extends DType>(
    self: Tensor<S, D>,
    mask: Tensor<M, E> & Guard<MaskRule<S, M, E>>,
    value: number
  ): Tensor<S, D>
} = face(3, (x: AnyTensor, mask: AnyTensor, value: number) => {
  checkOperand("maskedFill", "any", x)
  checkOperand("maskedFill", "any", mask)
  if (mask.dtype !== "bool")
    throw new DTypeError(`maskedFill: the mask must be bool, it is ${mask.dtype}; compare it with something`)
  const lead = x.shape.length - mask.shape.length
  if (lead < 0 || mask.shape.some((n, d) => n !== 1 && n !== x.shape[lead + d]))
    throw new ShapeError(`maskedFill: ${showShape(mask.shape)} does not broadcast to ${showShape(x.shape)}`)
  return ops.select(mask, value, x)
})
