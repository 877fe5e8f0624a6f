/** Residual blocks. */
import { Axes, face, operations, type Shape, ShapeError, type Show, showShape, type Tree } from "@cotangent/graph"
import type { Layer, Trees } from "./layer.ts"
import { type AnyModel, append, make, type Model } from "./model.ts"
import type { Fresh, Put, PutState } from "./names.ts"

/** The guard of a block: its output has the shape of its input, or the sentence. */
export type SameShape<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? unknown
  : [A, B] extends [B, A]
    ? unknown
    : `residual: the block changes ${Show<A>} to ${Show<B>}; both must agree, or end the block with a layer that restores the shape`

/** What a residual block does to a model. */
export interface ResidualLayer<L extends string, O extends Shape, P2, S2> {
  <I extends Shape, P, S>(model: Model<I, O, P, S> & Fresh<P, L>): Model<I, O, Put<P, L, P2>, PutState<S, L, S2>>
}

/**
 * A block with a connection around it: `y = x + block(x)`. He, Zhang, Ren, Sun 2016.
 *
 * The block is a function from the empty model of the current shape; its parameters and state stand under `name`:
 * `Model.residual("mix", (m) => pipe(m, Model.dense("up", 256, { activation: "gelu" }), Model.dense("down", 64)))` gives
 * `params.mix.up.kernel`. Throws ShapeError when the block changes the shape, ModelError for a name that is taken.
 */
export const residual: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2> & SameShape<O, O2>
) => ResidualLayer<L, O, P2, S2> = face(
  1,
  (name: string, block: (model: AnyModel) => AnyModel) =>
    (model: AnyModel): AnyModel => {
      const inner = block(make(model.outputShape, []))
      if (!Axes.sameShape(inner.outputShape, model.outputShape)) {
        const [from, to] = [model.outputShape, inner.outputShape].map((sample) => showShape(["batch", ...sample]))
        throw new ShapeError(
          `residual: the block changes ${from} to ${to}; both must agree, or end the block with a layer that restores the shape`
        )
      }
      return append(model, blockLayer(name, inner))
    }
)

const blockLayer = (name: string, inner: AnyModel): Layer<Trees & Tree.Tree> => ({
  name,
  kind: "Residual",
  outputShape: inner.outputShape,
  random: inner.layers.some(({ random }) => random),
  layers: inner.layers,
  init: inner.init,
  apply: (params, before, x, mode) => {
    const { y, state } = inner.apply(params, before, x, mode)
    return { y: operations.add(x, y), state }
  }
})
