/** Statistics of activations and gradients, layer by layer, as tensors: they can be part of a compiled program. */
import { type AnyTensor, face, operations as ops, type Shape, sizeOf, type Tensor, Tree } from "@cotangent/graph"
import type { Mode } from "../model/layer.ts"
import { forgetShapes, type Model } from "../model/model.ts"
import { listening } from "./observation.ts"

/** What the numbers of a tensor are like. */
export type Statistics = {
  readonly mean: Tensor<[]>
  /** The square root of the mean squared difference from the mean. */
  readonly deviation: Tensor<[]>
  readonly min: Tensor<[]>
  readonly max: Tensor<[]>
  /** The square root of the sum of squares. */
  readonly norm: Tensor<[]>
  /** The share of numbers that are 0: of dead units behind relu, of gradients that do not flow. */
  readonly zeros: Tensor<[]>
}

/** Statistics by the path of a layer or a parameter. */
export type StatisticsByPath = { readonly [path: string]: Statistics }

/**
 * The statistics of all numbers of a tensor.
 *
 * ```ts
 * const found = Inspect.statistics(T.constant([[0, 1], [2, 5]])) // the mean is 2, a quarter are zeros
 * ```
 */
export const statistics: (x: AnyTensor) => Statistics = face(1, (x: AnyTensor) => {
  const axes = x.shape.map((_, d) => d)
  const n = sizeOf(x.shape)
  const meanOf = (y: AnyTensor): AnyTensor => ops.div(ops.reduceSum(y, axes), n)
  const mean = meanOf(x)
  const apart = ops.sub(x, mean)
  const isZero = ops.eq(x, ops.full(x.shape, 0, x.dtype))
  return {
    mean,
    deviation: ops.sqrt(meanOf(ops.mul(apart, apart))),
    min: ops.reduceMin(x, axes),
    max: ops.reduceMax(x, axes),
    norm: ops.sqrt(ops.reduceSum(ops.mul(x, x), axes)),
    zeros: meanOf(ops.cast(isZero, x.dtype))
  }
})

/** What the named layers of a model put out, by their paths, in the order in which they are applied. */
export type Activations = { readonly [path: string]: Tensor<Shape> }

/**
 * The outputs of the named layers of a model for a batch, those inside blocks too: `block.up`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([4]), Model.dense("hidden", 8, { activation: "relu" }), Model.dense("out", 1))
 * const start = model.init(RandomKey.key(0))
 * const { hidden } = Inspect.activations(model, start.params, start.state, T.ones([2, 4]), Model.evaluate)
 * ```
 *
 * Throws as `model.apply` does.
 */
export const activations: <I extends Shape, O extends Shape, P, S>(
  model: Model<I, O, P, S>,
  params: P,
  state: S,
  x: AnyTensor,
  mode: Mode
) => Activations = face(1, (model: Model<Shape, Shape>, params: {}, state: {}, x: AnyTensor, mode: Mode) => {
  const { observed } = listening(() => forgetShapes(model).apply(params, state, x, mode))
  return Object.fromEntries(observed.map(({ path, output }) => [path, output]))
})

const byPath = (entries: Iterable<readonly [string, AnyTensor]>): StatisticsByPath =>
  Object.fromEntries([...entries].map(([path, x]) => [path, statistics(x)]))

/** `statistics` of the outputs of the named layers of a model for a batch; see `activations`. */
export const activationStatistics = <I extends Shape, O extends Shape, P, S>(
  model: Model<I, O, P, S>,
  params: P,
  state: S,
  x: AnyTensor,
  mode: Mode
): StatisticsByPath => byPath(Object.entries(activations(model, params, state, x, mode)))

/**
 * `statistics` of every tensor of a tree by its path, `hidden.kernel`: of gradients, parameters, or an optimizer's moments.
 * `Inspect.treeStatistics(grad(loss)(params))`.
 */
export const treeStatistics = (tree: unknown): StatisticsByPath =>
  byPath(Tree.entries(tree).map(({ path, leaf }) => [path, leaf] as const))
