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
export const glorot = (seed, rows, columns) => {
  const limit = Math.sqrt(6 / (rows + columns))
  return uniform(seed, rows * columns).map((u) => (2 * u - 1) * limit)
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
      loss_first: +first.toFixed(4),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024)
    })
  )
}
