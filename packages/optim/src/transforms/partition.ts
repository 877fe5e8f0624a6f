import type { TransformRules } from "../chain.ts"
import { OptimizerError } from "../errors.ts"
import { type AnyTransform, mapStages, stagesWithin } from "../explain/transformStages.ts"
import { isWithin, type LeavesByPath, leavesWhere, withLeaves } from "../paths.ts"
import { type Context, makeTransform, type Transform, type TransformRule, type TransformState } from "../transform.ts"
import { Tree } from "@cotangent/graph"
import { assertRecord, assertTransforms } from "../given.ts"

/** The states of the parts, each over its own leaves: `state.slow.m["hidden.kernel"]`. */
export type PartitionState<F extends TransformRules> = { readonly [K in keyof F]: TransformState<F[K], LeavesByPath> }

/** The rule of a partition. */
export interface PartitionRule<F extends TransformRules> extends TransformRule {
  readonly State: PartitionState<F>
  readonly Options: { readonly [K in keyof F]: F[K]["Options"] }
}

/**
 * How a leaf finds its label: a function of its path, or labels by the beginnings of paths, of which the longest that fits
 * counts; `""` fits every path.
 */
export type Labels<L extends string> = ((path: string) => L) | { readonly [prefix: string]: L }

interface AnyPart extends AnyTransform {
  readonly options: object
  readonly init: (params: unknown) => unknown
  readonly update: (grad: unknown, state: unknown, context: Context<unknown>) => readonly [LeavesByPath, unknown]
}

const labelOf = (labels: Labels<string>, path: string): string | undefined => {
  if (typeof labels === "function") return labels(path)
  const fitting = Object.entries(labels).filter(([prefix]) => isWithin(path, prefix))
  return fitting.reduce<readonly [string, string] | undefined>(
    (best, next) => (best === undefined || next[0].length > best[0].length ? next : best),
    undefined
  )?.[1]
}

/**
 * Another transform for each part of the parameters. A part sees its own leaves only, as a record by path: clipping by a
 * global norm within a part takes the norm of that part, and moments are kept for its leaves alone.
 *
 * Optax: `multi_transform` (`partition`). For one rule with other rates or decays see `grouped`.
 *
 * ```ts
 * const optimizer = fromTransform(
 *   partition(
 *     { fast: scale(-0.1), slow: chain({ adam: scaleByAdam(), rate: scale(-1e-4) }), frozen: freeze },
 *     { "": "fast", "encoder": "slow", "encoder.embedding": "frozen" }
 *   )
 * )
 * ```
 *
 * Throws an OptimizerError when labels name no part; `init` and `update` throw one that lists every path without a part.
 */
export const partition = <const F extends TransformRules>(
  parts: { readonly [K in keyof F]: Transform<F[K]> },
  labels: Labels<NoInfer<keyof F & string>>
): Transform<PartitionRule<F>> => {
  assertRecord("partition", "the parts", parts)
  assertTransforms("partition", parts)
  if (typeof labels !== "function") assertRecord("partition", "the labels", labels)
  // The state of each part is kept under its label and given back to it alone, which is what its own rule F[K] types.
  const list = Object.entries(parts as unknown as { readonly [label: string]: AnyPart })
  const known = list.map(([label]) => label)
  const none = list.length === 0 ? ["there must be at least one part"] : []
  const unknown =
    typeof labels === "function"
      ? []
      : Object.entries<string>(labels).flatMap(([prefix, label]) =>
          known.includes(label)
            ? []
            : [`${prefix === "" ? "the whole tree" : prefix} has the label ${label}, the parts are ${known.join(", ")}`]
        )
  if (none.length + unknown.length > 0) throw new OptimizerError("partition", [...none, ...unknown])

  const labelled = (params: unknown): ReadonlyMap<string, string> => {
    const found = Tree.entries(params).map(({ path }) => [path, labelOf(labels, path)] as const)
    const mistakes = found.flatMap(([path, label]) =>
      label !== undefined && known.includes(label)
        ? []
        : [
            label === undefined
              ? `${path || "the leaf"} has no label; give one to a beginning of its path, or to ""`
              : `${path || "the leaf"} has the label ${label}, the parts are ${known.join(", ")}`
          ]
    )
    if (mistakes.length > 0) throw new OptimizerError("partition", mistakes)
    return new Map(found.flatMap(([path, label]) => (label === undefined ? [] : [[path, label]])))
  }
  const within = (tree: unknown, by: ReadonlyMap<string, string>, label: string): LeavesByPath =>
    leavesWhere(tree, (path) => by.get(path) === label)

  return makeTransform<PartitionRule<F>, { readonly [label: string]: unknown }>({
    name: "partition",
    options: Object.freeze(
      Object.fromEntries(list.map(([label, part]) => [label, part.options]))
    ) as PartitionRule<F>["Options"],
    init: (params) => {
      const by = labelled(params)
      return Object.fromEntries(list.map(([label, part]) => [label, part.init(within(params, by, label))]))
    },
    update: (grad, states, context) => {
      const by = labelled(context.params)
      const updated = list.map(([label, part]) => {
        const own = { ...context, params: within(context.params, by, label) }
        return [label, part.update(within(grad, by, label), states[label], own)] as const
      })
      const leaves = Object.assign({}, ...updated.map(([, [leaf]]) => leaf)) as LeavesByPath
      return [withLeaves(grad, leaves), Object.fromEntries(updated.map(([label, [, state]]) => [label, state]))]
    },
    // Parts have no leaves in common, so they may be told one after the other.
    stages: (grad, states, context) => {
      const by = labelled(context.params)
      let current = grad
      const stages = list.flatMap(([label, part]) => {
        const own = { ...context, params: within(context.params, by, label) }
        const before = current
        const staged = stagesWithin(label, part, within(grad, by, label), states[label], own)
        const told = mapStages(staged, (leaves) => withLeaves(before, leaves as LeavesByPath)).stages
        current = told.at(-1)?.value ?? current
        return told
      })
      return { stages }
    }
  })
}
