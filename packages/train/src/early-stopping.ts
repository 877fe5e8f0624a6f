/** Watching one number of the history: which epoch is the best, and when to stop. */
import type { EpochRecord } from "./history.ts"
import type { Plan } from "./plan.ts"

/** What a watcher says of an epoch. */
export interface Seen {
  readonly improved: boolean
  readonly stop: boolean
}

/**
 * Looks at one epoch after another. An epoch improves when its number is better than the best before it by more than
 * `minDelta`; it is time to stop after `patience` epochs in a row that did not (Keras, `EarlyStopping`).
 */
export const makeWatcher = ({ earlyStopping, validation }: Pick<Plan, "earlyStopping" | "validation">) => {
  const monitor = earlyStopping?.monitor ?? (validation === undefined ? "loss" : "valLoss")
  const larger = (earlyStopping?.mode ?? (/accuracy/i.test(monitor) ? "max" : "min")) === "max"
  let best = Number.NEGATIVE_INFINITY
  let waited = 0
  return (record: EpochRecord): Seen => {
    const value = (larger ? 1 : -1) * (record[monitor] ?? Number.NaN)
    const improved = value > best + (earlyStopping?.minDelta ?? 0)
    if (improved) best = value
    waited = improved ? 0 : waited + 1
    return { improved, stop: earlyStopping !== undefined && !improved && waited >= earlyStopping.patience }
  }
}
