/** Other options for some of the parameters: no decay of biases, a smaller rate for a pretrained part. */
import { T, Tree } from "@cotangent/graph"
import { OptimizerError } from "./errors.ts"
import type { StagedStep } from "./explain/stages.ts"
import type { Optimizer, Rule, StateOf, Stepped } from "./optimizer.ts"
import { f64, type Scalar } from "./scalar.ts"
import { mapSlots } from "./slots.ts"
import { assertOptimizers, assertRecord } from "./given.ts"
import { assertIsState } from "./foreignState.ts"

/** The rule of grouped parameters: the state is that of one optimizer over all of them. */
export interface GroupedRule<F extends Rule> extends Rule {
  readonly State: StateOf<F, this["P"]>
  readonly Options: { readonly [group: string]: F["Options"] }
}

/** The options in which groups may differ. */
const free: ReadonlyArray<string> = ["learningRate", "weightDecay"]

const isRecord = (u: unknown): u is { readonly [name: string]: unknown } => typeof u === "object" && u !== null

/** The paths of options that differ and may not. */
const differences = (first: unknown, other: unknown, path = ""): ReadonlyArray<string> => {
  if (!isRecord(first) || !isRecord(other)) return Object.is(first, other) ? [] : [path]
  const names = new Set([...Object.keys(first), ...Object.keys(other)])
  return [...names].flatMap((name) =>
    free.includes(name) ? [] : differences(first[name], other[name], path === "" ? name : `${path}.${name}`)
  )
}

const rateIn = (options: object): unknown => new Map<string, unknown>(Object.entries(options)).get("learningRate")

/** One state of several: each slot's leaves from the group of their path, everything else from the first. */
const merged = (
  params: unknown,
  states: ReadonlyArray<Stepped<unknown>>,
  indexOf: (path: string) => number
): Stepped<unknown> => {
  // Of the same rule over the same parameters, so of the same structure.
  const together = states.reduce(
    (others, state, group) =>
      mapSlots(params, state, others, (_, own, other, path) =>
        indexOf(path) === group ? own : other
      ) as Stepped<unknown>
  )
  // Parameters that are one tensor have the path that single numbers have.
  return {
    ...together,
    step: states[0]?.step ?? together.step,
    learningRate: states[0]?.learningRate ?? together.learningRate
  }
}

/** The stages of several steps, each leaf from the group of its path; a stage that a group lacks changes nothing there. */
const mergedStages = (
  params: unknown,
  steps: ReadonlyArray<StagedStep<unknown> | undefined>,
  indexOf: (path: string) => number
): StagedStep<unknown> => {
  const longest = steps.map((step) => step?.changes ?? []).reduce((a, b) => (b.length > a.length ? b : a), [])
  const groups = Tree.entries(params).map(({ path }) => indexOf(path))
  const leavesOf = (trees: ReadonlyArray<unknown>): unknown => {
    const leaves = trees.map((tree) => Tree.leaves(tree))
    return Tree.rebuildWith(
      params,
      groups.flatMap((group, i) => leaves[group]?.[i] ?? [])
    )
  }
  const upTo = (step: StagedStep<unknown> | undefined, k: number): unknown => {
    const names = longest.slice(0, k + 1).map(({ stage }) => stage)
    return step?.changes.findLast(({ stage }) => names.includes(stage))?.value
  }
  const changes = longest.map(({ stage }, k) => ({ stage, value: leavesOf(steps.map((step) => upTo(step, k))) }))
  const ratios = steps.map((step) => step?.signalToNoise)
  return ratios.includes(undefined) ? { changes } : { changes, signalToNoise: leavesOf(ratios) }
}

/**
 * One optimizer with other learning rates or weight decays for some parameters. `groupOf` gives the group of each path,
 * such as `hidden.bias`. The state is the same as without groups. Its learning rate is that of the first group: the
 * others keep their ratio to it where both are numbers, and follow their own schedules where they have one.
 *
 * PyTorch: parameter groups; Keras: `exclude_from_weight_decay`; Optax: `multi_transform`.
 *
 * ```ts
 * const optimizer = grouped(
 *   { weights: adamw({ weightDecay: 0.1 }), biases: adamw({ weightDecay: 0 }) },
 *   (path) => (path.endsWith("bias") ? "biases" : "weights")
 * )
 * ```
 *
 * Throws an OptimizerError if the groups differ in other options; `init` and `step` throw one that lists every
 * path without a group.
 */
export const grouped = <F extends Rule>(
  groups: { readonly [group: string]: Optimizer<F> },
  groupOf: (path: string) => string
): Optimizer<GroupedRule<F>> => {
  assertRecord("grouped", "the groups", groups)
  assertOptimizers("grouped", groups)
  const names = Object.keys(groups)
  const optimizers = Object.values(groups)
  const [first] = optimizers
  if (first === undefined) throw new OptimizerError("grouped", ["there must be at least one group"])
  const mistakes = optimizers.flatMap(({ name, options }, i) =>
    name !== first.name
      ? [`${names[i]} is ${name}, ${names[0]} is ${first.name}: groups must follow one rule`]
      : differences(first.options, options).map(
          (option) => `${names[i]} and ${names[0]} differ in ${option}; groups may differ in ${free.join(" and ")}`
        )
  )
  if (mistakes.length > 0) throw new OptimizerError("grouped", mistakes)

  const indexOf = (path: string): number => names.indexOf(groupOf(path))
  /** Throws an OptimizerError that lists every path without a group. */
  const assertGrouped = (params: unknown): void => {
    const nowhere = Tree.entries(params).flatMap(({ path }) =>
      indexOf(path) >= 0
        ? []
        : [`${path || "the leaf"} belongs to ${groupOf(path)}, the groups are ${names.join(", ")}`]
    )
    if (nowhere.length > 0) throw new OptimizerError("grouped", nowhere)
  }
  const init = (params: unknown): unknown => {
    assertGrouped(params)
    // Rprop's step sizes begin at the rate of their group.
    return merged(
      params,
      optimizers.map((optimizer) => optimizer.init(params)),
      indexOf
    )
  }
  const base = rateIn(first.options)
  const rateOf = (state: Stepped<unknown>, { options }: Optimizer<F>): Scalar => {
    const own = rateIn(options)
    if (typeof own !== "number") return state.learningRate
    return typeof base === "number" && base > 0 ? T.mul(state.learningRate, own / base) : f64(own)
  }
  const step = (state: StateOf<F, unknown>, grad: unknown): unknown => {
    assertIsState("grouped.step: the state", state)
    assertGrouped(state.params)
    const states = optimizers.map((optimizer, i) =>
      optimizer.step<unknown>(i === 0 ? state : { ...state, learningRate: rateOf(state, optimizer) }, grad)
    )
    return merged(state.params, states, indexOf)
  }
  const stages = (state: StateOf<F, unknown>, grad: unknown): StagedStep<unknown> =>
    mergedStages(
      state.params,
      optimizers.map((optimizer, i) =>
        optimizer.stages?.<unknown>(i === 0 ? state : { ...state, learningRate: rateOf(state, optimizer) }, grad)
      ),
      indexOf
    )
  const options = Object.freeze(Object.fromEntries(optimizers.map((optimizer, i) => [names[i], optimizer.options])))
  // The state of F over P, leaf by leaf from states of F over P.
  return Object.freeze({
    name: first.name,
    options,
    init,
    step,
    evalParams: first.evalParams,
    ...(first.stages === undefined ? {} : { stages })
  }) as unknown as Optimizer<GroupedRule<F>>
}
