/** Blocks: layers grouped under a name. What residual, gate and the branches are made of. */
import { Axes, face, type Shape, ShapeError, type Show, showShape, type Tree } from "@cotangent/graph"
import type { AnyTensor } from "@cotangent/graph"
import type { Layer, Trees } from "./layer.ts"
import { type AnyModel, append, make, type Model } from "./model.ts"
import type { Fresh, Put, PutState } from "./names.ts"

/** The guard of a block that must keep the shape: `unknown`, or the sentence. */
export type Keeps<Op extends string, A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? unknown
  : [A, B] extends [B, A]
    ? unknown
    : `${Op}: the block changes ${Show<A>} to ${Show<B>}; both must agree, or end the block with a layer that restores the shape`

/** What a block does to a model: its parameters and state stand under its name. */
export interface BlockLayer<L extends string, O extends Shape, O2 extends Shape, P2, S2> {
  <I extends Shape, P, S>(model: Model<I, O, P, S> & Fresh<P, L>): Model<I, O2, Put<P, L, P2>, PutState<S, L, S2>>
}

/** A block as it is written: a function from the empty model of the current shape. */
export type AnyBlock = (model: AnyModel) => AnyModel

/** The empty model that a block starts from. */
export const emptyLike = (model: AnyModel): AnyModel => make(model.outputShape, [])

/** Throws ShapeError, with the sentence of `Keeps`, unless a block keeps the shape. */
export const assertKeeps = (operation: string, model: AnyModel, inner: AnyModel): void => {
  if (Axes.sameShape(inner.outputShape, model.outputShape)) return
  const [from, to] = [model.outputShape, inner.outputShape].map((sample) => showShape(["batch", ...sample]))
  throw new ShapeError(
    `${operation}: the block changes ${from} to ${to}; both must agree, or end the block with a layer that restores the shape`
  )
}

/** A layer that applies a model and makes its output of the model's and, where `sign` says how, its own input. */
export const layerOfBlock = (
  name: string,
  kind: string,
  inner: AnyModel,
  join: (y: AnyTensor, x: AnyTensor) => AnyTensor,
  outputShape = inner.outputShape,
  sign?: string
): Layer<Trees & Tree.Tree> => ({
  name,
  kind,
  outputShape,
  random: inner.layers.some(({ random }) => random),
  layers: inner.layers,
  ...(sign === undefined
    ? {}
    : { wiring: { form: "series", bypasses: [{ from: 0, to: inner.layers.length, join: sign }] } }),
  init: inner.init,
  apply: (params, before, x, mode) => {
    const { y, state } = inner.apply(params, before, x, mode)
    return { y: join(y, x), state }
  },
  penalty: inner.penalty
})

/**
 * Layers under a name of their own: `y = block(x)`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const stage = <B extends string, K extends number>(m: Model.Model<[B, K], [B, K]>) =>
 *   pipe(m, Model.dense("wide", 64, { activation: "relu" }), Model.dense("narrow", 8))
 * const model = pipe(Model.input([8]), Model.block("first", stage), Model.block("second", stage))
 * ```
 *
 * The parameters are `params.first.wide.kernel`, ...; no name is shared between blocks. Throws ModelError for a name that
 * is taken.
 */
export const block: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2>
) => BlockLayer<L, O, O2, P2, S2> = face(
  1,
  (name: string, block: AnyBlock) =>
    (model: AnyModel): AnyModel =>
      append(
        model,
        layerOfBlock(name, "Block", block(emptyLike(model)), (y) => y)
      )
)
