/** The stages of a step: what changes the parameters, told apart by name. */
import { type AnyTensor, isFloat, operations as ops, Tree } from "@cotangent/graph"
import type { Leaf, Trees } from "../leafwise.ts"
import type { Scalar } from "../scalar.ts"

/** A tree that belongs to a stage: the change of the parameters up to it, or the gradient after it. */
export interface Stage<P> {
  /** The name: `momentum`, or with the part of the chain in front, `adam.momentum`. */
  readonly stage: string
  readonly value: P
}

/** A step, stage by stage. */
export interface StagedStep<P> {
  /** The change of the parameters by each prefix of the stages; the last one is the whole change. */
  readonly changes: ReadonlyArray<Stage<P>>
  /** `|m| / sqrt(v)` of the bias-corrected moments, element by element, where the rule has moments. */
  readonly signalToNoise?: P
}

/** The tensors of one leaf by stage, in order. */
export type StagedTensors = ReadonlyArray<readonly [stage: string, tensor: AnyTensor]>

/** The stages of one leaf. */
export interface StagedLeaf {
  readonly changes: StagedTensors
  readonly signalToNoise?: AnyTensor
}

/** When a step happens, and how a float64 scalar is rounded to the element type of the leaf. */
export interface StageInstant<K extends string> {
  readonly t: Scalar
  readonly rate: Scalar
  readonly as: (scalar: Scalar) => AnyTensor
  /** The new values of the scalars that the rule remembers. */
  readonly running: { readonly [N in K]: Scalar }
}

/**
 * The stages of a rule for one tensor: the change of the parameters when only the first stages act. The first is
 * `gradient`, `-rate g`; the last must be the change that the rule makes. `next` holds the slots after the step.
 */
export type StageRule<Slot extends string, Optional extends string, K extends string> = (
  leaf: Leaf<"params" | "grad" | Slot, Optional>,
  next: Leaf<Slot, Optional>,
  at: StageInstant<K>
) => StagedLeaf

/** `|m| / sqrt(v)`, 0 where v is 0: nothing was seen there. */
export const signalToNoise = (m: AnyTensor, v: AnyTensor): AnyTensor => {
  const zero = ops.full(v.shape, 0, v.dtype)
  const silent = ops.le(v, zero)
  return ops.select(silent, zero, ops.div(ops.abs(m), ops.sqrt(ops.select(silent, ops.full(v.shape, 1, v.dtype), v))))
}

/** The trees of stages, from the tensors of each leaf; a leaf that is not floating point does not change. */
export const stagesOf = <P>(like: P, leaves: ReadonlyArray<StagedTensors | undefined>): ReadonlyArray<Stage<P>> => {
  const originals = Tree.leaves(like)
  const names = (leaves.find((leaf) => leaf !== undefined) ?? []).map(([stage]) => stage)
  return names.map((stage, i) => ({
    stage,
    value: Tree.rebuild(
      like,
      originals.map((leaf, j) => leaves[j]?.[i]?.[1] ?? ops.full(leaf.shape, 0, leaf.dtype))
    )
  }))
}

/** Applies a rule of stages to every leaf. */
export const stagedStep = <P>(
  params: P,
  trees: Trees,
  next: Trees,
  rule: (leaf: Leaf<string>, next: Leaf<string>, as: (scalar: Scalar) => AnyTensor) => StagedLeaf
): StagedStep<P> => {
  const columns = (all: Trees): ReadonlyArray<readonly [string, ReadonlyArray<AnyTensor>]> =>
    Object.entries(all).flatMap(([name, tree]) => (tree === undefined ? [] : [[name, Tree.leaves(tree)] as const]))
  const [before, after] = [columns(trees), columns(next)]
  const row = (all: typeof before, i: number): Leaf<string> =>
    Object.fromEntries(
      all.flatMap(([name, leaves]) => {
        const leaf = leaves[i]
        return leaf === undefined ? [] : [[name, leaf]]
      })
    )
  const staged = Tree.leaves(params).map((leaf, i) =>
    isFloat(leaf.dtype) ? rule(row(before, i), row(after, i), (scalar) => ops.cast(scalar, leaf.dtype)) : undefined
  )
  const changes = stagesOf(
    params,
    staged.map((leaf) => leaf?.changes)
  )
  if (!staged.some((leaf) => leaf?.signalToNoise !== undefined)) return { changes }
  const ratios = Tree.leaves(params).map((leaf, i) => staged[i]?.signalToNoise ?? ops.full(leaf.shape, 0, leaf.dtype))
  return { changes, signalToNoise: Tree.rebuild(params, ratios) }
}
