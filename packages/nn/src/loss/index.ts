export {
  categoricalCrossentropy,
  type CategoricalOptions,
  binaryCrossentropy,
  type CrossentropyOptions,
  sparseCategoricalCrossentropy
} from "./crossentropy.ts"
export {
  type AnyPerSample,
  each,
  forgetShapes,
  type Loss,
  type LossDefinition,
  make,
  type PerSample,
  type RowRule
} from "./loss.ts"
export { huber, type HuberOptions, meanAbsoluteError, meanSquaredError } from "./regression.ts"
export type { TargetDType, TargetKind, TargetRule, TargetShape } from "../targets.ts"
