/** Typed errors of the graph: classes with a `_tag`, so that `Effect.catchTag` knows them and no Effect is needed here. */

/** Two shapes, or a shape and an argument, do not fit. The message is the sentence the type checker shows. */
export class ShapeError extends Error {
  readonly _tag = "ShapeError"
  override readonly name = "ShapeError"
}

/** An operation was given an element type it is not defined for. */
export class DTypeError extends Error {
  readonly _tag = "DTypeError"
  override readonly name = "DTypeError"
}

/** A derivative was asked for that does not exist, or of something that is not a scalar. */
export class DifferentiationError extends Error {
  readonly _tag = "DifferentiationError"
  override readonly name = "DifferentiationError"
}

/** An expression cannot be evaluated, for example because it still contains a parameter. */
export class EvaluationError extends Error {
  readonly _tag = "EvaluationError"
  override readonly name = "EvaluationError"
}

/** An option lies outside the range it is defined for. */
export class OptionError extends Error {
  readonly _tag = "OptionError"
  override readonly name = "OptionError"
}

/** The sentence of an OptionError: which option of what, its range, and the value given. */
export const optionError = (what: string, range: string, value: unknown): OptionError =>
  new OptionError(`${what} must be ${range}, got ${String(value)}`)

/** Two trees that must have the same structure differ; the message names the first path where they do. */
export class TreeError extends Error {
  readonly _tag = "TreeError"
  override readonly name = "TreeError"
}

/** Stored data is not a graph. */
export class CodecError extends Error {
  readonly _tag = "CodecError"
  override readonly name = "CodecError"
}

/** A shape as text, `[32, 20]`. */
export const showShape = (shape: ReadonlyArray<number | string>): string => `[${shape.join(", ")}]`
