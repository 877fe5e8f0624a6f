// jax-js on its WebAssembly backend: one jitted function for loss, gradient and Adam. Usage: node jaxjs_peer.mjs W1
import { init, defaultDevice, grad, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax"
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
await init("wasm")
defaultDevice("wasm")
const array = (data, shape) => np.array(data, { shape })
const crossentropy = (logits, labels) => np.sum(nn.logSoftmax(logits, -1).mul(labels)).mul(-1 / logits.shape[0])

/** Adam on a list of parameters, decoupled decay included: one function for the whole step. */
const update = (params, m, v, grads, rate, { epsilon, decay }) => {
  const next = params.map((p, i) => {
    const mi = m[i].mul(0.9).add(grads[i].ref.mul(0.1))
    const vi = v[i].mul(0.999).add(np.square(grads[i]).mul(0.001))
    const kept = decay === 0 ? p : p.mul(1 - 1e-3 * decay)
    return [kept.sub(rate.ref.mul(mi.ref).div(np.sqrt(vi.ref).add(epsilon))), mi, vi]
  })
  rate.dispose()
  return [0, 1, 2].map((k) => next.map((n) => n[k]))
}
const rateOf = (t) => np.array([(1e-3 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)])
const training = async (first, loss, data, options = { epsilon: 1e-7, decay: 0 }) => {
  let [params, m, v] = [first, first.map((p) => np.zeros(p.shape)), first.map((p) => np.zeros(p.shape))]
  const train = jit((ps, ms, vs, rate, x, labels) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(ps), x, labels)
    return [value, ...update(ps, ms, vs, grads, rate, options)]
  })
  let t = 0
  await measure("jaxjs", workload, (i) => {
    const [x, labels] = data[i % data.length]
    let value
    ;[value, params, m, v] = train(params, m, v, rateOf(++t), x.ref, labels.ref)
    return value.dataSync()[0]
  })
}

const perceptron = ({ sizes, batch, batches }) => {
  const layers = sizes.length - 1
  const params = sizes
    .slice(1)
    .flatMap((columns, i) => [array(glorot(100 + i, sizes[i], columns), [sizes[i], columns]), np.zeros([columns])])
  const loss = (ps, x, labels) => {
    let h = x
    for (let i = 0; i < layers; i++) {
      h = np.matmul(h, ps[2 * i]).add(ps[2 * i + 1])
      if (i < layers - 1) h = nn.relu(h)
    }
    return crossentropy(h, labels)
  }
  const data = batchesOf({ sizes, batch, batches }).map(({ x, y }) => [
    array(x, [batch, sizes[0]]),
    array(oneHot(y, 10), [batch, 10])
  ])
  return training(params, loss, data)
}

/** Weights `[height, width, in, out]` in the order this library wants. */
const filters = (weights, [height, width, channels, count]) => {
  const out = new Float32Array(weights.length)
  let at = 0
  for (let o = 0; o < count; o++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) out[at++] = weights[((y * width + x) * channels + c) * count + o]
  return array(out, [count, channels, height, width])
}

const convolution = () => {
  const [batch, batches] = [32, 16]
  const params = [
    filters(glorot(100, 9, 288, 288), [3, 3, 1, 32]),
    np.zeros([32, 1, 1]),
    filters(glorot(101, 288, 576, 18432), [3, 3, 32, 64]),
    np.zeros([64, 1, 1]),
    array(glorot(102, 1600, 128), [1600, 128]),
    np.zeros([128]),
    array(glorot(103, 128, 10), [128, 10]),
    np.zeros([10])
  ]
  const layer = (x, w, b) => lax.reduceWindow(nn.relu(lax.conv(x, w, [1, 1], "VALID").add(b)), np.max, [2, 2], [2, 2])
  const loss = ([c1, b1, c2, b2, w3, b3, w4, b4], x, labels) => {
    const features = layer(layer(x, c1, b1), c2, b2).reshape([batch, 1600])
    return crossentropy(np.matmul(nn.relu(np.matmul(features, w3).add(b3)), w4).add(b4), labels)
  }
  const data = batchesOf({ sizes: [784, 10], batch, batches }).map(({ x, y }) => [
    array(x, [batch, 1, 28, 28]),
    array(oneHot(y, 10), [batch, 10])
  ])
  return training(params, loss, data)
}

const language = () => {
  const { vocabulary, width, heads, length, blocks, batch } = transformer
  const rows = batch * length
  const depth = width / heads
  const mask = array(
    Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)),
    [length, length]
  )
  const norm = (x, scale, offset) => {
    const centre = x.ref.sub(np.mean(x, -1, { keepdims: true }))
    const variance = np.mean(np.square(centre.ref), -1, { keepdims: true })
    return centre
      .div(np.sqrt(variance.add(1e-5)))
      .mul(scale)
      .add(offset)
  }
  const loss = (ps, ids, labels) => {
    let x = np.matmul(ids, ps[0]).reshape([batch, length, width]).add(ps[1]).reshape([rows, width])
    for (let i = 0; i < blocks; i++) {
      const [s1, o1, qkv, qb, out, ob, s2, o2, up, ub, down, db] = ps.slice(2 + 12 * i, 14 + 12 * i)
      const split = np
        .matmul(norm(x.ref, s1, o1), qkv)
        .add(qb)
        .reshape([batch, length, 3, heads, depth])
      const parts = np.split(np.transpose(split, [2, 0, 3, 1, 4]), 3, 0)
      const [q, k, v] = parts.map((part) => part.reshape([batch, heads, length, depth]))
      const weights = nn.softmax(
        np
          .matmul(q, np.matrixTranspose(k))
          .mul(depth ** -0.5)
          .add(mask.ref),
        -1
      )
      const mixed = np.transpose(np.matmul(weights, v), [0, 2, 1, 3]).reshape([rows, width])
      x = x.add(np.matmul(mixed, out).add(ob))
      x = x.ref.add(np.matmul(nn.gelu(np.matmul(norm(x, s2, o2), up).add(ub)), down).add(db))
    }
    return crossentropy(np.matmul(norm(x, ps.at(-3), ps.at(-2)), ps.at(-1)), labels)
  }
  // Its gradient of an embedding by indices fails under jit: one-hot rows instead.
  const data = tokenBatches(transformer).map(({ x, y }) => [
    array(oneHot(x, vocabulary), [rows, vocabulary]),
    array(oneHot(y, vocabulary), [rows, vocabulary])
  ])
  const params = transformerParameters(transformer).map(({ data, shape }) => array(data, shape))
  return training(params, loss, data, { epsilon: 1e-8, decay: 0.01 })
}

const curve = (x) =>
  np
    .tanh(x.ref.mul(0.7).add(0.1))
    .mul(nn.sigmoid(x.ref))
    .add(np.exp(x.ref.mul(x).neg()))
const computation = (f, ...inputs) =>
  measure("jaxjs", workload, () => {
    f(...inputs.map((x) => x.ref)).dataSync()
    return undefined
  })

if (workload in workloads) await perceptron(workloads[workload])
else if (workload === "W4") await convolution()
else if (workload === "W5") await language()
else if (workload.startsWith("W6.mm")) {
  const n = Number(workload.slice(5))
  await computation(
    jit((a, b) => np.matmul(a, b)),
    array(centred(1, n * n), [n, n]),
    array(centred(2, n * n), [n, n])
  )
} else if (workload.startsWith("W6")) {
  const x = array(
    uniform(3, 1_000_000).map((u) => u * 4 - 2),
    [1_000_000]
  )
  await computation(jit(workload.endsWith("grad") ? grad((z) => np.sum(curve(z))) : curve), x)
} else {
  const line = (seed) => array(centred(seed, 1_000_000), [1_000_000])
  const ten = (make) => Array.from({ length: 10 }, (_, i) => make(i))
  let [params, m, v] = [ten(line), ten(() => np.zeros([1_000_000])), ten(() => np.zeros([1_000_000]))]
  const grads = ten((i) => line(50 + i))
  const step = jit((p, m, v, g, rate) => update(p, m, v, g, rate, { epsilon: 1e-7, decay: 0 }))
  let t = 0
  await measure("jaxjs", workload, () => {
    ;[params, m, v] = step(params, m, v, tree.ref(grads), rateOf(++t))
    params[9].ref.dataSync()
    return undefined
  })
}
