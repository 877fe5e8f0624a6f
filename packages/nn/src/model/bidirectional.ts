/** Sequences seen from both ends. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  Key,
  operations as ops,
  type Plus,
  type Shape,
  ShapeError,
  showShape
} from "@cotangent/graph"
import { within } from "../inspect/observation.ts"
import { type AnyBlock, emptyLike } from "./block.ts"
import type { Layer, Mode, Sizes, Trees } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"
import type { Fresh, Put, PutState } from "./names.ts"
import type { Sequence } from "./recurrent.ts"

/** How both outputs become one: side by side, or element by element. */
export type MergeMode = "concat" | "sum" | "mul" | "ave"

/** The shape of two outputs of one shape, merged. */
export type Merged<O extends Shape, M extends MergeMode> = M extends "concat"
  ? O extends readonly [...infer Lead extends Shape, infer C extends Dim]
    ? [...Lead, Plus<C, C>]
    : Shape
  : O

/** The trees of both directions. */
export type Both<T> = { readonly forward: T; readonly backward: T }

/** What a bidirectional block does to a model. */
export interface BidirectionalLayer<L extends string, O extends Shape, O2 extends Shape, P2, S2, M extends MergeMode> {
  <I extends Shape, P, S>(
    model: Model<I, O, P, S> & Fresh<P, L>
  ): Model<I, Merged<O2, M>, Put<P, L, Both<P2>>, PutState<S, L, keyof S2 extends never ? {} : Both<S2>>>
}

const merges: Readonly<Record<MergeMode, (a: AnyTensor, b: AnyTensor) => AnyTensor>> = {
  concat: (a, b) => ops.concat([a, b], a.shape.length - 1),
  sum: (a, b) => ops.add(a, b),
  mul: (a, b) => ops.mul(a, b),
  ave: (a, b) => ops.div(ops.add(a, b), 2)
}

const signs: Readonly<Record<MergeMode, string>> = { concat: "concat", sum: "+", mul: "×", ave: "mean" }

/** The second axis, time, from its end. */
const reversed = (x: AnyTensor): AnyTensor =>
  ops.slice(x, {
    start: x.shape.map((size, d) => (d === 1 ? size - 1 : 0)),
    limit: x.shape.map((size, d) => (d === 1 ? -1 : size)),
    step: x.shape.map((_, d) => (d === 1 ? -1 : 1))
  })

/**
 * A block over sequences twice: from the first time to the last, and by parameters of its own from the last to the first;
 * what both give is put side by side (`mergeMode` "concat", unless given), added, multiplied or averaged. Outputs that are
 * sequences stand at the times of their inputs.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([20, 8]),
 *   Model.bidirectional("both", (m) => pipe(m, Model.lstm("cell", 16))), // [batch, 32]
 *   Model.dense("label", 2)
 * )
 * ```
 *
 * Parameters are `params.both.forward.cell` and `params.both.backward.cell`. Keras's `Bidirectional`. Throws ShapeError unless
 * samples are `[time, features]`, ModelError for a name that is taken. Schuster, Paliwal 1997.
 */
export const bidirectional: <
  L extends string,
  O extends Shape,
  O2 extends Shape,
  P2,
  S2,
  M extends MergeMode = "concat"
>(
  name: L,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2> & Guard<Sequence<"bidirectional", O>>,
  options?: { readonly mergeMode?: M }
) => BidirectionalLayer<L, O, O2, P2, S2, M> = face(
  1,
  (name: string, block: AnyBlock, { mergeMode = "concat" }: { readonly mergeMode?: MergeMode } = {}) =>
    (model: AnyModel): AnyModel => {
      const { outputShape } = model
      if (outputShape.length !== 2)
        throw new ShapeError(
          `bidirectional: needs [batch, time, features], got ${showShape(["batch", ...outputShape])}`
        )
      const inner = block(emptyLike(model))
      const features = inner.outputShape.at(-1) ?? 1
      const shape = [...inner.outputShape.slice(0, -1), mergeMode === "concat" ? 2 * features : features]
      return append(model, layerOf(name, inner, shape, mergeMode))
    }
)

const layerOf = (name: string, inner: AnyModel, outputShape: Sizes, mergeMode: MergeMode): Layer<Both<Trees>> => {
  const { penalty } = inner
  const direction = (own: string) => ({
    name: own,
    kind: "Direction",
    inputShape: inner.inputShape,
    outputShape: inner.outputShape,
    random: false,
    layers: inner.layers,
    init: inner.init,
    apply: inner.apply
  })
  return {
    name,
    kind: `Bidirectional ${mergeMode}`,
    outputShape,
    random: inner.layers.some(({ random }) => random),
    wiring: { form: "branches", join: signs[mergeMode] },
    layers: [direction("forward"), direction("backward")],
    init: (key) => {
      const [forward, backward] = [inner.init(Key.fold(key, 0)), inner.init(Key.fold(key, 1))]
      const stateless = Object.keys(forward.state).length === 0
      return {
        params: { forward: forward.params, backward: backward.params },
        state: stateless ? {} : { forward: forward.state, backward: backward.state }
      }
    },
    apply: (params, state, x, mode) => {
      const run = (own: "forward" | "backward", at: number, y: AnyTensor) => {
        const inside: Mode = mode.mode === "train" ? { mode: "train", key: Key.fold(mode.key, at) } : mode
        // The state of a direction is a record by layer name.
        return within(own, () => inner.apply(params[own], (state[own] ?? {}) as Trees, y, inside))
      }
      const forward = run("forward", 0, x)
      const backward = run("backward", 1, reversed(x))
      // A sequence of the same length comes out reversed, a vector does not.
      const other = inner.outputShape.length === 2 ? reversed(backward.y) : backward.y
      const stateless = Object.keys(state).length === 0
      return {
        y: merges[mergeMode](forward.y, other),
        state: stateless ? state : { forward: forward.state, backward: backward.state }
      }
    },
    penalty:
      penalty === undefined
        ? undefined
        : ({ forward, backward }): AnyTensor => ops.add(penalty(forward), penalty(backward))
  }
}
