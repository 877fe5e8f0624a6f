/**
 * The transforms of minimal filtering over four points, 0, 1, -1 and infinity: F(2, 3), two outputs of windows of three, and
 * F(3, 2), three outputs of windows of two, whose transforms are the transposes of each other (Winograd 1980; Lavin and Gray
 * 2016, section 4.1; for the gradient of the kernel Lavin and Gray 2016, section 3).
 */
import { Builder, type Register } from "@cotangent/kernel"

/** A linear map: one line of coefficients for each of its outputs. */
export type Transform = ReadonlyArray<ReadonlyArray<number>>

const transposed = (t: Transform): Transform => (t[0] ?? []).map((_, j) => t.map((line) => line[j] ?? 0))

/** Four neighbouring inputs to four points. */
export const inputTransform: Transform = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1]
]

/** Three places of a window to four points. */
export const threeToPoints: Transform = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1]
]

/** Four points to two outputs. */
export const pointsToTwo: Transform = [
  [1, 1, 1, 0],
  [0, 1, -1, -1]
]

/** Two places of a window to four points. */
export const twoToPoints: Transform = transposed(pointsToTwo)

/** Four points to three outputs. */
export const pointsToThree: Transform = transposed(threeToPoints)

/** A register, or nothing where there is a zero. */
export type Term = Register | undefined

/** The sum of some registers with signs; nothing where all of them are zeros. */
const signedSum = (b: Builder.Builder, terms: ReadonlyArray<readonly [number, Register]>): Term => {
  const [plus, minus] = [1, -1].map((sign) => terms.flatMap(([by, x]) => (Math.sign(by) === sign ? [x] : [])))
  const [first, ...more] = plus ?? []
  const sum = more.reduce<Term>((total, x) => (total === undefined ? x : b.binary("add", total, x)), first)
  return (minus ?? []).reduce<Term>(
    (total, x) => (total === undefined ? b.unary("neg", x) : b.binary("sub", total, x)),
    sum
  )
}

/** One line of a transform. Coefficients of one half are taken out of the sum. */
const combine = (b: Builder.Builder, line: ReadonlyArray<number>, values: (i: number) => Term): Term => {
  const terms = line.flatMap((by, i) => {
    const value = by === 0 ? undefined : values(i)
    return value === undefined ? [] : [[by, value] as const]
  })
  const [whole, halves] = [1, 0.5].map((size) =>
    signedSum(
      b,
      terms.filter(([by]) => Math.abs(by) === size)
    )
  )
  if (halves === undefined) return whole
  const half = b.binary("mul", halves, b.constant(0.5, halves.type))
  return whole === undefined ? half : b.binary("add", whole, half)
}

/** Transforms a square of values along both axes; a row of results at a time, so that few registers live at once. */
export const transformSquare = (
  b: Builder.Builder,
  transform: Transform,
  read: (i: number, j: number) => Term,
  write: (i: number, j: number, value: Term) => void
): void => {
  const across = transform[0]?.length ?? 0
  transform.forEach((line, i) => {
    const rows = Array.from({ length: across }, (_, j) => combine(b, line, (k) => read(k, j)))
    transform.forEach((other, j) =>
      write(
        i,
        j,
        combine(b, other, (k) => rows[k])
      )
    )
  })
}
