/** Typed errors of the runtime. */
import * as Data from "effect/Data"

/** A program could not be built: the function threw a sentence, or used a tensor it was not given. */
export class CompileError extends Data.TaggedError("CompileError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** A value at the border of a program has another shape, element type or structure than the program was built for. */
export class BorderError extends Data.TaggedError("BorderError")<{ readonly message: string }> {}

/** This process cannot compute the way that was asked for. */
export class UnsupportedError extends Data.TaggedError("UnsupportedError")<{ readonly message: string }> {}

/** The sentence of anything thrown. */
export const sentenceOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
