/** Quantiles: values that a given part of the elements does not exceed. */
import { keepAxes, normalizeAxes } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { optionError, ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions, type ReduceOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"
import { elementsAlong, orderOf } from "./elements.ts"

/** What lies between two elements: a point on the line, one of them, the nearer (the even one when both are), the middle. */
export type Interpolation = "linear" | "lower" | "higher" | "nearest" | "midpoint"

type Axes = number | ReadonlyArray<number> | undefined

/** Over which axes, all unless given, whether they stay as size 1, and what lies between two elements. */
export interface QuantileOptions<A, K> extends ReduceOptions<A, K> {
  readonly interpolation?: Interpolation
}

/** Where a quantile lies in a sorted row of `n`: between two places, and how far from the first. */
const between = (
  n: number,
  q: number,
  interpolation: Interpolation
): readonly [low: number, high: number, part: number] => {
  const exact = q * (n - 1)
  const [low, high] = [Math.floor(exact), Math.ceil(exact)]
  switch (interpolation) {
    case "linear":
      return [low, high, exact - low]
    case "lower":
      return [low, low, 0]
    case "higher":
      return [high, high, 0]
    case "midpoint":
      return [low, high, low === high ? 0 : 0.5]
    case "nearest": {
      const down = exact - low < 0.5 || (exact - low === 0.5 && low % 2 === 0)
      return down ? [low, low, 0] : [high, high, 0]
    }
  }
}

/** The axes as one, at the end. */
const asLast = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor => {
  const others = x.shape.map((_, d) => d).filter((d) => !axes.includes(d))
  const moved = ops.transpose(x, [...others, ...axes])
  return ops.reshape(moved, [...others.map((d) => x.shape[d] ?? 1), sizeOf(axes.map((d) => x.shape[d] ?? 1))])
}

/** One quantile of sorted rows. A NaN in a row stands at its end, and is the quantile then. */
const quantileOf = (sorted: AnyTensor, q: number, interpolation: Interpolation): AnyTensor => {
  const n = sorted.shape.at(-1) ?? 1
  const lead = sorted.shape.slice(0, -1)
  const at = (place: number): AnyTensor =>
    ops.reshape(
      ops.slice(sorted, {
        start: [...lead.map(() => 0), place],
        limit: [...lead, place + 1],
        step: sorted.shape.map(() => 1)
      }),
      lead
    )
  const [low, high, part] = between(n, q, interpolation)
  // A weighted mean, not a step from the one to the other: between equal infinities lies the same infinity.
  const y = part === 0 ? at(low) : ops.add(ops.mul(at(low), 1 - part), ops.mul(at(high), part))
  const last = at(n - 1)
  return ops.select(ops.eq(last, last), y, last)
}

const quantiles = (
  operation: string,
  x: AnyTensor,
  q: number | ReadonlyArray<number>,
  options: QuantileOptions<Axes, boolean>,
  interpolation: Interpolation
): AnyTensor => {
  checkOperand(operation, "float", x)
  const axes = normalizeAxes(operation, x.shape, options.axis)
  const list = typeof q === "number" ? [q] : q
  for (const each of list) if (!(each >= 0 && each <= 1)) throw optionError(`${operation}: q`, "0 to 1", each)
  const rows = asLast(x, axes)
  if (rows.shape.at(-1) === 0)
    throw new ShapeError(`${operation}: ${showShape(x.shape)} has no elements along these axes, and no quantile`)
  const last = rows.shape.length - 1
  const sorted = elementsAlong(rows, orderOf(rows, last, false), last)
  const shape = options.keepDims === true ? keepAxes(x.shape, axes) : sorted.shape.slice(0, -1)
  const results = list.map((each) => ops.reshape(quantileOf(sorted, each, interpolation), shape))
  const [only] = results
  if (typeof q === "number" && only !== undefined) return only
  if (results.length === 0) return ops.full([0, ...shape], 0, x.dtype)
  return ops.concat(
    results.map((y) => ops.reshape(y, [1, ...shape])),
    0
  )
}

/** The shape of quantiles: that of a reduction, behind an axis for a list of them. */
export type QuantileRule<S extends Shape, D extends DType, Q, A, K> = Accepts<
  "quantile",
  "float",
  D,
  Reduced<"quantile", S, A, K> extends infer R
    ? R extends Shape
      ? Q extends ReadonlyArray<number>
        ? [Q["length"], ...R]
        : R
      : R
    : never
>

/** Quantiles that wait for their operand. */
export interface QuantileBy<Q, A, K> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<QuantileRule<S, D, Q, A, K>>
  ): TensorOf<QuantileRule<S, D, Q, A, K>, D>
}

/**
 * Values that a part `q` (0 to 1) of the elements does not exceed, over all axes unless given: place `q (n - 1)` of the sorted
 * elements, and between two places what `interpolation` says, a point on the line unless given. A list of parts makes a first
 * axis. This is numpy.quantile and torch.quantile.
 *
 * ```ts
 * const y = T.quantile(T.constant([1, 2, 3, 10]), 0.5)                      // 2.5
 * const z = T.quantile(T.ones([8, 3]), [0.25, 0.75], { axis: 0 })           // Tensor<[2, 3]>
 * ```
 *
 * A NaN among the elements is the quantile. The derivative flows to the two elements by their weights; among equal elements
 * the order is that of `T.argsort`. Throws an OptionError for q outside 0 to 1, a ShapeError when there are no elements.
 */
export const quantile: {
  <const Q extends number | ReadonlyArray<number>, const A extends Axes = undefined, const K extends boolean = false>(
    q: Q,
    options?: QuantileOptions<A, K>
  ): QuantileBy<Q, A, K>
  <
    S extends Shape,
    D extends DType,
    const Q extends number | ReadonlyArray<number>,
    const A extends Axes = undefined,
    const K extends boolean = false
  >(
    self: Tensor<S, D> & Guard<Accepts<"quantile", "float", D>>,
    q: Q,
    options?: QuantileOptions<A, K> & Guard<QuantileRule<S, D, Q, A, K>>
  ): TensorOf<QuantileRule<S, D, Q, A, K>, D>
} = faceWithOptions((x: AnyTensor, q: number | ReadonlyArray<number>, options: QuantileOptions<Axes, boolean> = {}) =>
  quantiles("quantile", x, q, options, options.interpolation ?? "linear")
)

/** A median that waits for its operand. */
export interface MedianOver<A, K> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"median", "float", D, Reduced<"median", S, A, K>>>
  ): TensorOf<Reduced<"median", S, A, K>, D>
}

/**
 * The middle of the sorted elements, over all axes unless given. Of an even number of elements it is the mean of the two in
 * the middle (numpy.median), or one of them: `interpolation: "lower"` is torch.median. A NaN among the elements is the median.
 */
export const median: {
  <const A extends Axes = undefined, const K extends boolean = false>(options?: QuantileOptions<A, K>): MedianOver<A, K>
  <S extends Shape, D extends DType, const A extends Axes = undefined, const K extends boolean = false>(
    self: Tensor<S, D> & Guard<Accepts<"median", "float", D>>,
    options?: QuantileOptions<A, K> & Guard<Reduced<"median", S, A, K>>
  ): TensorOf<Reduced<"median", S, A, K>, D>
} = faceWithOptions((x: AnyTensor, options: QuantileOptions<Axes, boolean> = {}) =>
  quantiles("median", x, 0.5, options, options.interpolation ?? "midpoint")
)
