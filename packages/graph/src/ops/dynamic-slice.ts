/** Windows of tensors that start where a computed index says. */
import { sameShape } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Guard, IsSize, Mismatch, Mutable, Shape, Show } from "../shape.ts"
import type { Minus } from "../difference.ts"
import { type AnyTensor, isTensor, type Tensor } from "../tensor.ts"
import { checkIndexType, placesIn } from "./places.ts"

/** Where a window starts: for each axis a whole number or an i32 scalar, or all of them in one i32 vector. */
export type Starts = ReadonlyArray<number | Tensor<[], "i32">> | Tensor<Shape, "i32">

type TooLarge<S extends Shape, Z extends Shape> = {
  [K in keyof S & `${number}`]: K extends keyof Z
    ? S[K] extends number
      ? Z[K] extends number
        ? [IsSize<S[K]>, IsSize<Z[K]>] extends [true, true]
          ? [Minus<S[K], Z[K]>] extends [never]
            ? K
            : never
          : never
        : never
      : never
    : never
}[keyof S & `${number}`]

/** `unknown` when a window of shape `Z` fits into the shape `S`, or the sentence. */
export type WindowRule<Op extends string, S extends Shape, Z extends Shape> = number extends S["length"] | Z["length"]
  ? unknown
  : [S["length"]] extends [Z["length"]]
    ? [TooLarge<S, Z>] extends [never]
      ? unknown
      : Mismatch<`${Op}: a window ${Show<Z>} does not fit into ${Show<S>}`>
    : Mismatch<`${Op}: a window ${Show<Z>} does not fit into ${Show<S>}`>

/** The starts as scalars or numbers, one for each axis; throws when they do not fit. */
const startsOf = (operation: string, starts: Starts, shape: ReadonlyArray<number>, sizes: ReadonlyArray<number>) => {
  if (sizes.length !== shape.length || sizes.some((n, d) => !Number.isInteger(n) || n < 0 || n > (shape[d] ?? 0)))
    throw new ShapeError(`${operation}: a window ${showShape(sizes)} does not fit into ${showShape(shape)}`)
  if (isTensor(starts)) {
    checkIndexType(operation, starts)
    if (!sameShape(starts.shape, [shape.length]))
      throw new ShapeError(
        `${operation}: starts ${showShape(starts.shape)} for the ${shape.length} axes of ${showShape(shape)}`
      )
    return shape.map((_, d) => ops.reshape(ops.slice(starts, { start: [d], limit: [d + 1], step: [1] }), []))
  }
  // Not a tensor: a list.
  const list = starts as ReadonlyArray<number | AnyTensor>
  if (list.length !== shape.length)
    throw new ShapeError(`${operation}: ${list.length} starts for the ${shape.length} axes of ${showShape(shape)}`)
  return list.map((start, d) => {
    const [n, size] = [shape[d] ?? 0, sizes[d] ?? 0]
    if (typeof start === "number") {
      const place = start < 0 ? start + n : start
      if (!Number.isInteger(start) || place < 0 || place + size > n)
        throw new ShapeError(
          `${operation}: a window of ${size} from ${start} does not lie in axis ${d} of ${showShape(shape)}`
        )
      return place
    }
    checkIndexType(operation, start)
    if (start.shape.length > 0)
      throw new ShapeError(`${operation}: the start of axis ${d} is a scalar, its shape is ${showShape(start.shape)}`)
    return start
  })
}

/** The places of a window along an axis. */
const windowPlaces = (start: AnyTensor, n: number, size: number): AnyTensor =>
  ops.add(ops.iota([size], 0, "i32"), placesIn(start, n, n - size))

/** A window that waits for its operand. */
export interface DynamicSliceBy<Z extends ReadonlyArray<number>> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<WindowRule<"dynamicSlice", S, Z>>
  ): Tensor<Mutable<Z>, D>
}

/**
 * A window of the given sizes that starts where computed indices say: JAX's lax.dynamic_slice. Starts are whole numbers or i32
 * scalars, one for each axis, or one i32 vector.
 *
 * ```ts
 * const y = T.dynamicSlice(T.ones([10, 4]), [T.constant(7, "i32"), 0], [2, 4])        // Tensor<[2, 4]>
 * ```
 *
 * Negative starts count from the back, and a computed start is moved so that the window lies in the tensor; a literal one that
 * does not fit throws a ShapeError. The derivative of the window flows into its place.
 */
export const dynamicSlice: {
  <const Z extends ReadonlyArray<number>>(starts: Starts, sizes: Z): DynamicSliceBy<Z>
  <S extends Shape, D extends DType, const Z extends ReadonlyArray<number>>(
    self: Tensor<S, D>,
    starts: Starts,
    sizes: Z & Guard<WindowRule<"dynamicSlice", S, Z>>
  ): Tensor<Mutable<Z>, D>
} = face(3, (x: AnyTensor, given: Starts, sizes: ReadonlyArray<number>) => {
  checkOperand("dynamicSlice", "any", x)
  const starts = startsOf("dynamicSlice", given, x.shape, sizes)
  const fixed = ops.slice(x, {
    start: starts.map((start) => (typeof start === "number" ? start : 0)),
    limit: starts.map((start, d) => (typeof start === "number" ? start + (sizes[d] ?? 0) : (x.shape[d] ?? 0))),
    step: starts.map(() => 1)
  })
  return starts.reduce<AnyTensor>((y, start, d) => {
    const [n, size] = [x.shape[d] ?? 0, sizes[d] ?? 0]
    // A window as long as the axis starts at 0, and nothing is read of one of length 0.
    if (typeof start === "number" || n === size) return y
    if (size === 0) return ops.full(y.shape.with(d, 0), 0, x.dtype)
    return ops.gather(y, windowPlaces(start, n, size), d)
  }, fixed)
})

/** A window and its place that wait for the tensor they are written into. */
export interface DynamicUpdateBy<Z extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<SameDType<"dynamicUpdateSlice", D, E, WindowRule<"dynamicUpdateSlice", S, Z>>>
  ): Tensor<S, D>
}

/**
 * The tensor with a window written anew where computed indices say: JAX's lax.dynamic_update_slice. Starts are those of
 * `T.dynamicSlice`: moved, when computed, so that the window lies in the tensor.
 */
export const dynamicUpdateSlice: {
  <Z extends Shape, E extends DType>(window: Tensor<Z, E>, starts: Starts): DynamicUpdateBy<Z, E>
  <S extends Shape, D extends DType, Z extends Shape, E extends DType>(
    self: Tensor<S, D>,
    window: Tensor<Z, E> & Guard<SameDType<"dynamicUpdateSlice", D, E, WindowRule<"dynamicUpdateSlice", S, Z>>>,
    starts: Starts
  ): Tensor<S, D>
} = face(3, (x: AnyTensor, window: AnyTensor, given: Starts) => {
  checkOperand("dynamicUpdateSlice", "any", x)
  checkSameDType("dynamicUpdateSlice", x.dtype, window.dtype)
  const starts = startsOf("dynamicUpdateSlice", given, x.shape, window.shape)
  if (window.shape.includes(0)) return x
  const axes = window.shape.map((_, d) => d).filter((d) => window.shape[d] !== x.shape[d])
  const places = axes.map((d) => {
    const [start = 0, n = 1, size = 1] = [starts[d], x.shape[d], window.shape[d]]
    return typeof start === "number" ? ops.add(ops.iota([size], 0, "i32"), start) : windowPlaces(start, n, size)
  })
  // Along the first axis that the window does not fill: its rows are read, written along the other axes, and put back.
  const write = (into: AnyTensor, k: number): AnyTensor => {
    const [axis, at] = [axes[k], places[k]]
    if (axis === undefined || at === undefined) return window
    const rows = k + 1 < axes.length ? write(ops.gather(into, at, axis), k + 1) : window
    const [y = into] = ops.scatter([into, at, rows], { axis })
    return y
  }
  return write(x, 0)
})
