/** Local response normalisation. */
import { normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { optionError } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { AxisOf } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"

/** Options of localResponseNorm. */
export interface LocalResponseNormOptions<A extends number = number> {
  /** How many neighbouring channels are summed over, the channel itself in the middle. */
  readonly size: number
  /** 1e-4 unless given. */
  readonly alpha?: number
  /** 0.75 unless given. */
  readonly beta?: number
  /** 1 unless given. */
  readonly k?: number
  /** The axis of the channels, the last one unless given. PyTorch's images are `axis: 1`. */
  readonly axis?: A
}

/** A local response normalisation that holds its options and waits for its operand. */
export interface LocalResponseNormBy<A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"localResponseNorm", "float", D, AxisOf<"localResponseNorm", S, A, unknown>>>
  ): Tensor<S, D>
}

/** The sum of each element and its neighbours along an axis: `size / 2` before it, the rest behind, 0 outside. */
const neighbours = (x: AnyTensor, axis: number, size: number): AnyTensor => {
  const zeros = x.shape.map(() => 0)
  const low = Math.floor(size / 2)
  const padded = ops.pad(x, {
    low: zeros.with(axis, low),
    high: zeros.with(axis, size - 1 - low),
    interior: zeros
  })
  const cuts = Array.from({ length: size }, (_, i) =>
    ops.slice(padded, {
      start: zeros.with(axis, i),
      limit: x.shape.with(axis, (x.shape[axis] ?? 0) + i),
      step: x.shape.map(() => 1)
    })
  )
  return cuts.reduce((sum, cut) => ops.add(sum, cut))
}

/**
 * `y = x / (k + alpha m)^beta`, where m is the mean of x^2 over `size` neighbouring channels; those outside count as 0.
 *
 * ```ts
 * const y = T.localResponseNorm(T.ones([2, 8, 8, 16]), { size: 5 })
 * ```
 *
 * The mean is PyTorch's convention; the paper and TensorFlow take the sum, so their alpha is `alpha / size` here. Throws
 * ShapeError for an axis that does not exist, OptionError unless size is a whole number, 1 or more. Krizhevsky,
 * Sutskever, Hinton 2012, section 3.3.
 */
export const localResponseNorm: {
  <const A extends number = -1>(options: LocalResponseNormOptions<A>): LocalResponseNormBy<A>
  <S extends Shape, D extends DType, const A extends number = -1>(
    self: Tensor<S, D> & Guard<Accepts<"localResponseNorm", "float", D>>,
    options: LocalResponseNormOptions<A> & Guard<AxisOf<"localResponseNorm", S, A, unknown>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, options: LocalResponseNormOptions) => {
  checkOperand("localResponseNorm", "float", x)
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options
  const axis = normalizeAxis("localResponseNorm", x.shape, options.axis ?? -1)
  if (!(Number.isInteger(size) && size > 0))
    throw optionError("localResponseNorm: size", "a whole number, 1 or more", size)
  const mean = ops.div(neighbours(ops.mul(x, x), axis, size), size)
  return ops.div(x, ops.pow(ops.add(ops.mul(mean, alpha), k), beta))
})
