/** Tensors of evenly spaced numbers, and the identity. */
import { checkSizes } from "../axes.ts"
import type { DType, Float } from "../dtype.ts"
import { ShapeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Tensor } from "../tensor.ts"

/**
 * The identity matrix, or ones on the main diagonal of a matrix with `columns` columns. numpy's and PyTorch's `eye`.
 *
 * ```ts
 * const y = T.eye(2)   // [[1, 0], [0, 1]]
 * ```
 */
export const eye = <N extends number, M extends number = N, D extends DType = "f32">(
  rows: N,
  options: { readonly columns?: M; readonly dtype?: D } = {}
): Tensor<[N, M], D> => {
  const { columns = rows, dtype = "f32" } = options
  const shape = checkSizes("eye", [rows, columns])
  const y = ops.cast(ops.eq(ops.iota(shape, 0, "i32"), ops.iota(shape, 1, "i32")), dtype)
  // The matrix has the sizes and the type that were asked for.
  return y as Tensor<[number, number], DType> as Tensor<[N, M], D>
}

/** How far a range goes, and in which steps. */
export interface RangeOptions<D extends DType = DType> {
  /** 0 unless given. */
  readonly start?: number
  /** 1 unless given; negative counts down. */
  readonly step?: number
  readonly dtype?: D
}

/**
 * `start, start + step, ...` below `stop` (above it for a negative step), each computed as `start + i step`; i32 unless a dtype
 * is given. numpy's and PyTorch's `arange`. Throws a ShapeError for a step of 0.
 *
 * ```ts
 * const y = T.arange(6, { start: 1, step: 2 })   // [1, 3, 5]
 * ```
 */
export const arange = <D extends DType = "i32">(stop: number, options: RangeOptions<D> = {}): Tensor<[number], D> => {
  const { start = 0, step = 1, dtype = "i32" } = options
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (step === 0 || !Number.isSafeInteger(count))
    throw new ShapeError(`arange: cannot go from ${start} to ${stop} in steps of ${step}`)
  const places = ops.iota([count], 0, dtype)
  const scaled = step === 1 ? places : ops.mul(places, step)
  return (start === 0 ? scaled : ops.add(scaled, start)) as Tensor<[number], DType> as Tensor<[number], D>
}

/**
 * `count` numbers from `start` to `stop`, both included: `start + i (stop - start) / (count - 1)`, the last one exactly `stop`.
 * numpy's and PyTorch's `linspace`. Throws a ShapeError for a count below 1.
 *
 * ```ts
 * const y = T.linspace(0, 1, 5)   // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export const linspace = <N extends number, D extends Float = "f32">(
  start: number,
  stop: number,
  count: N,
  options: { readonly dtype?: D } = {}
): Tensor<[N], D> => {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new ShapeError(`linspace: the count must be a whole number from 1, it is ${count}`)
  const { dtype = "f32" } = options
  const places = ops.iota([count], 0, dtype)
  const line = ops.add(ops.mul(places, count === 1 ? 0 : (stop - start) / (count - 1)), start)
  const isLast = ops.eq(ops.iota([count], 0, "i32"), ops.full([count], count - 1, "i32"))
  const y = count === 1 ? line : ops.select(isLast, stop, line)
  return y as Tensor<[number], DType> as Tensor<[N], D>
}
