/** Residual blocks and gates: a block, and its input beside it. */
import { Axes, face, operations, type Shape, ShapeError, type Show, showShape, sizeOf } from "@cotangent/graph"
import { type AnyBlock, assertKeeps, type BlockLayer, emptyLike, type Keeps, layerOfBlock } from "./block.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/**
 * A block with a connection around it: `y = x + block(x)`. He, Zhang, Ren, Sun 2016.
 *
 * The block is a function from the empty model of the current shape; its parameters and state stand under `name`:
 * `Model.residual("mix", (m) => pipe(m, Model.dense("up", 256, { activation: "gelu" }), Model.dense("down", 64)))` gives
 * `params.mix.up.kernel`. Throws ShapeError when the block changes the shape, ModelError for a name that is taken.
 */
export const residual: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2> & Keeps<"residual", O, O2>
) => BlockLayer<L, O, O, P2, S2> = face(1, (name: string, block: AnyBlock) => (model: AnyModel): AnyModel => {
  const inner = block(emptyLike(model))
  assertKeeps("residual", model, inner)
  return append(
    model,
    layerOfBlock(name, "Residual", inner, (y, x) => operations.add(x, y), model.outputShape, "+")
  )
})

/** The guard of a gate: its output has the shape of its input, with sizes of 1 where one factor is for all; or the sentence. */
export type Opens<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? unknown
  : OpensAt<A, B> extends true
    ? unknown
    : `gate: the block makes ${Show<B>} of ${Show<A>}; every size must be that of the input, or 1`
type OpensAt<A extends Shape, B extends Shape> = A extends readonly [infer H, ...infer R extends Shape]
  ? B extends readonly [infer H2, ...infer R2 extends Shape]
    ? [H2] extends [H | 1]
      ? OpensAt<R, R2>
      : number extends H | H2
        ? OpensAt<R, R2>
        : false
    : false
  : B extends readonly []
    ? true
    : false

/**
 * A block that its input is multiplied by: `y = x block(x)`, where sizes of 1 in the block's output stand for all places.
 * A gate usually ends in a sigmoid: `Model.gate("open", (m) => pipe(m, Model.dense("at", 64, { activation: "sigmoid" })))`.
 *
 * Throws ShapeError when the block's output does not fit the input, ModelError for a name that is taken. Srivastava, Greff,
 * Schmidhuber 2015; Hu, Shen, Sun 2018.
 */
export const gate: <L extends string, O extends Shape, O2 extends Shape, P2, S2>(
  name: L,
  block: (model: Model<O, O>) => Model<O, O2, P2, S2> & Opens<O, O2>
) => BlockLayer<L, O, O, P2, S2> = face(1, (name: string, block: AnyBlock) => (model: AnyModel): AnyModel => {
  const inner = block(emptyLike(model))
  const [sample, opened] = [model.outputShape, inner.outputShape]
  const fits = sizeOf(sample) === 0 || (sample.length === opened.length && isOpened(sample, opened))
  if (!fits)
    throw new ShapeError(
      `gate: the block makes ${showShape(["batch", ...opened])} of ${showShape(["batch", ...sample])}; every size must be that of the input, or 1`
    )
  return append(
    model,
    layerOfBlock(name, "Gate", inner, (y, x) => operations.mul(x, y), sample, "×")
  )
})

const isOpened = (sample: ReadonlyArray<number>, opened: ReadonlyArray<number>): boolean =>
  Axes.sameShape(
    sample,
    opened.map((size, d) => (size === 1 ? (sample[d] ?? 1) : size))
  )
