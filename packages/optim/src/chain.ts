/** Transforms one after another, each under a name. */
import * as State from "fp-ts/lib/State.js"
import type { Stage } from "./explain/stages.ts"
import { stagesWithin } from "./explain/transformStages.ts"
import {
  type Context,
  makeTransform,
  type StagedGradient,
  type Transform,
  type TransformRule,
  type TransformState
} from "./transform.ts"
import { assertRecord, assertTransforms } from "./given.ts"

/** Rules by name. */
export interface TransformRules {
  readonly [name: string]: TransformRule
}

/** The states of the parts of a chain, by name. */
export type Parts<F extends TransformRules, P> = { readonly [K in keyof F]: TransformState<F[K], P> }

/** The options of the parts of a chain, by name. */
export type PartOptions<F extends TransformRules> = { readonly [K in keyof F]: F[K]["Options"] }

/** The rule of a chain of transforms. */
export interface ChainRule<F extends TransformRules> extends TransformRule {
  readonly State: Parts<F, this["P"]>
  readonly Options: PartOptions<F>
}

/** A transform whose rule is not known here. */
interface Part {
  readonly name: string
  readonly options: object
  readonly init: (params: unknown) => unknown
  readonly update: (grad: unknown, state: unknown, context: Context<unknown>) => readonly [unknown, unknown]
  readonly stages?: (grad: unknown, state: unknown, context: Context<unknown>) => StagedGradient<unknown>
}

interface PartStates {
  readonly [name: string]: unknown
}

/** The update of one part, lifted to the states of all: a Kleisli arrow of the state monad over their record. */
const lifted =
  (name: string, part: Part, context: Context<unknown>) =>
  (grad: unknown): State.State<PartStates, unknown> =>
  (states) => {
    const [next, state] = part.update(grad, states[name], context)
    return [next, { ...states, [name]: state }]
  }

/** The stages of all parts; the signal-to-noise ratio is that of the last part that has moments. */
const stagesOfParts = (
  list: ReadonlyArray<readonly [string, Part]>,
  grad: unknown,
  states: PartStates,
  context: Context<unknown>
): StagedGradient<unknown> => {
  let current = grad
  let ratio: Pick<StagedGradient<unknown>, "signalToNoise"> = {}
  const stages: Array<Stage<unknown>> = []
  for (const [name, part] of list) {
    const { stages: own, ...rest } = stagesWithin(name, part, current, states[name], context)
    stages.push(...own)
    current = own.at(-1)?.value ?? current
    ratio = { ...ratio, ...rest }
  }
  return { stages, ...ratio }
}

/**
 * Transforms one after another, in the order in which they are written. Each part's state keeps its name:
 * `state.parts.adam.m.hidden.kernel` is a tensor of the parameters' shape.
 *
 * Associative, with `identity` as identity: `chain({ a: chain({ x, y }), z })`, `chain({ x, b: chain({ y, z }) })` and
 * `chain({ x, y, z })` make the same updates.
 *
 * ```ts
 * const clipped = chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam(), rate: scale(-1e-3) })
 * const optimizer = fromTransform(clipped)
 * ```
 *
 * A name that looks like a whole number (`"1"`) would move to the front, as JavaScript orders keys: use words.
 */
export const chain = <const F extends TransformRules>(parts: { readonly [K in keyof F]: Transform<F[K]> }): Transform<
  ChainRule<F>
> => {
  assertRecord("chain", "the parts", parts)
  assertTransforms("chain", parts)
  // The states of each part are kept under its name and given back to it alone, which is what its own rule F[K] types.
  const list = Object.entries(parts as unknown as { readonly [name: string]: Part })
  return makeTransform<ChainRule<F>, PartStates>({
    name: "chain",
    options: Object.freeze(Object.fromEntries(list.map(([name, part]) => [name, part.options]))) as PartOptions<F>,
    init: (params) => Object.fromEntries(list.map(([name, part]) => [name, part.init(params)])),
    update: (grad, states, context) =>
      list.reduce(
        (program, [name, part]) => State.chain(lifted(name, part, context))(program),
        State.of<PartStates, unknown>(grad)
      )(states),
    stages: (grad, states, context) => stagesOfParts(list, grad, states, context)
  })
}
