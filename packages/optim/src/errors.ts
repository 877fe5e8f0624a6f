/** Typed errors of optimizers: classes with a `_tag`, so that `Effect.catchTag` knows them and no Effect is needed here. */

/**
 * Options that no optimizer or schedule can be made of. Thrown by the constructor, before anything runs, with every
 * mistake at once: `mistakes` holds one sentence for each, `message` all of them.
 */
export class OptimizerError extends Error {
  readonly _tag = "OptimizerError"
  override readonly name = "OptimizerError"
  readonly mistakes: ReadonlyArray<string>
  constructor(constructed: string, mistakes: ReadonlyArray<string>) {
    super(`${constructed}: ${mistakes.join("; ")}`)
    this.mistakes = mistakes
  }
}
