/** The data and first weights of the workloads: the same numbers in every language, by mulberry32. */

/** `n` numbers in [0, 1), multiples of 2^-32 rounded to float32. */
export const uniform = (seed: number, n: number): Float32Array => {
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

/** Glorot's uniform weights of a matrix; of a convolution when its fans and number of weights are given. */
export const glorot = (seed: number, fanIn: number, fanOut: number, count = fanIn * fanOut): Float32Array => {
  const limit = Math.sqrt(6 / (fanIn + fanOut))
  return uniform(seed, count).map((u) => (2 * u - 1) * limit)
}

/** Inputs in [0, 1) and the class a random linear teacher gives each row. */
export const classification = (
  rows: number,
  features: number,
  classes: number,
  seed: number
): { readonly x: Float32Array; readonly y: Int32Array } => {
  const x = uniform(seed, rows * features)
  const teacher = uniform(seed + 1, features * classes)
  const y = Int32Array.from({ length: rows }, (_, row) => {
    let best = 0
    let bestScore = Number.NEGATIVE_INFINITY
    for (let c = 0; c < classes; c++) {
      let score = 0
      for (let f = 0; f < features; f++)
        score += ((x[row * features + f] ?? 0) - 0.5) * (2 * (teacher[f * classes + c] ?? 0) - 1)
      if (score > bestScore) {
        bestScore = score
        best = c
      }
    }
    return best
  })
  return { x, y }
}

/** Sequences of `length + 1` tokens: mostly `7 t + 3` modulo the vocabulary after t, now and then any token. */
export const tokens = (sequences: number, length: number, vocabulary: number, seed: number): Int32Array => {
  const u = uniform(seed, sequences * (length + 1) * 2)
  const out = new Int32Array(sequences * (length + 1))
  let p = 0
  for (let s = 0; s < sequences; s++) {
    let token = Math.floor((u[p * 2] ?? 0) * vocabulary)
    for (let i = 0; i <= length; i++, p++) {
      out[p] = token
      token = (u[p * 2 + 1] ?? 0) < 0.1 ? Math.floor((u[p * 2] ?? 0) * vocabulary) : (token * 7 + 3) % vocabulary
    }
  }
  return out
}
