/** Weights of models in files, ours and those of other frameworks. */
import { keras } from "./keras.ts"
import { type Read, readFrom, type Write, writeTo } from "./interchange.ts"
import { torch } from "./torch.ts"

export type { NameOptions, Read, ReadOptions, Tensors, Write } from "./interchange.ts"
export { fromTensors, into, toTensors } from "./own.ts"

/**
 * The weights of a model from a `state_dict()` of PyTorch, in its layout: matrices `[out, in]`, images in channels before
 * places, both biases of an LSTM. What a file has as float16 or as whole numbers comes through `Safetensors.decode`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([2]), Model.dense("hidden", 3))
 * const tensors = { "0.weight": Values.fromNested([[1, 2], [3, 4], [5, 6]]), "0.bias": Values.fromNested([0, 0, 0]) }
 * const weights = Weights.fromTorch(model, tensors, { names: { hidden: "0" } })
 * ```
 *
 * Layers correspond by name, or by `names`. Our images have their channels last: what follows a `flatten` sees them in
 * another order, so that the matrix after it must be permuted by hand. Epsilon and momentum are options of the layers, not
 * weights: PyTorch's norms are ours with `epsilon: 1e-5`. Separable convolutions are two modules there, `depthwise` and
 * `pointwise`. Throws a WeightsError that names every tensor that is missing, left over, or of another shape, and every
 * layer without a counterpart.
 */
export const fromTorch: Read = readFrom(torch)

/** The `state_dict()` of PyTorch of a model's weights; see `fromTorch`. An LSTM's second bias is zero. */
export const toTorch: Write = writeTo(torch)

/**
 * The weights of a model from those of a Keras model by path, `{ v.path: v.numpy() for v in model.weights }`; see
 * `fromTorch`. The gates of a GRU and the heads of attention are brought into our order. Paths are those of Keras 3; a GRU
 * made with `reset_after=False`, whose bias is one row, is ours with `resetAfter: false`. Epsilon, momentum and padding are
 * Keras's by default, so that the outputs agree without options. Older files call the kernel of a depthwise convolution
 * `depthwise_kernel`, and have no cell in the paths of recurrent layers.
 */
export const fromKeras: Read = readFrom(keras)

/** The weights of a Keras model by path; the kernels of attention come flat, `[features, heads depth]`. */
export const toKeras: Write = writeTo(keras)
