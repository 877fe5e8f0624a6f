/** Callbacks, and those that come with the trainer. */
export {
  type Callback,
  type CallbackDefinition,
  type Command,
  type EpochSeen,
  type Json,
  keepWeights,
  make,
  type Monitor,
  setLearningRate,
  stop
} from "./callback.ts"
export { type EarlyStopping, earlyStopping, keepBest } from "./early-stopping.ts"
export { plateau, type PlateauOptions } from "./rate-on-plateau.ts"
