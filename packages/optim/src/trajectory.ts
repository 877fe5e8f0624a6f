/** Following an optimizer along given gradients. */
import type { Optimizer, Rule } from "./optimizer.ts"

/**
 * The parameters (`evalParams`) after each step, for gradients that are known beforehand:
 * `trajectory(adam())(params, [g1, g2])` is `[params1, params2]`, as expressions. For examining a rule; a training loop
 * computes each gradient from the state.
 */
export const trajectory =
  <F extends Rule>(optimizer: Optimizer<F>) =>
  <P>(params: P, gradients: ReadonlyArray<NoInfer<P>>): ReadonlyArray<P> => {
    const visited: Array<P> = []
    let state = optimizer.init(params)
    for (const gradient of gradients) {
      state = optimizer.step<P>(state, gradient)
      visited.push(optimizer.evalParams<P>(state))
    }
    return visited
  }
