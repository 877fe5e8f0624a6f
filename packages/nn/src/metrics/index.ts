export {
  binaryAccuracy,
  type BinaryAccuracyOptions,
  binaryAccuracyWith,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
  type TopKOptions
} from "./accuracy.ts"
export {
  auc,
  type AucOptions,
  binaryIoU,
  type Counts,
  type CountsAt,
  f1,
  fBeta,
  type FBetaOptions,
  precision,
  prevalence,
  recall,
  specificity,
  type ThresholdOptions
} from "./binary.ts"
export { type Bins, calibrationError, type CalibrationOptions } from "./calibration.ts"
export {
  type Average,
  type AverageOptions,
  type ClassesOptions,
  cohenKappa,
  type Confusion,
  confusionMatrix,
  meanIoU,
  sparseFBeta,
  type SparseFBetaOptions,
  sparsePrecision,
  sparseRecall
} from "./confusion.ts"
export { ignoring } from "./ignoring.ts"
export {
  type AnyMetric,
  forgetShapes,
  fromLoss,
  mean,
  type Mean,
  type MeanDefinition,
  type Metric,
  type MetricWeights,
  sums,
  type SumsDefinition,
  type Update
} from "./metric.ts"
export {
  cosineSimilarity,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  type Moments,
  pearsonCorrelation,
  r2Score,
  type R2Options,
  rootMeanSquaredError,
  type Variation
} from "./regression.ts"
