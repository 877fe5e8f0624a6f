/** Control flow inside graphs. */
import { ShapeError, TreeError } from "../errors.ts"
import { operations as ops } from "../operations.ts"
import type { Dim, Guard, Mismatch, Shape, Show } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor } from "../tensor.ts"
import type { SameTree } from "../tree-rules.ts"
import * as Tree from "../tree.ts"

/** One row of a sequence: the leading (time) dimension removed. */
export type RowOf<T> =
  // While a call is being resolved an argument may still be unknown: then every function of a row must pass.
  unknown extends T
    ? never
    : T extends Tensor<infer S, infer D>
      ? S extends readonly [unknown, ...infer R extends Shape]
        ? Tensor<R, D>
        : Tensor<Shape, D>
      : { readonly [K in keyof T]: RowOf<T[K]> }

/** The leading dimension of the tensors in a tree: `number` when they do not say the same. */
export type LeadOf<T> = Agreed<Leads<T>>
type Leads<T> =
  T extends Tensor<infer S, infer _>
    ? S extends readonly [infer N extends Dim, ...Shape]
      ? N
      : number
    : T extends ReadonlyArray<infer E>
      ? Leads<E>
      : { [K in keyof T]: Leads<T[K]> }[keyof T]
type Agreed<N, All = N> = [N] extends [never] ? number : N extends Dim ? ([All] extends [N] ? N : number) : number

/** A sequence of rows: a leading dimension `N` added. */
export type SequenceOf<T, N extends Dim = number> =
  T extends Tensor<infer S, infer D> ? Tensor<[N, ...S], D> : { readonly [K in keyof T]: SequenceOf<T[K], N> }

/** What `scan` may be told. */
export interface ScanOptions {
  /** From the last row to the first. */
  readonly reverse?: boolean
  /** The number of steps, needed when there is no sequence to count them. */
  readonly length?: number
  /**
   * Backward memory: the loop runs in so many segments, and only the carries that enter a segment are kept; those in
   * between are computed again, one segment at a time. `Math.sqrt(length)` segments keep the least.
   */
  readonly segments?: number
}

type Tensors = ReadonlyArray<AnyTensor>

/** The tensors of a tree, in order; `what` begins the sentence when something else stands in it. */
const leavesOf = (what: string, tree: unknown): Tensors => Tree.tensors(tree, what).map(({ leaf }) => leaf)

/** A scan over lists of tensors: `body` maps carries and rows to carries followed by output rows. */
const scanLists = (
  body: (carries: Tensors, rows: Tensors) => Tensors,
  carries: Tensors,
  sequences: Tensors,
  length: number,
  reverse: boolean
): Tensors => {
  const typeOf = ({ shape, dtype }: AnyTensor) => ({ shape, dtype })
  const { region, captured } = ops.region(
    [...carries.map(typeOf), ...sequences.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))],
    (...parameters) => body(parameters.slice(0, carries.length), parameters.slice(carries.length))
  )
  return ops.scan(region, [...captured, ...carries, ...sequences], carries.length, sequences.length, length, reverse)
}

const rowsOf = (x: AnyTensor, from: number, to: number): AnyTensor => {
  const rest = x.shape.slice(1)
  return ops.slice(x, {
    start: [from, ...rest.map(() => 0)],
    limit: [to, ...rest],
    step: x.shape.map(() => 1)
  })
}

/** The same scan as one over segments whose body is a scan over the rows of a segment, and one over the rows left. */
const scanSegments = (
  body: (carries: Tensors, rows: Tensors) => Tensors,
  initial: Tensors,
  sequences: Tensors,
  length: number,
  reverse: boolean,
  segments: number
): Tensors => {
  const size = Math.floor(length / segments)
  const whole = size * segments
  const count = initial.length
  const over = (carries: Tensors, rows: Tensors, steps: number) => scanLists(body, carries, rows, steps, reverse)
  const split = (y: AnyTensor) => ops.reshape(rowsOf(y, 0, whole), [segments, size, ...y.shape.slice(1)])
  const main = (carries: Tensors): Tensors =>
    scanLists((c, rows) => over(c, rows, size), carries, sequences.map(split), segments, reverse).map((y, i) =>
      i < count ? y : ops.reshape(y, [whole, ...y.shape.slice(2)])
    )
  if (whole === length) return main(initial)
  const tail = (carries: Tensors): Tensors =>
    over(
      carries,
      sequences.map((x) => rowsOf(x, whole, length)),
      length - whole
    )
  const [first, second] = reverse ? [tail, main] : [main, tail]
  const before = first(initial)
  const after = second(before.slice(0, count))
  const joined = after.slice(count).map((y, i) => {
    const other = before[count + i] ?? y
    return ops.concat(reverse ? [y, other] : [other, y], 0)
  })
  return [...after.slice(0, count), ...joined]
}

const checkCount = (operation: string, what: string, n: number, least: number): number => {
  if (!Number.isSafeInteger(n) || n < least)
    throw new ShapeError(`${operation}: ${what} must be a whole number from ${least}, it is ${n}`)
  return n
}

/**
 * Runs `f` over the rows of `sequences`, passing the carry from step to step:
 * `(c_{t+1}, y_t) = f(c_t, x_t)`. Gives the last carry and the outputs stacked over time. Trees of tensors everywhere;
 * `f` may use tensors from outside. It compiles to a loop.
 *
 * Differentiable in every mode: the backward loop keeps the carries that enter each step (or each segment, see
 * `segments`) and computes the rest of a step again. With `length` there need not be a sequence: `scan(f, c, {}, { length })`.
 */
export const scan = <C, X, Next, Y>(
  // NoInfer: what the sequences are is said by the sequences, not by how `f` annotates a row.
  f: (carry: C, row: RowOf<NoInfer<X>>) => readonly [Next, Y] & Guard<SameTree<"scan: the carry", C, Next>>,
  initial: C,
  sequences: X,
  options: ScanOptions = {}
): readonly [C, SequenceOf<Y, LeadOf<X>>] => {
  const carries = leavesOf("scan: the initial carry", initial)
  const rows = leavesOf("scan: the sequences", sequences)
  const { reverse = false, segments = 1 } = options
  const length = rows[0]?.shape[0] ?? options.length
  if (length === undefined)
    throw new ShapeError("scan: needs a sequence with a leading dimension to run over, or { length }")
  checkCount("scan", "length", length, 0)
  if (options.length !== undefined && options.length !== length)
    throw new ShapeError(`scan: the sequences have ${length} rows, { length } is ${options.length}`)
  checkCount("scan", "segments", segments, 1)
  let outputs: Y | undefined
  const body = (now: Tensors, at: Tensors): Tensors => {
    // A row of the tree of sequences has the tree's own structure, one dimension less: the types cannot follow.
    const row = Tree.rebuildWith(sequences, at) as RowOf<NoInfer<X>>
    const returned: unknown = f(Tree.rebuild(initial, now), row)
    if (!Array.isArray(returned) || returned.length !== 2)
      throw new TreeError(
        `scan: the function must return a pair [carry, output], with {} for no output; it returns ${Array.isArray(returned) ? `a list of ${returned.length}` : Tree.describe(returned)}`
      )
    // By the type of f; its leaves are looked at here.
    const [next, y] = returned as [Next, Y]
    const outcome = leavesOf("scan: the output", y)
    outputs = y
    return [...Tree.leavesLike("scan: the carry", initial, next), ...outcome]
  }
  const results =
    segments > 1 && length > segments
      ? scanSegments(body, carries, rows, length, reverse, segments)
      : scanLists(body, carries, rows, length, reverse)
  if (outputs === undefined) throw new ShapeError("scan: the body was not traced")
  return [
    Tree.rebuild(initial, results.slice(0, carries.length)),
    Tree.rebuildWith(outputs, results.slice(carries.length)) as SequenceOf<Y, LeadOf<X>>
  ]
}

/**
 * Applies `f` to every row of a tree of sequences, one after the other: `y_t = f(x_t)`, stacked. The loop form of `vmap`:
 * it needs the memory of one row only. Differentiable in every mode.
 */
export const map = <X, Y>(f: (row: RowOf<NoInfer<X>>) => Y, sequences: X): SequenceOf<Y, LeadOf<X>> =>
  scan((_: {}, row: RowOf<NoInfer<X>>) => [{}, f(row)] as const, {}, sequences)[1]

/**
 * Repeats a step a known number of times: `c_{i+1} = f(c_i, i)` for i = 0, ..., steps - 1. It compiles to a loop and is
 * differentiable in every mode.
 */
export const iterate = <C, Next>(
  f: (carry: C, index: Tensor<[], "i32">) => Next & Guard<SameTree<"iterate: the carry", C, Next>>,
  initial: C,
  steps: number
): C => {
  checkCount("iterate", "steps", steps, 0)
  const carries = leavesOf("iterate: the initial carry", initial)
  const results = scanLists(
    (now, [index]) =>
      // The row of a sequence of whole numbers is one of them.
      Tree.leavesLike("iterate: the carry", initial, f(Tree.rebuild(initial, now), index as Tensor<[], "i32">)),
    carries,
    [ops.iota([steps], 0, "i32")],
    steps,
    false
  )
  return Tree.rebuild(initial, results)
}

/**
 * Repeats a step while a predicate of the carried values holds: `while p(c): c = f(c)`. How often is known when the
 * program runs. Trees of tensors; both functions may use tensors from outside.
 *
 * Forward derivatives always exist. Reverse mode needs `limit`, the most steps there can be: the loop stops there, and the
 * backward pass runs that many steps, those after the last doing nothing. For a fixed point use implicit differentiation.
 */
export const whileLoop = <C, Next>(
  predicate: (carry: C) => Tensor<[], "bool">,
  step: (carry: C) => Next & Guard<SameTree<"whileLoop: the carry", C, Next>>,
  initial: C,
  options: { readonly limit?: number } = {}
): C => {
  const leaves = leavesOf("whileLoop: the initial carry", initial)
  const { limit = 0 } = options
  if (options.limit !== undefined) checkCount("whileLoop", "limit", options.limit, 1)
  const one = (index: AnyTensor | undefined): AnyTensor => index ?? ops.full([], 0, "i32")
  const counted = limit > 0 ? [ops.full([], 0, "i32")] : []
  const carries = [...counted, ...leaves]
  const avals = carries.map(({ shape, dtype }) => ({ shape, dtype }))
  const tree = (parameters: Tensors): C => Tree.rebuild(initial, parameters.slice(counted.length))
  const { regions, captured } = ops.regions("dependent", [
    {
      avals,
      f: (...now) => {
        const again: unknown = predicate(tree(now))
        if (!isTensor(again))
          throw new TreeError(
            `whileLoop: the predicate must return a bool scalar, it returns ${Tree.describe(again)}; ${Tree.remedy(again)}`
          )
        return [limit > 0 ? ops.and(again, ops.lt(one(now[0]), limit)) : again]
      }
    },
    {
      avals,
      f: (...now) => [
        ...(limit > 0 ? [ops.add(one(now[0]), 1)] : []),
        ...Tree.leavesLike("whileLoop: the carry", initial, step(tree(now)))
      ]
    }
  ])
  const [test, body] = regions
  if (test === undefined || body === undefined) throw new ShapeError("whileLoop: the functions were not traced")
  return tree(ops.whileLoop(test, body, [...captured, ...carries], carries.length, limit))
}

/** `unknown` when a predicate is a scalar, else the sentence. */
export type ScalarPredicate<S extends Shape> = S extends readonly []
  ? unknown
  : number extends S["length"]
    ? unknown
    : Mismatch<`cond: the predicate must be a scalar, it has shape ${Show<S>}; use T.where`>

/**
 * One of two functions of no arguments: `cond(p, () => a, () => b)` is a if p, else b, and only that one is computed. What
 * a function builds belongs to its branch; tensors it uses from outside are computed before. Both give trees of one
 * structure. Differentiable in every mode. To choose element by element use `T.where`.
 */
export const cond = <A, B, S extends Shape>(
  predicate: Tensor<S, "bool"> & Guard<ScalarPredicate<S>>,
  then: () => A,
  otherwise: () => B & Guard<SameTree<"cond: the other branch", NoInfer<A>, B>>
): A => {
  for (const branch of [then, otherwise])
    if (typeof branch !== "function")
      throw new TreeError(`cond: a branch must be a function of no arguments, it is ${Tree.describe(branch)}`)
  if (!isTensor(predicate))
    throw new TreeError(
      `cond: the predicate must be a bool scalar, it is ${Tree.describe(predicate)}; in TypeScript choose with ? :`
    )
  let tree: A | undefined
  const { regions, captured } = ops.regions("traced", [
    {
      avals: [],
      f: () => {
        tree = then()
        return leavesOf("cond: the first branch", tree)
      }
    },
    { avals: [], f: () => Tree.leavesLike("cond: the other branch", tree, otherwise()) }
  ])
  const [a, b] = regions
  if (a === undefined || b === undefined || tree === undefined)
    throw new ShapeError("cond: the branches were not traced")
  return Tree.rebuild(tree, ops.cond(predicate, a, b, captured))
}
