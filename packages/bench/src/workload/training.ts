/** Training steps on resident data: gather a batch, forward, backward, update. */
import { valueAndGrad } from "@cotangent/autodiff"
import { type AnyTensor, operations as ops, T, type Tensor } from "@cotangent/graph"
import type { Optimizer, Rule, StateOf } from "@cotangent/optim"
import { type Workload, workload } from "./workload.ts"

/** What a training workload is made of: data with one row per sample, and the loss of a batch. */
export interface Training<P> {
  readonly params: P
  readonly x: AnyTensor
  readonly y: AnyTensor
  readonly batch: number
  readonly loss: (params: P, x: AnyTensor, y: AnyTensor) => Tensor<[]>
}

/** Steps that take the next batch, round and round. */
export const training = <P, F extends Rule>(make: () => Training<P>, optimizer: Optimizer<F>): Workload =>
  workload(() => {
    const { params, x, y, batch, loss } = make()
    const rows = x.shape[0] ?? 0
    const state = { optimizer: optimizer.init(params), cursor: T.constant(0, "i32") }
    return {
      state,
      data: { x, y },
      step: (s: { optimizer: StateOf<F, P>; cursor: Tensor<[], "i32"> }, d: { x: AnyTensor; y: AnyTensor }) => {
        const take = ops.add(s.cursor, ops.iota([batch], 0, "i32"))
        const [inputs, labels] = [ops.gather(d.x, take, 0), ops.gather(d.y, take, 0)]
        // The state of every rule holds the parameters.
        const current = s.optimizer.params as P
        const [value, gradients] = valueAndGrad((p: P) => loss(p, inputs, labels))(current)
        const next = T.add(s.cursor, batch)
        return [
          { optimizer: optimizer.step(s.optimizer, gradients), cursor: T.where(T.less(next, rows), next, 0) },
          { loss: value }
        ] as const
      }
    }
  })
