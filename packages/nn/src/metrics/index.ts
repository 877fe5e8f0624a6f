export {
  binaryAccuracy,
  type BinaryAccuracyOptions,
  binaryAccuracyWith,
  categoricalAccuracy,
  sparseCategoricalAccuracy
} from "./accuracy.ts"
export { forgetShapes, fromLoss, mean, type Mean, type MeanDefinition, type Metric, type Update } from "./metric.ts"
export { meanAbsoluteError, meanSquaredError } from "./regression.ts"
