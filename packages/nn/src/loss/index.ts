export { binaryCrossentropy, type BinaryCrossentropyOptions } from "./binary-crossentropy.ts"
export type { ClassWeights } from "./class-weights.ts"
export { cosineEmbedding, type PairLoss } from "./cosine-embedding.ts"
export { cosineSimilarity } from "./cosine-similarity.ts"
export {
  categoricalCrossentropy,
  type CategoricalOptions,
  type CrossentropyOptions,
  sparseCategoricalCrossentropy,
  type SparseCategoricalOptions
} from "./crossentropy.ts"
export {
  binaryFocalCrossentropy,
  type BinaryFocalOptions,
  categoricalFocalCrossentropy,
  type CategoricalFocalOptions,
  type FocalOptions
} from "./focal.ts"
export { gaussianNll, type GaussianLoss, type GaussianNllOptions, type VarianceRule } from "./gaussian-nll.ts"
export { hingeEmbedding, type MarginOptions } from "./hinge-embedding.ts"
export { categoricalHinge, hinge, squaredHinge } from "./hinges.ts"
export { klDivergence, relativeEntropy, type RelativeEntropyOptions } from "./kl-divergence.ts"
export type { LabelOptions } from "./labelled.ts"
export { logCosh, meanAbsolutePercentageError, meanSquaredLogarithmicError, poisson } from "./logarithmic.ts"
export {
  type AnyPerSample,
  each,
  type ElementLoss,
  forgetShapes,
  type Loss,
  type LossDefinition,
  type MadeLoss,
  make,
  type PerSample,
  type RowLoss,
  type RowReducing,
  type RowRule,
  type RowsOf
} from "./loss.ts"
export { marginRanking, type RankingLoss } from "./margin-ranking.ts"
export { multiLabelMargin, type LabelListLoss, type LabelListRule } from "./multi-label-margin.ts"
export { multiLabelSoftMargin, type MultiLabelSoftMarginOptions } from "./multi-label-soft-margin.ts"
export { multiMargin, type MultiMarginOptions } from "./multi-margin.ts"
export { nll } from "./nll.ts"
export { dice, tversky, type TverskyOptions } from "./overlap.ts"
export { poissonNll, type PoissonNllOptions } from "./poisson-nll.ts"
export type { ReducedLoss, Reducing, Reduction, SampleWeight, WeightedLosses } from "./reduction.ts"
export {
  huber,
  type HuberOptions,
  meanAbsoluteError,
  meanAbsoluteError as mae,
  meanSquaredError,
  meanSquaredError as mse
} from "./regression.ts"
export { smoothL1, type SmoothL1Options } from "./smooth-l1.ts"
export { softMargin } from "./soft-margin.ts"
export { tripletMargin, type TripletLoss, type TripletMarginOptions } from "./triplet-margin.ts"
export type { FitsRule, TargetDType, TargetKind, TargetRule, TargetShape } from "../targets.ts"
