export {
  type Activation,
  activation,
  type ActivationFunction,
  type ActivationName,
  gelu,
  logSoftmax,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh
} from "./activation.ts"
export { custom, type CustomLayer } from "./custom.ts"
export { type Dense, dense, type DenseKernel, type DenseOptions } from "./dense.ts"
export { dropout } from "./dropout.ts"
export { flatten } from "./flatten.ts"
export type { Applied, Evaluate, Layer, Mode, Train, Variables } from "./layer.ts"
export {
  type AnyModel,
  evaluate,
  forgetShapes,
  input,
  type Input,
  type Model,
  type Output,
  type Params,
  type State,
  train
} from "./model.ts"
export {
  batchNorm,
  type BatchNormOptions,
  layerNorm,
  type LayerNormOptions,
  type Norm,
  type NormState
} from "./normalization.ts"
export { residual } from "./residual.ts"
export { parameterCount, summary, type Summary, type SummaryRow } from "./summary.ts"
