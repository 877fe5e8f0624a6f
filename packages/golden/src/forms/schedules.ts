/** The form of schedule files: the learning rate of every step. */
import * as Schema from "effect/Schema"
import { Numbers } from "./tensors.ts"

/** One schedule and the rates it gives. */
export const ScheduleCase = Schema.Struct({
  /** The call as it was made, in Python. */
  call: Schema.String,
  base_lr: Schema.Number,
  /** The rate that step k uses. */
  lr: Numbers,
  /** The metric after step k, for schedules that follow one. */
  metric: Schema.optionalKey(Numbers)
})

/** One schedule and the rates it gives. */
export type ScheduleCase = typeof ScheduleCase.Type

/** A file of schedules. */
export const Schedules = Schema.Struct({ cases: Schema.Array(ScheduleCase) })

/** A file of schedules. */
export type Schedules = typeof Schedules.Type
