/** Typed errors of the runtime. */
import * as Data from "effect/Data"
import type { IndexError } from "./index-error.ts"
import type { NonFiniteError } from "./non-finite-error.ts"

/** A program could not be built: the function threw a sentence, or used a tensor it was not given. */
export class CompileError extends Data.TaggedError("CompileError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** A value at the border of a program has another shape, element type or structure than the program was built for. */
export class BorderError extends Data.TaggedError("BorderError")<{ readonly message: string }> {}

/** The other threads of a program failed or do not answer. The memory of the session is lost; open a new one. */
export class ThreadError extends Data.TaggedError("ThreadError")<{ readonly message: string }> {}

/** Why a run can fail: a value at the border does not fit, an instrument found something, or a thread failed. */
export type RunError = BorderError | IndexError | NonFiniteError | ThreadError

/** This process cannot compute the way that was asked for. */
export class UnsupportedError extends Data.TaggedError("UnsupportedError")<{ readonly message: string }> {}

/** The sentence of anything thrown. */
export const sentenceOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
