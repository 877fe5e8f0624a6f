/** Predictors: trained models that answer at once. */
export type { Classification } from "./classification.ts"
export { fromBytes, type LoadedPredictor, make, type Predictor, type PredictorOptions } from "./predictor.ts"
export { pool, type Pool, type PoolOptions } from "./pool.ts"
