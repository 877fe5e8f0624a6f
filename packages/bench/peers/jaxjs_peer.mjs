// jax-js on its WebAssembly backend: one jitted function for loss, gradient and Adam. Usage: node jaxjs_peer.mjs W1
import { init, defaultDevice, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax"
import { batchesOf, glorot, measure, workloads } from "./numbers.mjs"

const workload = process.argv[2] ?? "W1"
const { sizes, batch, batches } = workloads[workload]
await init("wasm")
defaultDevice("wasm")
const array = (data, shape) => np.array(data, { shape })
const layers = sizes.slice(1).length
let params = sizes
  .slice(1)
  .flatMap((columns, i) => [array(glorot(100 + i, sizes[i], columns), [sizes[i], columns]), np.zeros([columns])])
let m = params.map((p) => np.zeros(p.shape))
let v = params.map((p) => np.zeros(p.shape))
const loss = (ps, x, labels) => {
  let h = x
  for (let i = 0; i < layers; i++) {
    h = np.matmul(h, ps[2 * i]).add(ps[2 * i + 1])
    if (i < layers - 1) h = nn.relu(h)
  }
  return np.sum(nn.logSoftmax(h, -1).mul(labels)).mul(-1 / batch)
}
const train = jit((ps, ms, vs, rate, x, labels) => {
  const [value, grads] = valueAndGrad(loss)(tree.ref(ps), x, labels)
  const next = ps.map((p, i) => {
    const mi = ms[i].mul(0.9).add(grads[i].ref.mul(0.1))
    const vi = vs[i].mul(0.999).add(np.square(grads[i]).mul(0.001))
    return [p.sub(rate.ref.mul(mi.ref).div(np.sqrt(vi.ref).add(1e-7))), mi, vi]
  })
  rate.dispose()
  return [value, next.map((n) => n[0]), next.map((n) => n[1]), next.map((n) => n[2])]
})
const data = batchesOf({ sizes, batch, batches }).map(({ x, y }) => {
  const labels = new Float32Array(batch * 10)
  y.forEach((label, row) => (labels[row * 10 + label] = 1))
  return [array(x, [batch, sizes[0]]), array(labels, [batch, 10])]
})
let t = 0
await measure("jaxjs", workload, (i) => {
  t++
  const [x, labels] = data[i % batches]
  let value
  ;[value, params, m, v] = train(
    params,
    m,
    v,
    np.array([(1e-3 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)]),
    x.ref,
    labels.ref
  )
  return value.dataSync()[0]
})
