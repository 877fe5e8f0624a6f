/** What normalisations share: the checks of their parameters, and numbers with mean 0 and variance 1. */
import { sameShape } from "../axes.ts"
import { checkSameDType } from "../dtype.ts"
import { optionError, ShapeError, showShape } from "../errors.ts"
import type { OptionalParameter } from "../normalization-rules.ts"
import { operations as ops } from "../operations.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { spread } from "./shift.ts"

/** What normalised numbers are multiplied by, what is added to them, and what is added to the variance. */
export interface AffineOptions<
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> {
  readonly scale?: P
  readonly offset?: Q
  readonly epsilon?: number
}

/** Options of normalisations by channels: the axis of the channels, the last one unless given. */
export interface ChannelsOptions<
  A extends number = number,
  P extends OptionalParameter = OptionalParameter,
  Q extends OptionalParameter = OptionalParameter
> extends AffineOptions<P, Q> {
  readonly axis?: A
}

const checkEpsilon = (operation: string, epsilon: number): number => {
  if (!(epsilon >= 0 && Number.isFinite(epsilon))) throw optionError(`${operation}: epsilon`, "0 or more", epsilon)
  return epsilon
}

/** Throws unless an optional parameter has the dimensions at the axes and the element type of x. */
export const checkParameter = (
  operation: string,
  name: string,
  x: AnyTensor,
  axes: ReadonlyArray<number>,
  parameter: AnyTensor | undefined
): void => {
  if (parameter === undefined) return
  checkSameDType(operation, x.dtype, parameter.dtype)
  const wanted = axes.map((axis) => x.shape[axis] ?? 1)
  if (!sameShape(wanted, parameter.shape))
    throw new ShapeError(`${operation}: ${name} must be ${showShape(wanted)}, it is ${showShape(parameter.shape)}`)
}

/** Throws unless scale and offset have the dimensions at the axes; gives epsilon. */
export const checkAffine = (
  operation: string,
  x: AnyTensor,
  axes: ReadonlyArray<number>,
  { scale, offset, epsilon = 1e-5 }: AffineOptions
): number => {
  checkParameter(operation, "scale", x, axes, scale)
  checkParameter(operation, "offset", x, axes, offset)
  return checkEpsilon(operation, epsilon)
}

/** A parameter with the dimensions at the axes, lined up with x. */
export const aligned = (parameter: AnyTensor, x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor =>
  ops.reshape(
    parameter,
    x.shape.map((size, d) => (axes.includes(d) ? size : 1))
  )

/** `y scale + offset`, where they are given. */
export const affine = (
  y: AnyTensor,
  x: AnyTensor,
  axes: ReadonlyArray<number>,
  { scale, offset }: AffineOptions
): AnyTensor => {
  const scaled = scale === undefined ? y : ops.mul(y, aligned(scale, x, axes))
  return offset === undefined ? scaled : ops.add(scaled, aligned(offset, x, axes))
}

/** The mean over some axes, without them. */
export const meanOver = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor =>
  ops.div(ops.reduceSum(x, axes), sizeOf(axes.map((axis) => x.shape[axis] ?? 1)))

/** `sqrt(variance + epsilon)`. */
export const deviation = (variance: AnyTensor, epsilon: number): AnyTensor => ops.sqrt(ops.add(variance, epsilon))

/** x with mean 0 and variance 1 over some axes, and the statistics it had, without those axes. */
export const standardized = (x: AnyTensor, axes: ReadonlyArray<number>, epsilon: number) => {
  const mean = meanOver(x, axes)
  const centered = ops.sub(x, spread(mean, x, axes))
  const variance = meanOver(ops.mul(centered, centered), axes)
  return { y: ops.div(centered, spread(deviation(variance, epsilon), x, axes)), mean, variance }
}

/** All axes but some. */
export const otherAxes = (x: AnyTensor, kept: ReadonlyArray<number>): ReadonlyArray<number> =>
  x.shape.map((_, d) => d).filter((d) => !kept.includes(d))
