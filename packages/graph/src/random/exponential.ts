/** Distributions that are functions of one exponential number. */
import type { Float } from "../dtype.ts"
import { operations as ops } from "../operations.ts"
import type { Mutable } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import type { Key } from "./key.ts"
import { openUniform } from "./uniform.ts"

/** Exponential numbers, and a bit for each that is left over. Not public. */
export const exponentialAndBit = (
  k: Key,
  shape: ReadonlyArray<number>,
  dtype: Float
): { readonly value: AnyTensor; readonly bit: AnyTensor } => {
  const { unit, rest } = openUniform(k, shape, dtype)
  return { value: ops.neg(ops.log1p(ops.neg(unit))), bit: rest }
}

/** What all distributions here are given. */
interface Options<D extends Float> {
  readonly dtype?: D
}

const dtypeOf = <D extends Float>({ dtype }: Options<D>): Float => dtype ?? "f32"

/**
 * Exponential with rate 1: `-log(1 - u)`, positive, with full relative precision near 0; the largest number is 16.6 in f32,
 * which one of 1.7e7 would exceed, and 36.7 in f64. Divided by a rate it is exponential with that rate.
 */
export const exponential = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: Options<D> = {}
): Tensor<Mutable<S>, D> => exponentialAndBit(k, shape, dtypeOf(options)).value as Tensor<Mutable<S>, D>

/** Laplace with location 0 and scale 1, density `e^-|x| / 2`: an exponential number with a random sign. */
export const laplace = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: Options<D> = {}
): Tensor<Mutable<S>, D> => {
  const { value, bit } = exponentialAndBit(k, shape, dtypeOf(options))
  return ops.select(ops.eq(bit, 0), value, ops.neg(value)) as Tensor<Mutable<S>, D>
}

/**
 * Gumbel with location 0 and scale 1, distribution function `exp(-exp(-x))`: `-log` of an exponential number. Its upper
 * tail is precise up to 33.9 in f32: the largest of many Gumbel numbers decides, see `categorical`.
 */
export const gumbel = <const S extends ReadonlyArray<number>, D extends Float = "f32">(
  k: Key,
  shape: S,
  options: Options<D> = {}
): Tensor<Mutable<S>, D> =>
  ops.neg(ops.log(exponentialAndBit(k, shape, dtypeOf(options)).value)) as Tensor<Mutable<S>, D>
