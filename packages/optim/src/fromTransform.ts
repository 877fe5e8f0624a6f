/** Optimizers made of transforms. */
import { isFloat, operations as ops, T, Tree } from "@cotangent/graph"
import { document } from "./document.ts"
import { assertCounters, type Optimizer, rateFrom, type Rule, type Stepped } from "./optimizer.ts"
import { f64 } from "./scalar.ts"
import type { Schedule } from "./schedule/schedule.ts"
import type { Transform, TransformRule, TransformState } from "./transform.ts"
import { orAbsent, rateOrSchedule, validate } from "./validation.ts"
import type { StagedStep } from "./explain/stages.ts"
import { differencesFrom, refuse } from "./leafwise.ts"
import { assertTransforms } from "./given.ts"
import { assertIsState } from "./foreignState.ts"

/** The state of an optimizer made of a transform: `parts` is the transform's own state, for a chain by name. */
export interface TransformedState<P, S> extends Stepped<P> {
  readonly parts: S
}

/** Options of an optimizer made of a transform. */
export interface FromTransformOptions {
  readonly learningRate?: number | Schedule
}

/** The rule of an optimizer made of a transform. */
export interface TransformedRule<F extends TransformRule> extends Rule {
  readonly State: TransformedState<this["P"], TransformState<F, this["P"]>>
  readonly Options: FromTransformOptions & { readonly transform: F["Options"] }
}

/** Optimizers made of transforms, in words. */
export const fromTransformDocument = document({
  name: "fromTransform",
  summary: "An optimizer made of a gradient transform, or of a chain of them.",
  equation: "theta' = theta - learningRate T(g), or theta + T(g) without a learning rate",
  source: "Optax, chain and apply_updates",
  slots: { parts: "what the transform remembers, of a chain by the names of its parts" },
  conventions: { learningRate: "without one the chain ends in a scale by minus the rate, as in Optax" }
})

/**
 * The optimizer of a transform. With a learning rate, the transform's result is a direction to descend:
 * `theta' = theta - learningRate g'`. Without one it is the change itself, `theta' = theta + g'`, as in Optax: then the
 * chain ends in `scale(-rate)`, and `state.learningRate` is a further factor, 1 unless changed.
 *
 * ```ts
 * const adam = fromTransform(chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam() }), { learningRate: 1e-3 })
 * const m = adam.init(params).parts.adam.m
 * ```
 *
 * Throws an OptimizerError if the learning rate is neither a number, 0 or more, nor a schedule.
 */
export const fromTransform = <F extends TransformRule>(
  transform: Transform<F>,
  options: FromTransformOptions = {}
): Optimizer<TransformedRule<F>> => {
  assertTransforms("fromTransform", { transform })
  const { learningRate: given } = validate("fromTransform", options, { learningRate: orAbsent(rateOrSchedule) })
  const name = transform.name

  const init = <P>(params: P): TransformedState<P, TransformState<F, P>> => ({
    params,
    parts: transform.init(params),
    step: T.zeros([], "i32"),
    learningRate: rateFrom(given ?? 1, f64(0), f64)
  })

  const step = <P>(
    state: TransformedState<P, TransformState<F, P>>,
    grad: P
  ): TransformedState<P, TransformState<F, P>> => {
    assertIsState(`${name}.step: the state`, state)
    assertCounters(`${name}.step: the state`, { ...state })
    refuse(differencesFrom(`${name}.step: the state: parts`, transform.init(state.params), state.parts ?? {}))
    const counted = T.add(state.step, 1)
    const learningRate = rateFrom(given ?? 1, T.cast(state.step, "f64"), () => state.learningRate)
    const [change, parts] = transform.update<P>(grad, state.parts, {
      params: state.params,
      step: counted,
      learningRate
    })
    const factor = given === undefined ? learningRate : T.neg(learningRate)
    const params = Tree.zip([state.params, change], ([p, g]) => {
      if (p === undefined || g === undefined) throw new RangeError(`${name}.step: two trees were zipped`)
      return isFloat(p.dtype) ? ops.add(p, ops.mul(g, ops.cast(factor, p.dtype))) : p
    })
    return { params, parts, step: counted, learningRate }
  }

  const stages = <P>(state: TransformedState<P, TransformState<F, P>>, grad: P): StagedStep<P> => {
    const learningRate = rateFrom(given ?? 1, T.cast(state.step, "f64"), () => state.learningRate)
    const context = { params: state.params, step: T.add(state.step, 1), learningRate }
    const staged = transform.stages?.<P>(grad, state.parts, context) ?? {
      stages: [{ stage: name, value: transform.update<P>(grad, state.parts, context)[0] }]
    }
    const factor = given === undefined ? learningRate : T.neg(learningRate)
    const changeBy = (gradient: P): P =>
      Tree.map(gradient, (g) =>
        isFloat(g.dtype) ? ops.mul(g, ops.cast(factor, g.dtype)) : ops.full(g.shape, 0, g.dtype)
      )
    const { signalToNoise } = staged
    return {
      changes: [{ stage: "gradient", value: grad }, ...staged.stages].map(({ stage, value }) => ({
        stage,
        value: changeBy(value)
      })),
      ...(signalToNoise === undefined ? {} : { signalToNoise })
    }
  }

  return Object.freeze({
    name,
    options: Object.freeze({ ...options, transform: transform.options }),
    init,
    step,
    stages,
    evalParams: <P>(state: TransformedState<P, TransformState<F, P>>) => state.params
  })
}
