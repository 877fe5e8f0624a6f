/** W1 to W3: multi-layer perceptrons with softmax cross-entropy. */
import { type AnyTensor, T, type Tensor } from "@cotangent/graph"
import { Loss, Model } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { classification, glorot } from "../numbers.ts"
import { training } from "./training.ts"
import type { Workload } from "./workload.ts"

type Layers = {
  readonly [name: string]: { readonly kernel: Tensor<[number, number]>; readonly bias: Tensor<[number]> }
}

const modelOf = ([input = 1, ...rest]: ReadonlyArray<number>): Model.AnyModel => {
  let model: Model.Model<["batch", number], ["batch", number]> = Model.input([input])
  rest.forEach((units, i) => {
    // The chain is built in a loop, so its parameter tree is not known to the types.
    model = Model.dense(
      `layer${i}` as string,
      units,
      i < rest.length - 1 ? { activation: "relu" } : {}
    )(model as never) as never
  })
  return Model.forgetShapes(model)
}

const weightsOf = (sizes: ReadonlyArray<number>): Layers =>
  Object.fromEntries(
    sizes.slice(1).map((columns, i) => {
      const rows = sizes[i] ?? 1
      const kernel = T.fromArray(glorot(100 + i, rows, columns), [rows, columns])
      return [`layer${i}`, { kernel, bias: T.zeros([columns]) }]
    })
  )

/** The optimizer of W1 to W4. */
export const adam = Optimizer.adam({ learningRate: 1e-3, epsilon: 1e-7, epsilonMode: "hat" })

/** A perceptron of the given layer sizes. */
export const perceptron = (sizes: ReadonlyArray<number>, batch: number, batches: number): Workload =>
  training(() => {
    const rows = batch * batches
    const { x, y } = classification(rows, sizes[0] ?? 1, sizes.at(-1) ?? 1, 1)
    const model = modelOf(sizes)
    const perSample = Loss.forgetShapes(Loss.sparseCategoricalCrossentropy({ fromLogits: true }))
    return {
      params: weightsOf(sizes),
      x: T.fromArray(x, [rows, sizes[0] ?? 1]) as AnyTensor,
      y: T.fromArray(y, [rows], "i32") as AnyTensor,
      batch,
      loss: (params, inputs, labels) => T.mean(perSample(model.apply(params, {}, inputs, Model.evaluate).y, labels))
    }
  }, adam)
