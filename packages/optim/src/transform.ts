/**
 * Gradient transforms: pure functions `(gradient, state) -> (gradient, state)` that optimizers are composed of.
 */
import { T, type Tensor } from "@cotangent/graph"
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
}

/** The transform of a rule for one tensor. */
export const transform = <F extends TransformRule, const Slot extends string, C extends string>(
  definition: TransformDefinition<F["Options"], Slot, C>
): Transform<F> => {
  const { name, options, slots, scalars } = definition
  const results = ["grad", ...slots]
  return makeTransform({
    name,
    options,
    init: (params) => Object.fromEntries(slots.map((slot) => [slot, filledLike(params, 0)])),
    update: (grad, state: Trees, { params, step }) => {
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
  })
}

/** A transform as functions whose types are not yet related to F. */
export interface TransformFunctions<F extends TransformRule, S> {
  readonly name: string
  readonly options: F["Options"]
  readonly init: (params: unknown) => S
  readonly update: (grad: unknown, state: S, context: Context<unknown>) => readonly [unknown, S]
}

/** A transform of its functions; the gradient is checked against the parameters first. */
export const makeTransform = <F extends TransformRule, S>({
  name,
  options,
  init,
  update
}: TransformFunctions<F, S>): Transform<F> =>
  // A type lambda cannot be computed from a definition: F states what the state is over any parameters.
  Object.freeze({
    name,
    options,
    init,
    update: (grad: unknown, state: S, context: Context<unknown>) => {
      assertLike(`${name}.update`, context.params, { "the gradient": grad })
      return update(grad, state, context)
    }
  }) as unknown as Transform<F>
