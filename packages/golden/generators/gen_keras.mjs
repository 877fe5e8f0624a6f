/**
 * Writes `../fixtures/keras.json`: activations, losses, metrics and initialisers of TensorFlow.js, Google's own
 * implementation of Keras.
 *
 *     npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
 *     node gen_keras.mjs FOLDER > ../fixtures/keras.json
 */
import { createRequire } from "node:module"
import { join, resolve } from "node:path"

const [, , folder = "."] = process.argv
const require = createRequire(join(resolve(folder), "package.json"))
// It greets on the console.
const { log } = console
console.log = console.warn = console.info = () => {}
const tf = require("@tensorflow/tfjs")
await tf.setBackend("cpu")

const numbers = (tensor) => [...tensor.dataSync()]

const x = [
  [-6.5, -3.25, -3, -1.75, -1],
  [-0.5, -0.0625, 0, 0.0625, 0.5],
  [1, 1.75, 3, 5.5, 7.25]
]
const activations = Object.fromEntries(
  [
    "elu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "hardSigmoid",
    "softplus",
    "softsign",
    "tanh",
    "softmax",
    "logSoftmax",
    "swish",
    "mish",
    "gelu",
    "gelu_new",
    "linear"
  ].map((name) => [name, numbers(tf.layers.activation({ activation: name }).apply(tf.tensor(x)))])
)
activations["leakyReLU"] = numbers(tf.layers.leakyReLU({ alpha: 0.2 }).apply(tf.tensor(x)))

/** What a loss of `compile` gives for rows, one by one. */
const lossOf = (loss, outputs, targets) => {
  const model = tf.sequential({ layers: [tf.layers.activation({ activation: "linear", inputShape: [3] })] })
  model.compile({ optimizer: "sgd", loss })
  return outputs.map((output, i) => {
    const target = targets[i]
    const y = typeof target === "number" ? tf.tensor([[target]]) : tf.tensor([target])
    return numbers(model.evaluate(tf.tensor([output]), y))[0]
  })
}
const values = {
  output: [
    [0.5, -1.25, 3],
    [2.5, 0.25, -0.75],
    [-4, 8, 0.125]
  ],
  target: [
    [1.5, -1.25, -2],
    [-0.5, 2, 0.75],
    [4, 0.5, 0.25]
  ]
}
const positive = {
  output: [
    [0.5, 1.25, 3],
    [2.5, 0.25, 0.75],
    [4, 8, 0]
  ],
  target: [
    [1.5, 1.25, 2],
    [0, 2, 0.75],
    [4, 0.5, 3]
  ]
}
const signs = {
  output: values.output,
  target: [
    [-1, 1, 1],
    [1, -1, 1],
    [-1, -1, 1]
  ]
}
const shares = {
  output: [
    [0.25, 0.5, 0.25],
    [0.875, 0.125, 0],
    [0.125, 0.25, 0.625]
  ],
  target: [
    [0, 1, 0],
    [0.5, 0.25, 0.25],
    [1, 0, 0]
  ]
}
// Shares that do not add up to 1, in or out of [0, 1].
const loose = {
  output: [
    [0.25, 0.5, 0.75],
    [0.875, 0.375, 0.5],
    [0.125, 0.25, 0.25]
  ],
  target: shares.target
}
const classes = { output: shares.output, target: [1, 0, 2] }
const huber = (delta, { output, target }) =>
  output.map((row, i) => numbers(tf.losses.huberLoss(tf.tensor([target[i]]), tf.tensor([row]), undefined, delta))[0])
const losses = [
  ["meanSquaredError", values],
  ["meanAbsoluteError", values],
  ["meanAbsolutePercentageError", values],
  ["meanSquaredLogarithmicError", positive],
  ["logcosh", values],
  ["hinge", signs],
  ["squaredHinge", signs],
  [
    "categoricalHinge",
    {
      output: values.output,
      target: [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 1]
      ]
    }
  ],
  ["cosineProximity", values],
  ["poisson", positive],
  ["kullbackLeiblerDivergence", shares],
  ["binaryCrossentropy", shares],
  ["categoricalCrossentropy", shares],
  ["categoricalCrossentropy", loose],
  ["sparseCategoricalCrossentropy", classes]
].map(([name, data]) => ({ name, ...data, loss: lossOf(name, data.output, data.target) }))
losses.push({ name: "huber", ...values, delta: 1, loss: huber(1, values) })
losses.push({ name: "huber", ...values, delta: 2.5, loss: huber(2.5, values) })

const yes = {
  output: [
    [0.25, 0.75, 0.5],
    [1, 0.625, 0],
    [0.875, 0.375, 0.5625]
  ],
  target: [
    [0, 1, 1],
    [1, 0, 0],
    [1, 1, 0]
  ]
}
const rounded = (rows) => rows.map((row) => row.map((p) => (p > 0.5 ? 1 : 0)))
const mean = (tensor) => numbers(tf.mean(tensor))[0]
const [one, other] = [tf.tensor(yes.target), tf.tensor(yes.output)]
const guesses = {
  output: [
    [0.25, 0.5, 0.25],
    [0.5, 0.5, 0],
    [0.125, 0.25, 0.625]
  ],
  target: [
    [0, 1, 0],
    [0, 1, 0],
    [0, 0, 1]
  ]
}
const labels = guesses.target.map((row) => row.indexOf(1))
const metrics = [
  { name: "binaryAccuracy", ...yes, value: mean(tf.metrics.binaryAccuracy(one, other)) },
  { name: "precision", ...yes, value: mean(tf.metrics.precision(one, tf.tensor(rounded(yes.output)))) },
  { name: "recall", ...yes, value: mean(tf.metrics.recall(one, tf.tensor(rounded(yes.output)))) },
  {
    name: "categoricalAccuracy",
    ...guesses,
    value: mean(tf.metrics.categoricalAccuracy(tf.tensor(guesses.target), tf.tensor(guesses.output)))
  },
  {
    name: "sparseCategoricalAccuracy",
    output: guesses.output,
    target: labels,
    value: mean(tf.metrics.sparseCategoricalAccuracy(tf.tensor(labels, [3, 1]), tf.tensor(guesses.output)))
  },
  {
    name: "meanSquaredError",
    ...values,
    value: mean(tf.metrics.MSE(tf.tensor(values.target), tf.tensor(values.output)))
  },
  {
    name: "meanAbsoluteError",
    ...values,
    value: mean(tf.metrics.meanAbsoluteError(tf.tensor(values.target), tf.tensor(values.output)))
  },
  {
    name: "meanAbsolutePercentageError",
    ...values,
    value: mean(tf.metrics.MAPE(tf.tensor(values.target), tf.tensor(values.output)))
  },
  { name: "r2Score", ...values, value: mean(tf.metrics.r2Score(tf.tensor(values.target), tf.tensor(values.output))) }
]

/** Mean, variance and largest number of what an initialiser draws. */
const statistics = (initializer, shape) => {
  const drawn = initializer.apply(shape)
  const { mean: m, variance } = tf.moments(drawn)
  return { shape, mean: numbers(m)[0], variance: numbers(variance)[0], most: numbers(tf.max(tf.abs(drawn)))[0] }
}
const initializers = Object.fromEntries(
  ["glorotUniform", "heUniform", "leCunUniform", "glorotNormal", "heNormal", "leCunNormal"].map((name) => [
    name,
    [
      [160, 250],
      [5, 4, 50, 40]
    ].map((shape) => statistics(tf.initializers[name]({ seed: 7 }), shape))
  ])
)

log(JSON.stringify({ source: `@tensorflow/tfjs ${tf.version.tfjs}`, x, activations, losses, metrics, initializers }))
