/** One update of the parameters by one rule, the gradients given: what `npm run bench -- optimizers` times. */
import { T, type Tensor } from "@cotangent/graph"
import type { Optimizer, OptimizerSample, Rule, StateOf } from "@cotangent/optim"
import { uniform } from "../numbers.ts"
import { type Workload, workload } from "./workload.ts"

/** Parameters or gradients: matrices of one shape, for rules that look at rows and columns too. */
export type Matrices = ReadonlyArray<Tensor<readonly [number, number]>>

/** The shape of one of them, 2^20 elements; the smaller side is one that eigenvectors can be found of. */
export const million = [16_384, 64] as const

/** Numbers in [-1/2, 1/2), the same for the same seed. */
export const matrices = (seed: number, count: number, shape: readonly [number, number] = million): Matrices =>
  Array.from({ length: count }, (_, i) =>
    T.fromArray(
      uniform(seed + i, shape[0] * shape[1]).map((u) => u - 0.5),
      shape
    )
  )

const updateOf = <F extends Rule>(optimizer: Optimizer<F>, params: Matrices, gradients: Matrices): Workload =>
  workload(() => {
    const first = optimizer.init(params)
    return {
      state: first,
      data: { gradients },
      step: (state: StateOf<F, Matrices>, data: { readonly gradients: Matrices }) =>
        [optimizer.step<Matrices>(state, data.gradients), {}] as const
    }
  }, 500)

/** The step of a row of the table of rules. It starts over before averages of what no longer changes are denormal. */
export const update = ({ use }: OptimizerSample, params: Matrices, gradients: Matrices): Workload =>
  use((optimizer) => updateOf(optimizer, params, gradients))
