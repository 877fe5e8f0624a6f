/** The workloads: what one step computes, float32, one core. */
import { adamUpdate, curveForward, curveGradient, product } from "./workload/computations.ts"
import { convolution } from "./workload/convolution.ts"
import { perceptron } from "./workload/perceptron.ts"
import { transformer } from "./workload/transformer.ts"
import type { Workload } from "./workload/workload.ts"

/** Every workload by name. */
export const workloads = {
  W1: perceptron([20, 64, 10], 32, 25),
  W2: perceptron([784, 128, 10], 64, 16),
  W3: perceptron([784, 1024, 1024, 10], 128, 16),
  W4: convolution,
  W5: transformer,
  "W6.mm512": product(512),
  "W6.mm1024": product(1024),
  "W6.elt_fwd": curveForward,
  "W6.elt_grad": curveGradient,
  W7: adamUpdate
} as const satisfies Record<string, Workload>

/** The name of a workload. */
export type WorkloadName = keyof typeof workloads

/** Every name. */
// Object.keys of the table above gives exactly its keys.
export const workloadNames = Object.keys(workloads) as ReadonlyArray<WorkloadName>

/** The workloads that a text names: one, a group such as W6, or all. */
export const workloadsOf = (name: string): ReadonlyArray<WorkloadName> =>
  workloadNames.filter((each) => name === "all" || each === name || each.startsWith(`${name}.`))

/** Whether a text names a workload. */
export const isWorkload = (name: string): name is WorkloadName => Object.hasOwn(workloads, name)

/** One measurement, a line of JSON. */
export interface Measurement {
  readonly peer: string
  readonly workload: string
  readonly us_per_step: number
  readonly min_us: number
  readonly steps: number
  readonly first_step_ms: number
  readonly loss_first?: number
  readonly loss_last?: number
  /** From the start of the process to the end of the measurement. */
  readonly total_ms?: number
  /** The largest resident size of the process. */
  readonly rss_mb: number
}
