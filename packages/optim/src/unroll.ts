/** Optimizers as differentiable programs: many steps as one expression of the state they begin with. */
import { T, type Tensor } from "@cotangent/graph"
import { OptimizerError } from "./errors.ts"
import type { Optimizer, Rule, StateOf } from "./optimizer.ts"
import { count } from "./validation.ts"

/**
 * The state after `steps` steps, each with the gradient of its own parameters: `s_{k+1} = step(s_k, gradient(params_k, k))`,
 * k from 0. It is one loop in the graph, and differentiable in every mode: `grad` of a loss of the result is the gradient
 * of the whole run, with respect to whatever went into it.
 *
 * - The learning rate is `state.learningRate`, of every rule.
 * - A schedule is a function, and may hold tensors: `adam({ learningRate: (k) => T.mul(T.pow(decay, k), rate) })`.
 * - Hyper-parameters of transforms may be scalars: `trace(momentum)`, `scaleByAdam({ beta1 })`; see `Hyper`.
 * - The first parameters are `state.params`.
 *
 * Where a moment is exactly 0 its root has no finite slope: give Adam an `epsilonRoot`. Reverse mode keeps the state before
 * each step.
 *
 * Source: Bengio 2000, Gradient-Based Optimization of Hyperparameters; Maclaurin, Duvenaud and Adams 2015, Gradient-based
 * Hyperparameter Optimization through Reversible Learning, section 2.
 *
 * ```ts
 * const optimizer = gradientDescent({ learningRate: 0.1 })
 * const loss = (p: Tensor<[], "f64">) => T.square(p)
 * const after = (learningRate: Tensor<[], "f64">) => {
 *   const start = { ...optimizer.init(T.constant(1, "f64")), learningRate }
 *   return loss(unroll(optimizer)(start, grad(loss), 2).params)
 * }
 * // (1 - 2 rate)^4 has the slope -8 (1 - 2 rate)^3, -4.096 at 0.1.
 * const slope = T.evaluate(grad(after)(T.constant(0.1, "f64")))
 * ```
 *
 * Throws an OptimizerError unless the number of steps is whole, 1 or more.
 */
export const unroll =
  <F extends Rule>(optimizer: Optimizer<F>) =>
  <P>(
    state: StateOf<F, P>,
    gradient: (params: P, k: Tensor<[], "i32">) => NoInfer<P>,
    steps: number
  ): StateOf<F, P> => {
    if (!count.holds(steps)) throw new OptimizerError("unroll", [`steps must be ${count.mustBe}, it is ${steps}`])
    // `step` gives back the structure of its state, which its type says and `iterate` checks; a state whose rule is not known
    // here is too much for the guard of `iterate` to see.
    const iterate = T.iterate as unknown as (
      f: (carry: StateOf<F, P>, k: Tensor<[], "i32">) => StateOf<F, P>,
      initial: StateOf<F, P>,
      steps: number
    ) => StateOf<F, P>
    // `Stepped` is part of every state, and its parameters are P.
    return iterate((s, k) => optimizer.step<P>(s, gradient(s.params as P, k)), state, steps)
  }
