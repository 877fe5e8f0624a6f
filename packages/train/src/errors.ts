/** Typed errors of training. */
import * as Data from "effect/Data"
import type { History } from "./history.ts"

/** The options, or the data, do not fit: every problem found, before anything runs. */
export class FitError extends Data.TaggedError("FitError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return this.problems.map((problem) => `fit: ${problem}`).join("\n")
  }
}

/** The loss became NaN or infinite. The history up to and including that epoch is kept. */
export class NonFiniteError extends Data.TaggedError("NonFiniteError")<{
  readonly epoch: number
  readonly loss: number
  readonly history: History
}> {
  override get message(): string {
    return `fit: the loss of epoch ${this.epoch} is ${this.loss}; lower the learning rate, clip the gradient, or look for extreme values in the data`
  }
}
