/**
 * What an optimizer is: two pure functions over immutable trees of tensors.
 *
 * `init` makes a state of parameters; `step` makes the next state of a state and a gradient. Both only build
 * expressions, so a step can be printed, differentiated, compiled together with the loss, or evaluated on the spot.
 */
import { T, type Tensor } from "@cotangent/graph"
import { assertLike, filledLike, type Leaf, leafwise, type Trees } from "./leafwise.ts"
import { f64, type Scalar } from "./scalar.ts"
import { rateAt, type Schedule } from "./schedule/schedule.ts"

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

/**
 * A type-level function from parameters to the state of an optimizer:
 * `interface AdamRule extends Rule { readonly State: AdamState<this["P"]>; readonly Options: ... }`.
 */
export interface Rule {
  readonly P: unknown
  readonly State: Stepped<unknown>
  readonly Options: object
}

/** The state of the optimizer of rule F over parameters P: `StateOf<AdamRule, Params>` is `AdamState<Params>`. */
export type StateOf<F extends Rule, P> = (F & { readonly P: P })["State"]

/**
 * An optimizer: pure functions `init: params -> state` and `step: (state, gradient) -> state`.
 *
 * ```ts
 * const adam = Optimizer.adam({ learningRate: 1e-3 })
 * const step = (s: AdamState<Params>, x: X, y: Y) => adam.step(s, grad(loss)(s.params, x, y))
 * ```
 */
export interface Optimizer<in out F extends Rule> {
  readonly name: string
  /** The options, defaults filled in: plain data, except that the learning rate may be a schedule. */
  readonly options: F["Options"]
  /** The state before the first step. */
  readonly init: <P>(params: P) => StateOf<F, P>
  /** The state after one more step. Throws a TreeError that names the path where the state or the gradient does not fit. */
  readonly step: <P>(state: StateOf<F, P>, grad: NoInfer<P>) => StateOf<F, P>
  /** The parameters to evaluate a model with. */
  readonly evalParams: <P>(state: StateOf<F, P>) => P
}

/** When a step happens: `t` counts steps from 1, `rate` is its learning rate. */
export interface Instant {
  readonly t: Scalar
  readonly rate: Scalar
}

/** An optimizer as a rule for one tensor: what `optimizer` makes the two functions of. */
export interface Definition<
  Options extends object,
  Slot extends string,
  Optional extends string,
  C extends string,
  K extends string
> {
  readonly name: string
  readonly options: Options & { readonly learningRate: number | Schedule }
  /** Names of the trees kept beside the parameters, zero at first. */
  readonly slots: ReadonlyArray<Slot>
  /** Slots that only some options ask for: `leaf[slot]` is undefined unless it stands here. */
  readonly optional: ReadonlyArray<Optional>
  /** What a slot is at first, where that is not 0: a number everywhere, or the parameters. */
  readonly initial?: { readonly [N in NoInfer<Slot | Optional>]?: number | "params" }
  /** Float64 scalars that are remembered from step to step, by name. */
  readonly running?: { readonly [N in K]: Running }
  /** Float64 scalars that all tensors share, by name; `running` holds the new values of the running ones. */
  readonly scalars: (at: Instant, running: { readonly [N in NoInfer<K>]: Scalar }) => { readonly [N in C]: Scalar }
  /** The new parameters and slots of one tensor. */
  readonly update: (leaf: Leaf<"params" | "grad" | Slot, Optional>, scalars: Leaf<C>) => Leaf<"params" | Slot, Optional>
  /** The tree to evaluate a model with: `params` unless given. */
  readonly evaluated?: NoInfer<Slot | Optional>
}

/** A float64 scalar that is remembered from step to step. */
export interface Running {
  readonly initially: number
  readonly next: (previous: Scalar, at: Instant) => Scalar
}

/** The optimizer of a rule for one tensor. */
export const optimizer = <
  F extends Rule,
  const Slot extends string,
  const Optional extends string,
  C extends string,
  K extends string = never
>(
  definition: Definition<F["Options"], Slot, Optional, C, K>
): Optimizer<F> => {
  const { name, options, optional } = definition
  const { learningRate: given } = options
  const slots: ReadonlyArray<Slot | Optional> = [...definition.slots, ...optional]
  const results = ["params", ...slots]
  const running = Object.entries<Running>(definition.running ?? {})
  const counterNames = running.map(([key]) => key)

  const slotOf = (params: unknown, initially: number | "params"): unknown =>
    initially === "params" ? params : filledLike(params, initially)

  const init = (params: unknown): Stepped<unknown> => ({
    params,
    ...Object.fromEntries(slots.map((slot) => [slot, slotOf(params, definition.initial?.[slot] ?? 0)])),
    ...Object.fromEntries(running.map(([key, { initially }]) => [key, f64(initially)])),
    step: T.zeros([], "i32"),
    learningRate: rateFrom(given, f64(0), f64)
  })

  const step = (state: Stepped<unknown> & Trees, grad: unknown): Stepped<unknown> => {
    const what = `${name}.step: the state`
    const trees = Object.fromEntries(results.map((result) => [result, state[result]]))
    assertLike(what, state.params, trees)
    assertLike(`${name}.step`, state.params, { "the gradient": grad })
    const counters = assertCounters(what, state, counterNames)
    const counted = T.add(state.step, 1)
    const at = { t: T.cast(counted, "f64"), rate: rateFrom(given, T.cast(state.step, "f64"), () => state.learningRate) }
    const moved = Object.fromEntries(running.map(([key, { next }], i) => [key, next(counters[i] ?? f64(0), at)]))
    // `moved` has the names of `definition.running`, which are K.
    const scalars = definition.scalars(at, moved as { readonly [N in K]: Scalar })
    const { params, ...others } = leafwise({ ...trees, grad }, scalars, results, definition.update)
    return { params, ...others, ...moved, step: counted, learningRate: at.rate }
  }

  const evaluated = definition.evaluated ?? "params"
  const evalParams = (state: Stepped<unknown> & Trees): unknown => state[evaluated]
  // A type lambda cannot be computed from the names of slots: F states what this definition's flat record is.
  return Object.freeze({ name, options, init, step, evalParams }) as unknown as Optimizer<F>
}

/** The rate at step k: the schedule's, or what `otherwise` makes of the number that was given. */
export const rateFrom = (given: number | Schedule, k: Scalar, otherwise: (rate: number) => Scalar): Scalar =>
  typeof given === "number" ? otherwise(given) : rateAt(given, k)

/** The named f64 scalars of a state. Throws a TreeError unless they, the step and the rate are what every step needs. */
export const assertCounters = (
  what: string,
  state: Stepped<unknown> & Trees,
  names: ReadonlyArray<string> = []
): ReadonlyArray<Scalar> => {
  assertLike(what, T.zeros([], "i32"), { step: state.step })
  const scalars = Object.fromEntries(["learningRate", ...names].map((name) => [name, state[name]]))
  assertLike(what, f64(0), scalars)
  // Just checked.
  return names.map((name) => scalars[name] as Scalar)
}
