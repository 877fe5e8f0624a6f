/** Resizing along spatial axes. */
import { allocate, type DType, roundTo } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { ResizeRule } from "../pooling-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout, PerAxis, SpatialRank } from "../spatial-rules.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { meanOf, poolAxis } from "./axis-pooling.ts"
import { pick } from "./pick.ts"
import { antialiasTaps, interpolationTaps, nearestIndices, type ResizeMode, type Tap } from "./resampling.ts"
import { arrange, perAxis } from "./spatial.ts"

/** Options of resizing: a size to reach or a factor to scale by, for all spatial axes or one for each. */
export interface InterpolateOptions {
  readonly size?: PerAxis
  readonly scale?: PerAxis
  /** `"nearest"` unless given. `"linear"` is bilinear along two axes and trilinear along three, `"cubic"` bicubic. */
  readonly mode?: ResizeMode
  /** Whether the first and the last element keep their places (linear and cubic); false unless given: then pixels are areas. */
  readonly alignCorners?: boolean
  /** Whether, when shrinking, every element counts, as in image libraries (linear and cubic); false unless given. */
  readonly antialias?: boolean
  readonly layout?: Layout
}

/** The shape of a resized tensor, or the sentence. */
export type InterpolateRule<S extends Shape, D extends DType, O> = Accepts<
  "interpolate",
  "float",
  D,
  ResizeRule<"interpolate", S, O>
>

/** A resizing that waits for its operand. */
export interface InterpolateBy<O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<InterpolateRule<S, D, O>>
  ): TensorOf<InterpolateRule<S, D, O>, D>
}

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** The sum of elements by position times weights. */
const weighted = (x: AnyTensor, axis: number, taps: ReadonlyArray<Tap>): AnyTensor => {
  const line = (weight: ReadonlyArray<number>): AnyTensor => {
    const data = allocate(x.dtype, weight.length)
    weight.forEach((w, i) => {
      data[i] = roundTo[x.dtype](w)
    })
    const shape = x.shape.map((_, d) => (d === axis ? weight.length : 1))
    return ops.constant({ shape, dtype: x.dtype, data })
  }
  const terms = taps.map(({ index, weight }) => ops.mul(pick(x, axis, index), line(weight)))
  return terms.reduce((sum, term) => ops.add(sum, term))
}

const resizeAxis = (
  x: AnyTensor,
  axis: number,
  count: number,
  scale: number,
  { mode = "nearest", alignCorners = false, antialias = false }: InterpolateOptions
): AnyTensor => {
  const length = x.shape[axis] ?? 0
  if (mode === "nearest" || mode === "nearestExact") return pick(x, axis, nearestIndices(length, count, scale, mode))
  if (mode === "area") return poolAxis(x, axis, count, meanOf)
  if (count === length && !alignCorners && scale === 1) return x
  const taps = antialias ? antialiasTaps : interpolationTaps
  return weighted(x, axis, taps(length, count, scale, alignCorners, mode))
}

const rankOf = (x: AnyTensor): SpatialRank => {
  const n = x.shape.length - 2
  if (n !== 1 && n !== 2 && n !== 3)
    throw new ShapeError(
      `interpolate: needs a batch, one to three spatial axes, and channels, got ${showShape(x.shape)}`
    )
  return n
}

/** The size that every axis reaches, and how many elements one output stands for. */
const targetOf = (
  lengths: ReadonlyArray<number>,
  { size, scale }: InterpolateOptions
): ReadonlyArray<readonly [count: number, scale: number]> => {
  const n = lengths.length
  if ((size === undefined) === (scale === undefined)) throw new ShapeError("interpolate: give either a size or a scale")
  if (size !== undefined)
    return perAxis("interpolate", "size", size, n, 1).map((count, i) => [count, (lengths[i] ?? 0) / count])
  const factors = typeof scale === "number" ? new Array<number>(n).fill(scale) : (scale ?? [])
  if (factors.length !== n || factors.some((f) => !(f > 0)))
    throw new ShapeError(
      `interpolate: scale ${showShape(factors)} for ${n} spatial axes; give one number above 0, or one for each`
    )
  return factors.map((factor, i) => {
    const count = Math.floor((lengths[i] ?? 0) * factor)
    if (count < 1) throw new ShapeError(`interpolate: scale ${factor} leaves nothing of ${lengths[i]} elements`)
    return [count, 1 / factor]
  })
}

/**
 * Resizes the spatial axes of `[batch, spatial..., channels]` (or channels first), to a `size` or by a `scale`. The modes and
 * their positions are those of PyTorch: output i stands at `(i + 1/2) n / m - 1/2` among n elements, or at
 * `i (n - 1) / (m - 1)` with `alignCorners`; `"nearest"` rounds `i n / m` down. The cubic has the parameter -3/4
 * (-1/2 with `antialias`). Keys 1981.
 *
 * ```ts
 * const x = T.ones([1, 4, 4, 3])
 * const y = T.interpolate(x, { scale: 2 }) // [1, 8, 8, 3]
 * const z = T.interpolate(x, { size: [5, 7], mode: "linear" }) // [1, 5, 7, 3]
 * ```
 */
export const interpolate: {
  <const O extends InterpolateOptions>(options: O): InterpolateBy<O>
  <S extends Shape, D extends DType, const O extends InterpolateOptions>(
    self: Tensor<S, D> & Guard<InterpolateRule<S, D, O>>,
    options: O
  ): TensorOf<InterpolateRule<S, D, O>, D>
} = faceWithOptions((x: AnyTensor, options: InterpolateOptions) => {
  checkOperand("interpolate", "float", x)
  const n = rankOf(x)
  const { tensor, back } = arrange("interpolate", x, n, options.layout)
  const targets = targetOf(tensor.shape.slice(1, -1), options)
  if (tensor.shape.slice(1, -1).includes(0))
    throw new ShapeError(`interpolate: ${showShape(x.shape)} has an empty axis`)
  return back(
    range(n).reduce((y, i) => {
      const [count, scale] = targets[i] ?? [1, 1]
      return resizeAxis(y, i + 1, count, scale, options)
    }, tensor)
  )
})
