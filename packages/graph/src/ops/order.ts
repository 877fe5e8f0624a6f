/** Axes in another order of their elements: turned round, and rolled. */
import { normalizeAxes, normalizeAxis } from "../axes.ts"
import type { WithDim } from "../axis-rules.ts"
import type { DType } from "../dtype.ts"
import { ShapeError } from "../errors.ts"
import { checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import { flipBounds } from "../primitives/slice.ts"
import type { AxisOf, Reduced } from "../shape-rules.ts"
import type { Guard, Mismatch, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"

/** Which axes: one or several, all unless given. */
export interface AxesOption<A> {
  readonly axis?: A
}

type Axes = number | ReadonlyArray<number> | undefined

/** `unknown` when the axes exist, or the sentence. */
export type AxesExist<Op extends string, S extends Shape, A> =
  A extends ReadonlyArray<number> ? FirstMissing<Op, S, A> : AxisOf<Op, S, A, unknown>
type FirstMissing<Op extends string, S extends Shape, A extends ReadonlyArray<number>> = A extends readonly [
  infer H extends number,
  ...infer R extends ReadonlyArray<number>
]
  ? AxisOf<Op, S, H, unknown> extends Mismatch<infer M>
    ? Mismatch<M>
    : FirstMissing<Op, S, R>
  : unknown

/** A reversal that waits for its operand. */
export interface FlipBy<A> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Reduced<"flip", S, A, true>>): Tensor<S, D>
}

/** A roll that waits for its operand. */
export interface RollBy<A> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<AxesExist<"roll", S, A>>): Tensor<S, D>
}

/**
 * The elements in reverse order along axes, all unless given: `y[i] = x[n - 1 - i]`. A view: no element moves. This is
 * numpy.flip and torch.flip.
 *
 * ```ts
 * const y = T.flip(T.constant([[1, 2], [3, 4]]), { axis: 0 })      // [[3, 4], [1, 2]]
 * ```
 */
export const flip: {
  <const A extends Axes = undefined>(options?: AxesOption<A>): FlipBy<A>
  <S extends Shape, D extends DType, const A extends Axes = undefined>(
    self: Tensor<S, D>,
    options?: AxesOption<A> & Guard<Reduced<"flip", S, A, true>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, options: AxesOption<Axes> = {}) => {
  checkOperand("flip", "any", x)
  const axes = normalizeAxes("flip", x.shape, options.axis)
  return axes.length === 0
    ? x
    : ops.slice(
        x,
        flipBounds(x.shape, (d) => axes.includes(d))
      )
})

const part = (x: AnyTensor, axis: number, from: number, to: number): AnyTensor =>
  ops.slice(x, {
    start: x.shape.map((_, d) => (d === axis ? from : 0)),
    limit: x.shape.map((size, d) => (d === axis ? to : size)),
    step: x.shape.map(() => 1)
  })

const rollAlong = (x: AnyTensor, shift: number, axis: number): AnyTensor => {
  const size = x.shape[axis] ?? 0
  const by = size === 0 ? 0 : ((shift % size) + size) % size
  return by === 0 ? x : ops.concat([part(x, axis, size - by, size), part(x, axis, 0, size - by)], axis)
}

/**
 * The elements moved along axes by so many places, those beyond the end coming in at the front: `y[i] = x[(i - shift) mod n]`.
 * One shift for one axis, or a list for a list, in which an axis may stand twice; without an axis the tensor is rolled as if it
 * were flat. This is numpy.roll
 * and torch.roll. Throws a ShapeError when there are not as many shifts as axes.
 *
 * ```ts
 * const y = T.roll(T.constant([1, 2, 3, 4]), 1)                                  // [4, 1, 2, 3]
 * const z = T.roll(T.ones([3, 4]), [1, -2], { axis: [0, 1] })
 * ```
 */
export const roll: {
  <const A extends Axes = undefined>(shift: number | ReadonlyArray<number>, options?: AxesOption<A>): RollBy<A>
  <S extends Shape, D extends DType, const A extends Axes = undefined>(
    self: Tensor<S, D>,
    shift: number | ReadonlyArray<number>,
    options?: AxesOption<A> & Guard<AxesExist<"roll", S, A>>
  ): Tensor<S, D>
} = faceWithOptions((x: AnyTensor, shift: number | ReadonlyArray<number>, options: AxesOption<Axes> = {}) => {
  checkOperand("roll", "any", x)
  const shifts = typeof shift === "number" ? [shift] : shift
  const { axis } = options
  const axes = axis === undefined ? undefined : typeof axis === "number" ? [axis] : axis
  // A flat roll has one axis, whatever the shape.
  const count = axes?.length ?? 1
  if (shifts.length !== count)
    throw new ShapeError(`roll: ${shifts.length} shifts for ${count} axes; give one for each axis`)
  if (!shifts.every(Number.isSafeInteger))
    throw new ShapeError(`roll: shifts are whole numbers, got ${shifts.join(", ")}`)
  if (axes === undefined) {
    const flat = ops.reshape(x, [sizeOf(x.shape)])
    return ops.reshape(rollAlong(flat, shifts[0] ?? 0, 0), x.shape)
  }
  return axes.reduce((y: AnyTensor, d, i) => rollAlong(y, shifts[i] ?? 0, normalizeAxis("roll", x.shape, d)), x)
})

/** How often to turn, once unless given, and in which plane: from the first axis to the second. */
export interface Rot90Options<A, B> {
  readonly times?: number
  readonly axes?: readonly [A, B]
}

/** The shape turned: the sizes of the plane are exchanged by an odd number of turns, which the types do not count. */
export type Turned<S extends Shape, A, B> =
  WithDim<"rot90", S, A, number> extends infer Half
    ? Half extends Shape
      ? WithDim<"rot90", Half, B, number>
      : Half
    : never

/** A turn that waits for its operand. */
export interface Rot90By<A, B> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Turned<S, A, B>>): TensorOf<Turned<S, A, B>, D>
}

/**
 * The tensor turned by 90 degrees in a plane, the first two axes unless named, from the first axis towards the second: numpy.rot90
 * and torch.rot90. A view: no element moves.
 *
 * ```ts
 * const y = T.rot90(T.constant([[1, 2], [3, 4]]))                                // [[2, 4], [1, 3]]
 * ```
 */
export const rot90: {
  <const A extends number = 0, const B extends number = 1>(options?: Rot90Options<A, B>): Rot90By<A, B>
  <S extends Shape, D extends DType, const A extends number = 0, const B extends number = 1>(
    self: Tensor<S, D> & Guard<Turned<S, A, B>>,
    options?: Rot90Options<A, B>
  ): TensorOf<Turned<S, A, B>, D>
} = faceWithOptions(
  (x: AnyTensor, { times = 1, axes: [first, second] = [0, 1] }: Rot90Options<number, number> = {}) => {
    checkOperand("rot90", "any", x)
    const [a, b] = [normalizeAxis("rot90", x.shape, first), normalizeAxis("rot90", x.shape, second)]
    if (a === b) throw new ShapeError(`rot90: axes ${first} and ${second} make no plane`)
    if (!Number.isSafeInteger(times)) throw new ShapeError(`rot90: the number of turns is whole, it is ${times}`)
    const turns = ((times % 4) + 4) % 4
    const flipped = (y: AnyTensor, ...axes: ReadonlyArray<number>): AnyTensor =>
      ops.slice(
        y,
        flipBounds(y.shape, (d) => axes.includes(d))
      )
    const exchanged = (y: AnyTensor): AnyTensor =>
      ops.transpose(
        y,
        y.shape.map((_, d) => (d === a ? b : d === b ? a : d))
      )
    switch (turns) {
      case 1:
        return exchanged(flipped(x, b))
      case 2:
        return flipped(x, a, b)
      case 3:
        return flipped(exchanged(x), b)
      default:
        return x
    }
  }
)
