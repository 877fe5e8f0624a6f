/** The absolute error, smoothed near 0. */
import { T } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ElementLoss, elementLoss } from "./loss.ts"

/** Options of smoothL1. */
export interface SmoothL1Options {
  /** Where the parabola becomes a line; 1 unless given, and with 0 there is no parabola. */
  readonly beta?: number
}

/**
 * With `e = |y - t|`: `L = e^2 / (2 beta)` for `e < beta`, else `e - beta / 2`: the Huber loss divided by beta. With
 * beta 0 it is the absolute error, with slope 0 where output and target are equal (PyTorch 1.13: -1).
 *
 * PyTorch's `smooth_l1_loss`. Throws OptionError for a negative beta. Girshick 2015.
 */
export const smoothL1 = ({ beta = 1 }: SmoothL1Options = {}): ElementLoss => {
  if (!(beta >= 0 && Number.isFinite(beta))) throw optionError("smoothL1: beta", "0 or more", beta)
  return elementLoss({
    name: "smoothL1",
    targets: "values",
    elements: (y, t) => {
      const d = T.sub(y, t)
      const e = T.abs(d)
      if (beta === 0) return e
      return T.where(T.less(e, beta), T.mul(T.square(d), 0.5 / beta), T.sub(e, beta / 2))
    }
  })
}
