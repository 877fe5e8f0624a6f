/** The workloads: what one step computes, float32, one core. */

/** Training a multi-layer perceptron with softmax cross-entropy and Adam(1e-3, .9, .999, epsilon 1e-7). */
export interface MlpWorkload {
  readonly sizes: ReadonlyArray<number>
  readonly batch: number
  readonly batches: number
}

/** Layer sizes, batch size and number of batches of data. */
export const workloads = {
  W1: { sizes: [20, 64, 10], batch: 32, batches: 25 },
  W2: { sizes: [784, 128, 10], batch: 64, batches: 16 },
  W3: { sizes: [784, 1024, 1024, 10], batch: 128, batches: 16 }
} as const satisfies Record<string, MlpWorkload>

/** The name of a workload. */
export type WorkloadName = keyof typeof workloads

/** Whether a text names a workload. */
export const isWorkload = (name: string): name is WorkloadName => name in workloads

/** One measurement, a line of JSON. */
export interface Measurement {
  readonly peer: string
  readonly workload: WorkloadName
  readonly us_per_step: number
  readonly min_us: number
  readonly steps: number
  readonly first_step_ms: number
  readonly loss_first: number
  readonly rss_mb: number
}
