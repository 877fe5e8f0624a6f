/** Layers that only move or rename the elements of a sample. */
import {
  type AnyTensor,
  Axes,
  type Dim,
  face,
  type Guard,
  type IsSize,
  type Mismatch,
  type Mutable,
  operations as ops,
  type Product,
  type Shape,
  ShapeError,
  type Show,
  type ShowDim,
  showShape,
  sizeOf
} from "@cotangent/graph"
import { pureLayer, type Sizes } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

type Sample<O extends Shape> = O extends readonly [Dim, ...infer R extends Shape] ? R : Shape
type BatchOf<O extends Shape> = O extends readonly [infer B extends Dim, ...Shape] ? B : number

/** The shape with samples of other sizes, or the sentence. */
export type Reshaped<O extends Shape, S extends Sizes> = number extends O["length"] | S["length"]
  ? Shape
  : [IsSize<Product<Sample<O>>>, IsSize<Product<S>>] extends [true, true]
    ? Product<Sample<O>> extends Product<S>
      ? [BatchOf<O>, ...Mutable<S>]
      : Mismatch<`reshape: a sample of ${Show<O>} has ${ShowDim<Product<Sample<O>>>} elements, ${Show<S>} has ${ShowDim<Product<S>>}`>
    : [BatchOf<O>, ...Mutable<S>]

/** What reshaping does to a model. */
export interface ReshapeLayer<Z extends Sizes> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Reshaped<O, Z>>
  ): Model<I, Reshaped<O, Z> extends infer R extends Shape ? R : Shape, P, S>
}

/**
 * Samples of other sizes with the same elements, row-major: `Model.reshape([7, 7, 4])`. Keras's `Reshape`.
 *
 * Throws ShapeError unless the number of elements stays.
 */
export const reshape: <const Z extends Sizes>(sample: Z) => ReshapeLayer<Z> = face(
  1,
  (sample: Sizes) =>
    (model: AnyModel): AnyModel => {
      const [from, to] = [sizeOf(model.outputShape), sizeOf(sample)]
      if (from !== to)
        throw new ShapeError(
          `reshape: a sample of ${showShape(["batch", ...model.outputShape])} has ${from} elements, ${showShape(sample)} has ${to}`
        )
      return append(
        model,
        pureLayer("Reshape", [...sample], (x: AnyTensor) => ops.reshape(x, [x.shape[0] ?? 1, ...sample]))
      )
    }
)

/** The axes of a sample in another order, counted from 1; the sentence otherwise. */
export type Permuted<O extends Shape, A extends Sizes> = number extends O["length"] | A["length"]
  ? Shape
  : [Sample<O>["length"], Ordered<A>] extends [A["length"], true]
    ? Picked<O, A>
    : Mismatch<`permute: ${Show<A>} does not name the axes 1 to ${Sample<O>["length"]} of ${Show<O>} once each`>
// As many different axes as there are: each once.
type Ordered<A extends Sizes> = A["length"] extends keyof Upto
  ? [Upto[A["length"]]] extends [A[number]]
    ? true
    : false
  : true
interface Upto {
  readonly 0: never
  readonly 1: 1
  readonly 2: 1 | 2
  readonly 3: 1 | 2 | 3
  readonly 4: 1 | 2 | 3 | 4
  readonly 5: 1 | 2 | 3 | 4 | 5
}
type Picked<O extends Shape, A extends Sizes> = [
  BatchOf<O>,
  ...{ -readonly [K in keyof A]: O[A[K] & keyof O] extends infer D extends Dim ? D : number }
]

/** What reordering axes does to a model. */
export interface PermuteLayer<A extends Sizes> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Permuted<O, A>>
  ): Model<I, Permuted<O, A> extends infer R extends Shape ? R : Shape, P, S>
}

/**
 * The axes of a sample in another order; axis 1 is the first behind the batch: `Model.permute([2, 1])` makes
 * `[batch, time, features]` into `[batch, features, time]`. Keras's `Permute`.
 *
 * Throws ShapeError unless every axis is named once.
 */
export const permute: <const A extends Sizes>(axes: A) => PermuteLayer<A> = face(
  1,
  (axes: Sizes) =>
    (model: AnyModel): AnyModel => {
      const { outputShape } = model
      const wanted = outputShape.map((_, d) => d + 1)
      if (!Axes.sameShape(axes.toSorted(), wanted))
        throw new ShapeError(
          `permute: ${showShape(axes)} does not name the axes 1 to ${outputShape.length} of ${showShape(["batch", ...outputShape])} once each`
        )
      const shape = axes.map((axis) => outputShape[axis - 1] ?? 1)
      return append(
        model,
        pureLayer("Permute", shape, (x: AnyTensor) => ops.transpose(x, [0, ...axes]))
      )
    }
)
