/**
 * What an optimizer is: two pure functions over immutable trees of tensors.
 *
 * `init` makes a state of parameters; `step` makes the next state of a state and a gradient. Both only build
 * expressions, so a step can be printed, differentiated, compiled together with the loss, or evaluated on the spot.
 */
import { type AnyTensor, isFloat, operations as ops, T, Tree, TreeError } from "@cotangent/graph"
import { assertLike, filledLike, type Leaf, leafwise, type Named, rowsOf, type Trees, treesOf } from "./leafwise.ts"
import { totalOf } from "./norm.ts"
import { f64, type Scalar } from "./scalar.ts"
import { rateAt, type Schedule } from "./schedule/schedule.ts"
import { stagesOfRule } from "./explain/ruleStages.ts"
import type { StagedStep, StageRule } from "./explain/stages.ts"
import { checkedStep } from "./foreignState.ts"
import type { Stepped } from "./stepped.ts"

export type { Stepped } from "./stepped.ts"

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
  /** A step, stage by stage, where the rule names its stages: what `explain` reads. */
  readonly stages?: <P>(state: StateOf<F, P>, grad: NoInfer<P>) => StagedStep<P>
}

/** When a step happens: `t` counts steps from 1, `rate` is its learning rate. */
export interface Instant {
  readonly t: Scalar
  readonly rate: Scalar
}

/**
 * What a slot is at first: a number everywhere, the parameters, or a function of each floating-point parameter, whose result
 * may have another shape, such as one number for each row.
 */
export type Initial = number | "params" | ((leaf: AnyTensor) => AnyTensor)

/**
 * Float64 scalars that depend on all tensors together, remembered from step to step. A step sees those of the step before:
 * they are brought up to date when all its tensors are known.
 */
export interface Gathered<Before, After, G extends string, S extends string> {
  readonly initially: { readonly [N in G]: number }
  /** What is summed over all elements of all tensors, by name. */
  readonly sums: (before: Before, after: After) => { readonly [N in S]: AnyTensor }
  /** The new values, of the old ones and the sums. */
  readonly next: (
    previous: { readonly [N in NoInfer<G>]: Scalar },
    sums: { readonly [N in NoInfer<S>]: Scalar },
    at: Instant
  ) => { readonly [N in NoInfer<G>]: Scalar }
}

/** An optimizer as a rule for one tensor: what `optimizer` makes the two functions of. */
export interface Definition<
  Options extends object,
  Slot extends string,
  Optional extends string,
  C extends string,
  K extends string,
  G extends string = never,
  S extends string = never
> {
  readonly name: string
  /** The stages of the step of one tensor, for explanations: nothing of it is computed by `step`. */
  readonly stages?: StageRule<NoInfer<Slot>, NoInfer<Optional>, NoInfer<K>>
  readonly options: Options & { readonly learningRate: number | Schedule }
  /** What every floating-point parameter must be, where the rule is not for all of them. */
  readonly requires?: LeafRequirement
  /** Names of the trees kept beside the parameters, zero at first. */
  readonly slots: ReadonlyArray<Slot>
  /** Slots that only some options ask for: `leaf[slot]` is undefined unless it stands here. */
  readonly optional: ReadonlyArray<Optional>
  /** What a slot is at first, where that is not 0. */
  readonly initial?: { readonly [N in NoInfer<Slot | Optional>]?: Initial }
  /** Float64 scalars that are remembered from step to step, by name. */
  readonly running?: { readonly [N in K]: Running }
  /** Float64 scalars of all tensors together, by name. */
  readonly gathered?: Gathered<
    Leaf<"params" | "grad" | NoInfer<Slot>, NoInfer<Optional>>,
    Leaf<"params" | NoInfer<Slot>, NoInfer<Optional>>,
    G,
    S
  >
  /**
   * Float64 scalars that all tensors share, by name; `running` holds the new values of the running ones, and the old ones of
   * those that are gathered.
   */
  readonly scalars: (
    at: Instant,
    running: { readonly [N in NoInfer<K> | NoInfer<G>]: Scalar }
  ) => { readonly [N in C]: Scalar }
  /** The new parameters and slots of one tensor, which it sees whole: rows, matrices and norms are its affair. */
  readonly update: (leaf: Leaf<"params" | "grad" | Slot, Optional>, scalars: Leaf<C>) => Leaf<"params" | Slot, Optional>
  /** What to evaluate a model with: a tree of the state, or a function of each tensor; `params` unless given. */
  readonly evaluated?:
    | NoInfer<Slot | Optional>
    | ((leaf: Leaf<"params" | NoInfer<Slot>, NoInfer<Optional>>) => AnyTensor)
}

/** What every floating-point parameter of a rule must be. */
export interface LeafRequirement {
  readonly holds: (leaf: AnyTensor) => boolean
  /** Completes the sentence `NAME must be ...`. */
  readonly mustBe: string
}

/** A float64 scalar that is remembered from step to step. */
export interface Running {
  readonly initially: number
  readonly next: (previous: Scalar, at: Instant) => Scalar
}

/** Throws a TreeError that names the first floating-point parameter that the rule is not for. */
const assertLeaves = (what: string, params: unknown, { holds, mustBe }: LeafRequirement): void => {
  for (const { path, leaf } of Tree.entries(params))
    if (isFloat(leaf.dtype) && !holds(leaf))
      throw new TreeError(
        `${what}: ${path || "the leaf"} must be ${mustBe}, it is ${leaf.dtype}[${leaf.shape.join(", ")}]`
      )
}

/** The tree of a slot before the first step. */
const slotOf = (params: unknown, initial: Initial): unknown =>
  initial === "params"
    ? params
    : typeof initial === "number"
      ? filledLike(params, initial)
      : Tree.map(params, (leaf) => (isFloat(leaf.dtype) ? initial(leaf) : ops.full(leaf.shape, 0, leaf.dtype)))

/** The optimizer of a rule for one tensor. */
export const optimizer = <
  F extends Rule,
  const Slot extends string,
  const Optional extends string,
  C extends string,
  K extends string = never,
  G extends string = never,
  S extends string = never
>(
  definition: Definition<F["Options"], Slot, Optional, C, K, G, S>
): Optimizer<F> => {
  const { name, options, optional, gathered, requires, evaluated = "params" } = definition
  const { learningRate: given } = options
  const slots: ReadonlyArray<Slot | Optional> = [...definition.slots, ...optional]
  const results = ["params", ...slots]
  const running = Object.entries<Running>(definition.running ?? {})
  const gatheredNames = Object.keys(gathered?.initially ?? {})
  const counterNames = [...running.map(([key]) => key), ...gatheredNames]
  const initialOf = (slot: Slot | Optional): Initial => definition.initial?.[slot] ?? 0

  const init = (params: unknown): Stepped<unknown> => {
    if (requires !== undefined) assertLeaves(`${name}.init`, params, requires)
    return {
      params,
      ...Object.fromEntries(slots.map((slot) => [slot, slotOf(params, initialOf(slot))])),
      ...Object.fromEntries(running.map(([key, { initially }]) => [key, f64(initially)])),
      ...Object.fromEntries(Object.entries<number>(gathered?.initially ?? {}).map(([key, x]) => [key, f64(x)])),
      step: T.zeros([], "i32"),
      learningRate: rateFrom(given, f64(0), f64)
    }
  }

  /** The trees of a state by name. Throws a TreeError where one does not fit the parameters. */
  const treesIn = (what: string, state: Stepped<unknown> & Trees): Trees => {
    assertLike(what, state.params, { params: state.params })
    for (const slot of slots) {
      const initial = initialOf(slot)
      assertLike(what, typeof initial === "function" ? slotOf(state.params, initial) : state.params, {
        [slot]: state[slot]
      })
    }
    return Object.fromEntries(results.map((result) => [result, state[result]]))
  }

  const step = (state: Stepped<unknown> & Trees, grad: unknown): Stepped<unknown> => {
    const what = `${name}.step: the state`
    if (requires !== undefined) assertLeaves(`${name}.step`, state.params, requires)
    const trees = treesIn(what, state)
    assertLike(`${name}.step`, state.params, { "the gradient": grad })
    const counters = assertCounters(what, state, counterNames)
    const counted = T.add(state.step, 1)
    const at = { t: T.cast(counted, "f64"), rate: rateFrom(given, T.cast(state.step, "f64"), () => state.learningRate) }
    const moved = Object.fromEntries(running.map(([key, { next }], i) => [key, next(counters[i] ?? f64(0), at)]))
    const remembered = Object.fromEntries(gatheredNames.map((key, i) => [key, counters[running.length + i] ?? f64(0)]))
    // `moved` and `remembered` have the names of `definition.running` and `definition.gathered`, which are K and G.
    const scalars = definition.scalars(at, { ...moved, ...remembered } as { readonly [N in K | G]: Scalar })
    const sums = new Map<string, Array<AnyTensor>>()
    const update = (
      leaf: Leaf<"params" | "grad" | Slot, Optional>,
      rounded: Leaf<C>
    ): Leaf<"params" | Slot, Optional> => {
      const after = definition.update(leaf, rounded)
      for (const [key, x] of Object.entries<AnyTensor>(gathered?.sums(leaf, after) ?? {}))
        sums.set(key, [...(sums.get(key) ?? []), x])
      return after
    }
    const { params, ...others } = treesOf(trees, results, rowsOf({ ...trees, grad }, scalars, update))
    const totals = Object.fromEntries([...sums].map(([key, parts]) => [key, totalOf(parts)]))
    // The names are those that `definition.gathered` gives, G and S; without floating-point parameters there are no sums.
    const settled =
      sums.size === 0
        ? remembered
        : gathered?.next(remembered as { readonly [N in G]: Scalar }, totals as { readonly [N in S]: Scalar }, at)
    return { params, ...others, ...moved, ...settled, step: counted, learningRate: at.rate }
  }

  const evalParams = (state: Stepped<unknown> & Trees): unknown => {
    if (typeof evaluated === "string") return state[evaluated]
    const rule = (leaf: Leaf<"params" | Slot, Optional>): Named => ({ params: evaluated(leaf) })
    return leafwise(treesIn(`${name}.evalParams: the state`, state), {}, ["params"], rule)["params"]
  }
  // A type lambda cannot be computed from the names of slots: F states what this definition's flat record is.
  return Object.freeze({
    name,
    options,
    init,
    step: checkedStep(name, init, step),
    evalParams,
    ...stagesOfRule({ rule: definition.stages, slots, counters: counterNames, step })
  }) as unknown as Optimizer<F>
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
