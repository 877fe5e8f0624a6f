/** Typed errors of models, losses and metrics; wrong shapes and options are the graph's own errors. */
export { OptionError, optionError } from "@cotangent/graph"

/** Layers cannot be put together: a name is taken or not a name, or a model is given what is not its own. */
export class ModelError extends Error {
  readonly _tag = "ModelError"
  override readonly name = "ModelError"
}
