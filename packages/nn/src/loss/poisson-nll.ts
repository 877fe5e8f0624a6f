/** The negative log likelihood of counts. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { each, type ElementLoss, elementLoss } from "./loss.ts"
import type { Floats } from "./reduction.ts"

/** Options of poissonNll. */
export interface PoissonNllOptions {
  /** Whether the output holds logarithms of rates; true unless given. */
  readonly logInput?: boolean
  /** Whether the logarithm of the factorial is added, by Stirling's formula; false unless given. */
  readonly full?: boolean
  /** Added to rates inside the logarithm; 1e-8 unless given. Keras's `Poisson` is `{ logInput: false, epsilon: 1e-7 }`. */
  readonly epsilon?: number
}

/** `t ln t - t + ln(2 pi t) / 2`, 0 where t is 1 or less, as in PyTorch. */
const stirling = (t: Floats): Floats => {
  const counts = T.greater(t, 1)
  const safe = T.where(counts, t, 1)
  const terms: Floats = T.sub(T.mul(safe, T.log(safe)), safe)
  return T.where(counts, T.add(terms, T.mul(T.log(T.mul(safe, 2 * Math.PI)), 0.5)), 0)
}

/**
 * The negative log likelihood of a count t under a Poisson distribution, per element: `L = e^x - t x` for the logarithm x
 * of its rate, or `L = r - t ln(r + epsilon)` for the rate r itself. With `full` it is complete, but for the error of
 * Stirling's formula: `+ t ln t - t + ln(2 pi t) / 2` where t > 1.
 *
 * PyTorch's `poisson_nll_loss`. Throws OptionError for a negative epsilon.
 */
export const poissonNll = ({ logInput = true, full = false, epsilon = 1e-8 }: PoissonNllOptions = {}): ElementLoss => {
  if (!(epsilon >= 0)) throw optionError("poissonNll: epsilon", "0 or more", epsilon)
  return elementLoss({
    name: "poissonNll",
    targets: "values",
    elements: (x, t) => {
      const base: Floats = logInput
        ? T.sub(T.exp(x), T.mul(t, x))
        : T.sub(x, T.mul(t, T.log(epsilon === 0 ? x : T.add(x, epsilon))))
      return full ? T.add(base, stirling(t)) : base
    },
    rule: each(
      (x) => x >= 0 && Number.isFinite(x),
      () => "a count, 0 or more"
    )
  })
}
