// TensorFlow.js on its WebAssembly backend: the bare loop (minimize and its Adam), not model.fit. Usage: node tfjs_peer.mjs W1
import * as tf from "@tensorflow/tfjs"
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm"
import { fileURLToPath } from "node:url"
import {
  batchesOf,
  centred,
  glorot,
  measure,
  oneHot,
  tokenBatches,
  transformer,
  transformerParameters,
  uniform,
  workloads
} from "./numbers.mjs"

const workload = process.argv[2] ?? "W1"
setWasmPaths(fileURLToPath(new URL("./node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)))
await tf.setBackend("wasm")
await tf.ready()
const variable = (data, shape) => tf.variable(tf.tensor(data, shape))

const training = (loss, data, epsilon = 1e-7, before = () => {}) => {
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, epsilon)
  return measure("tfjs", workload, (i) => {
    const [x, labels] = data[i % data.length]
    return tf.tidy(() => {
      before()
      return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, loss(x)), true).dataSync()[0]
    })
  })
}

const perceptron = ({ sizes, batch, batches }) => {
  const layers = sizes.length - 1
  const params = sizes
    .slice(1)
    .flatMap((columns, i) => [
      variable(glorot(100 + i, sizes[i], columns), [sizes[i], columns]),
      tf.variable(tf.zeros([columns]))
    ])
  const data = batchesOf({ sizes, batch, batches }).map(({ x, y }) => [
    tf.tensor(x, [batch, sizes[0]]),
    tf.tensor(oneHot(y, 10), [batch, 10])
  ])
  return training((x) => {
    let h = x
    for (let i = 0; i < layers; i++) {
      h = h.matMul(params[2 * i]).add(params[2 * i + 1])
      if (i < layers - 1) h = h.relu()
    }
    return h
  }, data)
}

const language = () => {
  const { vocabulary, width, heads, length, blocks, batch } = transformer
  const rows = batch * length
  const depth = width / heads
  const ps = transformerParameters(transformer).map(({ data, shape }) => variable(data, shape))
  const mask = tf.tensor2d(
    Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)),
    [length, length]
  )
  const norm = (x, scale, offset) => {
    const { mean, variance } = tf.moments(x, -1, true)
    return x.sub(mean).div(variance.add(1e-5).sqrt()).mul(scale).add(offset)
  }
  const gelu = (x) =>
    x.mul(0.5).mul(
      x
        .add(x.mul(x).mul(x).mul(0.044715))
        .mul(Math.sqrt(2 / Math.PI))
        .tanh()
        .add(1)
    )
  const logits = (ids) => {
    let x = ids.matMul(ps[0]).reshape([batch, length, width]).add(ps[1]).reshape([rows, width])
    for (let i = 0; i < blocks; i++) {
      const [s1, o1, qkv, qb, out, ob, s2, o2, up, ub, down, db] = ps.slice(2 + 12 * i, 14 + 12 * i)
      const split = norm(x, s1, o1).matMul(qkv).add(qb).reshape([batch, length, 3, heads, depth])
      const [q, k, v] = tf.unstack(split.transpose([2, 0, 3, 1, 4]), 0)
      const weights = tf.softmax(
        q
          .matMul(k, false, true)
          .mul(depth ** -0.5)
          .add(mask)
      )
      x = x.add(weights.matMul(v).transpose([0, 2, 1, 3]).reshape([rows, width]).matMul(out).add(ob))
      x = x.add(
        gelu(norm(x, s2, o2).matMul(up).add(ub))
          .matMul(down)
          .add(db)
      )
    }
    return norm(x, ps.at(-3), ps.at(-2)).matMul(ps.at(-1))
  }
  // The backend has no gradient of gather: one-hot rows instead. There is no AdamW: the decay is a step of its own.
  const data = tokenBatches(transformer).map(({ x, y }) => [
    tf.tensor(oneHot(x, vocabulary), [rows, vocabulary]),
    tf.tensor(oneHot(y, vocabulary), [rows, vocabulary])
  ])
  return training(logits, data, 1e-8, () => ps.forEach((p) => p.assign(p.mul(1 - 1e-3 * 0.01))))
}

const computation = (f) =>
  measure("tfjs", workload, () => {
    const y = tf.tidy(f)
    y.dataSync()
    y.dispose()
    return undefined
  })

if (workload in workloads) await perceptron(workloads[workload])
else if (workload === "W5") await language()
else if (workload.startsWith("W6.mm")) {
  const n = Number(workload.slice(5))
  const [a, b] = [1, 2].map((seed) => tf.tensor(centred(seed, n * n), [n, n]))
  await computation(() => a.matMul(b))
} else if (workload.startsWith("W6")) {
  const x = tf.tensor1d(uniform(3, 1_000_000).map((u) => u * 4 - 2))
  const curve = (z) => z.mul(0.7).add(0.1).tanh().mul(z.sigmoid()).add(z.mul(z).neg().exp())
  const gradient = tf.grad((z) => curve(z).sum())
  await computation(() => (workload.endsWith("grad") ? gradient(x) : curve(x)))
} else if (workload === "W7") {
  const names = Array.from({ length: 10 }, (_, i) => `p${i}`)
  const params = names.map((name, i) => tf.variable(tf.tensor1d(centred(i, 1_000_000)), true, name))
  const grads = Object.fromEntries(names.map((name, i) => [name, tf.tensor1d(centred(50 + i, 1_000_000))]))
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-7)
  await measure("tfjs", workload, () => {
    optimizer.applyGradients(grads)
    params[9].dataSync()
    return undefined
  })
} else {
  console.error(`${workload}: this backend has no gradient of convolutions`)
  process.exitCode = 1
}
