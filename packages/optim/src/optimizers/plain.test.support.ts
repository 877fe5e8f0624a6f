/** Arithmetic of plain arrays, for implementations that share nothing with the library. */

/** The elements of a tensor in order of rows. */
export type Vec = ReadonlyArray<number>

export const zip = (a: Vec, b: Vec, f: (x: number, y: number) => number): Vec => a.map((x, i) => f(x, b[i] ?? NaN))
export const sum = (a: Vec): number => a.reduce((x, y) => x + y, 0)
export const norm = (a: Vec): number => Math.sqrt(sum(a.map((x) => x * x)))
export const rms = (a: Vec): number => norm(a) / Math.sqrt(a.length)
export const zeros = (a: Vec): Vec => a.map(() => 0)
/** `p x + q y`. */
export const mix = (p: number, x: Vec, q: number, y: Vec): Vec => zip(x, y, (a, b) => p * a + q * b)

/** A matrix by rows. */
export type Mat = ReadonlyArray<Vec>

export const matrixOf = (x: Vec, columns: number): Mat =>
  Array.from({ length: x.length / columns }, (_, i) => x.slice(i * columns, (i + 1) * columns))
export const transpose = (a: Mat): Mat => (a[0] ?? []).map((_, j) => a.map((row) => row[j] ?? NaN))
export const times = (a: Mat, b: Mat): Mat => {
  const columns = transpose(b)
  return a.map((row) => columns.map((column) => sum(zip(row, column, (x, y) => x * y))))
}
export const added = (p: number, a: Mat, q: number, b: Mat): Mat => a.map((row, i) => mix(p, row, q, b[i] ?? []))
export const identity = (n: number, scale = 1): Mat =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? scale : 0)))

/** Eigenvalues, falling, and eigenvectors in columns, of a symmetric matrix: Jacobi's rotations. */
export const eigen = (a: Mat): { readonly values: Vec; readonly vectors: Mat } => {
  const n = a.length
  let [d, v]: [Mat, Mat] = [a, identity(n)]
  for (let sweep = 0; sweep < 60; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const [pp, qq, pq] = [d[p]?.[p] ?? 0, d[q]?.[q] ?? 0, d[p]?.[q] ?? 0]
        if (Math.abs(pq) < 1e-300) continue
        const angle = 0.5 * Math.atan2(2 * pq, qq - pp)
        const [c, s] = [Math.cos(angle), Math.sin(angle)]
        const turn = identity(n).map((row, i) =>
          row.map((x, j) =>
            i === j && (i === p || i === q) ? c : i === p && j === q ? s : i === q && j === p ? -s : x
          )
        )
        d = times(transpose(turn), times(d, turn))
        v = times(v, turn)
      }
  const order = d.map((_, i) => i).toSorted((i, j) => (d[j]?.[j] ?? 0) - (d[i]?.[i] ?? 0))
  return { values: order.map((i) => d[i]?.[i] ?? NaN), vectors: v.map((row) => order.map((i) => row[i] ?? NaN)) }
}

/** A symmetric matrix to some power. */
export const matrixPower = (a: Mat, power: number): Mat => {
  const { values, vectors } = eigen(a)
  return times(
    vectors.map((row) => zip(row, values, (x, w) => x * w ** power)),
    transpose(vectors)
  )
}

/** Orthonormal columns of the same spans, by Gram and Schmidt, twice for accuracy. */
export const orthonormal = (a: Mat): Mat => {
  const done: Array<Vec> = []
  for (const column of transpose(a)) {
    let x = column
    for (let pass = 0; pass < 2; pass++) for (const q of done) x = mix(1, x, -sum(zip(q, x, (s, t) => s * t)), q)
    const length = norm(x)
    done.push(x.map((s) => s / length))
  }
  return transpose(done)
}
