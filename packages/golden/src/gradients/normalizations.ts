/** torch's normalisations as the layers of `Model`, whose parameters and statistics the call gives. */
import { type AnyTensor, Key, T, type Tensor } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import type { F64 } from "../targets.ts"
import type { Adapter, Call } from "./call.ts"

/** Models are typed for f32; their layers compute in the element type of what they are given. */
const asModelTensor = (x: F64): Tensor<[number]> => x as AnyTensor as Tensor<[number]>

interface Affine {
  readonly scale: F64
  readonly offset: F64
}

interface Statistics {
  readonly mean: F64
  readonly variance: F64
}

const normOf = ({ scale, offset }: Affine) => ({ norm: { scale: asModelTensor(scale), offset: asModelTensor(offset) } })

/** torch's weight and bias as the parameters of a layer; without them they are ones and zeros. */
const affine = (call: Call, features: number): Affine => ({
  scale: call.has("weight") ? call.float("weight") : T.ones([features], "f64"),
  offset: call.has("bias") ? call.float("bias") : T.zeros([features], "f64")
})

/** The running statistics that a batchNorm starts with. */
export const freshStatistics = (features: number): Statistics => ({
  mean: T.zeros([features], "f64"),
  variance: T.ones([features], "f64")
})

/** A batchNorm with PyTorch's conventions, applied to a batch of rows: the output and the next running statistics. */
export const batchNorm = (
  x: AnyTensor,
  params: Affine,
  { mean, variance }: Statistics,
  options: { readonly momentum: number; readonly epsilon: number; readonly training: boolean }
): { readonly y: AnyTensor; readonly mean: AnyTensor; readonly variance: AnyTensor } => {
  const layer = Model.batchNorm("norm", {
    momentum: 1 - options.momentum,
    epsilon: options.epsilon,
    runningVariance: "unbiased"
  })
  const model = Model.forgetShapes(layer(Model.input([x.shape.at(-1) ?? 1])))
  const state = { norm: { mean: asModelTensor(mean), variance: asModelTensor(variance) } }
  const applied = model.apply(normOf(params), state, x, options.training ? Model.train(Key.key(0)) : Model.evaluate)
  return { y: applied.y, ...applied.state.norm }
}

/** A layerNorm over the last axis of a batch, applied. */
export const layerNorm = (x: AnyTensor, params: Affine, epsilon: number): AnyTensor => {
  const sample: readonly [...Array<number>, number] = [...x.shape.slice(1, -1), x.shape.at(-1) ?? 1]
  return Model.forgetShapes(Model.layerNorm("norm", { epsilon })(Model.input(sample))).apply(
    normOf(params),
    {},
    x,
    Model.evaluate
  ).y
}

/** Normalisations by torch's names. */
export const normalizations: { readonly [op: string]: Adapter } = {
  "torch.nn.functional.layer_norm": {
    parameters: ["input", "normalized_shape", "weight", "bias", "eps"],
    operation: "Model.layerNorm",
    apply: (call) => {
      const x = call.float("input")
      const [features = 1, ...further] = call.numbers("normalized_shape")
      if (further.length > 0) return call.missing("over more than the last axis")
      if (x.shape.length < 2) return call.missing("of a tensor without a batch")
      return layerNorm(x, affine(call, features), call.number("eps", 1e-5))
    }
  },
  "torch.nn.functional.batch_norm": {
    parameters: ["input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"],
    operation: "Model.batchNorm",
    apply: (call) => {
      const x = call.float("input")
      const features = x.shape[1] ?? 1
      if (x.shape.length !== 2) return call.missing("with features on an axis other than the last")
      const training = call.boolean("training", false)
      const state = call.has("running_mean")
        ? { mean: call.float("running_mean"), variance: call.float("running_var") }
        : freshStatistics(features)
      return batchNorm(x, affine(call, features), state, {
        momentum: call.number("momentum", 0.1),
        epsilon: call.number("eps", 1e-5),
        training
      }).y
    }
  }
}
