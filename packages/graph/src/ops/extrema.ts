/** Where the largest and the smallest elements are. */
import { keepAxes, normalizeAxis } from "../axes.ts"
import { type DType, isFloat } from "../dtype.ts"
import { type Accepts, checkOperand, faceWithOptions, type ReduceOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"

/** Along which axis, the last unless given, or over all elements. */
type Axis = number | "all"

type Over<Op extends string, S extends Shape, A, K> = Reduced<Op, S, A extends "all" ? undefined : A, K>

/** A search that holds its options and waits for its operand. */
export interface ExtremumOver<Op extends string, A, K> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<Op, "number", D, Over<Op, S, A, K>>>
  ): TensorOf<Over<Op, S, A, K>, "i32">
}

/** Functions that find the place of an extreme element. */
export interface Extremum<Op extends string> {
  <const A extends Axis = -1, const K extends boolean = false>(options?: ReduceOptions<A, K>): ExtremumOver<Op, A, K>
  <S extends Shape, D extends DType, const A extends Axis = -1, const K extends boolean = false>(
    self: Tensor<S, D> & Guard<Accepts<Op, "number", D>>,
    options?: ReduceOptions<A, K> & Guard<Over<Op, S, A, K>>
  ): TensorOf<Over<Op, S, A, K>, "i32">
}

const extremum = <Op extends string>(operation: Op, keyed: (x: AnyTensor) => AnyTensor): Extremum<Op> =>
  faceWithOptions((x: AnyTensor, options: ReduceOptions<Axis, boolean> = {}) => {
    checkOperand(operation, "number", x)
    const all = options.axis === "all"
    const axis = all ? 0 : normalizeAxis(operation, x.shape, typeof options.axis === "number" ? options.axis : -1)
    const y = ops.argmax(keyed(all ? ops.reshape(x, [sizeOf(x.shape)]) : x), axis)
    return options.keepDims === true ? ops.reshape(y, keepAxes(x.shape, all ? x.shape.map((_, d) => d) : [axis])) : y
  })

/**
 * The index of the largest element along one axis, the last unless given, as i32; over all elements, in row-major order, with
 * `axis: "all"` (what numpy and PyTorch do without an axis). Of equal elements the first counts, and a NaN counts as the
 * largest, the first of several: argmax of [1, NaN, 2] is 1, as in numpy and PyTorch. Throws a ShapeError for an empty axis.
 *
 * ```ts
 * const y = T.argmax(T.constant([[1, 3, 2], [9, 8, 7]]))                         // [1, 0]
 * const z = T.argmax(T.constant([[1, 3, 2], [9, 8, 7]]), { axis: "all" })        // 3
 * ```
 */
export const argmax: Extremum<"argmax"> = extremum("argmax", (x) => x)

/**
 * The index of the smallest element along one axis, the last unless given, as i32; over all elements, in row-major order, with
 * `axis: "all"` (what numpy and PyTorch do without an axis). Of equal elements the first counts, and a NaN counts as the
 * smallest, the first of several: argmin of [1, NaN, 0] is 1, as in numpy and PyTorch. Throws a ShapeError for an empty axis.
 */
export const argmin: Extremum<"argmin"> = extremum("argmin", (x) =>
  // The complement turns the order of integers round: the negative of the smallest i32 is itself.
  isFloat(x.dtype) ? ops.neg(x) : ops.not(x)
)
