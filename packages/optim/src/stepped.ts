/** What the states of all optimizers have in common. */
import type { Tensor } from "@cotangent/graph"

/** What every optimizer's state holds: the parameters, the number of steps made, and the learning rate. */
export interface Stepped<P> {
  readonly params: P
  /** How many steps were made. */
  readonly step: Tensor<[], "i32">
  /**
   * The rate of the next step, if the optimizer was given a number: put another one in to change it, nothing is compiled
   * again. With a schedule, the rate that the last step used.
   */
  readonly learningRate: Tensor<[], "f64">
}
