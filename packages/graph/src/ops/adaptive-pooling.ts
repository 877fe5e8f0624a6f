/**
 * Pooling to a size: output i of m takes the elements from `floor(i n / m)` up to `ceil((i + 1) n / m)` of n, as PyTorch
 * does. Inputs are `[batch, spatial..., channels]`, or channels first; the batch may be left out.
 */
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import type { AdaptiveRule } from "../pooling-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { Layout, SpatialRank } from "../spatial-rules.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { largestOf, meanOf, poolAxis } from "./axis-pooling.ts"
import { arrange } from "./spatial.ts"

/** The size to reach along every axis, or along each; null keeps the size there is. */
export type TargetSize = number | null | ReadonlyArray<number | null>

/** Options of pooling to a size. */
export interface AdaptivePoolOptions {
  readonly layout?: Layout
}

type InFor<Kind extends "max" | "avg"> = Kind extends "max" ? "number" : "float"

/** The shape of a pooling to a size, or the sentence. */
export type AdaptivePoolRule<
  Kind extends "max" | "avg",
  Op extends string,
  N extends SpatialRank,
  S extends Shape,
  D extends DType,
  Z,
  O
> = Accepts<Op, InFor<Kind>, D, AdaptiveRule<Op, N, S, Z, O>>

/** A pooling to a size that waits for its operand. */
export interface AdaptivePoolBy<Kind extends "max" | "avg", Op extends string, N extends SpatialRank, Z, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<AdaptivePoolRule<Kind, Op, N, S, D, Z, O>>
  ): TensorOf<AdaptivePoolRule<Kind, Op, N, S, D, Z, O>, D>
}

/** Pooling over N spatial axes to a size. */
export interface AdaptivePool<Kind extends "max" | "avg", Op extends string, N extends SpatialRank> {
  <const Z extends TargetSize, const O extends AdaptivePoolOptions = {}>(
    size: Z,
    options?: O
  ): AdaptivePoolBy<Kind, Op, N, Z, O>
  <S extends Shape, D extends DType, const Z extends TargetSize, const O extends AdaptivePoolOptions = {}>(
    self: Tensor<S, D> & Guard<AdaptivePoolRule<Kind, Op, N, S, D, Z, O>>,
    size: Z,
    options?: O
  ): TensorOf<AdaptivePoolRule<Kind, Op, N, S, D, Z, O>, D>
}

const adaptive =
  (kind: "max" | "avg", operation: string, n: SpatialRank) =>
  (x: AnyTensor, size: TargetSize, options: AdaptivePoolOptions = {}): AnyTensor => {
    checkOperand(operation, kind === "max" ? "number" : "float", x)
    const { tensor, back } = arrange(operation, x, n, options.layout)
    const given: ReadonlyArray<number | null> = Array.isArray(size)
      ? size
      : new Array<number | null>(n).fill(size as number | null)
    if (given.length !== n)
      throw new ShapeError(
        `${operation}: ${given.length} sizes for ${n} spatial axes; give one number, or one for each`
      )
    const target = given.map((count, i) => count ?? tensor.shape[i + 1] ?? 0)
    if (target.some((count) => !Number.isInteger(count) || count < 1))
      throw new ShapeError(`${operation}: ${showShape(target)} is no size to reach; give whole numbers, 1 or more`)
    if (sizeOf(tensor.shape.slice(1, -1)) === 0)
      throw new ShapeError(`${operation}: ${showShape(x.shape)} has no elements to pool`)
    // The last axis first: of equal elements the first in row-major order is then taken.
    const pool = kind === "max" ? largestOf : meanOf
    return back(target.reduceRight((y, count, i) => poolAxis(y, i + 1, count, pool), tensor))
  }

const face = <Kind extends "max" | "avg", Op extends string, N extends SpatialRank>(
  kind: Kind,
  operation: Op,
  n: N
): AdaptivePool<Kind, Op, N> => faceWithOptions(adaptive(kind, operation, n))

/** The mean of windows along one axis that are chosen so that there are `size` of them: `T.adaptiveAvgPool1d(x, 4)`. */
export const adaptiveAvgPool1d = face("avg", "adaptiveAvgPool1d", 1)
/** The mean of windows along two axes that are chosen so that there are `size` of them; `1` is the mean over all places. */
export const adaptiveAvgPool2d = face("avg", "adaptiveAvgPool2d", 2)
/** The mean of windows along three axes that are chosen so that there are `size` of them. */
export const adaptiveAvgPool3d = face("avg", "adaptiveAvgPool3d", 3)
/** The largest element of windows along one axis, `size` of them. The first of equal elements gets the derivative. */
export const adaptiveMaxPool1d = face("max", "adaptiveMaxPool1d", 1)
/** The largest element of windows along two axes, `size` of them. The first of equal elements gets the derivative. */
export const adaptiveMaxPool2d = face("max", "adaptiveMaxPool2d", 2)
/** The largest element of windows along three axes, `size` of them. The first of equal elements gets the derivative. */
export const adaptiveMaxPool3d = face("max", "adaptiveMaxPool3d", 3)
