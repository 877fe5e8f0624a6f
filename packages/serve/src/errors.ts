/** Typed errors of serving. */
import * as Data from "effect/Data"

const sentences = (subject: string, problems: ReadonlyArray<string>): string =>
  problems.length === 1 ? `${subject}: ${problems[0]}` : `${subject}:\n${problems.map((p) => `  ${p}`).join("\n")}`

/** A model, its weights and what is said of its rows and labels do not fit, or a file holds no model; all problems at once. */
export class ArtifactError extends Data.TaggedError("ArtifactError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return sentences("artifact", this.problems)
  }
}

/** A row is not what the model takes. */
export class RowError extends Data.TaggedError("RowError")<{ readonly message: string }> {}

/** A pool was closed, cannot be had on this host, or a thread of it failed. */
export class PoolError extends Data.TaggedError("PoolError")<{ readonly message: string }> {}

/** Weights of another framework do not fit the model: every tensor that is missing, left over, or of another shape. */
export class WeightsError extends Data.TaggedError("WeightsError")<{ readonly problems: ReadonlyArray<string> }> {
  override get message(): string {
    return sentences("weights", this.problems)
  }
}
