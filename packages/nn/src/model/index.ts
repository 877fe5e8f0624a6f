export {
  type Activation,
  activation,
  type ActivationFunction,
  type ActivationName,
  gelu,
  logSoftmax,
  prelu,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh
} from "./activation.ts"
export { multiHeadAttention, type MultiHeadAttentionOptions } from "./attention.ts"
export { bidirectional, type MergeMode } from "./bidirectional.ts"
export { block } from "./block.ts"
export { add, average, concat, maximum, multiply } from "./branches.ts"
export type { Conv, ConvLayerOptions } from "./convolution-layer.ts"
export {
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  type ConvOptions,
  type ConvTransposeOptions
} from "./convolution.ts"
export { custom, type CustomLayer, stateful, type StatefulLayer } from "./custom.ts"
export { type Dense, dense, type DenseKernel, type DenseOptions } from "./dense.ts"
export {
  depthwiseConv1d,
  depthwiseConv2d,
  type DepthwiseOptions,
  type Separable,
  separableConv1d,
  separableConv2d,
  type SeparableOptions
} from "./depthwise-convolution.ts"
export { dropout, gaussianDropout, gaussianNoise, spatialDropout, stochasticDepth } from "./dropout.ts"
export {
  type Embedding,
  embedding,
  type EmbeddingOptions,
  learnedPositions,
  rotary,
  sinusoidalPositions,
  type WaveOptions
} from "./embedding.ts"
export { flatten } from "./flatten.ts"
export type { AnyLayer, Applied, Bypass, Evaluate, Layer, Mode, Train, Variables, Wiring } from "./layer.ts"
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
export {
  avgPool1d,
  avgPool2d,
  globalAvgPool,
  globalMaxPool,
  type GlobalPoolOptions,
  maxPool1d,
  maxPool2d,
  type PoolOptions
} from "./pooling.ts"
export {
  gru,
  type GruCell,
  type GruOptions,
  lstm,
  type LstmOptions,
  type RecurrentCell,
  type RecurrentOptions,
  simpleRnn,
  type SimpleRnnOptions
} from "./recurrent.ts"
export { permute, reshape } from "./reshape.ts"
export { repeat } from "./repeat.ts"
export { cropping1d, cropping2d, upSampling1d, upSampling2d, zeroPadding1d, zeroPadding2d } from "./resizing.ts"
export { gate, residual } from "./residual.ts"
export { groupNorm, type GroupNormOptions, instanceNorm, rmsNorm, type Scale } from "./sample-normalization.ts"
export { parameterCount, summary, type Summary, type SummaryRow } from "./summary.ts"
export { type Transformer, transformerDecoder, transformerEncoder, type TransformerOptions } from "./transformer.ts"
export {
  type ConvBlock,
  denseBlock,
  type DenseBlockOptions,
  inception,
  type InceptionFilters,
  residualBlock,
  type ResidualBlockOptions,
  squeezeExcitation,
  type SqueezeOptions
} from "./vision.ts"
