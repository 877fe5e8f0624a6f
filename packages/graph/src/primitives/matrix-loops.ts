/**
 * The loops of linear algebra in kernels: places inside matrices, loops over triangles, runs of columns in vectors.
 *
 * Loops of kernels have fixed extents, triangles do not. So a triangle is walked in a few *stages*: within one the inner
 * loops have the extent that its first row needs, and what they do beyond the triangle or the matrix happens in scratch that
 * is large enough for it and holds zeros there.
 */
import { type Buffer, Builder, type Index, type Loop, maxLanes, type Register } from "@cotangent/kernel"
import { roundTo } from "../dtype.ts"
import type { KernelFrame, KernelOperand } from "../primitive.ts"
import { nestLoops } from "./strided.ts"

/** A row or a column: a number plus loops, each counted up (1) or down (-1), plus what was computed. */
export interface Position {
  readonly at: number
  readonly loops: ReadonlyArray<readonly [Loop, 1 | -1]>
  readonly computed?: Register
}

/** A position that counts up with loops. */
export const position = (at: number, ...loops: ReadonlyArray<Loop>): Position => ({
  at,
  loops: loops.map((loop) => [loop, 1] as const)
})

/** A position further on, also with loops inside. */
export const after = ({ at, loops, ...rest }: Position, by: number, ...inner: ReadonlyArray<Loop>): Position => ({
  at: at + by,
  loops: [...loops, ...inner.map((loop) => [loop, 1] as const)],
  ...rest
})

/** The last of positions counted down: `at - loop`. */
export const before = (at: number, loop: Loop): Position => ({ at, loops: [[loop, -1]] })

/** A position that was computed. */
export const computed = (register: Register): Position => ({ at: 0, loops: [], computed: register })

/** A position as a number in a register. */
export const numberOf = (b: Builder.Builder, { at, loops, computed: own }: Position): Register => {
  const type = Builder.typeOf("i32")
  const start = own === undefined ? b.constant(at, type) : at === 0 ? own : b.binary("add", own, b.constant(at, type))
  return loops.reduce((sum, [loop, sign]) => b.binary(sign === 1 ? "add" : "sub", sum, b.loopIndex(loop)), start)
}

/** A matrix inside a buffer: element (i, j) lies at `origin + rows * i + columns * j`. */
export interface Matrix {
  readonly buffer: Buffer
  readonly origin: number
  readonly terms: ReadonlyArray<readonly [Loop, number]>
  readonly rows: number
  readonly columns: number
}

/** Calls `body` for the matrices of operands with the same leading dimensions; of a vector each element is a column. */
export const overMatrices = (
  b: Builder.Builder,
  lead: ReadonlyArray<number>,
  operands: ReadonlyArray<KernelOperand>,
  body: (...matrices: ReadonlyArray<Matrix>) => void
): void =>
  nestLoops(b, lead, (loops) =>
    body(
      ...operands.map(({ buffer, view: { shape, strides, offset } }) => ({
        buffer,
        origin: offset,
        terms: loops.map((loop, d) => [loop, strides[d] ?? 0] as const),
        rows: shape.length - lead.length === 2 ? (strides.at(-2) ?? 0) : 0,
        columns: shape.length > lead.length ? (strides.at(-1) ?? 0) : 0
      }))
    )
  )

/** A matrix in scratch. */
export const scratchMatrix = (
  { scratch }: KernelFrame,
  name: string,
  { dtype }: Buffer,
  rows: number,
  columns: number
): Matrix => ({ buffer: scratch(name, dtype, rows * columns), origin: 0, terms: [], rows: columns, columns: 1 })

/** Zeros in all lanes of a full vector: where a sum over runs begins. */
export const noRun = (b: Builder.Builder, matrix: Matrix): Register =>
  constantOf(b, matrix, 0, maxLanes[matrix.buffer.dtype])

const placeIn = (b: Builder.Builder, { origin, terms, rows, columns }: Matrix, i: Position, j: Position): Index => {
  const scaled = ({ computed: register }: Position, by: number): Register | undefined =>
    register === undefined || by === 0
      ? undefined
      : by === 1
        ? register
        : b.binary("mul", register, b.constant(by, Builder.typeOf("i32")))
  const [row, column] = [scaled(i, rows), scaled(j, columns)]
  return Builder.at(
    origin + i.at * rows + j.at * columns,
    [
      ...terms,
      ...i.loops.map(([loop, sign]) => [loop, sign * rows] as const),
      ...j.loops.map(([loop, sign]) => [loop, sign * columns] as const)
    ],
    row === undefined ? column : column === undefined ? row : b.binary("add", row, column)
  )
}

/** Element (i, j), or the run of `width` elements of row i that begins there. */
export const read = (b: Builder.Builder, matrix: Matrix, i: Position, j: Position, width = 1): Register =>
  width === 1
    ? b.load(matrix.buffer, placeIn(b, matrix, i, j))
    : b.load(matrix.buffer, placeIn(b, matrix, i, j), width, matrix.columns)

/** Writes element (i, j), or a run of row i. */
export const write = (b: Builder.Builder, matrix: Matrix, i: Position, j: Position, value: Register): void =>
  b.store(matrix.buffer, placeIn(b, matrix, i, j), value, value.type.lanes === 1 ? 0 : matrix.columns)

/** A number of the element type of a matrix, in `width` lanes. */
export const constantOf = (b: Builder.Builder, { buffer }: Matrix, value: number, width = 1): Register =>
  b.constant(roundTo[buffer.dtype](value), Builder.typeOf(buffer.dtype, width))

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Runs of full vectors that cover `count` columns from `from` on, and some behind them. */
export const overRuns = (
  b: Builder.Builder,
  { buffer }: Matrix,
  from: Position,
  count: number,
  body: (at: Position, width: number) => void
): void => {
  const lanes = maxLanes[buffer.dtype]
  b.loop(roundUp(count, lanes), lanes, (loop) => body(after(from, 0, loop), lanes))
}

/** Runs that cover exactly `count` columns from the first on. */
export const overColumns = (
  b: Builder.Builder,
  { buffer }: Matrix,
  count: number,
  body: (at: Position, width: number) => void
): void => {
  const lanes = maxLanes[buffer.dtype]
  const whole = Math.floor(count / lanes) * lanes
  if (whole > 0) b.loop(whole, lanes, (loop) => body(position(0, loop), lanes))
  if (count > whole) body(position(whole), count - whole)
}

/** A loop over positions from one on. */
export const over = (b: Builder.Builder, from: Position, count: number, body: (at: Position) => void): void =>
  b.loop(count, 1, (loop) => body(after(from, 0, loop)))

/** Some steps of a walk over a triangle. */
export interface Stage {
  readonly start: number
  readonly count: number
}

/** The stages of n steps: at most eight, of eight steps or more. */
export const stagesOf = (n: number): ReadonlyArray<Stage> => {
  const length = stageLength(n)
  return Array.from({ length: Math.ceil(n / length) }, (_, s) => ({
    start: s * length,
    count: Math.min(length, n - s * length)
  }))
}

/** How many steps a stage has at most: how far loops may run beyond the end. */
export const stageLength = (n: number): number => Math.max(8, Math.ceil(n / 8))

/** How many elements a row of scratch needs for n columns, and what runs and stages do beyond them. */
export const paddedColumns = (n: number, { dtype }: Buffer): number =>
  roundUp(n + stageLength(n) + maxLanes[dtype], maxLanes[dtype])

/** How many rows scratch needs for n rows. */
export const paddedRows = (n: number): number => n + stageLength(n)

/** Fills scratch with zeros. */
export const clear = (b: Builder.Builder, matrix: Matrix): void => {
  const lanes = maxLanes[matrix.buffer.dtype]
  const whole = Math.floor(matrix.buffer.length / lanes) * lanes
  const store = (at: Index, width: number) => b.store(matrix.buffer, at, constantOf(b, matrix, 0, width))
  b.loop(whole, lanes, (loop) => store(Builder.at(0, [[loop, 1]]), lanes))
  if (matrix.buffer.length > whole) store(Builder.at(whole), matrix.buffer.length - whole)
}

/** A sum of runs as one number: the lanes are folded in halves. */
export const total = (b: Builder.Builder, run: Register): Register =>
  run.type.lanes === 1 ? run : b.combine("add", run)
