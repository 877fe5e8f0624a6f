/** Models of all kinds of layers with weights drawn at random, and rows for them. */
import { Key, T, Tree, type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { pipe } from "effect/Function"
import * as Artifact from "./artifact-module.ts"

/** A model with its weights, shapes forgotten. */
export interface Example {
  readonly model: Model.AnyModel
  readonly weights: { readonly params: unknown; readonly modelState: unknown }
  readonly artifact: Artifact.Artifact
  /** `count` rows, one after another. */
  readonly rows: (count: number) => Float32Array
}

const key = Key.key(11)

/** Draws what initialisers make all alike, biases and statistics: 0.5 to 1.5 is fit for variances. */
const drawn = <A>(tree: A): A => {
  const values = Tree.entries<Value>(tree).map(({ leaf }, i) => {
    const { data } = T.evaluate(Key.uniform(Key.fold(key, i), [...leaf.shape], { low: 0.5, high: 1.5 }))
    const isConstant = leaf.data.every((x) => x === leaf.data[0])
    return isConstant && leaf.dtype === "f32" ? { ...leaf, data } : leaf
  })
  // The structure is that of the tree.
  return Tree.rebuildWith(tree, values) as A
}

const make = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
  model: Model.Model<I, O, P, S>,
  tokens?: number
): Example => {
  const { params, state } = model.init(Key.fold(key, 100))
  const weights = { params: drawn(T.evaluate(params)), modelState: drawn(T.evaluate(state)) }
  const size = model.inputShape.reduce((n, d) => n * d, 1)
  return {
    model: Model.forgetShapes(model) as unknown as Model.AnyModel,
    weights,
    artifact: Artifact.make(model, weights, { batchSize: 5 }),
    rows: (count) => {
      const { data } = T.evaluate(Key.uniform(Key.fold(key, 200), [count * size], { low: -2, high: 2 }))
      return tokens === undefined ? data : data.map((x) => Math.floor(((x + 2) / 4) * tokens))
    }
  }
}

/** The examples, by name. */
export const examples: { readonly [name: string]: Example } = {
  perceptron: make(
    pipe(Model.input([64]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10), Model.softmax)
  ),
  convolutions: make(
    pipe(
      Model.input([8, 8, 3]),
      Model.conv2d("first", 6, 3, { activation: "relu" }),
      Model.batchNorm("norm"),
      Model.maxPool2d(2),
      Model.separableConv2d("second", 8, 2),
      Model.globalAvgPool(),
      Model.dense("label", 4)
    )
  ),
  recurrence: make(
    pipe(
      Model.input([6, 5]),
      Model.lstm("memory", 7, { returnSequences: true }),
      Model.layerNorm("norm"),
      Model.gru("last", 4),
      Model.dense("value", 1, { activation: "sigmoid" })
    )
  ),
  attention: make(
    pipe(
      Model.input([9]),
      Model.embedding("tokens", 20, 8),
      Model.sinusoidalPositions(),
      Model.transformerEncoder("block", { intermediateDim: 16, numHeads: 2, activation: "gelu" }),
      Model.globalAvgPool(),
      Model.dense("label", 3)
    ),
    20
  ),
  "no layers": make(Model.input([3]))
}

/** A value of rows for a program of the model. */
export const inputOf = ({ model }: Example, data: Float32Array): Value => {
  const size = model.inputShape.reduce((n, d) => n * d, 1)
  return Values.of(data, [data.length / size, ...model.inputShape], "f32")
}

/** The rows of an array of numbers. */
export const split = (data: Float32Array, size: number): ReadonlyArray<Float32Array> =>
  Array.from({ length: data.length / size }, (_, i) => data.slice(i * size, (i + 1) * size))

/** The bits of floats. */
export const bitsOf = (data: Float32Array): ReadonlyArray<number> => [
  ...new Uint32Array(data.buffer, data.byteOffset, data.length)
]
