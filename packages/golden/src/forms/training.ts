/** The form of training files: whole runs, from the first parameters to the last. */
import * as Schema from "effect/Schema"
import { Numbers, Sizes, TensorData } from "./tensors.ts"

/** What is known of a tensor that is too large to write out. */
export const Checksum = Schema.Struct({ shape: Sizes, sum: Schema.Number, sumsq: Schema.Number, abssum: Schema.Number })

/** One run. */
export const TrainingRun = Schema.Struct({
  name: Schema.String,
  definition: Schema.String,
  /** The optimizer's call, in Python. */
  optimizer: Schema.String,
  initial: Schema.Record(Schema.String, TensorData),
  data: Schema.Record(Schema.String, Schema.Union([TensorData, Schema.Number])),
  steps: Schema.Int,
  /** The loss before each update. */
  losses: Numbers,
  /** The largest global norm of a gradient, and the norms before clipping. */
  clip_grad_norm: Schema.optionalKey(Schema.Number),
  grad_norms: Schema.optionalKey(Numbers),
  grad_checks_step0_before_clip: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ sum: Schema.Number, sumsq: Schema.Number }))
  ),
  final_checksums: Schema.Record(Schema.String, Checksum),
  final_small_tensors: Schema.Record(Schema.String, Numbers),
  /** The running statistics of batch normalisation at the end. */
  final_running_mean: Schema.optionalKey(Numbers),
  final_running_var: Schema.optionalKey(Numbers)
})

/** One run. */
export type TrainingRun = typeof TrainingRun.Type

/** A file of whole runs. */
export const Training = Schema.Struct({ runs: Schema.Array(TrainingRun) })

/** A file of whole runs. */
export type Training = typeof Training.Type
