/** Dropout. */
import { type AnyTensor, face, Key, operations, type Shape } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type Mode, pureLayer } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/** The guard of a rate: a literal must lie in [0, 1). */
export type RateRule<R extends number> = number extends R
  ? unknown
  : `${R}` extends "0" | `0.${string}` | `${Digit}e-${string}` | `${Digit}.${string}e-${string}`
    ? unknown
    : `dropout: the rate must be 0 or more and below 1, got ${R}`
type Digit = "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"

/** What dropout does to a model. */
export interface DropoutLayer<R extends number> {
  <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S> & RateRule<R>): Model<I, O, P, S>
}

/**
 * In train mode each element is kept with probability `q = 1 - rate`, else 0, independently:
 * `y = mask x / q`, so that the expected output is the input (inverted dropout, as Keras and PyTorch do). In evaluate
 * mode the identity. Equal keys give equal masks. Srivastava and others 2014.
 *
 * Throws OptionError unless `0 <= rate < 1`.
 */
export const dropout: <R extends number>(rate: R) => DropoutLayer<R> = face(1, (rate: number) => {
  if (!(rate >= 0 && rate < 1)) throw optionError("dropout: the rate", "0 or more and below 1", rate)
  const drop = (x: AnyTensor, mode: Mode): AnyTensor =>
    mode.mode === "evaluate" || rate === 0
      ? x
      : operations.select(Key.bernoulli(mode.key, 1 - rate, x.shape), operations.mul(x, 1 / (1 - rate)), 0)
  return (model: AnyModel): AnyModel => append(model, pureLayer(`Dropout ${rate}`, model.outputShape, drop, true))
})
