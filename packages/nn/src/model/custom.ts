/** Layers written by users. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Key,
  type Same,
  type Shape,
  type Show,
  type Tensor,
  type Tree
} from "@cotangent/graph"
import type { BatchOf } from "../targets.ts"
import type { Mode, Sizes, Variables } from "./layer.ts"
import type { AnyModel, Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { appendTried, appendWithParameters } from "./probe.ts"

/** The sizes of one sample of a batch of shape `O`. */
export type SampleOf<O extends Shape> = O extends readonly [Dim, ...infer R extends ReadonlyArray<number>] ? R : Sizes

/** The guard of a layer's output: the batch stays in front, or the sentence. */
export type KeepsBatch<O extends Shape, O2 extends Shape> = number extends O["length"] | O2["length"]
  ? unknown
  : O2 extends readonly [infer B extends Dim, ...ReadonlyArray<unknown>]
    ? Same<BatchOf<O>, B> extends true
      ? unknown
      : LosesBatch<O, O2>
    : LosesBatch<O, O2>
type LosesBatch<
  O extends Shape,
  O2 extends Shape
> = `custom: the layer makes ${Show<O>} into ${Show<O2>}; the batch must stay in front`

/** A layer from `O` to `O2` with parameters `P`, in two functions. */
export interface CustomLayer<O extends Shape, O2 extends Shape, P> {
  /** What it is, for people; `Custom` unless given. */
  readonly kind?: string
  /** The first parameters, for samples of these sizes. */
  readonly init: (key: Key.Key, sample: SampleOf<O>) => P
  /** The output for a batch; in train mode `mode.key` is the layer's own key. */
  readonly apply: (params: P, x: Tensor<O>, mode: Mode) => Tensor<O2> & KeepsBatch<O, O2>
}

/** What a custom layer does to a model. */
export interface CustomLayerFace<L extends string, O extends Shape, O2 extends Shape, P2> {
  <I extends Shape, P, S>(model: Model<I, O, P, S> & Fresh<P, L>): Model<I, O2, Put<P, L, P2>, S>
}

/**
 * A layer of your own, from its parameters and its function:
 * `Model.custom("gain", { init: (_, [features]) => ({ gain: T.ones([features]) }), apply: ({ gain }, x) => T.mul(x, gain) })`.
 *
 * The output shape is found by applying the layer once to a batch of two. Throws ShapeError when the layer does not keep
 * the batch in front, ModelError for a name that is taken.
 */
export const custom: <L extends string, O extends Shape, O2 extends Shape, P2>(
  name: L,
  layer: CustomLayer<O, O2, P2>
) => CustomLayerFace<L, O, O2, P2> = face(
  1,
  (name: string, { kind = "Custom", init, apply }: CustomLayer<Shape, Shape, Tree.Tree>) =>
    (model: AnyModel): AnyModel => {
      const sample = model.outputShape
      const start = (key: Key.Key): Tree.Tree => init(key, sample)
      // Models hold f32.
      const forward = (params: Tree.Tree, x: AnyTensor, mode: Mode): AnyTensor =>
        apply(params, x as Tensor<Shape>, mode)
      return appendWithParameters(model, "custom", { name, kind, random: true, init: start, apply: forward })
    }
)

/** A layer from `O` to `O2` with parameters `P` and state `S`, in two functions. */
export interface StatefulLayer<O extends Shape, O2 extends Shape, P, S> {
  /** What it is, for people; `Custom` unless given. */
  readonly kind?: string
  /** The first parameters and state, for samples of these sizes. */
  readonly init: (key: Key.Key, sample: SampleOf<O>) => Variables<P, S>
  /** The output for a batch and the next state; in evaluate mode the state should stay as it is. */
  readonly apply: (
    variables: Variables<P, S>,
    x: Tensor<O>,
    mode: Mode
  ) => { readonly y: Tensor<O2> & KeepsBatch<O, O2>; readonly state: S }
}

/** What a custom layer with state does to a model. */
export interface StatefulLayerFace<L extends string, O extends Shape, O2 extends Shape, P2, S2> {
  <I extends Shape, P, S>(model: Model<I, O, P, S> & Fresh<P, L>): Model<I, O2, Put<P, L, P2>, Put<S, L, S2>>
}

/**
 * A layer of your own with state, which applying it may change: running means, counts, caches.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const counter = Model.stateful("counter", {
 *   init: () => ({ params: {}, state: { batches: T.zeros([]) } }),
 *   apply: ({ state }, x: Tensor<["batch", 4]>, mode) => ({
 *     y: x,
 *     state: mode.mode === "train" ? { batches: T.add(state.batches, 1) } : state
 *   })
 * })
 * const model = pipe(Model.input([4]), counter)
 * ```
 *
 * Throws as `custom` does.
 */
export const stateful: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  layer: StatefulLayer<O, O2, P2, S2>
) => StatefulLayerFace<L, O, O2, P2, S2> = face(
  1,
  (name: string, { kind = "Custom", init, apply }: StatefulLayer<Shape, Shape, Tree.Tree, Tree.Tree>) =>
    (model: AnyModel): AnyModel =>
      appendTried<Tree.Tree, Tree.Tree>(model, "custom", {
        name,
        kind,
        random: true,
        init: (key) => init(key, model.outputShape),
        // Models hold f32.
        apply: (params, state, x, mode) => apply({ params, state }, x as Tensor<Shape>, mode)
      })
)
