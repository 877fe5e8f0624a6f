/** Widening axes at their ends: by a number, or by what stands there. */
import type { DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Padded } from "../padding-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { pick } from "./pick.ts"

/** How many elements to add before and behind an axis; a negative number cuts as many off. */
export type Widths = readonly [low: number, high: number]

/**
 * What is added: one number (`"constant"`), the elements in reverse order without the last (`"reflect"`: c b | a b c | b a)
 * or with it (`"symmetric"`: b a | a b c | c b), the last element again (`"replicate"`: a a | a b c | c c), or the elements
 * from the other end (`"circular"`: b c | a b c | a b). PyTorch's names; numpy calls the last two edge and wrap.
 */
export type PadMode = "constant" | "reflect" | "symmetric" | "replicate" | "circular"

/** Options of padding. */
export interface PadOptions {
  readonly mode?: PadMode
  /** What to add in mode `"constant"`; 0 unless given. */
  readonly value?: number
}

/** A padding that waits for its operand. */
export interface PadBy<W extends ReadonlyArray<Widths>> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Padded<S, W>>): TensorOf<Padded<S, W>, D>
}

const modulo = (i: number, n: number): number => ((i % n) + n) % n

/** The element that stands at place i of an axis of n elements that goes on beyond its ends. */
const sourceOf: Readonly<Record<Exclude<PadMode, "constant">, (i: number, n: number) => number>> = {
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: modulo,
  reflect: (i, n) => {
    const at = modulo(i, Math.max(1, 2 * (n - 1)))
    return at < n ? at : 2 * (n - 1) - at
  },
  symmetric: (i, n) => {
    const at = modulo(i, 2 * n)
    return at < n ? at : 2 * n - 1 - at
  }
}

/** Cuts off what negative widths say and adds what positive ones say. */
const padWithNumber = (x: AnyTensor, widths: ReadonlyArray<Widths>, value: number): AnyTensor => {
  const negative = widths.some(([low, high]) => low < 0 || high < 0)
  const added = (k: 0 | 1): ReadonlyArray<number> => widths.map((pair) => Math.max(0, pair[k]))
  const grow = (y: AnyTensor): AnyTensor =>
    ops.pad(y, { low: added(0), high: added(1), interior: widths.map(() => 0) }, value)
  if (!negative) return grow(x)
  const cut = (y: AnyTensor): AnyTensor =>
    ops.slice(y, {
      start: widths.map(([low]) => Math.max(0, -low)),
      limit: y.shape.map((length, d) => length - Math.max(0, -(widths[d]?.[1] ?? 0))),
      step: widths.map(() => 1)
    })
  // Cut first, unless what is added must be cut as well.
  const first = x.shape.every((length, d) => {
    const [low = 0, high = 0] = widths[d] ?? []
    return Math.max(0, -low) + Math.max(0, -high) <= length
  })
  return first ? grow(cut(x)) : cut(grow(x))
}

/**
 * Adds elements around each axis, zeros unless said otherwise: `T.pad(x, [[1, 1], [0, 2]])` gives `[low, high]` widths for
 * every axis, a third argument the number to add or a mode. Negative widths cut off. Reflections and circles of any width go
 * on, as in numpy.
 *
 * ```ts
 * const x = T.constant([1, 2, 3])
 * const a = T.pad(x, [[1, 2]]) // 0 1 2 3 0 0
 * const b = T.pad(x, [[2, 1]], { mode: "reflect" }) // 3 2 1 2 3 2
 * const c = T.pad(x, [[-1, 1]], 9) // 2 3 9
 * ```
 */
export const pad: {
  <const W extends ReadonlyArray<Widths>>(widths: W, how?: number | PadOptions): PadBy<W>
  <S extends Shape, D extends DType, const W extends ReadonlyArray<Widths>>(
    self: Tensor<S, D>,
    widths: W & Guard<Padded<S, W>>,
    how?: number | PadOptions
  ): TensorOf<Padded<S, W>, D>
} = faceWithOptions((x: AnyTensor, widths: ReadonlyArray<Widths>, how: number | PadOptions = 0) => {
  if (widths.length !== x.shape.length) {
    throw new ShapeError(`pad: ${widths.length} pairs for the ${x.shape.length} axes of ${showShape(x.shape)}`)
  }
  const { mode = "constant", value = 0 }: PadOptions = typeof how === "number" ? { value: how } : how
  widths.forEach(([low, high], d) => {
    const length = x.shape[d] ?? 0
    if (!Number.isInteger(low) || !Number.isInteger(high))
      throw new ShapeError(`pad: ${low} and ${high} around axis ${d} of ${showShape(x.shape)} must be whole numbers`)
    if (length + low + high < 0)
      throw new ShapeError(`pad: ${low} and ${high} cut more than there is of axis ${d} of ${showShape(x.shape)}`)
    if (length === 0 && low + high > 0 && mode !== "constant")
      throw new ShapeError(`pad: axis ${d} of ${showShape(x.shape)} is empty, there is nothing to repeat`)
  })
  if (mode === "constant") return padWithNumber(x, widths, value)
  const source = sourceOf[mode]
  return widths.reduce((y, [low, high], d) => {
    const length = y.shape[d] ?? 0
    return low === 0 && high === 0
      ? y
      : pick(
          y,
          d,
          Array.from({ length: length + low + high }, (_, i) => source(i - low, length))
        )
  }, x)
})
