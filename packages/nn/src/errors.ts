/** Typed errors of models, losses and metrics; wrong shapes are the graph's own `ShapeError`. */

/** Layers cannot be put together: a name is taken or not a name, or a model is given what is not its own. */
export class ModelError extends Error {
  readonly _tag = "ModelError"
  override readonly name = "ModelError"
}

/** An option lies outside the range it is defined for. */
export class OptionError extends Error {
  readonly _tag = "OptionError"
  override readonly name = "OptionError"
}

/** The sentence of an OptionError: which option of what, its range, and the value given. */
export const optionError = (what: string, range: string, value: unknown): OptionError =>
  new OptionError(`${what} must be ${range}, got ${String(value)}`)
