/** Functions of one example as functions of a batch. */
import {
  type AnyTensor,
  closeParameters,
  DifferentiationError,
  type Dim,
  dependents,
  type Guard,
  type Mismatch,
  operations,
  reachable,
  type Shape,
  type T,
  type Tensor,
  Tree
} from "@cotangent/graph"
import { checkFunction, checkOptions, tensorsOf } from "./arguments.ts"
import { type BatchAxes, type BatchAxis, batchAxesOf } from "./batch-axes.ts"
import { passes } from "./passes.ts"

/** A tree with a leading batch dimension `B` on every leaf. */
export type Batched<T, B extends Dim = number> =
  T extends Tensor<infer S extends Shape, infer D>
    ? Tensor<number extends S["length"] ? Shape : [B, ...S], D>
    : { readonly [K in keyof T]: Batched<T[K], B> }

/** The arguments of a function, each with a leading batch dimension. */
export type BatchedArguments<A extends ReadonlyArray<unknown>, B extends Dim> = { [K in keyof A]: Batched<A[K], B> }

/** The number of examples in an argument that is one tensor, as far as its type says. */
type SizeOf<X> =
  X extends Tensor<infer S, infer _> ? (S extends readonly [infer N extends Dim, ...Shape] ? N : number) : number

/** Batches, with the sentence at one that has another size than the first. */
type OneSize<B extends ReadonlyArray<unknown>> = {
  [K in keyof B]: B[K] & Guard<SameSize<SizeOf<B[0]>, SizeOf<B[K]>, K>>
}
type SameSize<First extends Dim, Size extends Dim, K> = number extends First | Size
  ? unknown
  : [First, Size] extends [Size, First]
    ? unknown
    : Mismatch<`vmap: the batches differ: argument 0 has ${First} examples and argument ${K & string} has ${Size}`>

/** Options of `vmap` for a function of `A` with result `Y`. */
export interface VmapOptions<A extends ReadonlyArray<unknown> = ReadonlyArray<unknown>, Y = unknown> {
  /** The batch axis of each argument, or a tree of axes for its leaves; 0 unless given, negative ones count from the last. */
  readonly in?: { readonly [K in keyof A]: BatchAxes<A[K]> }
  /** The batch axis of the results, or a tree of axes for them; 0 unless given. */
  readonly out?: BatchAxes<Y>
}

/** A tree of the same structure whose shapes the types do not follow: what batch axes other than 0 give. */
export type AnyShapes<T> =
  T extends Tensor<infer _ extends Shape, infer D> ? Tensor<Shape, D> : { readonly [K in keyof T]: AnyShapes<T[K]> }

const moveAxis = (x: AnyTensor, from: number, to: number): AnyTensor => {
  const rest = x.shape.map((_, d) => d).filter((d) => d !== from)
  return operations.transpose(x, [...rest.slice(0, to), from, ...rest.slice(to)])
}

const placeOf = (what: string, axis: number, rank: number): number => {
  const at = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(at) || at < 0 || at >= rank)
    throw new DifferentiationError(`vmap: ${what} has ${rank} dimensions and no axis ${axis}`)
  return at
}

/** One leaf of the arguments: the batch in front if it has one. */
interface Leaf {
  readonly what: string
  readonly tensor: AnyTensor
  readonly batched: boolean
}

const named = (what: string, path: string): string => (path === "" ? what : `${what}, ${path},`)

const leavesOf = (
  batch: ReadonlyArray<unknown>,
  axes: ReadonlyArray<BatchAxes<unknown>> | undefined
): ReadonlyArray<Leaf> =>
  batch.flatMap((argument, i) => {
    // What is no tensor in an argument that all examples share is passed on as it is.
    if (axes !== undefined && axes[i] === undefined)
      return tensorsOf("vmap", [argument]).leaves.map((tensor): Leaf => ({ what: "", tensor, batched: false }))
    const argumentAxes = batchAxesOf(`argument ${i}`, argument, axes === undefined ? 0 : axes[i])
    return Tree.tensors(argument, `vmap: argument ${i}`).map(({ path, leaf }, k): Leaf => {
      const axis = argumentAxes[k]
      const what = named(`argument ${i}`, path)
      return axis === undefined
        ? { what, tensor: leaf, batched: false }
        : { what, tensor: moveAxis(leaf, placeOf(what, axis, leaf.shape.length), 0), batched: true }
    })
  })

/** The number of examples, which all batches must agree on. */
const sizeOfBatch = (leaves: ReadonlyArray<Leaf>): number => {
  const batches = leaves.flatMap(({ what, tensor, batched }) => (batched ? [{ what, size: tensor.shape[0] ?? 0 }] : []))
  const [first] = batches
  if (first === undefined)
    throw new DifferentiationError("vmap: no argument has a batch axis; one must, to say how many examples there are")
  const other = batches.find(({ size }) => size !== first.size)
  if (other !== undefined)
    throw new DifferentiationError(
      `vmap: the batches differ: ${first.what} has ${first.size} examples and ${other.what} has ${other.size}`
    )
  return first.size
}

/** A result with the batch where it is asked for; without a batch where it has none and none is wanted. */
const placed = (what: string, axis: BatchAxis, single: AnyTensor, whole: AnyTensor, varies: boolean): AnyTensor => {
  if (axis !== undefined) return moveAxis(whole, 0, placeOf(what, axis, whole.shape.length))
  if (varies)
    throw new DifferentiationError(
      `vmap: ${what} differs between the examples, so \`out\` must say on which axis they stand`
    )
  return single
}

/**
 * A function of one example as a function of a batch: every leaf of the arguments carries a batch dimension, in front
 * unless `in` says otherwise, and so does every result; what `f` uses from outside, and what has the axis `undefined`, is
 * the same for all examples. Computes the same as a loop over the examples. Nests, also over and under `grad`:
 * `vmap(grad(loss), { in: [undefined, 0, 0] })(params, x, y)` are the gradients of every sample.
 *
 * An axis may be given for a whole argument or for its leaves: `in: [{ table: undefined, rows: 1 }]`; what such a tree
 * leaves out has no batch. A function of a random key takes a stack of keys: `T.stack(RandomKey.split(key, n))`.
 *
 * ```ts
 * const distance = (a: Tensor<[3]>, b: Tensor<[3]>) => T.sum(T.square(T.sub(a, b)))
 * // All distances between the rows of one table and those of another.
 * const table = vmap(vmap(distance, { in: [undefined, 0] }), { in: [0, undefined] })
 * ```
 */
export const vmap: {
  <A extends ReadonlyArray<unknown>, Y>(
    f: (...examples: A) => Y
  ): <B extends readonly [...BatchedArguments<A, Dim>]>(...batch: OneSize<B>) => Batched<Y, T.LeadOf<B>>
  <A extends ReadonlyArray<unknown>, Y>(
    f: (...examples: A) => Y,
    options: VmapOptions<NoInfer<A>, NoInfer<Y>>
  ): (...batch: { [K in keyof A]: AnyShapes<A[K]> }) => AnyShapes<Y>
} =
  (f: (...examples: ReadonlyArray<never>) => unknown, options: VmapOptions = {}) =>
  (...batch: ReadonlyArray<unknown>): never => {
    checkFunction("vmap", f)
    // What axes may be depends on the arguments: it is checked with them.
    checkOptions("vmap", options, { in: undefined, out: undefined })
    if (options.in !== undefined && !Array.isArray(options.in))
      throw new DifferentiationError("vmap: `in` must be a list with an axis, or a tree of axes, for each argument")
    if (options.in !== undefined && options.in.length !== batch.length)
      throw new DifferentiationError(
        `vmap: \`in\` has ${options.in.length} axes for ${batch.length} arguments; give undefined for one without a batch`
      )
    const leaves = leavesOf(batch, options.in)
    const size = sizeOfBatch(leaves)
    const mapped = leaves.filter(({ batched }) => batched).map(({ tensor }) => tensor)
    const examples = mapped.map((x, i) => operations.parameter(`x${i}`, x.shape.slice(1), x.dtype))
    let next = 0
    const operands = leaves.map(({ tensor, batched }) => (batched ? (examples[next++] ?? tensor) : tensor))
    // The structure of one example is that of the batch, a dimension less on every leaf.
    const y = f(...(tensorsOf("vmap", batch).rebuilt(operands) as ReadonlyArray<never>))
    const results = Tree.tensors(y, "vmap: the result")
    const singles = results.map(({ leaf }) => leaf)
    const whole = passes.vectorize(
      singles,
      examples,
      mapped,
      mapped.map(() => true),
      size
    )
    closeParameters(examples)
    const axes = batchAxesOf("the result", y, "out" in options ? options.out : 0)
    const varying = dependents(reachable(singles), examples)
    const outputs = results.map(({ path, leaf }, k) =>
      placed(named("the result", path), axes[k], leaf, whole[k] ?? leaf, varying.has(leaf.node))
    )
    // Each overload says what the shapes are, as far as types can.
    return Tree.rebuildWith(y, outputs) as never
  }
