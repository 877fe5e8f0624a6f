/** Typed errors of training. */
import * as Data from "effect/Data"
import type { NonFiniteError as NonFiniteOperation } from "@cotangent/runtime"
import type { History } from "./history.ts"

/** The options, or the data, do not fit: every problem found, before anything runs. */
export class FitError extends Data.TaggedError("FitError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return this.problems.map((problem) => `fit: ${problem}`).join("\n")
  }
}

/**
 * The loss became NaN or infinite. The history up to and including that epoch is kept. With `debug` the run stops at the
 * step, the history ends with the epoch before, and `origin` says which operation made the first such number.
 */
export class NonFiniteError extends Data.TaggedError("NonFiniteError")<{
  readonly epoch: number
  readonly loss: number
  readonly history: History
  readonly origin?: NonFiniteOperation
}> {
  override get message(): string {
    if (this.origin !== undefined) return `fit: epoch ${this.epoch}: ${this.origin.message}`
    return `fit: the loss of epoch ${this.epoch} is ${this.loss}; lower the learning rate, clip the gradient, or look for extreme values in the data`
  }
}

/** The loss jumped, and did so again after every retry. The history holds the epochs before. */
export class LossSpikeError extends Data.TaggedError("LossSpikeError")<{
  readonly epoch: number
  readonly loss: number
  readonly retries: number
  readonly history: History
}> {
  override get message(): string {
    return `fit: the loss of epoch ${this.epoch} jumped to ${this.loss}, also after ${this.retries} retries with smaller rates; begin with a smaller one, clip the gradient, or allow a larger recovery.spike`
  }
}

/** A checkpoint could not be written or read. */
export class CheckpointError extends Data.TaggedError("CheckpointError")<{
  readonly path: string
  readonly message: string
}> {}

/** A checkpoint belongs to another model, other options or other data: everything that differs. */
export class ResumeError extends Data.TaggedError("ResumeError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    const differences = this.problems.map((problem) => `  ${problem}`).join("\n")
    return `resume: the checkpoint is of another run:\n${differences}\nDescribe the run as it was, or begin a new one from what fits: from: Checkpoints.partialWeights(model, checkpoint).weights`
  }
}

/** An experiment is made of something else than a model, data and options: everything that is wrong. */
export class ExperimentError extends Data.TaggedError("ExperimentError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return this.problems.map((problem) => `experiment: ${problem}`).join("\n")
  }
}
