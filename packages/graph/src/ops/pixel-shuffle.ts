/** Channels as places: moving blocks of channels into the plane and back. */
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { ShuffleRule, UnshuffleRule } from "../shuffle-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout } from "../spatial-rules.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { arrange } from "./spatial.ts"

/** Options of pixel shuffling. */
export interface ShuffleOptions {
  readonly layout?: Layout
}

/** A pixel shuffle that waits for its operand. */
export interface PixelShuffleBy<F extends number, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<ShuffleRule<S, F, O>>
  ): TensorOf<ShuffleRule<S, F, O>, D>
}

/** The reverse of a pixel shuffle that waits for its operand. */
export interface PixelUnshuffleBy<F extends number, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<UnshuffleRule<S, F, O>>
  ): TensorOf<UnshuffleRule<S, F, O>, D>
}

const checkFactor = (operation: string, factor: number): void => {
  if (!Number.isInteger(factor) || factor < 1)
    throw new ShapeError(`${operation}: factor ${factor} must be a whole number, 1 or more`)
}

/**
 * `[batch, h, w, c r r]` to `[batch, h r, w r, c]`: r times r channels become a block of places (sub-pixel convolution, Shi
 * et al. 2016). Channels last, the place in the block is the slower part of the channel, as in TensorFlow's
 * `depth_to_space`; channels first it is the faster one, as in PyTorch's `pixel_shuffle`.
 */
export const pixelShuffle: {
  <const F extends number, const O extends ShuffleOptions = {}>(factor: F, options?: O): PixelShuffleBy<F, O>
  <S extends Shape, D extends DType, const F extends number, const O extends ShuffleOptions = {}>(
    self: Tensor<S, D> & Guard<ShuffleRule<S, F, O>>,
    factor: F,
    options?: O
  ): TensorOf<ShuffleRule<S, F, O>, D>
} = faceWithOptions((x: AnyTensor, r: number, { layout }: ShuffleOptions = {}) => {
  checkOperand("pixelShuffle", "any", x)
  checkFactor("pixelShuffle", r)
  const { tensor, back } = arrange("pixelShuffle", x, 2, layout)
  const [n = 0, h = 0, w = 0, channels = 0] = tensor.shape
  if (channels % (r * r) !== 0)
    throw new ShapeError(`pixelShuffle: ${showShape(x.shape)} has ${channels} channels, no multiple of ${r * r}`)
  const c = channels / (r * r)
  const blocks =
    layout === "channelsFirst"
      ? ops.transpose(ops.reshape(tensor, [n, h, w, c, r, r]), [0, 1, 4, 2, 5, 3])
      : ops.transpose(ops.reshape(tensor, [n, h, w, r, r, c]), [0, 1, 3, 2, 4, 5])
  return back(ops.reshape(blocks, [n, h * r, w * r, c]))
})

/** `[batch, h r, w r, c]` to `[batch, h, w, c r r]`: the reverse of `pixelShuffle`, with the same order of channels. */
export const pixelUnshuffle: {
  <const F extends number, const O extends ShuffleOptions = {}>(factor: F, options?: O): PixelUnshuffleBy<F, O>
  <S extends Shape, D extends DType, const F extends number, const O extends ShuffleOptions = {}>(
    self: Tensor<S, D> & Guard<UnshuffleRule<S, F, O>>,
    factor: F,
    options?: O
  ): TensorOf<UnshuffleRule<S, F, O>, D>
} = faceWithOptions((x: AnyTensor, r: number, { layout }: ShuffleOptions = {}) => {
  checkOperand("pixelUnshuffle", "any", x)
  checkFactor("pixelUnshuffle", r)
  const { tensor, back } = arrange("pixelUnshuffle", x, 2, layout)
  const [n = 0, height = 0, width = 0, c = 0] = tensor.shape
  if (height % r !== 0 || width % r !== 0)
    throw new ShapeError(`pixelUnshuffle: ${showShape(x.shape)} is ${height}x${width}, no multiples of ${r}`)
  const apart = ops.reshape(tensor, [n, height / r, r, width / r, r, c])
  const blocks = ops.transpose(apart, layout === "channelsFirst" ? [0, 1, 3, 5, 2, 4] : [0, 1, 3, 2, 4, 5])
  return back(ops.reshape(blocks, [n, height / r, width / r, c * r * r]))
})
