/** A learning rate that falls when a number of the history stops getting better. */
import { type Callback, isBetter, make, type Monitor, monitored, setLearningRate } from "./callback.ts"

/** Options of a plateau, with Keras's defaults. */
export interface PlateauOptions extends Monitor {
  /** What the rate is multiplied by: 0.1 unless given. */
  readonly factor?: number
  /** The rate falls after this many epochs in a row without improvement: 10 unless given. */
  readonly patience?: number
  /** How many epochs to let pass after the rate has fallen: 0 unless given. */
  readonly cooldown?: number
  /** The lowest rate: 0 unless given. */
  readonly minimum?: number
  /** What counts as an improvement: more than this, 1e-4 unless given. */
  readonly minDelta?: number
}

/**
 * Multiplies the learning rate by `factor` after `patience` epochs in a row without improvement. The optimizer's rate must
 * be a number, not a schedule. Keras: `ReduceLROnPlateau`.
 *
 * ```ts
 * const slower = Callback.plateau({ factor: 0.5, patience: 3, minimum: 1e-5 })
 * ```
 */
export const plateau = (options: PlateauOptions = {}): Callback => {
  const { factor = 0.1, patience = 10, cooldown = 0, minimum = 0, minDelta = 1e-4 } = options
  return make<{ readonly best: number | null; readonly waited: number; readonly cooling: number }>({
    name: "plateau",
    initial: { best: null, waited: 0, cooling: 0 },
    monitors: options.monitor === undefined ? [] : [options.monitor],
    onEpoch: ({ best, waited: before, cooling: left }, { record, learningRate }) => {
      const cooling = Math.max(0, left - 1)
      const { value } = monitored(options, record)
      if (isBetter(value, best, minDelta)) return [{ best: value, waited: 0, cooling }, []]
      const waited = left > 0 ? 0 : before
      if (cooling > 0) return [{ best, waited, cooling }, []]
      if (waited + 1 < patience || learningRate <= minimum) return [{ best, waited: waited + 1, cooling }, []]
      const lower = setLearningRate(Math.max(learningRate * factor, minimum))
      return [{ best, waited: 0, cooling: cooldown }, [lower]]
    }
  })
}
