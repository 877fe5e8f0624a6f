/** The form of gradient files: one call per case, with its derivatives. */
import * as Schema from "effect/Schema"
import { Numbers, TensorData } from "./tensors.ts"

/** An argument of a call: a literal, a list, an input by name, or something only Python has. */
export type Argument =
  | number
  | string
  | boolean
  | null
  | { readonly input: string }
  | { readonly name: string }
  | { readonly ellipsis: boolean }
  | ReadonlyArray<Argument>

/** The Schema of arguments. */
export const Argument: Schema.Codec<Argument> = Schema.Union([
  Schema.Number,
  Schema.String,
  Schema.Boolean,
  Schema.Null,
  Schema.Struct({ input: Schema.String }),
  Schema.Struct({ name: Schema.String }),
  Schema.Struct({ ellipsis: Schema.Boolean }),
  Schema.Array(Schema.suspend((): Schema.Codec<Argument> => Argument))
])

/** One call: inputs, outputs, and for random cotangents and tangents the two products with the Jacobian. */
export const GradientCase = Schema.Struct({
  id: Schema.String,
  /** The call as it was made. */
  torch: Schema.String,
  /** The same as data, for all but the programs. */
  op: Schema.optionalKey(Schema.String),
  args: Schema.optionalKey(Schema.Array(Argument)),
  kwargs: Schema.optionalKey(Schema.Record(Schema.String, Argument)),
  inputs: Schema.Record(Schema.String, Schema.Union([TensorData, Schema.Number, Schema.String, Schema.Boolean])),
  outputs: Schema.Array(TensorData),
  /** One per output, null where the output is not a float. */
  cotangents: Schema.Array(Schema.NullOr(Numbers)),
  /** `sum over outputs of J^T cotangent`, by input. */
  grads: Schema.Record(Schema.String, Numbers),
  tangents: Schema.optionalKey(Schema.Record(Schema.String, Numbers)),
  /** `sum over inputs of J tangent`, one per float output. */
  jvp: Schema.optionalKey(Schema.Array(Numbers)),
  note: Schema.optionalKey(Schema.String)
})

/** One call with its derivatives. */
export type GradientCase = typeof GradientCase.Type

/** A scalar function of one vector with its derivatives up to the third order. */
export const SecondOrderCase = Schema.Struct({
  id: Schema.String,
  torch: Schema.String,
  x: Numbers,
  v: Numbers,
  value: Schema.Number,
  grad: Numbers,
  hvp: Numbers,
  hessian: Schema.Array(Numbers),
  /** `d/dx (v^T H(x) v)`. */
  third_vv: Numbers,
  /** `grad . v`. */
  directional: Schema.Number
})

/** A scalar function with its derivatives. */
export type SecondOrderCase = typeof SecondOrderCase.Type

/** A vector function of one vector with its Jacobian. */
export const JacobianCase = Schema.Struct({
  id: Schema.String,
  torch: Schema.String,
  x: Numbers,
  value: Numbers,
  jacobian: Schema.Array(Numbers)
})

/** A vector function with its Jacobian. */
export type JacobianCase = typeof JacobianCase.Type

/** A file of calls with their derivatives. */
export const Gradients = Schema.Struct({
  /** Matrices that the functions of the last two lists share. */
  constants: Schema.optionalKey(Schema.Record(Schema.String, TensorData)),
  cases: Schema.optionalKey(Schema.Array(GradientCase)),
  second_order: Schema.optionalKey(Schema.Array(SecondOrderCase)),
  jacobians: Schema.optionalKey(Schema.Array(JacobianCase))
})

/** A file of calls with their derivatives. */
export type Gradients = typeof Gradients.Type
