/** Symmetric matrices on their way to eigenvalues, in kernels: first tridiagonal by reflections, then diagonal by rotations. */
import { Builder, type Register } from "@cotangent/kernel"
import { factorOf, lengthFrom, reflectorOf } from "./householder.ts"
import {
  after,
  before,
  clear,
  computed,
  constantOf,
  type Matrix,
  noRun,
  numberOf,
  over,
  overRuns,
  position,
  read,
  type Position,
  stagesOf,
  total,
  write
} from "./matrix-loops.ts"

/**
 * Scratch of a decomposition: the matrix, in the end the vectors of its reflections; eigenvectors in rows; and rows of the
 * diagonal, what stands beside it, the factors of the reflections, a vector and a product.
 */
export interface Symmetric {
  readonly work: Matrix
  readonly vectors: Matrix
  readonly diagonal: Matrix
  readonly beside: Matrix
  readonly factors: Matrix
  readonly vector: Matrix
  readonly along: Matrix
}

const one = position(0)

/** `A = Q T Q^T` with T tridiagonal: n - 2 reflections from both sides. Leaves Q^T in `vectors`. */
export const tridiagonalise = (b: Builder.Builder, s: Symmetric, n: number): void => {
  const { work, vectors, diagonal, beside, factors, vector, along } = s
  for (const { start, count } of stagesOf(Math.max(0, n - 2)))
    b.loop(count, 1, (step) => {
      const k = position(start, step)
      const next = after(k, 1)
      const left = n - 1 - start
      const length = lengthFrom(b, work, start + 1, left, numberOf(b, next), (j) => read(b, work, k, j))
      const { isZero, head, divisor } = reflectorOf(b, read(b, work, k, next), length)
      const rows = (body: (i: Position) => void) => over(b, next, left, body)
      const runs = (body: (j: Position, width: number) => void) => overRuns(b, work, next, left, body)
      clear(b, vector)
      const factor = factorOf(
        b,
        isZero,
        (body) =>
          over(b, after(next, 1), left - 1, (j) => {
            const v = b.binary("div", read(b, work, k, j), divisor)
            write(b, vector, one, j, v)
            body(v)
          }),
        constantOf(b, work, 1)
      )
      write(b, diagonal, one, k, read(b, work, k, k))
      write(b, beside, one, k, head)
      write(b, factors, one, k, factor)
      write(b, vector, one, next, constantOf(b, work, 1))
      rows((j) => write(b, work, k, j, read(b, vector, one, j)))
      const product = b.variable(noRun(b, work))
      runs((j, width) => {
        const sum = b.variable(constantOf(b, work, 0, width))
        rows((i) => {
          const term = b.binary("mul", b.splat(read(b, vector, one, i), width), read(b, work, i, j, width))
          b.assign(sum, b.binary("add", sum, term))
        })
        const p = b.binary("mul", b.splat(factor, width), sum)
        write(b, along, one, j, p)
        b.assign(product, b.binary("add", product, b.binary("mul", p, read(b, vector, one, j, width))))
      })
      const half = b.binary("mul", b.binary("mul", factor, constantOf(b, work, 0.5)), total(b, product))
      runs((j, width) => {
        const less = b.binary("mul", b.splat(half, width), read(b, vector, one, j, width))
        write(b, along, one, j, b.binary("sub", read(b, along, one, j, width), less))
      })
      rows((i) =>
        runs((j, width) => {
          const [v, p] = [vector, along].map((x) => b.splat(read(b, x, one, i), width))
          if (v === undefined || p === undefined) return
          const first = b.binary("sub", read(b, work, i, j, width), b.binary("mul", v, read(b, along, one, j, width)))
          write(b, work, i, j, b.binary("sub", first, b.binary("mul", p, read(b, vector, one, j, width))))
        })
      )
    })
  for (let i = Math.max(0, n - 2); i < n; i++)
    write(b, diagonal, one, position(i), read(b, work, position(i), position(i)))
  if (n > 1) write(b, beside, one, position(n - 2), read(b, work, position(n - 2), position(n - 1)))
  clear(b, vectors)
  over(b, one, n, (i) => write(b, vectors, i, i, constantOf(b, vectors, 1)))
  for (const { start, count } of stagesOf(Math.max(0, n - 2)).toReversed())
    b.loop(count, 1, (step) => {
      const k = before(start + count - 1, step)
      const next = after(k, 1)
      const left = n - 1 - start
      const factor = read(b, factors, one, k)
      over(b, next, left, (i) => {
        const sum = b.variable(noRun(b, work))
        const runs = (body: (j: Position, width: number) => void) => overRuns(b, work, next, left, body)
        runs((j, width) =>
          b.assign(
            sum,
            b.binary("add", sum, b.binary("mul", read(b, vectors, i, j, width), read(b, work, k, j, width)))
          )
        )
        const taken = b.binary("mul", factor, total(b, sum))
        runs((j, width) => {
          const less = b.binary("mul", b.splat(taken, width), read(b, work, k, j, width))
          write(b, vectors, i, j, b.binary("sub", read(b, vectors, i, j, width), less))
        })
      })
    })
}

/** The root of `x^2 + y^2`, without overflow. */
const hypotenuse = (b: Builder.Builder, x: Register, y: Register): Register => {
  const [p, q] = [b.unary("abs", x), b.unary("abs", y)]
  const zero = b.constant(0, x.type)
  const one = b.constant(1, x.type)
  const largest = b.binary("max", p, q)
  const ratio = b.binary("div", b.binary("min", p, q), b.select(b.compare("eq", largest, zero), one, largest))
  return b.binary("mul", largest, b.unary("sqrt", b.binary("add", b.binary("mul", ratio, ratio), one)))
}

/** How many sweeps make n eigenvalues: they take less than three each, whatever the matrix. */
export const sweepsFor = (n: number): number => 3 * n + 10

/**
 * Makes a tridiagonal matrix diagonal by implicit QL sweeps (Bowdler, Martin, Reinsch and Wilkinson 1968), and turns the rows
 * of `vectors` with it. A sweep works on the first block that is not diagonal yet; sweeps after the last do nothing. Gives
 * whether all of it is diagonal.
 *
 * What stands beside the diagonal is 0 when it is not larger than the rounding of its neighbours, `epsilon` of them, or of
 * that of the matrix, whose elements must be about 1.
 */
export const diagonalise = (b: Builder.Builder, s: Symmetric, n: number, epsilon: number): Register => {
  const { vectors, diagonal, beside } = s
  const number = (value: number) => constantOf(b, diagonal, value)
  const integer = (value: number) => b.constant(value, Builder.typeOf("i32"))
  const add = (x: Register, y: Register) => b.binary("add", x, y)
  const mul = (x: Register, y: Register) => b.binary("mul", x, y)
  const sub = (x: Register, y: Register) => b.binary("sub", x, y)
  const div = (x: Register, y: Register) => b.binary("div", x, y)
  const d = (at: Position) => read(b, diagonal, one, at)
  const e = (at: Position) => read(b, beside, one, at)
  const downwards = (body: (i: Position) => void) => b.loop(n - 1, 1, (loop) => body(before(n - 2, loop)))
  /** The first place that is not diagonal yet; n - 1 when all is. */
  const firstLeft = (): Register => {
    const first = b.variable(integer(n - 1))
    downwards((i) => {
      const around = add(b.unary("abs", d(i)), b.unary("abs", d(after(i, 1))))
      const bound = add(mul(around, number(epsilon)), number(epsilon * epsilon))
      const isSmall = b.compare("le", b.unary("abs", e(i)), bound)
      write(b, beside, one, i, b.select(isSmall, number(0), e(i)))
      b.assign(first, b.select(isSmall, first, numberOf(b, i)))
    })
    return first
  }
  b.loop(n > 1 ? sweepsFor(n) : 0, 1, () => {
    const first = firstLeft()
    const end = b.variable(integer(n - 1))
    downwards((i) => {
      const ends = b.binary("and", b.compare("ge", numberOf(b, i), first), b.compare("eq", e(i), number(0)))
      b.assign(end, b.select(ends, numberOf(b, i), end))
    })
    const [low, high] = [computed(first), computed(end)]
    const isLeft = b.compare("lt", first, end)
    const beyond = b.select(isLeft, e(low), number(1))
    // Wilkinson's shift.
    const half = div(sub(d(after(low, 1)), d(low)), mul(beyond, number(2)))
    const root = hypotenuse(b, half, number(1))
    const signed = b.select(b.compare("lt", half, number(0)), b.unary("neg", root), root)
    const g = b.variable(add(sub(d(high), d(low)), div(beyond, add(half, signed))))
    const [sine, cosine, p] = [b.variable(number(1)), b.variable(number(1)), b.variable(number(0))]
    const isRunning = b.variable(isLeft)
    downwards((i) => {
      const at = numberOf(b, i)
      const next = after(i, 1)
      const inside = b.binary("and", b.compare("lt", at, end), b.compare("ge", at, first))
      const turns = b.binary("and", isRunning, inside)
      const keep = (x: Register, old: Register) => b.select(turns, x, old)
      const [f, h] = [mul(sine, e(i)), mul(cosine, e(i))]
      const r = hypotenuse(b, f, g)
      // Nothing left of the rotation, which happens by underflow only: the block falls apart here.
      const isNone = b.compare("eq", r, number(0))
      const safe = b.select(isNone, number(1), r)
      write(b, beside, one, next, keep(r, e(next)))
      const last = sub(d(next), p)
      const [s2, c2] = [div(f, safe), div(g, safe)]
      const rest = add(mul(sub(d(i), last), s2), mul(mul(c2, h), number(2)))
      const moved = mul(s2, rest)
      write(b, diagonal, one, next, keep(b.select(isNone, last, add(last, moved)), d(next)))
      b.assign(sine, keep(s2, sine))
      b.assign(cosine, keep(c2, cosine))
      b.assign(p, keep(moved, p))
      b.assign(g, keep(sub(mul(c2, rest), h), g))
      const goesOn = b.select(isNone, b.compare("ne", number(0), number(0)), isRunning)
      b.assign(isRunning, b.select(turns, goesOn, isRunning))
      const rotates = b.binary("and", turns, b.compare("ne", r, number(0)))
      const [c, t] = [b.select(rotates, c2, number(1)), b.select(rotates, s2, number(0))]
      overRuns(b, vectors, one, n, (k, width) => {
        const [x, y] = [read(b, vectors, i, k, width), read(b, vectors, next, k, width)]
        const [cs, sn] = [b.splat(c, width), b.splat(t, width)]
        write(b, vectors, next, k, add(mul(sn, x), mul(cs, y)))
        write(b, vectors, i, k, sub(mul(cs, x), mul(sn, y)))
      })
    })
    write(b, diagonal, one, low, b.select(isRunning, sub(d(low), p), d(low)))
    write(b, beside, one, low, b.select(isRunning, g, e(low)))
    write(b, beside, one, high, b.select(isLeft, number(0), e(high)))
  })
  return n > 1 ? b.compare("eq", firstLeft(), integer(n - 1)) : b.compare("eq", number(0), number(0))
}
