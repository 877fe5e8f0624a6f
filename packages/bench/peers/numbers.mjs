// Data, first weights and timing of the JavaScript peers; the numbers are those of ../src/numbers.ts.
export const uniform = (seed, n) => {
  const out = new Float32Array(n)
  let state = seed | 0
  for (let i = 0; i < n; i++) {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    out[i] = ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return out
}
export const centred = (seed, n) => uniform(seed, n).map((u) => u - 0.5)
export const glorot = (seed, fanIn, fanOut, count = fanIn * fanOut) => {
  const limit = Math.sqrt(6 / (fanIn + fanOut))
  return uniform(seed, count).map((u) => (2 * u - 1) * limit)
}
/** Mostly 7 t + 3 modulo the vocabulary after t, now and then any token: batches of inputs and what follows them. */
export const tokenBatches = ({ vocabulary, length, batch, batches }) => {
  const u = uniform(7, batch * batches * (length + 1) * 2)
  let p = 0
  return Array.from({ length: batches }, () => {
    const x = new Int32Array(batch * length)
    const y = new Int32Array(batch * length)
    for (let s = 0; s < batch; s++) {
      let token = Math.floor(u[2 * p] * vocabulary)
      for (let i = 0; i <= length; i++, p++) {
        if (i < length) x[s * length + i] = token
        if (i > 0) y[s * length + i - 1] = token
        token = u[2 * p + 1] < 0.1 ? Math.floor(u[2 * p] * vocabulary) : (token * 7 + 3) % vocabulary
      }
    }
    return { x, y }
  })
}
export const transformer = { vocabulary: 65, width: 64, heads: 4, length: 64, blocks: 2, batch: 16, batches: 8 }
/** The shape, seed (0 for zeros, 1 for ones) and fans of every parameter of the transformer, in order. */
export const transformerParameters = ({ vocabulary, width, length, blocks }) => {
  let seed = 200
  const matrix = (rows, columns) => ({ shape: [rows, columns], data: glorot(++seed, rows, columns) })
  const filled = (n, value) => ({ shape: [n], data: new Float32Array(n).fill(value) })
  const table = (from, rows) => ({ shape: [rows, width], data: centred(from, rows * width).map((u) => u * 0.04) })
  const list = [table(198, vocabulary), table(199, length)]
  for (let i = 0; i < blocks; i++)
    list.push(
      filled(width, 1),
      filled(width, 0),
      matrix(width, 3 * width),
      filled(3 * width, 0),
      matrix(width, width),
      filled(width, 0),
      filled(width, 1),
      filled(width, 0),
      matrix(width, 4 * width),
      filled(4 * width, 0),
      matrix(4 * width, width),
      filled(width, 0)
    )
  return [...list, filled(width, 1), filled(width, 0), matrix(width, vocabulary)]
}
/** Labels as rows of zeros with one 1. */
export const oneHot = (labels, classes) => {
  const out = new Float32Array(labels.length * classes)
  labels.forEach((label, row) => (out[row * classes + label] = 1))
  return out
}
export const workloads = {
  W1: { sizes: [20, 64, 10], batch: 32, batches: 25 },
  W2: { sizes: [784, 128, 10], batch: 64, batches: 16 },
  W3: { sizes: [784, 1024, 1024, 10], batch: 128, batches: 16 }
}
/** Batches of inputs and labels. */
export const batchesOf = ({ sizes, batch, batches }) => {
  const [features, classes, rows] = [sizes[0], sizes.at(-1), batch * batches]
  const x = uniform(1, rows * features)
  const teacher = uniform(2, features * classes)
  const y = Int32Array.from({ length: rows }, (_, row) => {
    let best = 0
    let bestScore = -Infinity
    for (let c = 0; c < classes; c++) {
      let score = 0
      for (let f = 0; f < features; f++) score += (x[row * features + f] - 0.5) * (2 * teacher[f * classes + c] - 1)
      if (score > bestScore) [best, bestScore] = [c, score]
    }
    return best
  })
  return Array.from({ length: batches }, (_, k) => ({
    x: x.slice(k * batch * features, (k + 1) * batch * features),
    y: y.slice(k * batch, (k + 1) * batch)
  }))
}
/** Steps one by one: a warm-up, then at least three timed ones and about 1.5 s of them. */
export const measure = async (peer, workload, step) => {
  const first = await step(0)
  const firstStep = performance.now()
  let i = 1
  for (const until = performance.now() + 1000; performance.now() < until;) await step(i++)
  const times = []
  for (const until = performance.now() + 1500; performance.now() < until || times.length < 3;) {
    const before = performance.now()
    await step(i++)
    times.push((performance.now() - before) * 1000)
  }
  times.sort((a, b) => a - b)
  console.log(
    JSON.stringify({
      peer,
      workload,
      us_per_step: +times[times.length >> 1].toFixed(2),
      min_us: +times[0].toFixed(2),
      steps: times.length,
      first_step_ms: Math.round(firstStep),
      ...(first === undefined ? {} : { loss_first: +first.toFixed(4) }),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024)
    })
  )
}
