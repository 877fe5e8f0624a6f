/** Flattening samples to vectors. */
import { type AnyTensor, type Dim, face, operations, type Product, type Shape, sizeOf } from "@cotangent/graph"
import { pureLayer } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/** The shape after flattening: the batch, and the product of all other sizes. */
export type Flattened<O extends Shape> = number extends O["length"]
  ? Shape
  : O extends readonly [infer B extends Dim, ...infer R extends Shape]
    ? [B, Product<R>]
    : Shape

/** What flattening does to a model. */
export interface FlattenLayer {
  <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S>): Model<I, Flattened<O>, P, S>
}

/** All elements of a sample as one vector, row-major: `[batch, 8, 8, 3]` to `[batch, 192]`, `[batch]` to `[batch, 1]`. */
export const flatten: FlattenLayer = face(1, (model: AnyModel): AnyModel => {
  const size = sizeOf(model.outputShape)
  return append(
    model,
    pureLayer("Flatten", [size], (x: AnyTensor) => operations.reshape(x, [x.shape[0] ?? 1, size]))
  )
})
