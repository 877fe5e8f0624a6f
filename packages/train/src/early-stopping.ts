/** Early stopping: watching one number of the history, which epoch is the best, and when to stop. */
import { type Callback, isBetter, keepWeights, make, type Monitor, monitored, stop } from "./callback.ts"

/** Stop when a measured number has not improved for a while. */
export interface EarlyStopping extends Monitor {
  /** The run stops after this many epochs in a row without improvement, as in Keras. */
  readonly patience: number
  /** Give back the parameters of the best epoch instead of the last; true unless given. */
  readonly restoreBest?: boolean
}

/**
 * Ends a run after `patience` epochs in a row that were not better than the best before them by more than `minDelta`, and
 * gives back the weights of the best one. Keras: `EarlyStopping`, `restore_best_weights`.
 *
 * ```ts
 * const patient = Callback.earlyStopping({ monitor: "valAccuracy", patience: 5 })
 * ```
 */
export const earlyStopping = (options: EarlyStopping): Callback =>
  make<{ readonly best: number | null; readonly waited: number }>({
    name: "earlyStopping",
    initial: { best: null, waited: 0 },
    monitors: options.monitor === undefined ? [] : [options.monitor],
    onEpoch: ({ best, waited }, { record }) => {
      const { value } = monitored(options, record)
      if (isBetter(value, best, options.minDelta ?? 0))
        return [{ best: value, waited: 0 }, options.restoreBest === false ? [] : [keepWeights]]
      return [{ best, waited: waited + 1 }, waited + 1 >= options.patience ? [stop] : []]
    }
  })

/** Remembers the weights of the best epoch without ever ending the run. Keras: `ModelCheckpoint(save_best_only=True)`. */
export const keepBest = (options: Monitor = {}): Callback =>
  make<number | null>({
    name: "keepBest",
    initial: null,
    monitors: options.monitor === undefined ? [] : [options.monitor],
    onEpoch: (best, { record }) => {
      const { value } = monitored(options, record)
      return isBetter(value, best, options.minDelta ?? 0) ? [value, [keepWeights]] : [best, []]
    }
  })
