/** The same values as another element type, or as constants. */
import type { DType } from "../dtype.ts"
import { checkOperand, face } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"

/** Another element type: floats to integers truncate and saturate, NaN is 0. */
export const cast: {
  <D extends DType>(dtype: D): <S extends Shape>(self: Tensor<S, DType>) => Tensor<S, D>
  <S extends Shape, D extends DType>(self: Tensor<S, DType>, dtype: D): Tensor<S, D>
} = face(2, (x: AnyTensor, dtype: DType) => {
  checkOperand("cast", "any", x)
  return ops.cast(x, dtype)
})

/** The value as a constant: derivatives stop here. */
export const stopGradient: <S extends Shape, D extends DType>(self: Tensor<S, D>) => Tensor<S, D> = face(
  1,
  (x: AnyTensor) => {
    checkOperand("stopGradient", "any", x)
    return ops.stopGradient(x)
  }
)
