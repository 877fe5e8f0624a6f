/** Reflections that make a matrix triangular (Householder 1958), in kernels and on the host. */
import type { Builder } from "@cotangent/kernel"
import {
  after,
  before,
  clear,
  constantOf,
  type Matrix,
  numberOf,
  over,
  overRuns,
  position,
  read,
  stagesOf,
  write
} from "./matrix-loops.ts"

/** Scratch of a triangularisation: the matrix, then its factor, in rows; a number for each reflection, and each diagonal. */
export interface Reflected {
  readonly work: Matrix
  readonly factors: Matrix
  readonly heads: Matrix
}

type Number = ReturnType<typeof read>

/** The length of a part of a column, of which some elements do not count; scaled, so that no square overflows. */
const lengthOf = (b: Builder.Builder, zero: Number, each: (body: (x: Number) => void) => void): Number => {
  const largest = b.variable(zero)
  each((x) => b.assign(largest, b.binary("max", largest, b.unary("abs", x))))
  const one = b.binary("add", zero, b.constant(1, zero.type))
  const scale = b.select(b.compare("eq", largest, zero), one, largest)
  const squares = b.variable(zero)
  each((x) => {
    const y = b.binary("div", x, scale)
    b.assign(squares, b.binary("add", squares, b.binary("mul", y, y)))
  })
  return b.binary("mul", scale, b.unary("sqrt", squares))
}

/**
 * What reflects a vector `x` onto its first axis: `H = 1 - factor v v^T` with `v = x / divisor` and a first element of 1,
 * `H x = head e_1`. The head has the sign that x has not, so that nothing cancels; of zeros it is 0 and H is the identity.
 */
export const reflectorOf = (b: Builder.Builder, first: Number, length: Number) => {
  const zero = b.constant(0, first.type)
  const isZero = b.compare("eq", length, zero)
  const head = b.select(b.compare("lt", first, zero), length, b.unary("neg", length))
  return {
    isZero,
    head: b.select(isZero, zero, head),
    divisor: b.select(isZero, b.constant(1, first.type), b.binary("sub", first, head))
  }
}

/**
 * The factor of a reflection, `2 / v^T v`, from the elements of v behind the first: from the rounded ones, so that H is
 * orthogonal however small x is.
 */
export const factorOf = (
  b: Builder.Builder,
  isZero: Number,
  each: (body: (v: Number) => void) => void,
  one: Number
): Number => {
  const squares = b.variable(one)
  each((v) => b.assign(squares, b.binary("add", squares, b.binary("mul", v, v))))
  return b.select(isZero, b.constant(0, one.type), b.binary("div", b.constant(2, one.type), squares))
}

/** The length of the elements of a walk from position `from` on, those before `least` not counted. */
export const lengthFrom = (
  b: Builder.Builder,
  matrix: Matrix,
  from: number,
  count: number,
  least: Number,
  element: (at: ReturnType<typeof position>) => Number
): Number => {
  const zero = constantOf(b, matrix, 0)
  return lengthOf(b, zero, (body) =>
    over(b, position(from), count, (i) => body(b.select(b.compare("ge", numberOf(b, i), least), element(i), zero)))
  )
}

/**
 * Makes an m x n matrix in scratch, m >= n, upper triangular by n reflections from the left. Below the diagonal remain the
 * vectors of the reflections, whose first elements are 1; the diagonal is in `heads`.
 */
export const triangularise = (b: Builder.Builder, { work, factors, heads }: Reflected, m: number, n: number): void => {
  const one = position(0)
  for (const { start, count } of stagesOf(n))
    b.loop(count, 1, (step) => {
      const j = position(start, step)
      const length = lengthFrom(b, work, start, m - start, numberOf(b, j), (i) => read(b, work, i, j))
      const { isZero, head, divisor } = reflectorOf(b, read(b, work, j, j), length)
      const below = (body: (i: typeof j) => void) => over(b, after(j, 1), m - 1 - start, body)
      const factor = factorOf(
        b,
        isZero,
        (body) =>
          below((i) => {
            const v = b.binary("div", read(b, work, i, j), divisor)
            write(b, work, i, j, v)
            body(v)
          }),
        constantOf(b, work, 1)
      )
      write(b, heads, one, j, head)
      write(b, factors, one, j, factor)
      overRuns(b, work, after(j, 1), n - 1 - start, (k, width) => {
        const along = b.variable(read(b, work, j, k, width))
        const vector = (i: typeof j) => b.splat(read(b, work, i, j), width)
        below((i) => b.assign(along, b.binary("add", along, b.binary("mul", vector(i), read(b, work, i, k, width)))))
        const taken = b.binary("mul", b.splat(factor, width), along)
        write(b, work, j, k, b.binary("sub", read(b, work, j, k, width), taken))
        below((i) =>
          write(b, work, i, k, b.binary("sub", read(b, work, i, k, width), b.binary("mul", vector(i), taken)))
        )
      })
    })
}

/** The first n columns of the product of the reflections, from the last to the first. */
export const reflections = (
  b: Builder.Builder,
  { work, factors }: Reflected,
  q: Matrix,
  m: number,
  n: number
): void => {
  const one = position(0)
  clear(b, q)
  over(b, one, n, (i) => write(b, q, i, i, constantOf(b, q, 1)))
  for (const { start, count } of stagesOf(n).toReversed())
    b.loop(count, 1, (step) => {
      const j = before(start + count - 1, step)
      const factor = read(b, factors, one, j)
      const below = (body: (i: typeof j) => void) => over(b, after(j, 1), m - 1 - start, body)
      overRuns(b, q, j, n - start, (k, width) => {
        const along = b.variable(read(b, q, j, k, width))
        const vector = (i: typeof j) => b.splat(read(b, work, i, j), width)
        below((i) => b.assign(along, b.binary("add", along, b.binary("mul", vector(i), read(b, q, i, k, width)))))
        const taken = b.binary("mul", b.splat(factor, width), along)
        write(b, q, j, k, b.binary("sub", read(b, q, j, k, width), taken))
        below((i) => write(b, q, i, k, b.binary("sub", read(b, q, i, k, width), b.binary("mul", vector(i), taken))))
      })
    })
}

/** Orthonormal columns and an upper triangle whose diagonal is not negative, of one matrix on the host. */
export const orthogonalised = (a: Float64Array, m: number, n: number): readonly [Float64Array, Float64Array] => {
  const r = Float64Array.from(a)
  const q = Float64Array.from({ length: m * n }, (_, e) => (Math.floor(e / n) === e % n ? 1 : 0))
  const vectors: Array<{ readonly v: Float64Array; readonly factor: number }> = []
  const reflect = (x: Float64Array, v: Float64Array, factor: number): void => {
    for (let k = 0; k < n; k++) {
      let along = 0
      for (let i = 0; i < m; i++) along += (v[i] ?? 0) * (x[i * n + k] ?? 0)
      for (let i = 0; i < m; i++) x[i * n + k] = (x[i * n + k] ?? 0) - factor * (v[i] ?? 0) * along
    }
  }
  for (let j = 0; j < n; j++) {
    const v = Float64Array.from({ length: m }, (_, i) => (i < j ? 0 : (r[i * n + j] ?? 0)))
    const length = Math.hypot(...v)
    v[j] = (v[j] ?? 0) + ((v[j] ?? 0) < 0 ? -length : length)
    const square = v.reduce((sum, x) => sum + (x / (length === 0 ? 1 : length)) ** 2, 0)
    const unit = v.map((x) => x / (length === 0 ? 1 : length))
    const factor = length === 0 ? 0 : 2 / square
    reflect(r, unit, factor)
    vectors.push({ v: unit, factor })
  }
  for (const { v, factor } of vectors.toReversed()) reflect(q, v, factor)
  const upper = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const sign = (r[i * n + i] ?? 0) < 0 ? -1 : 1
    for (let j = i; j < n; j++) upper[i * n + j] = sign * (r[i * n + j] ?? 0)
    for (let k = 0; k < m; k++) q[k * n + i] = sign * (q[k * n + i] ?? 0)
  }
  return [q, upper]
}
