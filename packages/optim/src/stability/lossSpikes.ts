/** Spikes of the loss: a loss far above those before it. */
import { count, decayFactor, nonNegative, oneOf, positive, validate } from "../validation.ts"
import { median, medianSpread } from "./robust.ts"
import type { Watcher } from "./watcher.ts"

/** The loss is far above those before it. */
export interface LossSpike {
  readonly _tag: "LossSpike"
  readonly step: number
  readonly loss: number
  /** What was expected: the middle of the losses before. */
  readonly expected: number
  /** How many spreads the loss is above it. */
  readonly deviations: number
}

/** The loss is NaN or infinite. */
export interface NonFiniteLoss {
  readonly _tag: "NonFiniteLoss"
  readonly step: number
  readonly loss: number
}

/** What the watcher of losses reads. */
export interface LossObservation {
  readonly step: number
  readonly loss: number
}

/** Options of the watcher of losses. */
export interface LossSpikeOptions {
  /**
   * How the usual loss is known: by median and median absolute deviation of a window (`"median"`, the default), or by
   * moving averages of the loss and of its squared deviation (`"average"`), in which a spike counts as one spread above the usual loss.
   */
  readonly method?: "median" | "average"
  /** How many spreads above the usual a spike is: 6 unless given. */
  readonly limit?: number
  /** How many losses the window of the median holds: 50 unless given. */
  readonly window?: number
  /** How long the moving averages remember: 0.98 unless given. */
  readonly decay?: number
  /** How many losses are seen before the first spike can be told: 10 unless given. */
  readonly warmup?: number
  /** The spread counts at least this part of the usual loss, so that a still loss has no spikes of rounding: 0.01 unless given. */
  readonly floor?: number
}

/** What is remembered of losses. */
export interface LossState {
  readonly seen: number
  /** The losses of the window, oldest first; empty for moving averages. */
  readonly window: ReadonlyArray<number>
  readonly mean: number
  readonly variance: number
}

/**
 * Tells spikes of the loss: a loss more than `limit` spreads above the usual one, and losses that are not finite, which are
 * told and then forgotten. A lasting change of level is told until half the window
 * has seen it, with moving averages until they have moved there spread by spread.
 *
 * Source: the median rule is Hampel's identifier (Davies and Gather 1993, The Identification of Multiple Outliers).
 *
 * ```ts
 * const watcher = lossSpikes({ limit: 6, window: 20, warmup: 3 })
 * const losses = [1, 0.98, 1.01, 0.97, 5, 0.96]
 * const [, events] = watch(watcher, losses.map((loss, i) => ({ step: i + 1, loss })))
 * // [{ _tag: "LossSpike", step: 5, loss: 5, expected: 0.99, ... }]
 * ```
 *
 * Throws an OptimizerError that lists every wrong option.
 */
export const lossSpikes = (
  options: LossSpikeOptions = {}
): Watcher<LossState, LossObservation, LossSpike | NonFiniteLoss> => {
  const complete: Required<LossSpikeOptions> = {
    method: "median",
    limit: 6,
    window: 50,
    decay: 0.98,
    warmup: 10,
    floor: 0.01,
    ...options
  }
  const o = validate("lossSpikes", complete, {
    method: oneOf("median", "average"),
    limit: positive,
    window: count,
    decay: decayFactor,
    warmup: count,
    floor: nonNegative
  })
  const usual = ({ window, mean, variance }: LossState): readonly [expected: number, spread: number] =>
    o.method === "median" ? [median(window), medianSpread(window)] : [mean, Math.sqrt(variance)]

  return {
    init: { seen: 0, window: [], mean: 0, variance: 0 },
    update: (state, { step, loss }) => {
      if (!Number.isFinite(loss)) return [state, [{ _tag: "NonFiniteLoss", step, loss }]]
      const [expected, measured] = usual(state)
      const spread = Math.max(measured, o.floor * Math.abs(expected))
      const deviations = spread > 0 ? (loss - expected) / spread : loss > expected ? Infinity : 0
      const isSpike = state.seen >= o.warmup && deviations > o.limit
      const counted = isSpike && Number.isFinite(deviations) ? expected + spread : loss
      // The first losses count as 1 / n, so that the averages forget where they began.
      const weight = Math.max(1 - o.decay, 1 / (state.seen + 1))
      const apart = counted - state.mean
      const next: LossState =
        o.method === "median"
          ? { ...state, seen: state.seen + 1, window: [...state.window, loss].slice(-o.window) }
          : {
              seen: state.seen + 1,
              window: [],
              mean: state.mean + weight * apart,
              variance: (1 - weight) * (state.variance + weight * apart ** 2)
            }
      return [next, isSpike ? [{ _tag: "LossSpike", step, loss, expected, deviations }] : []]
    }
  }
}
