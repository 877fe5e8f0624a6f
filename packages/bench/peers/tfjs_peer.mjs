// TensorFlow.js on its WebAssembly backend: the bare loop (variableGrads and its Adam), not model.fit. Usage: node tfjs_peer.mjs W1
import * as tf from "@tensorflow/tfjs"
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm"
import { fileURLToPath } from "node:url"
import { batchesOf, glorot, measure, workloads } from "./numbers.mjs"

const workload = process.argv[2] ?? "W1"
const { sizes, batch, batches } = workloads[workload]
setWasmPaths(fileURLToPath(new URL("./node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)))
await tf.setBackend("wasm")
await tf.ready()
const layers = sizes.length - 1
const params = sizes
  .slice(1)
  .flatMap((columns, i) => [
    tf.variable(tf.tensor(glorot(100 + i, sizes[i], columns), [sizes[i], columns])),
    tf.variable(tf.zeros([columns]))
  ])
const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-7)
const data = batchesOf({ sizes, batch, batches }).map(({ x, y }) => [
  tf.tensor(x, [batch, sizes[0]]),
  tf.oneHot(tf.tensor1d(y, "int32"), 10).toFloat()
])
const loss = (x, labels) => {
  let h = x
  for (let i = 0; i < layers; i++) {
    h = h.matMul(params[2 * i]).add(params[2 * i + 1])
    if (i < layers - 1) h = h.relu()
  }
  return tf.losses.softmaxCrossEntropy(labels, h)
}
await measure("tfjs", workload, (i) => {
  const [x, labels] = data[i % batches]
  return tf.tidy(() => optimizer.minimize(() => loss(x, labels), true).dataSync()[0])
})
