/** Activations with weights or gates: prelu and glu. */
import { normalizeAxis } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import type { Operand } from "../elementwise-face.ts"
import { ShapeError, showShape } from "../errors.ts"
import { type Accepts, type AxisOption, checkOperand, faceWhen, faceWithOptions, type SameDType } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Over } from "../quotient.ts"
import type { AxisOf, AxisTable } from "../shape-rules.ts"
import type { Dim, Guard, Mismatch, Same, Shape, Show } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"

/** The shape with one axis halved, or the sentence. */
export type Halved<S extends Shape, A> = number extends S["length"]
  ? Shape
  : A extends number
    ? number extends A
      ? Shape
      : `${A}` extends keyof AxisTable<S>
        ? HalvedAt<S, A, AxisTable<S>[`${A}`] & string>
        : Mismatch<`glu: axis ${A} does not exist in ${Show<S>}`>
    : Shape
type HalvedAt<S extends Shape, A extends number, Position extends string> = Position extends keyof S
  ? [Over<S[Position] & Dim, 2>] extends [never]
    ? Mismatch<`glu: axis ${A} of ${Show<S>} has no two halves`>
    : { -readonly [K in keyof S]: K extends Position ? Over<S[K] & Dim, 2> : S[K] }
  : Shape

/** A gated linear unit that holds its options and waits for its operand. */
export interface GluBy<A extends number> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<Accepts<"glu", "float", D, Halved<S, A>>>
  ): TensorOf<Halved<S, A>, D>
}

/**
 * `a sigmoid(b)`, where a and b are the first and the second half along an axis, the last unless given. Dauphin, Fan, Auli,
 * Grangier 2017. Throws a ShapeError when the axis has no two halves.
 *
 * ```ts
 * const gated = T.glu(T.ones([8, 6]))                // Tensor<[8, 3]>
 * const rows = T.glu(T.ones([8, 6]), { axis: 0 })    // Tensor<[4, 6]>
 * ```
 */
export const glu: {
  <const A extends number = -1>(options?: AxisOption<A>): GluBy<A>
  <S extends Shape, D extends DType, const A extends number = -1>(
    self: Tensor<S, D> & Guard<Accepts<"glu", "float", D>>,
    options?: AxisOption<A> & Guard<Halved<S, A>>
  ): TensorOf<Halved<S, A>, D>
} = faceWithOptions((x: AnyTensor, { axis = -1 }: AxisOption = {}) => {
  checkOperand("glu", "float", x)
  const at = normalizeAxis("glu", x.shape, axis)
  const size = x.shape[at] ?? 0
  if (size % 2 !== 0) throw new ShapeError(`glu: axis ${axis} of ${showShape(x.shape)} has no two halves`)
  const half = (from: number): AnyTensor =>
    ops.slice(x, {
      start: x.shape.map((_, d) => (d === at ? from : 0)),
      limit: x.shape.map((n, d) => (d === at ? from + size / 2 : n)),
      step: x.shape.map(() => 1)
    })
  return ops.mul(half(0), ops.sigmoid(half(size / 2)))
})

/** The weight is a number, a scalar, one element, or as many as the axis has; else the sentence. */
type PreluRule<S extends Shape, D extends DType, W, A extends number> =
  W extends Tensor<infer B, infer E>
    ? SameDType<
        "prelu",
        D,
        E,
        Accepts<
          "prelu",
          "float",
          D,
          B extends readonly [] | readonly [1]
            ? S
            : number extends B["length"] | S["length"]
              ? S
              : B extends readonly [infer N extends Dim]
                ? AxisOf<"prelu", S, A, S> extends Mismatch<infer M>
                  ? Mismatch<M>
                  : number extends A
                    ? S
                    : Fits<S, B, N, A, AxisTable<S>[`${A}` & keyof AxisTable<S>] & string>
                : Mismatch<`prelu: the weight must have one dimension, or none, it has the shape ${Show<B>}`>
        >
      >
    : Accepts<"prelu", "float", D, S>
type Fits<
  S extends Shape,
  B extends Shape,
  N extends Dim,
  A extends number,
  Position extends string
> = Position extends keyof S
  ? Same<S[Position] & Dim, N> extends true
    ? S
    : Mismatch<`prelu: a weight of shape ${Show<B>} does not fit axis ${A} of ${Show<S>}`>
  : S

/** A parametric rectifier that holds its weight and waits for its operand. */
export interface PreluBy<W extends Operand, A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<PreluRule<S, D, W, A>>): Tensor<S, D>
}

/**
 * `x` above 0, else `weight x`, the weight being one number or one per element of an axis, axis 1 unless given: torch's
 * channels. The derivative at 0 is the weight. Keras's PReLU has a weight for each element but along `shared_axes`.
 * He, Zhang, Ren, Sun 2015. Throws a ShapeError when the weight does not fit.
 *
 * ```ts
 * const images = T.ones([2, 3, 4, 4])
 * const y = T.prelu(images, T.full([3], 0.25))                 // a weight for each of the three channels of axis 1
 * const last = T.prelu(images, T.full([4], 0.25), { axis: -1 })
 * ```
 */
export const prelu: {
  <const W extends Operand, const A extends number = 1>(weight: W, options?: AxisOption<A>): PreluBy<W, A>
  <S extends Shape, D extends DType, const W extends Operand, const A extends number = 1>(
    self: Tensor<S, D> & Guard<W extends number ? Accepts<"prelu", "float", D> : unknown>,
    weight: W & Guard<PreluRule<S, D, W, A>>,
    options?: AxisOption<A>
  ): Tensor<S, D>
} = faceWhen(
  (operands) => isTensor(operands[1]) || typeof operands[1] === "number",
  (x: AnyTensor, weight: Operand, { axis = 1 }: AxisOption = {}) => {
    if (isTensor(x) && isTensor(weight)) checkSameDType("prelu", x.dtype, weight.dtype)
    checkOperand("prelu", "float", x)
    if (isTensor(weight) && weight.shape.length > 1)
      throw new ShapeError(
        `prelu: the weight must have one dimension, or none, it has the shape ${showShape(weight.shape)}`
      )
    const slope = isTensor(weight) ? alongAxis(x, weight, axis) : weight
    return ops.select(ops.lt(ops.full([], 0, x.dtype), x), x, ops.mul(x, slope))
  }
)

/** A weight of one element, or of one per element of an axis, in a shape that broadcasts with x. */
const alongAxis = (x: AnyTensor, weight: AnyTensor, axis: number): AnyTensor => {
  if (weight.shape.length === 0) return weight
  if (weight.shape[0] === 1) return ops.reshape(weight, [])
  const at = normalizeAxis("prelu", x.shape, axis)
  if (x.shape[at] !== weight.shape[0])
    throw new ShapeError(
      `prelu: a weight of shape ${showShape(weight.shape)} does not fit axis ${axis} of ${showShape(x.shape)}`
    )
  return ops.reshape(
    weight,
    x.shape.map((n, d) => (d === at ? n : 1))
  )
}
