/** Running sums, products, extrema, and the scan of any associative function, along one axis, the last unless given. */
import { normalizeAxis } from "../axes.ts"
import type { Domain, DType } from "../dtype.ts"
import { ShapeError } from "../errors.ts"
import { type Accepts, type AxisOption, checkOperand, faceWithOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type { DimAt, WithDim } from "../axis-rules.ts"
import type { Minus } from "../difference.ts"
import type { AxisOf } from "../shape-rules.ts"
import type { Dim, Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import * as Tree from "../tree.ts"
import { finiteShift, logOfSum } from "./log-of-sum.ts"

/** Along which axis, in which direction, and whether each element counts itself. */
export interface CumulativeOptions<A extends number = number> extends AxisOption<A> {
  /** From the end of the axis to its start; from the start unless given. */
  readonly reverse?: boolean
  /** The result at i leaves out element i, and starts with what changes nothing; not unless given. */
  readonly exclusive?: boolean
}

/** A cumulative operation that holds its options and waits for its operand. */
export interface CumulativeBy<Op extends string, In extends Domain, A extends number> {
  <S extends Shape, D extends DType>(self: Tensor<S, D> & Guard<Accepts<Op, In, D, AxisOf<Op, S, A, S>>>): Tensor<S, D>
}

/** Cumulative operations: the shape stays. */
export interface Cumulative<Op extends string, In extends Domain> {
  <const A extends number = -1>(options?: CumulativeOptions<A>): CumulativeBy<Op, In, A>
  <S extends Shape, D extends DType, const A extends number = -1>(
    self: Tensor<S, D> & Guard<Accepts<Op, In, D>>,
    options?: CumulativeOptions<A> & Guard<AxisOf<Op, S, A, S>>
  ): Tensor<S, D>
}

const part = (x: AnyTensor, axis: number, from: number, to: number): AnyTensor =>
  ops.slice(x, {
    start: x.shape.map((_, d) => (d === axis ? from : 0)),
    limit: x.shape.map((size, d) => (d === axis ? to : size)),
    step: x.shape.map(() => 1)
  })

const sizeAlong = (x: AnyTensor, axis: number): number => x.shape[axis] ?? 1

/** Elements moved one place along the axis, `fill` in the place that is left. */
const moved = (x: AnyTensor, axis: number, reverse: boolean, fill: number): AnyTensor => {
  const n = sizeAlong(x, axis)
  if (n === 0) return x
  const first = ops.full(
    x.shape.map((size, d) => (d === axis ? 1 : size)),
    fill,
    x.dtype
  )
  return reverse ? ops.concat([part(x, axis, 1, n), first], axis) : ops.concat([first, part(x, axis, 0, n - 1)], axis)
}

/** Doubling: after step k every place holds what the 2^k elements up to it make (Hillis and Steele 1986). */
const doubling = (
  f: (earlier: ReadonlyArray<AnyTensor>, later: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  xs: ReadonlyArray<AnyTensor>,
  axis: number,
  n: number,
  reverse: boolean
): ReadonlyArray<AnyTensor> => {
  let now = xs
  for (let distance = 1; distance < n; distance *= 2) {
    const [low, high] = [now.map((x) => part(x, axis, 0, n - distance)), now.map((x) => part(x, axis, distance, n))]
    const joined = reverse ? f(high, low) : f(low, high)
    const kept = now.map((x) => (reverse ? part(x, axis, n - distance, n) : part(x, axis, 0, distance)))
    now = joined.map((y, i) => {
      const rest = kept[i] ?? y
      return ops.concat(reverse ? [y, rest] : [rest, y], axis)
    })
  }
  return now
}

const cumulative = <Op extends string, In extends Domain>(
  operation: Op,
  domain: In,
  identity: number,
  body: (x: AnyTensor, axis: number, reverse: boolean) => AnyTensor
): Cumulative<Op, In> =>
  faceWithOptions((x: AnyTensor, { axis = -1, reverse = false, exclusive = false }: CumulativeOptions = {}) => {
    checkOperand(operation, domain, x)
    const at = normalizeAxis(operation, x.shape, axis)
    return body(exclusive ? moved(x, at, reverse, identity) : x, at, reverse)
  })

const byDoubling =
  (f: (a: AnyTensor, b: AnyTensor) => AnyTensor) =>
  (x: AnyTensor, axis: number, reverse: boolean): AnyTensor => {
    const [y = x] = doubling(([a = x], [b = x]) => [f(a, b)], [x], axis, sizeAlong(x, axis), reverse)
    return y
  }

/**
 * Running sums: `y_i = sum_{j <= i} x_j`, added in order. numpy's and PyTorch's `cumsum`.
 *
 * ```ts
 * const y = T.cumsum(T.constant([1, 2, 3]))                        // [1, 3, 6]
 * const z = T.cumsum(T.constant([1, 2, 3]), { exclusive: true })   // [0, 1, 3]
 * ```
 */
export const cumsum: Cumulative<"cumsum", "number"> = cumulative(
  "cumsum",
  "number",
  0,
  (x, axis, reverse) => ops.cumsum([x], { axis, reverse })[0] ?? x
)

/** Running products: `y_i = prod_{j <= i} x_j`. The derivatives are right where elements are 0, at every order: nothing is divided. */
export const cumprod: Cumulative<"cumprod", "number"> = cumulative("cumprod", "number", 1, byDoubling(ops.mul))

/** The later of two elements where it is at least as extreme, or NaN; else the earlier one. */
const lastExtreme =
  (isAtLeast: (later: AnyTensor, earlier: AnyTensor) => AnyTensor) =>
  (earlier: AnyTensor, later: AnyTensor): AnyTensor =>
    ops.select(ops.or(isAtLeast(later, earlier), ops.not(ops.eq(later, later))), later, earlier)

/**
 * Running maxima: `y_i = max_{j <= i} x_j`. Of equal elements the last takes the derivative, and NaN stays from where it
 * stands on: PyTorch's `cummax`. Exclusive ones start with -Infinity.
 */
export const cummax: Cumulative<"cummax", "float"> = cumulative(
  "cummax",
  "float",
  -Infinity,
  byDoubling(lastExtreme((later, earlier) => ops.le(earlier, later)))
)

/**
 * Running minima: `y_i = min_{j <= i} x_j`. Of equal elements the last takes the derivative, and NaN stays from where it
 * stands on: PyTorch's `cummin`. Exclusive ones start with Infinity.
 */
export const cummin: Cumulative<"cummin", "float"> = cumulative(
  "cummin",
  "float",
  Infinity,
  byDoubling(lastExtreme(ops.le))
)

/** `ln(e^a + e^b)`, for infinities too; two times -Infinity give -Infinity with derivative 0. */
const logAdd = (a: AnyTensor, b: AnyTensor): AnyTensor => {
  const shift = finiteShift(ops.stopGradient(ops.max(a, b)))
  return logOfSum(ops.add(ops.exp(ops.sub(a, shift)), ops.exp(ops.sub(b, shift))), shift)
}

/** Running `ln sum_{j <= i} e^x_j`, which neither overflows nor loses small terms. PyTorch's `logcumsumexp`. */
export const logcumsumexp: Cumulative<"logcumsumexp", "float"> = cumulative(
  "logcumsumexp",
  "float",
  -Infinity,
  byDoubling(logAdd)
)

/**
 * The scan of an associative function: `y_i = f(...f(f(x_0, x_1), x_2)..., x_i)` along an axis of a tree of tensors, in
 * `log2 n` steps, each of which applies f to whole arrays. f must be associative; it need not commute. Differentiable to
 * every order. For a loop that is not associative see `T.scan`.
 *
 * ```ts
 * const y = T.associativeScan((a, b) => T.mul(a, b), T.constant([1, 2, 3, 4]))   // [1, 2, 6, 24]
 * ```
 */
export const associativeScan = <X>(
  f: (earlier: X, later: X) => X,
  xs: X,
  { axis = 0, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}
): X => {
  const leaves = Tree.leaves(xs)
  const places = leaves.map((x) => normalizeAxis("associativeScan", x.shape, axis))
  const [first] = leaves
  if (first === undefined) return xs
  const [at = 0] = places
  const n = sizeAlong(first, at)
  leaves.forEach((x, i) => {
    if (places[i] !== at || sizeAlong(x, at) !== n)
      throw new ShapeError(
        `associativeScan: a leaf has ${sizeAlong(x, places[i] ?? 0)} elements along the axis, another has ${n}`
      )
  })
  const step = (earlier: ReadonlyArray<AnyTensor>, later: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
    // Parts of the leaves have the structure of the tree.
    const [a, b] = [Tree.rebuildWith(xs, earlier) as X, Tree.rebuildWith(xs, later) as X]
    return Tree.leavesLike("associativeScan: what f returns", b, f(a, b))
  }
  return Tree.rebuildWith(xs, doubling(step, leaves, at, n, reverse)) as X
}

/** Options of diff. */
export interface DiffOptions<A extends number = number, K extends number = number, D extends DType = DType> {
  /** The last axis unless given. */
  readonly axis?: A
  /** How often differences are taken; once unless given. */
  readonly order?: K
  /** What is joined to the front along the axis before, and to the end. */
  readonly prepend?: Tensor<Shape, D>
  readonly append?: Tensor<Shape, D>
}

/** The shape of differences: as many elements fewer along the axis as the order says; unknown when something is joined. */
export type DiffRule<S extends Shape, D extends DType, A extends number, K extends number, O> = Accepts<
  "diff",
  "number",
  D,
  WithDim<
    "diff",
    S,
    A,
    O extends { readonly prepend: unknown } | { readonly append: unknown } ? number : Fewer<S, A, K>
  >
>
type Fewer<S extends Shape, A extends number, K extends number> =
  Minus<DimAt<S, A>, K> extends infer N ? ([N] extends [never] ? number : N extends Dim ? N : number) : number

/** Differences that wait for their operand. */
export interface DiffBy<A extends number, K extends number, O> {
  <S extends Shape, D extends DType>(
    self: Tensor<S, D> & Guard<DiffRule<S, D, A, K, O>>
  ): TensorOf<DiffRule<S, D, A, K, O>, D>
}

/**
 * Differences of neighbours: `y_i = x_{i+1} - x_i`, one element fewer along the axis, the last one unless given; `order`
 * times. numpy's and PyTorch's `diff`. Throws a ShapeError for an order below 0, or beyond the number of elements.
 *
 * ```ts
 * const y = T.diff(T.constant([1, 4, 9, 16]))                    // [3, 5, 7]
 * const z = T.diff(T.constant([1, 4, 9, 16]), { order: 2 })      // [2, 2]
 * ```
 */
export const diff: {
  <const A extends number = -1, const K extends number = 1, const O = unknown>(
    options?: DiffOptions<A, K> & O
  ): DiffBy<A, K, O>
  <S extends Shape, D extends DType, const A extends number = -1, const K extends number = 1, const O = unknown>(
    self: Tensor<S, D>,
    options?: DiffOptions<A, K, D> & O & Guard<DiffRule<S, D, A, K, O>>
  ): TensorOf<DiffRule<S, D, A, K, O>, D>
} = faceWithOptions((self: AnyTensor, { axis = -1, order = 1, prepend, append }: DiffOptions = {}) => {
  checkOperand("diff", "number", self)
  if (!Number.isSafeInteger(order) || order < 0)
    throw new ShapeError(`diff: order must be a whole number from 0, it is ${order}`)
  const at = normalizeAxis("diff", self.shape, axis)
  const parts = [prepend, self, append].flatMap((x) => (x === undefined ? [] : [x]))
  let x = parts.length === 1 ? self : ops.concat(parts, at)
  for (let k = 0; k < order; k++) {
    const n = sizeAlong(x, at)
    if (n === 0) throw new ShapeError(`diff: there are too few elements along axis ${axis} for order ${order}`)
    x = ops.sub(part(x, at, 1, n), part(x, at, 0, n - 1))
  }
  return x
})
