/** W4: a small convolutional network, channels last. */
import { type AnyTensor, T } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import { classification, glorot } from "../numbers.ts"
import { adam } from "./perceptron.ts"
import { type Training, training } from "./training.ts"
import type { Dyn, Workload } from "./workload.ts"

interface Linear {
  readonly kernel: Dyn
  readonly bias: Dyn
}

interface Params {
  readonly first: Linear
  readonly second: Linear
  readonly hidden: Linear
  readonly logits: Linear
}

const [batch, batches] = [32, 16]

const linear = (seed: number, shape: ReadonlyArray<number>, fanIn: number, fanOut: number): Linear => ({
  kernel: T.fromArray(
    glorot(
      seed,
      fanIn,
      fanOut,
      shape.reduce((a, b) => a * b, 1)
    ),
    [...shape]
  ) as Dyn,
  bias: T.zeros([shape.at(-1) ?? 1]) as Dyn
})

const convolved = (x: Dyn, { kernel, bias }: Linear): Dyn =>
  T.maxPool2d(T.relu(T.add(T.conv2d(x, kernel), bias)) as Dyn, 2) as Dyn

const dense = (x: Dyn, { kernel, bias }: Linear): Dyn => T.add(T.matmul(x, kernel), bias) as Dyn

/** The workload. */
export const convolution: Workload = training((): Training<Params> => {
  const rows = batch * batches
  const { x, y } = classification(rows, 784, 10, 1)
  const perSample = Loss.forgetShapes(Loss.sparseCategoricalCrossentropy({ fromLogits: true }))
  return {
    params: {
      first: linear(100, [3, 3, 1, 32], 9, 288),
      second: linear(101, [3, 3, 32, 64], 288, 576),
      hidden: linear(102, [1600, 128], 1600, 128),
      logits: linear(103, [128, 10], 128, 10)
    },
    x: T.fromArray(x, [rows, 28, 28, 1]) as AnyTensor,
    y: T.fromArray(y, [rows], "i32") as AnyTensor,
    batch,
    loss: (p, images, labels) => {
      const features = convolved(convolved(images as Dyn, p.first), p.second)
      // The peers flatten with the channels in front, and the weights are numbered accordingly.
      const flat = T.reshape(T.transpose(features, [0, 3, 1, 2]), [batch, 1600]) as Dyn
      const hidden = T.relu(dense(flat, p.hidden)) as Dyn
      return T.mean(perSample(dense(hidden, p.logits), labels))
    }
  }
}, adam)
