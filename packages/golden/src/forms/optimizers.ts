/** The form of optimizer files: parameters after every step along given gradients. */
import * as Schema from "effect/Schema"
import { Solvers } from "./solvers.ts"
import { Numbers, Sizes } from "./tensors.ts"

/** An option of an optimizer. */
export const Option = Schema.Union([Schema.Number, Schema.Boolean, Schema.String, Schema.Null, Numbers])
/** An option of an optimizer. */
export type Option = typeof Option.Type

/** Options by PyTorch's names. */
export const Options = Schema.Record(Schema.String, Option)
/** Options by PyTorch's names. */
export type Options = typeof Options.Type

/** One optimizer with its options and where it goes. */
export const OptimizerCase = Schema.Struct({
  name: Schema.String,
  optimizer: Schema.String,
  options: Options,
  /** All options, those that were not given included. */
  defaults: Schema.optionalKey(Options),
  /** Numbers of the parameters of each group, and the options in which it differs. */
  groups: Schema.optionalKey(
    Schema.Array(
      Schema.StructWithRest(Schema.Struct({ params: Schema.Array(Schema.Int) }), [Schema.Record(Schema.String, Option)])
    )
  ),
  /** What is done to the gradients first; `norms` are the global norms before. */
  clip: Schema.optionalKey(
    Schema.Struct({
      kind: Schema.Literals(["norm", "value"]),
      value: Schema.Number,
      norms: Schema.optionalKey(Numbers)
    })
  ),
  /** The parameters after each step. */
  steps: Schema.Array(Schema.Array(Numbers)),
  /** The average of the parameters after the last step, for rules that keep one. */
  averaged_ax_final: Schema.optionalKey(Schema.Array(Numbers))
})

/** One optimizer with its options and where it goes. */
export type OptimizerCase = typeof OptimizerCase.Type

/** A file of optimizers. */
export const Optimizers = Schema.Struct({
  /** What the numbers were computed in; float64 unless it says otherwise. */
  dtype: Schema.optionalKey(Schema.Literals(["float64", "float32"])),
  shapes: Schema.Array(Sizes),
  initial: Schema.Array(Numbers),
  /** One list of tensors per step. */
  gradients: Schema.Array(Schema.Array(Numbers)),
  cases: Schema.Array(OptimizerCase),
  lbfgs: Schema.optionalKey(Solvers)
})

/** A file of optimizers. */
export type Optimizers = typeof Optimizers.Type
