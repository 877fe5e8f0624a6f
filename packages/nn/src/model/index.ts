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
// What the layers above are as types: declarations of files that export a layer of their own name them.
export type { ActivationLayer, PreluLayer } from "./activation.ts"
export type { AttentionLayer } from "./attention.ts"
export type { BidirectionalLayer } from "./bidirectional.ts"
export type { BlockLayer } from "./block.ts"
export type { BranchesLayer } from "./branches.ts"
export type { ConvLayer, ConvTransposeLayer } from "./convolution.ts"
export type { CustomLayerFace, StatefulLayerFace } from "./custom.ts"
export type { DenseLayer } from "./dense.ts"
export type { DepthwiseLayer, SeparableLayer } from "./depthwise-convolution.ts"
export type { DropoutLayer, NoiseLayer } from "./dropout.ts"
export type { EmbeddingLayer, PositionsLayer, WavesLayer } from "./embedding.ts"
export type { FlattenLayer } from "./flatten.ts"
export type { LayerNormLayer, BatchNormLayer } from "./normalization.ts"
export type { PoolLayer, GlobalPoolLayer } from "./pooling.ts"
export type { RecurrentLayer, GruLayer } from "./recurrent.ts"
export type { ReshapeLayer, PermuteLayer } from "./reshape.ts"
export type { ResizingLayer } from "./resizing.ts"
export type { GroupNormLayer, InstanceNormLayer, RmsNormLayer } from "./sample-normalization.ts"
export type { TransformerLayer } from "./transformer.ts"
export type { SqueezeLayer, InceptionLayer, ResidualBlockLayer, DenseBlockLayer } from "./vision.ts"
