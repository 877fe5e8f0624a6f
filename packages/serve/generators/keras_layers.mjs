/**
 * Writes a fixture: layers of TensorFlow.js with their weights as Keras 3 names and shapes them, inputs and outputs.
 *
 *     npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
 *     node packages/serve/generators/keras_layers.mjs FOLDER > packages/serve/src/fixtures/keras-layers.json
 *
 * TensorFlow.js Layers is Google's own implementation of Keras. Its names are those of Keras 1: inside of recurrent layers
 * Keras 3 has the cell too, and the kernel of a depthwise convolution is plainly its kernel. What it has no layer for is
 * put together here from what it has: along one axis as images one place high, attention and norms of groups from
 * the equations that Keras gives. A GRU with `reset_after` is not among them.
 */
import { createRequire } from "node:module"
import { join, resolve } from "node:path"

const [, , folder = "."] = process.argv
const require = createRequire(join(resolve(folder), "package.json"))
// It greets on the console.
console.warn = () => {}
console.info = () => {}
const tf = require("@tensorflow/tfjs")
const log = console.log
console.log = () => {}
await tf.setBackend("cpu")
const { layers } = tf

let seed = 12345
/** A multiple of 1/64 from low to high: exact, and short in a file. */
const draw = (low, high) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return low + Math.floor((seed / 2 ** 32) * (high - low) * 64) / 64
}
const drawn = (shape, low, high) =>
  tf.tensor(
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => draw(low, high)),
    shape
  )
/** Nothing at its usual value, variances above 0. */
const weightFor = (leaf, shape) =>
  leaf === "moving_variance" ? drawn(shape, 0.25, 2) : leaf === "gamma" ? drawn(shape, 0.5, 1.5) : drawn(shape, -1, 1)

const plain = (tensor) => ({ shape: tensor.shape, data: [...tensor.dataSync()] })

/** The path of a weight in Keras 3. */
const pathOf = (kind, name, weight) => {
  const [leaf, ...before] = weight.split("/").toReversed()
  const own = before.toReversed().join("/")
  const cell = { GRU: "gru_cell", LSTM: "lstm_cell", SimpleRNN: "simple_rnn_cell" }[kind]
  if (cell !== undefined) return `${own}/${cell}/${leaf}`
  return kind === "DepthwiseConv2D" && leaf === "depthwise_kernel" ? `${name}/kernel` : `${own}/${leaf}`
}

const kindOf = (layer) => (layer.getClassName() === "Bidirectional" ? layer.forwardLayer : layer).getClassName()

/** Weights for the layers, by path. */
const weightsOf = (all) => {
  const weights = {}
  for (const layer of all) {
    const values = layer.weights.map(({ originalName, shape }) => {
      const value = weightFor(originalName.split("/").at(-1), shape)
      weights[pathOf(kindOf(layer), layer.name, originalName)] = value
      return value
    })
    layer.setWeights(values)
  }
  return weights
}

const cases = {}

const record = (name, weights, x, y) => {
  cases[name] = {
    weights: Object.fromEntries(Object.entries(weights).map(([path, value]) => [path, plain(value)])),
    x: plain(x),
    y: plain(y)
  }
}

/** A chain of layers on two samples. */
const chain = (name, shape, all, input = drawn([2, ...shape], -2, 2)) => {
  const [first, ...others] = all
  const model = tf.sequential()
  model.add(layers.inputLayer({ inputShape: shape }))
  model.add(first)
  others.forEach((layer) => model.add(layer))
  record(name, weightsOf(model.layers), input, model.predict(input))
}

/** A layer along one axis as one on images one place high: the axis of size 1 is left out of weights, input and output. */
const flat = (name, shape, layer) => {
  const model = tf.sequential()
  model.add(layers.inputLayer({ inputShape: [1, ...shape] }))
  model.add(layer)
  const weights = weightsOf(model.layers)
  const x = drawn([2, ...shape], -2, 2)
  const y = model.predict(tf.expandDims(x, 1))
  const squeezed = Object.entries(weights).map(([path, w]) => [path, path.includes("kernel") ? tf.squeeze(w, [0]) : w])
  record(name, Object.fromEntries(squeezed), x, tf.squeeze(y, [1]))
}

// Fully connected
chain(
  "dense",
  [5],
  [
    layers.dense({ units: 4, name: "hidden", activation: "tanh" }),
    layers.dense({ units: 3, name: "last", useBias: false })
  ]
)
chain("dense on sequences", [3, 4], [layers.dense({ units: 2, name: "each", activation: "softmax" })])
chain("flatten", [2, 3, 2], [layers.flatten(), layers.dense({ units: 2, name: "label" })])

// Convolutions
const conv1d = (name, length, options) =>
  chain(name, [length, 2], [layers.conv1d({ filters: 3, name: "conv", ...options })])
conv1d("conv1d valid", 9, { kernelSize: 3, strides: 2 })
conv1d("conv1d same", 8, { kernelSize: 4, strides: 3, padding: "same" })
conv1d("conv1d dilated", 9, { kernelSize: 3, dilationRate: 2, padding: "same" })
const conv2d = (name, options) =>
  chain(name, [6, 7, 2], [layers.conv2d({ filters: 3, name: "conv", kernelSize: [2, 3], ...options })])
conv2d("conv2d valid", { strides: [2, 1], activation: "relu" })
conv2d("conv2d same", { strides: 2, padding: "same" })
conv2d("conv2d same, a large step", { strides: 4, padding: "same" })
conv2d("conv2d dilated", { dilationRate: [1, 2], padding: "same", useBias: false })
const transposed = (name, options) =>
  chain(name, [3, 4, 2], [layers.conv2dTranspose({ filters: 3, name: "up", kernelSize: 3, ...options })])
transposed("conv2dTranspose valid", { strides: 2 })
transposed("conv2dTranspose same", { strides: 2, padding: "same" })
transposed("conv2dTranspose same, an even kernel", { kernelSize: [4, 2], strides: [3, 1], padding: "same" })
transposed("conv2dTranspose same, a large step", { kernelSize: 2, strides: 3, padding: "same" })
transposed("conv2dTranspose valid, a large step", { kernelSize: 2, strides: 3 })
transposed("conv2dTranspose without steps", {})
flat("conv1dTranspose", [4, 2], layers.conv2dTranspose({ filters: 3, kernelSize: [1, 3], strides: [1, 2], name: "up" }))
flat(
  "conv1dTranspose same",
  [4, 2],
  layers.conv2dTranspose({ filters: 3, kernelSize: [1, 4], strides: [1, 3], padding: "same", name: "up" })
)
const depthwise = (name, options) =>
  chain(name, [5, 6, 2], [layers.depthwiseConv2d({ name: "depth", kernelSize: [3, 2], ...options })])
depthwise("depthwiseConv2d valid", { depthMultiplier: 2 })
depthwise("depthwiseConv2d same", { strides: 2, padding: "same", activation: "sigmoid" })
{
  // The layer drops its `dilationRate`; the operation has it.
  const x = drawn([2, 5, 6, 2], -2, 2)
  const kernel = weightFor("kernel", [3, 2, 2, 1])
  record("depthwiseConv2d dilated", { "depth/kernel": kernel }, x, tf.depthwiseConv2d(x, kernel, 1, "valid", "NHWC", 2))
}
flat(
  "depthwiseConv1d",
  [7, 2],
  layers.depthwiseConv2d({ kernelSize: [1, 3], strides: 2, depthMultiplier: 2, padding: "same", name: "depth" })
)
const separable = (name, options) =>
  chain(name, [5, 6, 2], [layers.separableConv2d({ name: "apart", filters: 3, kernelSize: [3, 2], ...options })])
separable("separableConv2d valid", { depthMultiplier: 2, activation: "elu" })
separable("separableConv2d same", { strides: 2, padding: "same" })
separable("separableConv2d dilated", { dilationRate: 2, useBias: false })
flat(
  "separableConv1d",
  [7, 2],
  layers.separableConv2d({
    filters: 3,
    kernelSize: [1, 3],
    strides: 2,
    depthMultiplier: 2,
    padding: "same",
    name: "apart"
  })
)

// Pooling
for (const kind of ["max", "avg"]) {
  const pool1d = (name, options) => chain(`${kind}Pool1d ${name}`, [7, 2], [layers[`${kind}Pooling1d`](options)])
  pool1d("valid", {})
  pool1d("same", { poolSize: 3, strides: 2, padding: "same" })
  const pool2d = (name, options) => chain(`${kind}Pool2d ${name}`, [5, 6, 2], [layers[`${kind}Pooling2d`](options)])
  pool2d("valid", {})
  pool2d("same", { poolSize: [3, 2], strides: [2, 3], padding: "same" })
  pool2d("one step", { poolSize: 2, strides: 1, padding: "same" })
}
chain("globalAvgPool", [3, 4, 2], [layers.globalAveragePooling2d({})])
chain("globalMaxPool", [5, 2], [layers.globalMaxPooling1d({})])

// Places
chain(
  "zeroPadding2d",
  [2, 3, 2],
  [
    layers.zeroPadding2d({
      padding: [
        [0, 1],
        [2, 0]
      ]
    })
  ]
)
chain(
  "cropping2d",
  [4, 5, 2],
  [
    layers.cropping2D({
      cropping: [
        [0, 1],
        [2, 1]
      ]
    })
  ]
)
chain("upSampling2d", [2, 3, 2], [layers.upSampling2d({ size: [2, 3] })])
chain("permute", [2, 3, 4], [layers.permute({ dims: [3, 1, 2] })])

// Norms
chain("batchNorm", [2, 3, 4], [layers.batchNormalization({ name: "norm" })])
chain("batchNorm of vectors", [5], [layers.batchNormalization({ name: "norm", epsilon: 0.25 })])
chain("layerNorm", [3, 5], [layers.layerNormalization({ name: "norm" })])
const groups = (name, shape, count) => {
  const x = drawn([2, ...shape], -2, 2)
  const channels = shape.at(-1)
  const [gamma, beta] = [weightFor("gamma", [channels]), weightFor("beta", [channels])]
  const apart = tf.reshape(x, [2, -1, count, channels / count])
  const { mean, variance } = tf.moments(apart, [1, 3], true)
  const normal = tf.reshape(tf.div(tf.sub(apart, mean), tf.sqrt(tf.add(variance, 1e-3))), x.shape)
  record(name, { "norm/gamma": gamma, "norm/beta": beta }, x, tf.add(tf.mul(normal, gamma), beta))
}
groups("groupNorm", [2, 3, 6], 3)
groups("instanceNorm", [2, 3, 4], 4)
{
  const x = drawn([2, 3, 4], -2, 2)
  const scale = weightFor("gamma", [4])
  const square = tf.mean(tf.square(x), -1, true)
  record("rmsNorm", { "norm/scale": scale }, x, tf.mul(tf.div(x, tf.sqrt(tf.add(square, 1e-6))), scale))
}

// Sequences
const tokens = tf.tensor([
  [0, 4, 2, 6],
  [3, 3, 1, 5]
])
chain("embedding", [4], [layers.embedding({ name: "tokens", inputDim: 7, outputDim: 3 })], tokens)
const recurrent = {
  lstm: (options) => layers.lstm({ units: 3, recurrentActivation: "sigmoid", ...options }),
  gru: (options) => layers.gru({ units: 3, recurrentActivation: "sigmoid", resetAfter: false, ...options }),
  simpleRnn: (options) => layers.simpleRNN({ units: 3, ...options })
}
for (const [kind, cell] of Object.entries(recurrent)) {
  chain(`${kind} last`, [4, 2], [cell({ name: "cell" })])
  chain(`${kind} all`, [4, 2], [cell({ name: "cell", returnSequences: true })])
  chain(`${kind} backwards`, [4, 2], [cell({ name: "cell", goBackwards: true })])
  for (const [mode, theirs] of [
    ["concat", "concat"],
    ["sum", "sum"],
    ["mul", "mul"],
    ["ave", "ave"]
  ])
    for (const returnSequences of mode === "concat" ? [true, false] : [true])
      chain(
        `${kind} both ways, ${mode}${returnSequences ? "" : ", last"}`,
        [4, 2],
        [layers.bidirectional({ name: "both", layer: cell({ name: "cell", returnSequences }), mergeMode: theirs })]
      )
}
chain(
  "simpleRnn relu",
  [4, 2],
  [layers.simpleRNN({ units: 3, activation: "relu", name: "cell", returnSequences: true })]
)

/** Keras's equations of attention to oneself; kernels in their three axes. */
const attention = (name, [length, features], heads, depth, value, causal) => {
  const x = drawn([2, length, features], -1, 1)
  const weights = {}
  const weight = (path, shape) => (weights[`attend/${path}`] = weightFor("kernel", shape))
  const project = (part, size) =>
    tf.add(
      tf.einsum("abc,cde->abde", x, weight(`${part}/kernel`, [features, heads, size])),
      weight(`${part}/bias`, [heads, size])
    )
  const [query, key, values] = [project("query", depth), project("key", depth), project("value", value)]
  const scores = tf.einsum("aecd,abcd->acbe", key, tf.mul(query, 1 / Math.sqrt(depth)))
  const after = tf.tensor(Array.from({ length }, (_, i) => Array.from({ length }, (_, j) => (j > i ? -1e9 : 0))))
  const shares = tf.softmax(causal ? tf.add(scores, after) : scores)
  const mixed = tf.einsum("acbe,aecd->abcd", shares, values)
  const kernel = weight("attention_output/kernel", [heads, value, features])
  // The sum over two axes at once: heads and depth stand side by side.
  const summed = tf.matMul(
    tf.reshape(mixed, [2 * length, heads * value]),
    tf.reshape(kernel, [heads * value, features])
  )
  const y = tf.add(tf.reshape(summed, [2, length, features]), weight("attention_output/bias", [features]))
  record(name, weights, x, y)
}
attention("multiHeadAttention", [4, 6], 2, 3, 3, false)
attention("multiHeadAttention causal", [4, 3], 2, 3, 2, true)

// Activations with parameters, branches
chain("prelu", [3, 2], [layers.prelu({ name: "slopes" })])
const branches = (name, join) => {
  const input = tf.input({ shape: [4] })
  const [left, right] = [layers.dense({ units: 3, name: "left" }), layers.dense({ units: 3, name: "right" })]
  const model = tf.model({ inputs: input, outputs: join.apply([left.apply(input), right.apply(input)]) })
  const x = drawn([2, 4], -2, 2)
  record(name, weightsOf([left, right]), x, model.predict(x))
}
branches("add", layers.add())
branches("multiply", layers.multiply())
branches("average", layers.average())
branches("maximum", layers.maximum())
branches("concat", layers.concatenate())

chain(
  "a network",
  [6, 6, 1],
  [
    layers.conv2d({ name: "first", filters: 4, kernelSize: 3, padding: "same", useBias: false }),
    layers.batchNormalization({ name: "norm" }),
    layers.reLU(),
    layers.maxPooling2d({}),
    layers.separableConv2d({ name: "second", filters: 4, kernelSize: 2, activation: "selu" }),
    layers.flatten(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ name: "label", units: 3, activation: "softmax" })
  ]
)

console.log = log
const written = JSON.stringify({ source: `@tensorflow/tfjs ${tf.version.tfjs}`, cases })
console.log(written.replaceAll(/("[^"]*"):\{"weights"/g, '\n$1:{"weights"'))
