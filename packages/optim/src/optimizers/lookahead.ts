import { isFloat, operations as ops, T, Tree } from "@cotangent/graph"
import { document } from "../document.ts"
import { assertLike } from "../leafwise.ts"
import { OptimizerError } from "../errors.ts"
import type { Optimizer, Rule, StateOf } from "../optimizer.ts"
import { count, number, oneOf, validate } from "../validation.ts"
import { assertOptimizers } from "../given.ts"
import { assertIsState } from "../foreignState.ts"

/** Options of Lookahead. */
export interface LookaheadOptions {
  /** How many fast steps make a slow one: 5 unless given (6 in Optax's example). */
  readonly period?: number
  /** alpha, how far the slow parameters follow the fast ones: 0.5 unless given; at most 1. */
  readonly follow?: number
  /** What `evalParams` gives: the `"slow"` parameters unless told `"fast"`. */
  readonly evaluate?: "slow" | "fast"
}

/** A state S over parameters P with the slow parameters beside the fast ones. */
export type LookaheadState<P, S> = S & {
  /** The slow parameters: the parameters at first. */
  readonly slow: P
}

/** The rule of Lookahead around the rule F. */
export interface LookaheadRule<F extends Rule> extends Rule {
  readonly State: LookaheadState<this["P"], StateOf<F, this["P"]>>
  readonly Options: F["Options"] & { readonly lookahead: Required<LookaheadOptions> }
}

/** Lookahead in words. */
export const lookaheadDocument = document({
  name: "lookahead",
  summary:
    "Any optimizer, followed by slow parameters that move towards where it got every few steps and call it back.",
  equation: "every k steps: phi' = phi + alpha (theta - phi), theta' = phi'",
  source: "Zhang et al. 2019, Lookahead Optimizer: k steps forward, 1 step back, algorithm 1",
  slots: { slow: "the slow parameters, beside what the optimizer itself remembers" },
  conventions: { moments: "those of the optimizer are kept when it is called back", evaluate: "slow parameters" },
  traits: { firstStep: "waits" }
})

/**
 * Lookahead around any optimizer: it makes fast steps; every `period` of them the slow parameters phi follow,
 * `phi' = phi + follow (theta - phi)`, and the fast ones go on from there. The optimizer's moments are kept. With
 * `follow: 1` the fast parameters are those of the optimizer alone.
 *
 * Source: Zhang, Lucas, Hinton and Ba 2019, Lookahead Optimizer: k steps forward, 1 step back, algorithm 1.
 *
 * ```ts
 * const optimizer = lookahead(adam({ learningRate: 1e-3 }), { period: 5, follow: 0.5 })
 * ```
 *
 * Throws an OptimizerError that lists every wrong option, or if the optimizer is a lookahead already.
 */
export const lookahead = <F extends Rule>(
  optimizer: Optimizer<F>,
  options: LookaheadOptions = {}
): Optimizer<LookaheadRule<F>> => {
  assertOptimizers("lookahead", { optimizer })
  const name = `lookahead(${optimizer.name})`
  const complete: Required<LookaheadOptions> = { period: 5, follow: 0.5, evaluate: "slow", ...options }
  const o = validate("lookahead", complete, {
    period: count,
    follow: number("above 0 and at most 1", (x) => x > 0 && x <= 1),
    evaluate: oneOf("slow", "fast")
  })
  if ("lookahead" in optimizer.options)
    throw new OptimizerError("lookahead", [`${optimizer.name} looks ahead already: its state has slow parameters`])

  const init = <P>(params: P) => ({ ...optimizer.init(params), slow: params })

  const step = <P>(state: StateOf<LookaheadRule<F>, P>, grad: NoInfer<P>) => {
    assertIsState(`${name}.step: the state`, state)
    assertLike(`${name}.step: the state`, state.params, { slow: state.slow })
    const next = optimizer.step<P>(state, grad)
    const syncs = T.equal(T.mod(next.step, o.period), 0)
    const slow = Tree.zip<unknown>([state.slow, next.params], ([from, to]) => {
      if (from === undefined || to === undefined) throw new RangeError("two trees were zipped")
      if (!isFloat(from.dtype)) return from
      // Following all the way is arriving, without a rounding.
      const followed = o.follow === 1 ? to : ops.add(from, ops.mul(ops.sub(to, from), o.follow))
      return ops.select(syncs, followed, from)
    })
    const params = Tree.zip<unknown>([next.params, slow], ([fast, followed]) => {
      if (fast === undefined || followed === undefined) throw new RangeError("two trees were zipped")
      return isFloat(fast.dtype) ? ops.select(syncs, followed, fast) : fast
    })
    return { ...next, params, slow }
  }

  const evalParams = <P>(state: StateOf<LookaheadRule<F>, P>): P =>
    optimizer.evalParams<P>(o.evaluate === "slow" ? { ...state, params: state.slow } : state)
  // The state of F with one tree more: F's own type is not known here.
  return Object.freeze({
    name,
    options: Object.freeze({ ...optimizer.options, lookahead: o }),
    init,
    step,
    evalParams
  }) as unknown as Optimizer<LookaheadRule<F>>
}
