/** Weights of classes, as options of losses. */
import {
  type DType,
  DTypeError,
  type Float,
  isTensor,
  type Shape,
  ShapeError,
  showShape,
  T,
  type Tensor
} from "@cotangent/graph"
import type { Floats } from "./reduction.ts"

/** One weight per class: numbers, or a tensor `[classes]` of the output's element type, which may be differentiated. */
export type ClassWeights = ReadonlyArray<number> | Tensor<Shape, Float>

const floats = { f32: Float32Array, f64: Float64Array } as const

/** Options as a tensor of an element type. */
export const asTensor = (of: string, weights: ClassWeights, dtype: DType): Floats => {
  // Losses are of floats.
  const float = dtype as Float
  if (!isTensor(weights)) return T.fromArray(floats[float].from(weights), [weights.length], float)
  if (weights.dtype !== dtype) throw new DTypeError(`${of} must be ${dtype}, they are ${weights.dtype}; use T.cast`)
  return weights
}

/** The weights of the classes on the last axis of an output. Throws ShapeError unless there is one for each. */
export const classWeightsFor = (name: string, weights: ClassWeights, output: Floats): Floats => {
  const tensor = asTensor(`${name}: classWeights`, weights, output.dtype)
  const classes = output.shape.at(-1) ?? 1
  if (tensor.shape.length !== 1 || tensor.shape[0] !== classes)
    throw new ShapeError(
      `${name}: classWeights must be ${showShape([classes])}, one per class, they are ${showShape(tensor.shape)}`
    )
  return tensor
}
