/**
 * Preprocessing: rows of a table as the numbers of a model. A recipe says which steps, `fit` learns their statistics
 * from training rows, and the fitted value applies them to rows and tables and stores as JSON.
 */
export { columns, dataset, decodeTarget, features, inputs, row, type TargetDType, width } from "./apply.ts"
export { codec, decode, encode, fit, type AnyFitted, type Fitted, type LoadedFitted } from "./fitted.ts"
export { label, make, target, type Recipe, type RowOf, type Target, type TargetKind } from "./recipe.ts"
export type { Category } from "./step.ts"
export {
  bucket,
  categoryIndex,
  type Features,
  flag,
  from,
  impute,
  type Missing,
  minMax,
  number,
  oneHot,
  standardise,
  type Step,
  steps,
  tokenise
} from "./steps.ts"
