/** How far apart vectors are, and how far their directions. */
import { broadcastShapes, keepAxes, normalizeAxis } from "../axes.ts"
import { checkSameDType, type DType } from "../dtype.ts"
import { optionError } from "../errors.ts"
import { type BinaryRule, checkOperand, face } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { pNorm } from "./p-norm.ts"

/** Options of operations on pairs of vectors: the axis the vectors lie along, the last one unless given. */
export interface VectorsOptions<A extends number = number, K extends boolean = boolean> {
  readonly axis?: A
  /** Whether the axis stays, with size 1. */
  readonly keepDims?: K
  /** Keeps lengths and distances away from 0: 1e-8 for cosineSimilarity, 1e-6 for pairwiseDistance, unless given. */
  readonly epsilon?: number
}

/** What is left of two operands that broadcast when an axis is reduced, or the sentence. */
export type VectorsRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType,
  A extends number,
  K extends boolean
> = BinaryRule<Op, "float", S, D, B, E> extends infer R ? (R extends Shape ? Reduced<Op, R, A, K> : R) : never

/** An operation on pairs of vectors that holds the second operand and waits for the first. */
export interface VectorsBy<Op extends string, B extends Shape, E extends DType, A extends number, K extends boolean> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<VectorsRule<Op, S, D, B, E, A, K>>
  ): TensorOf<VectorsRule<Op, S, D, B, E, A, K>, D>
}

/** Operations on pairs of vectors, with the options `Extra` beside the axis. */
export interface Vectors<Op extends string, Extra = unknown> {
  <B extends Shape, E extends DType, const A extends number = -1, const K extends boolean = false>(
    that: Tensor<B, E>,
    options?: VectorsOptions<A, K> & Extra
  ): VectorsBy<Op, B, E, A, K>
  <
    S extends Shape,
    D extends DType,
    B extends Shape,
    E extends DType,
    const A extends number = -1,
    const K extends boolean = false
  >(
    self: Tensor<S, D>,
    that: Tensor<B, E> & Guard<VectorsRule<Op, S, D, B, E, A, K>>,
    options?: VectorsOptions<A, K> & Extra
  ): TensorOf<VectorsRule<Op, S, D, B, E, A, K>, D>
}

const vectors = <Op extends string, Extra = unknown>(
  operation: Op,
  body: (a: AnyTensor, b: AnyTensor, axis: number, options: VectorsOptions & Extra) => AnyTensor
): Vectors<Op, Extra> => {
  const apply = (a: AnyTensor, b: AnyTensor, options: VectorsOptions & Extra): AnyTensor => {
    checkSameDType(operation, a.dtype, b.dtype)
    checkOperand(operation, "float", a)
    const shape = broadcastShapes(operation, a.shape, b.shape)
    const axis = normalizeAxis(operation, shape, options.axis ?? -1)
    if (options.epsilon !== undefined && !(options.epsilon >= 0))
      throw optionError(`${operation}: epsilon`, "0 or more", options.epsilon)
    const y = body(ops.broadcast(a, shape), ops.broadcast(b, shape), axis, options)
    return options.keepDims === true ? ops.reshape(y, keepAxes(shape, [axis])) : y
  }
  // Two tensors are data-first; one, and perhaps options, waits for the other.
  const both = (a: AnyTensor, second?: AnyTensor | (VectorsOptions & Extra), third?: VectorsOptions & Extra) =>
    isTensor(second)
      ? apply(a, second, third ?? ({} as VectorsOptions & Extra))
      : (self: AnyTensor) => apply(self, a, (second ?? {}) as VectorsOptions & Extra)
  return face(1, both)
}

/**
 * The cosine of the angle between vectors along an axis (the last one unless given):
 * `cos = sum a b / (max(|a|, epsilon) max(|b|, epsilon))`. Operands broadcast.
 *
 * ```ts
 * const c = T.cosineSimilarity(T.constant([[3, 4]]), T.constant([[4, 3]]))   // 24 / 25
 * ```
 *
 * A vector of zeros has cosine 0 with every other; its derivative is `b / (epsilon |b|)`, large and finite. Below
 * epsilon the derivative is that of this formula, where PyTorch lets it flow through the length as well. Throws
 * ShapeError when the shapes do not broadcast or the axis does not exist.
 */
export const cosineSimilarity = vectors("cosineSimilarity", (a, b, axis, { epsilon = 1e-8 }) => {
  const unit = (x: AnyTensor): AnyTensor => {
    const length = ops.reshape(pNorm(x, 2, [axis]), keepAxes(x.shape, [axis]))
    const small = ops.lt(length, ops.full(length.shape, epsilon, length.dtype))
    return ops.div(x, ops.select(small, epsilon, length))
  }
  return ops.reduceSum(ops.mul(unit(a), unit(b)), [axis])
})

/**
 * The distance between vectors along an axis (the last one unless given): `|a - b + epsilon|_p`, the p-norm, with p = 2
 * unless given. Operands broadcast.
 *
 * The epsilon, PyTorch's, is added to every element of the difference, so that the derivative of the distance of equal
 * vectors is not 0; with `epsilon: 0` the distance is a norm, and its derivative at 0 is 0. Throws like cosineSimilarity.
 */
export const pairwiseDistance = vectors<"pairwiseDistance", { readonly p?: number }>(
  "pairwiseDistance",
  (a, b, axis, { epsilon = 1e-6, p = 2 }) => {
    if (!(p >= 0)) throw optionError("pairwiseDistance: p", "0 or more", p)
    const difference = ops.sub(a, b)
    return pNorm(epsilon === 0 ? difference : ops.add(difference, epsilon), p, [axis])
  }
)
