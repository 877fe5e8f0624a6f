/** Losses of regions: how little the output and the target overlap. Of whole samples, for images of yes and no. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { probabilities } from "./crossentropy.ts"
import { make, type MadeLoss } from "./loss.ts"
import type { Floats } from "./reduction.ts"

/** The sum of a sample, over all axes but the batch. */
const perSample = (x: Floats): Floats =>
  x.shape.length === 1 ? x : T.sum(x, { axis: x.shape.slice(1).map((_, d) => d + 1) })

/** Options of tversky. */
export interface TverskyOptions {
  /** The weight of what is said and is not; 1/2 unless given. */
  readonly alpha?: number
  /** The weight of what is and is not said; 1/2 unless given. */
  readonly beta?: number
}

const overlap = (name: string, alpha: number, beta: number): MadeLoss<"values"> =>
  make({
    name,
    targets: "values",
    elements: (y, t) => {
      const both = perSample(T.mul(y, t))
      const said = T.mul(T.sub(perSample(y), both), alpha)
      const missed = T.mul(T.sub(perSample(t), both), beta)
      const all: Floats = T.add(T.add(T.add(both, said), missed), 1e-7)
      return T.add(T.neg(T.div(both, all)), 1)
    },
    rule: probabilities
  })

/**
 * `L = 1 - I / (I + alpha (|y| - I) + beta (|t| - I))` per sample, with `I = sum y t`, `|y| = sum y` and 1e-7 added below.
 * Keras's `Tversky`, which sums over the batch too unless told otherwise. Throws OptionError for a negative weight.
 * Salehi, Erdogmus, Gholipour 2017.
 */
export const tversky = ({ alpha = 0.5, beta = 0.5 }: TverskyOptions = {}): MadeLoss<"values"> => {
  if (!(alpha >= 0)) throw optionError("tversky: alpha", "0 or more", alpha)
  if (!(beta >= 0)) throw optionError("tversky: beta", "0 or more", beta)
  return overlap("tversky", alpha, beta)
}

/** `L = 1 - 2 sum y t / (sum y + sum t)` per sample: `tversky` with both weights 1/2. Keras's `Dice`. Milletari and others 2016. */
export const dice: MadeLoss<"values"> = overlap("dice", 0.5, 0.5)
