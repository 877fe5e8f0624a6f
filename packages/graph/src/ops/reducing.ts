/** How reductions are made: from what they do to axes that are sorted and counted from the front. */
import { keepAxes, normalizeAxes } from "../axes.ts"
import type { Domain, DType } from "../dtype.ts"
import {
  type Accepts,
  checkOperand,
  faceWithOptions,
  type ReduceOptions,
  type Reduction,
  type ReductionOver
} from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, sizeOf, type Tensor, type TensorOf } from "../tensor.ts"

type Options = ReduceOptions<number | ReadonlyArray<number> | undefined, boolean>

/** A reduction under its public name. */
export const reduction = <Op extends string, In extends Domain = "number", Out extends DType | "same" = "same">(
  operation: Op,
  domain: In,
  reduce: (x: AnyTensor, axes: ReadonlyArray<number>) => AnyTensor
): Reduction<Op, In, Out> =>
  faceWithOptions((x: AnyTensor, options: Options = {}): AnyTensor => {
    checkOperand(operation, domain, x)
    const axes = normalizeAxes(operation, x.shape, options.axis)
    const y = reduce(x, axes)
    return options.keepDims === true ? ops.reshape(y, keepAxes(x.shape, axes)) : y
  })

/** Reductions with options of their own beside the axes. */
export interface ReductionWith<Op extends string, In extends Domain, Extra> {
  <const A extends number | ReadonlyArray<number> | undefined = undefined, const K extends boolean = false>(
    options?: ReduceOptions<A, K> & Extra
  ): ReductionOver<Op, In, "same", A, K>
  <
    S extends Shape,
    D extends DType,
    const A extends number | ReadonlyArray<number> | undefined = undefined,
    const K extends boolean = false
  >(
    self: Tensor<S, D> & Guard<Accepts<Op, In, D>>,
    options?: ReduceOptions<A, K> & Extra & Guard<Reduced<Op, S, A, K>>
  ): TensorOf<Reduced<Op, S, A, K>, D>
}

/** A reduction with options of its own. */
export const reductionWith = <Op extends string, In extends Domain, Extra>(
  operation: Op,
  domain: In,
  reduce: (x: AnyTensor, axes: ReadonlyArray<number>, options: Extra) => AnyTensor
): ReductionWith<Op, In, Extra> =>
  faceWithOptions((x: AnyTensor, options: Options & Extra): AnyTensor => {
    checkOperand(operation, domain, x)
    const given = options ?? {}
    const axes = normalizeAxes(operation, x.shape, given.axis)
    const y = reduce(x, axes, given)
    return given.keepDims === true ? ops.reshape(y, keepAxes(x.shape, axes)) : y
  })

/** How many elements each result is made of. */
export const countOf = (x: AnyTensor, axes: ReadonlyArray<number>): number =>
  sizeOf(axes.map((axis) => x.shape[axis] ?? 1))

/** The axes as one, behind all others: what is reduced along several axes is then reduced along the last. */
export const asLast = (x: AnyTensor, axes: ReadonlyArray<number>): AnyTensor => {
  const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d))
  return ops.reshape(ops.transpose(x, [...kept, ...axes]), [...kept.map((d) => x.shape[d] ?? 1), countOf(x, axes)])
}
