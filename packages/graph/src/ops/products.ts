/** Products of vectors and matrices beside `matmul`. */
import { broadcastShapes, keepAxes, normalizeAxes, normalizeAxis, sameShape } from "../axes.ts"
import { checkSameDType, type Domain, type DType } from "../dtype.ts"
import { ShapeError, showShape } from "../errors.ts"
import { checkOperand, face, faceOfTwo, type ReduceOptions } from "../face.ts"
import { operations as ops } from "../operations.ts"
import type {
  AddmmRule,
  CrossRule,
  FirstDType,
  InnerRule,
  KronRule,
  LinearRule,
  MultiDotOperand,
  MultiDotRule,
  OuterRule,
  PairedAxes,
  TensordotRule,
  VecdotRule
} from "../product-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import { type AnyTensor, isTensor, type Tensor, type TensorOf } from "../tensor.ts"
import { matmul } from "./linear.ts"

const checkOperands = (operation: string, domain: Domain, ...[first, ...rest]: ReadonlyArray<AnyTensor>): void => {
  for (const x of rest) if (first !== undefined) checkSameDType(operation, first.dtype, x.dtype)
  for (const x of [first, ...rest]) checkOperand(operation, domain, x)
}

/** An outer product that holds the second vector and waits for the first. */
export interface OuterBy<W extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(x: Tensor<S, D> & Guard<OuterRule<S, D, W, E>>): TensorOf<OuterRule<S, D, W, E>, D>
}

/**
 * The outer product of two vectors: `y[i, j] = x[i] w[j]`. Throws a ShapeError for operands that are no vectors. PyTorch's
 * `outer`.
 *
 * ```ts
 * const y = T.outer(T.constant([1, 2]), T.constant([3, 4, 5]))   // [[3, 4, 5], [6, 8, 10]]
 * ```
 */
export const outer: {
  <W extends Shape, E extends DType>(w: Tensor<W, E>): OuterBy<W, E>
  <S extends Shape, D extends DType, W extends Shape, E extends DType>(
    x: Tensor<S, D>,
    w: Tensor<W, E> & Guard<OuterRule<S, D, W, E>>
  ): TensorOf<OuterRule<S, D, W, E>, D>
} = face(2, (x: AnyTensor, w: AnyTensor) => {
  checkOperands("outer", "number", x, w)
  const size = ({ shape }: AnyTensor): number => {
    if (shape.length !== 1) throw new ShapeError(`outer: needs vectors, got ${showShape(shape)}`)
    return shape[0] ?? 1
  }
  const [m, n] = [size(x), size(w)]
  return ops.mul(ops.reshape(x, [m, 1]), ops.reshape(w, [1, n]))
})

/** Products of vectors that hold the second operand and wait for the first. */
export interface VecdotBy<B extends Shape, E extends DType, A extends number, K extends boolean> {
  <S extends Shape, D extends DType>(
    x: Tensor<S, D> & Guard<VecdotRule<S, D, B, E, A, K>>
  ): TensorOf<VecdotRule<S, D, B, E, A, K>, D>
}

/**
 * The scalar product of vectors along an axis, the last one unless given: `y = sum x w`. Operands broadcast. PyTorch's
 * `linalg.vecdot`; of two vectors its `dot` and `vdot`.
 *
 * ```ts
 * const y = T.vecdot(T.constant([1, 2, 3]), T.constant([4, 5, 6]))   // 32
 * ```
 */
export const vecdot: {
  <B extends Shape, E extends DType, const A extends number = -1, const K extends boolean = false>(
    w: Tensor<B, E>,
    options?: ReduceOptions<A, K>
  ): VecdotBy<B, E, A, K>
  <
    S extends Shape,
    D extends DType,
    B extends Shape,
    E extends DType,
    const A extends number = -1,
    const K extends boolean = false
  >(
    x: Tensor<S, D>,
    w: Tensor<B, E> & Guard<VecdotRule<S, D, B, E, A, K>>,
    options?: ReduceOptions<A, K>
  ): TensorOf<VecdotRule<S, D, B, E, A, K>, D>
} = faceOfTwo((x: AnyTensor, w: AnyTensor, options: ReduceOptions<number, boolean> = {}) => {
  checkOperands("vecdot", "number", x, w)
  const shape = broadcastShapes("vecdot", x.shape, w.shape)
  const axis = normalizeAxis("vecdot", shape, options.axis ?? -1)
  const y = ops.reduceSum(ops.mul(x, w), [axis])
  return options.keepDims === true ? ops.reshape(y, keepAxes(shape, [axis])) : y
})

/**
 * The layer of PyTorch: `y[..., o] = sum_i x[..., i] w[o, i] + b[o]`. The weight is `[outputs, inputs]`, the transpose of what
 * `Model.dense` has (for Keras's form use `T.matmul` and `T.add`), or `[inputs]` for one output without an axis.
 *
 * ```ts
 * const y = T.linear(T.ones([32, 20]), T.zeros([10, 20]), T.zeros([10]))   // Tensor<[32, 10]>
 * ```
 *
 * Throws a ShapeError for features that differ, and for a bias of another size. PyTorch's `nn.functional.linear`.
 */
export const linear = <
  S extends Shape,
  D extends DType,
  W extends Shape,
  E extends DType,
  const B extends AnyTensor | undefined = undefined
>(
  x: Tensor<S, D>,
  weight: Tensor<W, E> & Guard<LinearRule<S, D, W, E, undefined>>,
  bias?: B & Guard<LinearRule<S, D, W, E, ShapeOf<B>>>
): TensorOf<LinearRule<S, D, W, E, undefined>, D> => {
  const given: AnyTensor | undefined = isTensor(bias) ? bias : undefined
  checkOperands("linear", "float", x, weight, ...(given === undefined ? [] : [given]))
  const w: AnyTensor = weight
  if (x.shape.length === 0) throw new ShapeError("linear: the left side is a scalar; use T.mul")
  if (w.shape.length !== 1 && w.shape.length !== 2)
    throw new ShapeError(`linear: the weight must be [outputs, inputs], it is ${showShape(w.shape)}`)
  if (x.shape.at(-1) !== w.shape.at(-1))
    throw new ShapeError(
      `linear: ${showShape(x.shape)} by the weight ${showShape(w.shape)}: the features ${x.shape.at(-1)} and ${w.shape.at(-1)} differ`
    )
  const outputs = w.shape.slice(0, -1)
  if (given !== undefined && given.shape.length > 0 && !sameShape(given.shape, outputs))
    throw new ShapeError(`linear: the bias must be ${showShape(outputs)}, it is ${showShape(given.shape)}`)
  const y = ops.dot(x, w, { batch: [[], []], contract: [[x.shape.length - 1], [w.shape.length - 1]] })
  // What the types say of the shapes has been checked above.
  return (given === undefined ? y : ops.add(y, given)) as TensorOf<LinearRule<S, D, W, E, undefined>, D>
}

type ShapeOf<B> = B extends Tensor<infer S extends Shape, infer _> ? S : undefined

/** What the parts of addmm are multiplied by, 1 unless given. */
export interface AddmmOptions {
  /** The factor of the product. */
  readonly alpha?: number
  /** The factor of what it is added to; with 0 that is not read, and its NaN do not matter. */
  readonly beta?: number
}

/**
 * A product added to something: `beta c + alpha (a b)`, where c broadcasts to the product, which is that of `T.matmul`: also of
 * batches, and of a matrix and a vector. PyTorch's `addmm`, `baddbmm` and `addmv`.
 */
export const addmm = <
  C extends Shape,
  D extends DType,
  A extends Shape,
  E extends DType,
  B extends Shape,
  F extends DType
>(
  c: Tensor<C, D>,
  a: Tensor<A, E>,
  b: Tensor<B, F> & Guard<AddmmRule<C, D, A, E, B, F>>,
  { alpha = 1, beta = 1 }: AddmmOptions = {}
): TensorOf<AddmmRule<C, D, A, E, B, F>, D> => {
  checkSameDType("addmm", c.dtype, a.dtype)
  const product = productOf(a, b)
  if (!repeatsTo(c.shape, product.shape))
    throw new ShapeError(`addmm: ${showShape(c.shape)} does not broadcast to the product ${showShape(product.shape)}`)
  const scaled = alpha === 1 ? product : ops.mul(product, alpha)
  const sum = beta === 0 ? scaled : ops.add(beta === 1 ? c : ops.mul(c, beta), scaled)
  // What the types say of the shapes has been checked above.
  return sum as TensorOf<AddmmRule<C, D, A, E, B, F>, D>
}

/** `matmul` of tensors whose types say nothing: it checks what it is given. */
const productOf = (a: AnyTensor, b: AnyTensor): AnyTensor => (matmul as (a: AnyTensor, b: AnyTensor) => AnyTensor)(a, b)

/** Whether a shape repeats to exactly another. */
const repeatsTo = (shape: ReadonlyArray<number>, to: ReadonlyArray<number>): boolean =>
  shape.length <= to.length && shape.every((size, d) => size === 1 || size === to[d + to.length - shape.length])

/** An inner product that holds the second operand and waits for the first. */
export interface InnerBy<W extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(x: Tensor<S, D> & Guard<InnerRule<S, D, W, E>>): TensorOf<InnerRule<S, D, W, E>, D>
}

/**
 * The inner product over the last axes: `y[..., :::] = sum_k x[..., k] w[:::, k]`; of two vectors a scalar, and with a scalar the
 * product. numpy's and PyTorch's `inner`. Throws a ShapeError when the last dimensions differ.
 */
export const inner: {
  <W extends Shape, E extends DType>(w: Tensor<W, E>): InnerBy<W, E>
  <S extends Shape, D extends DType, W extends Shape, E extends DType>(
    x: Tensor<S, D>,
    w: Tensor<W, E> & Guard<InnerRule<S, D, W, E>>
  ): TensorOf<InnerRule<S, D, W, E>, D>
} = face(2, (x: AnyTensor, w: AnyTensor) => {
  checkOperands("inner", "float", x, w)
  const [k, k2] = [x.shape.at(-1), w.shape.at(-1)]
  if (k === undefined || k2 === undefined) return ops.mul(x, w)
  if (k !== k2)
    throw new ShapeError(
      `inner: ${showShape(x.shape)} and ${showShape(w.shape)}: the last dimensions ${k} and ${k2} differ`
    )
  return ops.dot(x, w, { batch: [[], []], contract: [[x.shape.length - 1], [w.shape.length - 1]] })
})

/** Which axes a tensordot pairs. */
export interface TensordotOptions<X extends PairedAxes = PairedAxes> {
  /** So many of the last axes of x with the first of w, 2 unless given; or two lists. */
  readonly axes?: X
}

/** Sums of products that hold the second operand and wait for the first. */
export interface TensordotBy<W extends Shape, E extends DType, X extends PairedAxes> {
  <S extends Shape, D extends DType>(
    x: Tensor<S, D> & Guard<TensordotRule<S, D, W, E, X>>
  ): TensorOf<TensordotRule<S, D, W, E, X>, D>
}

/**
 * Sums of products over pairs of axes: the remaining axes of x, then those of w. numpy's and PyTorch's `tensordot`. Throws a
 * ShapeError for axes that do not exist, and for pairs whose sizes differ.
 *
 * ```ts
 * const y = T.tensordot(T.ones([2, 3, 4]), T.ones([4, 3, 5]), { axes: [[1, 2], [1, 0]] })   // Tensor<[2, 5]>
 * ```
 */
export const tensordot: {
  <W extends Shape, E extends DType, const X extends PairedAxes = 2>(
    w: Tensor<W, E>,
    options?: TensordotOptions<X>
  ): TensordotBy<W, E, X>
  <S extends Shape, D extends DType, W extends Shape, E extends DType, const X extends PairedAxes = 2>(
    x: Tensor<S, D>,
    w: Tensor<W, E> & Guard<TensordotRule<S, D, W, E, X>>,
    options?: TensordotOptions<X>
  ): TensorOf<TensordotRule<S, D, W, E, X>, D>
} = faceOfTwo((x: AnyTensor, w: AnyTensor, { axes = 2 }: TensordotOptions = {}) => {
  checkOperands("tensordot", "float", x, w)
  const range = (n: number, from: number) => Array.from({ length: n }, (_, i) => from + i)
  const [left, right] = typeof axes === "number" ? [range(axes, -axes), range(axes, 0)] : axes
  // Which axes exist, and that none is named twice.
  normalizeAxes("tensordot", x.shape, left)
  normalizeAxes("tensordot", w.shape, right)
  const places = (list: ReadonlyArray<number>, { shape }: AnyTensor) =>
    list.map((axis) => normalizeAxis("tensordot", shape, axis))
  const [a, b] = [places(left, x), places(right, w)]
  if (a.length !== b.length || a.some((axis, i) => x.shape[axis] !== w.shape[b[i] ?? -1]))
    throw new ShapeError(
      `tensordot: axes ${showShape(left)} of ${showShape(x.shape)} and ${showShape(right)} of ${showShape(w.shape)} do not pair`
    )
  return ops.dot(x, w, { batch: [[], []], contract: [a, b] })
})

/** A Kronecker product that holds the second operand and waits for the first. */
export interface KronBy<W extends Shape, E extends DType> {
  <S extends Shape, D extends DType>(x: Tensor<S, D> & Guard<KronRule<S, D, W, E>>): TensorOf<KronRule<S, D, W, E>, D>
}

/**
 * The Kronecker product: w in the place of every element of x, times that element. Where ranks differ the smaller one has axes of
 * size 1 in front. numpy's and PyTorch's `kron`.
 *
 * ```ts
 * const y = T.kron(T.constant([1, 10]), T.constant([1, 2]))   // [1, 2, 10, 20]
 * ```
 */
export const kron: {
  <W extends Shape, E extends DType>(w: Tensor<W, E>): KronBy<W, E>
  <S extends Shape, D extends DType, W extends Shape, E extends DType>(
    x: Tensor<S, D>,
    w: Tensor<W, E> & Guard<KronRule<S, D, W, E>>
  ): TensorOf<KronRule<S, D, W, E>, D>
} = face(2, (x: AnyTensor, w: AnyTensor) => {
  checkOperands("kron", "number", x, w)
  const rank = Math.max(x.shape.length, w.shape.length)
  const padded = ({ shape }: AnyTensor) => [...Array.from({ length: rank - shape.length }, () => 1), ...shape]
  const [a, b] = [padded(x), padded(w)]
  const blocks = ops.mul(
    ops.reshape(
      x,
      a.flatMap((size) => [size, 1])
    ),
    ops.reshape(
      w,
      b.flatMap((size) => [1, size])
    )
  )
  return ops.reshape(
    blocks,
    a.map((size, d) => size * (b[d] ?? 1))
  )
})

/** Where the cheapest product of matrices `first` to `last` is cut in two, by the sizes between them. */
const cheapestCuts = (sizes: ReadonlyArray<number>, count: number): ReadonlyMap<string, number> => {
  const cost = new Map<string, number>()
  const cut = new Map<string, number>()
  const at = (first: number, last: number): string => `${first},${last}`
  for (let length = 2; length <= count; length++)
    for (let first = 0; first + length <= count; first++) {
      const last = first + length - 1
      for (let k = first; k < last; k++) {
        const own = (sizes[first] ?? 1) * (sizes[k + 1] ?? 1) * (sizes[last + 1] ?? 1)
        const sum = (cost.get(at(first, k)) ?? 0) + (cost.get(at(k + 1, last)) ?? 0) + own
        if (sum >= (cost.get(at(first, last)) ?? Infinity)) continue
        cost.set(at(first, last), sum)
        cut.set(at(first, last), k)
      }
    }
  return cut
}

/**
 * The product of matrices in the order that takes the fewest multiplications; the first and the last may be vectors. numpy's and
 * PyTorch's `linalg.multi_dot`. Throws a ShapeError for an empty list and for matrices that cannot be multiplied.
 *
 * ```ts
 * const y = T.multiDot([T.ones([10, 100]), T.ones([100, 5]), T.ones([5])])   // the last two first
 * ```
 */
export const multiDot: {
  <const Ts extends ReadonlyArray<AnyTensor>>(matrices: {
    readonly [K in keyof Ts]: Ts[K] & MultiDotOperand<Ts, K>
  }): TensorOf<MultiDotRule<Ts>, FirstDType<Ts>>
} = face(1, (list: ReadonlyArray<AnyTensor>): AnyTensor => {
  const [first] = list
  if (first === undefined) throw new ShapeError("multiDot: no matrix was given")
  // Whether they fit is said from the left, whatever the order is in which they are multiplied.
  list.slice(1).reduce(productOf, first)
  const count = list.length
  const sizes = [
    first.shape.length === 1 ? 1 : (first.shape.at(-2) ?? 1),
    ...list.map(({ shape }) => shape.at(-1) ?? 1)
  ]
  if (list.at(-1)?.shape.length === 1) sizes[count] = 1
  const cuts = cheapestCuts(sizes, count)
  const multiplied = (from: number, to: number): AnyTensor => {
    const k = cuts.get(`${from},${to}`)
    return k === undefined ? (list[from] ?? first) : productOf(multiplied(from, k), multiplied(k + 1, to))
  }
  return multiplied(0, count - 1)
})

/** Cross products that hold the second operand and wait for the first. */
export interface CrossBy<B extends Shape, E extends DType, A extends number> {
  <S extends Shape, D extends DType>(
    x: Tensor<S, D> & Guard<CrossRule<S, D, B, E, A>>
  ): TensorOf<CrossRule<S, D, B, E, A>, D>
}

/**
 * The cross product of vectors of three elements along an axis, the last one unless given. Operands broadcast. PyTorch's
 * `linalg.cross`. Throws a ShapeError when the axis has another size.
 *
 * ```ts
 * const z = T.cross(T.constant([1, 0, 0]), T.constant([0, 1, 0]))   // [0, 0, 1]
 * ```
 */
export const cross: {
  <B extends Shape, E extends DType, const A extends number = -1>(
    w: Tensor<B, E>,
    options?: { readonly axis?: A }
  ): CrossBy<B, E, A>
  <S extends Shape, D extends DType, B extends Shape, E extends DType, const A extends number = -1>(
    x: Tensor<S, D>,
    w: Tensor<B, E> & Guard<CrossRule<S, D, B, E, A>>,
    options?: { readonly axis?: A }
  ): TensorOf<CrossRule<S, D, B, E, A>, D>
} = faceOfTwo((x: AnyTensor, w: AnyTensor, { axis: given = -1 }: { readonly axis?: number } = {}) => {
  checkOperands("cross", "number", x, w)
  const shape = broadcastShapes("cross", x.shape, w.shape)
  const axis = normalizeAxis("cross", shape, given)
  if (shape[axis] !== 3)
    throw new ShapeError(`cross: axis ${given} of ${showShape(shape)} has size ${shape[axis]}, not 3`)
  const part = (y: AnyTensor, from: number, to: number): AnyTensor =>
    ops.slice(y, {
      start: shape.map((_, d) => (d === axis ? from : 0)),
      limit: shape.map((size, d) => (d === axis ? to : size)),
      step: shape.map(() => 1)
    })
  const turned = (y: AnyTensor, by: 1 | 2): AnyTensor => ops.concat([part(y, by, 3), part(y, 0, by)], axis)
  const [a, b] = [ops.broadcast(x, shape), ops.broadcast(w, shape)]
  return ops.sub(ops.mul(turned(a, 1), turned(b, 2)), ops.mul(turned(a, 2), turned(b, 1)))
})
