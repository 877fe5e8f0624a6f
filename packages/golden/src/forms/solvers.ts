/** The form of solver runs: an objective by its definition, and where every step arrives. */
import * as Schema from "effect/Schema"
import { Numbers } from "./tensors.ts"

/** What a step of a solver is known to do. */
const SolverStep = Schema.Struct({
  loss_before: Schema.Number,
  x: Numbers,
  f_after: Schema.Number,
  /** Evaluations of all steps so far. */
  n_evals_total: Schema.Int
})

/** One run of a solver that calls its objective. */
export const SolverRun = Schema.Struct({
  function: Schema.String,
  definition: Schema.String,
  x0: Numbers,
  call: Schema.String,
  options: Schema.Record(Schema.String, Schema.Union([Schema.Number, Schema.String])),
  steps: Schema.Array(SolverStep)
})

/** One run of a solver. */
export type SolverRun = typeof SolverRun.Type

/** Runs, and the matrix and vector of the quadratic function among their objectives. */
export const Solvers = Schema.Struct({ A: Schema.Array(Numbers), b: Numbers, cases: Schema.Array(SolverRun) })

/** Runs of solvers. */
export type Solvers = typeof Solvers.Type
