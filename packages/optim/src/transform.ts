/**
 * Gradient transforms: pure functions `(gradient, state) -> (gradient, state)` that optimizers are composed of.
 */
import { type AnyTensor, isFloat, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { type Stage, type StagedTensors, stagesOf } from "./explain/stages.ts"
import { assertLike, filledLike, type Leaf, leafwise, type Trees } from "./leafwise.ts"
import type { Scalar } from "./scalar.ts"

/** A type-level function from parameters to the state of a transform. */
export interface TransformRule {
  readonly P: unknown
  readonly State: unknown
  readonly Options: object
}

/** The state of the transform of rule F over parameters P. */
export type TransformState<F extends TransformRule, P> = (F & { readonly P: P })["State"]

/** What a transform may know beside the gradient. */
export interface Context<P> {
  readonly params: P
  /** The number of this step, counted from 1. */
  readonly step: Tensor<[], "i32">
  /** The learning rate that the result will be multiplied by, if there is one. */
  readonly learningRate?: Tensor<[], "f64">
}

/**
 * A gradient transform. It never changes the structure of the gradient, so transforms compose: see `chain`.
 *
 * ```ts
 * const clip = clipByGlobalNorm(1)
 * const [clipped, { norm }] = clip.update(gradient, clip.init(params), { params, step: T.constant(1, "i32") })
 * ```
 */
export interface Transform<in out F extends TransformRule> {
  readonly name: string
  /** The options, defaults filled in. */
  readonly options: F["Options"]
  /** The state before the first step. */
  readonly init: <P>(params: P) => TransformState<F, P>
  /** The transformed gradient and the next state. */
  readonly update: <P>(
    grad: P,
    state: TransformState<F, P>,
    context: Context<NoInfer<P>>
  ) => readonly [P, TransformState<F, P>]
  /** The gradient stage by stage, where the transform has several: what `explain` reads. */
  readonly stages?: <P>(grad: P, state: TransformState<F, P>, context: Context<NoInfer<P>>) => StagedGradient<P>
}

/** A gradient after each stage of a transform; the last is the transformed gradient. */
export interface StagedGradient<P> {
  readonly stages: ReadonlyArray<Stage<P>>
  /** `|m| / sqrt(v)` of the bias-corrected moments, element by element, where there are moments. */
  readonly signalToNoise?: P
}

/** The state of a transform that remembers nothing. */
export interface Stateless {}

/** The rule of transforms that remember nothing. */
export interface StatelessRule<Options extends object> extends TransformRule {
  readonly State: Stateless
  readonly Options: Options
}

/** A transform as a rule for one tensor. */
export interface TransformDefinition<Options extends object, Slot extends string, C extends string> {
  readonly name: string
  readonly options: Options
  /** Names of the trees that are remembered, zero at first. */
  readonly slots: ReadonlyArray<Slot>
  /** Float64 scalars that all tensors share, by name; `t` is the number of the step, counted from 1. */
  readonly scalars: (t: Scalar) => { readonly [N in C]: Scalar }
  /** The new gradient and slots of one tensor. */
  readonly update: (leaf: Leaf<"params" | "grad" | Slot>, scalars: Leaf<C>) => Leaf<"grad" | Slot>
  /** The gradient of one tensor after each stage; `next` holds the slots after the update. */
  readonly stages?: (leaf: Leaf<"params" | "grad" | Slot>, next: Leaf<Slot>, scalars: Leaf<C>) => StagedTransformLeaf
}

/** The stages of a transform for one tensor. */
export interface StagedTransformLeaf {
  readonly stages: StagedTensors
  readonly signalToNoise?: AnyTensor
}

/** The transform of a rule for one tensor. */
export const transform = <F extends TransformRule, const Slot extends string, C extends string>(
  definition: TransformDefinition<F["Options"], Slot, C>
): Transform<F> => {
  const { name, options, slots, scalars } = definition
  const results = ["grad", ...slots]
  const update = (grad: unknown, state: Trees, { params, step }: Context<unknown>): readonly [unknown, Trees] => {
    const remembered = Object.fromEntries(slots.map((slot) => [slot, state[slot]]))
    assertLike(`${name}.update: the state`, params, remembered)
    const { grad: next, ...others } = leafwise(
      { params, grad, ...remembered },
      scalars(T.cast(step, "f64")),
      results,
      definition.update
    )
    return [next, others]
  }
  const rule = definition.stages
  const stages = (grad: unknown, state: Trees, context: Context<unknown>): StagedGradient<unknown> => {
    const [, next] = update(grad, state, context)
    const given = scalars(T.cast(context.step, "f64"))
    const rows = rowsOf({ params: context.params, grad, ...pick(state, slots) })
    const after = rowsOf(pick(next, slots))
    const staged = rows.map((leaf, i) => {
      const dtype = leaf["grad"]?.dtype ?? "f64"
      const rounded = Object.fromEntries(
        Object.entries<Scalar>(given).map(([key, scalar]) => [key, ops.cast(scalar, dtype)])
      )
      // The names are those of the definition: parameters, gradient, slots and scalars.
      return isFloat(dtype)
        ? rule?.(leaf as Leaf<"params" | "grad" | Slot>, (after[i] ?? {}) as Leaf<Slot>, rounded as Leaf<C>)
        : undefined
    })
    const values = stagesOf<unknown>(
      grad,
      staged.map((leaf) => leaf?.stages)
    )
    if (!staged.some((leaf) => leaf?.signalToNoise !== undefined)) return { stages: values }
    return {
      stages: values,
      signalToNoise: Tree.map(grad, (leaf, _, i) => staged[i]?.signalToNoise ?? ops.full(leaf.shape, 0, leaf.dtype))
    }
  }
  return makeTransform({
    name,
    options,
    init: (params) => Object.fromEntries(slots.map((slot) => [slot, filledLike(params, 0)])),
    update,
    ...(rule === undefined ? {} : { stages })
  })
}

const pick = (trees: Trees, names: ReadonlyArray<string>): Trees =>
  Object.fromEntries(names.map((name) => [name, trees[name]]))

/** The tensors of each leaf, by the names of the trees. */
const rowsOf = (trees: Trees): ReadonlyArray<{ readonly [name: string]: AnyTensor | undefined }> => {
  const columns = Object.entries(trees).map(([name, tree]) => [name, Tree.leaves(tree)] as const)
  return (columns[0]?.[1] ?? []).map((_, i) => Object.fromEntries(columns.map(([name, leaves]) => [name, leaves[i]])))
}

/** A transform as functions whose types are not yet related to F. */
export interface TransformFunctions<F extends TransformRule, S> {
  readonly name: string
  readonly options: F["Options"]
  readonly init: (params: unknown) => S
  readonly update: (grad: unknown, state: S, context: Context<unknown>) => readonly [unknown, S]
  readonly stages?: (grad: unknown, state: S, context: Context<unknown>) => StagedGradient<unknown>
}

/** A transform of its functions; the gradient is checked against the parameters first. */
export const makeTransform = <F extends TransformRule, S>({
  name,
  options,
  init,
  update,
  stages
}: TransformFunctions<F, S>): Transform<F> =>
  // A type lambda cannot be computed from a definition: F states what the state is over any parameters.
  Object.freeze({
    name,
    options,
    init,
    update: (grad: unknown, state: S, context: Context<unknown>) => {
      assertLike(`${name}.update`, context.params, { "the gradient": grad })
      return update(grad, state, context)
    },
    ...(stages === undefined ? {} : { stages })
  }) as unknown as Transform<F>
