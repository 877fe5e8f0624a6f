/** Rejection: drawing again where a draw was refused, until none is. Not public. */
import * as Control from "../ops/control.ts"
import { operations as ops } from "../operations.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { fold, type Key } from "./key.ts"

/** A draw for every element, and which of them are accepted. */
export interface Draw {
  readonly value: AnyTensor
  readonly accepted: AnyTensor
}

/** The number of rounds after which what is still refused stays NaN. */
const rounds = 200

/**
 * Draws for every element until it is accepted, each round with a key of its own; elements that `isFixed` have `value` from
 * the beginning. A draw that is refused with probability p is never accepted with probability p^200: for p = 1/2, which
 * none of the samplers here reaches, 6e-61. Rounds are a loop whose length the program decides when it runs.
 */
export const untilAccepted = (k: Key, value: AnyTensor, isFixed: AnyTensor, draw: (key: Key) => Draw): AnyTensor => {
  interface State {
    readonly round: Tensor<[], "i32">
    readonly value: AnyTensor
    readonly done: AnyTensor
  }
  const initial: State = { round: ops.full([], 0, "i32") as Tensor<[], "i32">, value, done: isFixed }
  const end = Control.whileLoop(
    ({ done, round }: State) => {
      const open = ops.cast(ops.not(done), "i32")
      const left = ops.reduceSum(
        open,
        open.shape.map((_, d) => d)
      )
      return ops.and(ops.lt(ops.full([], 0, "i32"), left), ops.lt(round, rounds)) as Tensor<[], "bool">
    },
    (state: State): State => {
      const { value: drawn, accepted } = draw(fold(k, state.round))
      const isNew = ops.and(accepted, ops.not(state.done))
      return {
        round: ops.add(state.round, 1) as Tensor<[], "i32">,
        value: ops.select(isNew, drawn, state.value),
        done: ops.or(state.done, accepted)
      }
    },
    initial
  )
  return ops.select(end.done, end.value, ops.full([], Number.NaN, value.dtype))
}
