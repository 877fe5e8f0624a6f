/** Powers, exponentials and norms of matrices, which the last two axes make; the axes before them are batches. */
import { keepAxes, normalizeAxis } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { optionError, ShapeError, showShape } from "../errors.ts"
import { type Accepts, checkOperand, faceWithOptions } from "../face.ts"
import type { FloatSquare } from "../matrix-rules.ts"
import type { Operations } from "../operations-interface.ts"
import { operations as ops } from "../operations.ts"
import { identityLike, product, transposed } from "../primitives/matrices.ts"
import type { Reduced } from "../shape-rules.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor, TensorOf } from "../tensor.ts"
import { whileLoop } from "./control.ts"
import { solveWithFactors, substituted } from "./linear-solve.ts"
import { checkSquare, onSquare, type OnSquare } from "./matrix-operands.ts"
import { positivePower } from "./p-norm.ts"
import { singularVectors } from "./singular-values.ts"
import { withDerivativeRule } from "./with-rule.ts"

/**
 * The power of square matrices by a whole number, by repeated squaring; a negative one is a power of the inverse, and 0 gives
 * the identity. Throws an OptionError for other exponents. numpy's and PyTorch's `linalg.matrix_power`.
 *
 * ```ts
 * const fibonacci = T.matrixPower(T.constant([[1, 1], [1, 0]]), 10)   // [[89, 55], [55, 34]]
 * ```
 */
export const matrixPower = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatSquare<"matrixPower", S, D>>,
  exponent: number
): Tensor<S, D> => {
  checkSquare("matrixPower", a)
  if (!Number.isSafeInteger(exponent)) throw optionError("matrixPower: the exponent", "a whole number", exponent)
  let base: AnyTensor = exponent < 0 ? solveWithFactors(ops, a, identityLike(ops, a), false) : a
  let y: AnyTensor | undefined
  for (let n = Math.abs(exponent); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) y = y === undefined ? base : product(ops, y, base)
    if (n > 1) base = product(ops, base, base)
  }
  // The power has the shape of the matrix.
  return (y ?? identityLike(ops, a)) as AnyTensor as Tensor<S, D>
}

/** The coefficients of the diagonal Pade approximants, and the norm up to which they are as exact as the element type (Higham 2005). */
const approximants = {
  f32: { radius: 3.92572478313866, coefficients: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  f64: {
    radius: 5.371920351148152,
    coefficients: [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1
    ]
  }
} as const

/** Even and odd part of the polynomial in A: `p(A) = v + u`, `p(-A) = v - u`. */
const evenAndOdd = (make: Operations, a: AnyTensor, c: ReadonlyArray<number>): readonly [AnyTensor, AnyTensor] => {
  const one = identityLike(make, a)
  const a2 = product(make, a, a)
  const a4 = product(make, a2, a2)
  const powers = [one, a2, a4, product(make, a4, a2)]
  const sum = (first: number, count: number): AnyTensor =>
    powers
      .slice(0, count)
      .reduce<AnyTensor>(
        (y, power, i) => make.add(y, make.mul(power, c[first + 2 * i] ?? 0)),
        make.full(a.shape, 0, a.dtype)
      )
  const high = (first: number): AnyTensor => {
    // The powers 8, 10 and 12 are those of A^6 times 2, 4 and 6.
    const upper = powers
      .slice(1)
      .reduce<AnyTensor>(
        (y, power, i) => make.add(y, make.mul(power, c[first + 2 * i] ?? 0)),
        make.full(a.shape, 0, a.dtype)
      )
    return product(make, powers[3] ?? one, upper)
  }
  const [even, odd] = [sum(0, 4), sum(1, 4)]
  const isLong = c.length > 8
  return [isLong ? make.add(even, high(8)) : even, product(make, a, isLong ? make.add(odd, high(9)) : odd)]
}

/** Scaling by a power of 2 until the norm is small, an approximant, and as many squarings; for each matrix its own. */
const exponential = (make: Operations, a: AnyTensor): AnyTensor => {
  const rank = a.shape.length
  const lead = a.shape.slice(0, -2)
  const { radius, coefficients } = approximants[a.dtype === "f64" ? "f64" : "f32"]
  const norm = make.reduceMax(make.reduceSum(make.abs(a), [rank - 2]), [rank - 2])
  const one = make.full(lead, 1, a.dtype)
  const isLarge = (scale: AnyTensor): AnyTensor =>
    // Infinite and NaN matrices are not scaled: no scale would do.
    make.and(make.lt(make.full([], radius, a.dtype), make.mul(norm, scale)), make.lt(norm, Infinity))
  const some = (flags: AnyTensor): AnyTensor =>
    make.lt(
      make.full([], 0, "i32"),
      make.reduceSum(
        make.cast(flags, "i32"),
        lead.map((_, d) => d)
      )
    )
  type Scaled = { readonly scale: AnyTensor; readonly count: AnyTensor }
  const { scale, count } = whileLoop(
    (c: Scaled) => some(isLarge(c.scale)) as Tensor<[], "bool">,
    (c: Scaled): Scaled => ({
      scale: make.select(isLarge(c.scale), make.mul(c.scale, 0.5), c.scale),
      count: make.select(isLarge(c.scale), make.add(c.count, 1), c.count)
    }),
    { scale: one, count: make.full(lead, 0, "i32") }
  )
  const each = (x: AnyTensor): AnyTensor => make.reshape(x, [...lead, 1, 1])
  const [v, u] = evenAndOdd(make, make.mul(a, each(scale)), coefficients)
  const start = substituted(make, make.sub(v, u), make.add(v, u), false)
  type Squared = { readonly y: AnyTensor; readonly left: AnyTensor }
  const isLeft = (left: AnyTensor): AnyTensor => make.lt(make.full([], 0, "i32"), left)
  return whileLoop(
    (c: Squared) => some(isLeft(c.left)) as Tensor<[], "bool">,
    (c: Squared): Squared => ({
      y: make.select(each(isLeft(c.left)), product(make, c.y, c.y), c.y),
      left: make.sub(c.left, 1)
    }),
    { y: start, left: count }
  ).y
}

/** The derivative of the exponential at A in direction E is a block of that of `[[A, E], [0, A]]` (Mathias 1996). */
const exponentialSlope = (make: Operations, a: AnyTensor, e: AnyTensor): AnyTensor => {
  const rank = a.shape.length
  const n = a.shape.at(-1) ?? 1
  const none = make.full(a.shape, 0, a.dtype)
  const both = make.concat([make.concat([a, e], rank - 1), make.concat([none, a], rank - 1)], rank - 2)
  const y = matrixExponential(make, both)
  return make.slice(y, {
    start: y.shape.map((_, d) => (d === rank - 1 ? n : 0)),
    limit: y.shape.map((size, d) => (d === rank - 2 ? n : size)),
    step: y.shape.map(() => 1)
  })
}

const matrixExponential = (make: Operations, a: AnyTensor): AnyTensor => {
  const plain = exponential(make, a)
  const [y = plain] = withDerivativeRule(
    "matrixExp",
    [plain],
    [a],
    {
      pullback: (rules, { arguments: [x] }, [g]) => [
        x === undefined || g === undefined ? undefined : exponentialSlope(rules, transposed(rules, x), g)
      ],
      pushforward: (rules, { arguments: [x] }, [t]) => [
        x === undefined || t === undefined ? undefined : exponentialSlope(rules, x, t)
      ]
    },
    make
  )
  return y
}

/**
 * The exponential of square matrices: `sum A^k / k!`, by scaling, a Pade approximant and squaring (Higham 2005).
 *
 * ```ts
 * const turn = T.matrixExp(T.constant([[0, -1], [1, 0]], "f64"))   // a rotation by 1: [[cos 1, -sin 1], [sin 1, cos 1]]
 * ```
 *
 * Its derivatives are exponentials of matrices twice as large, right also where eigenvalues are equal. scipy's `expm`, PyTorch's
 * `matrix_exp`.
 */
export const matrixExp: OnSquare<"matrixExp"> = onSquare("matrixExp", (a) => matrixExponential(ops, a))

/** Which norm of matrices. */
export type MatrixOrder = "fro" | "nuc" | 1 | -1 | 2 | -2

/** Options of matrixNorm. */
export interface MatrixNormOptions<
  A extends readonly [number, number] = readonly [number, number],
  K extends boolean = boolean
> {
  /** "fro" unless given. Infinity and -Infinity are allowed as well. */
  readonly order?: MatrixOrder | number
  /** Rows and columns, the last two axes unless given. */
  readonly axes?: A
  /** Whether the axes stay, with size 1. */
  readonly keepDims?: K
}

/** The shape of norms of matrices, or the sentence. */
export type MatrixNormRule<
  S extends Shape,
  D extends DType,
  A extends readonly [number, number],
  K extends boolean
> = Accepts<"matrixNorm", "float", D, Reduced<"matrixNorm", S, A, K>>

/** Norms that wait for their matrices. */
export interface MatrixNormBy<A extends readonly [number, number], K extends boolean> {
  <S extends Shape, D extends DType>(
    a: Tensor<S, D> & Guard<MatrixNormRule<S, D, A, K>>
  ): TensorOf<MatrixNormRule<S, D, A, K>, D>
}

/**
 * Norms of matrices: the root of the sum of squares ("fro"), the sum of singular values ("nuc"), the largest and the smallest
 * singular value (2, -2), the largest and the smallest sum of sizes in a column (1, -1) or in a row (Infinity, -Infinity).
 * numpy's and PyTorch's `linalg.matrix_norm`.
 *
 * ```ts
 * const y = T.matrixNorm(T.constant([[1, 2], [3, 4]]), { order: 1 })   // 6
 * ```
 *
 * The derivative of the norm of zeros is 0 ("fro"), or not finite (singular values). Ties of the largest share it. Throws a
 * ShapeError for axes that do not exist, an OptionError for another order.
 */
export const matrixNorm: {
  <const A extends readonly [number, number] = readonly [-2, -1], const K extends boolean = false>(
    options?: MatrixNormOptions<A, K>
  ): MatrixNormBy<A, K>
  <
    S extends Shape,
    D extends DType,
    const A extends readonly [number, number] = readonly [-2, -1],
    const K extends boolean = false
  >(
    a: Tensor<S, D>,
    options?: MatrixNormOptions<A, K> & Guard<MatrixNormRule<S, D, A, K>>
  ): TensorOf<MatrixNormRule<S, D, A, K>, D>
} = faceWithOptions((a: AnyTensor, { order = "fro", axes = [-2, -1], keepDims = false }: MatrixNormOptions = {}) => {
  checkOperand("matrixNorm", "float", a)
  const [rows, columns] = [normalizeAxis("matrixNorm", a.shape, axes[0]), normalizeAxis("matrixNorm", a.shape, axes[1])]
  if (rows === columns) throw new ShapeError(`matrixNorm: an axis is named twice in ${showShape(axes)}`)
  const beside = a.shape.map((_, d) => d).filter((d) => d !== rows && d !== columns)
  const x = ops.transpose(a, [...beside, rows, columns])
  const at = beside.length
  const y = normOf(x, at, order)
  return keepDims ? ops.reshape(y, keepAxes(a.shape, [rows, columns])) : y
})

const normOf = (x: AnyTensor, at: number, order: MatrixOrder | number): AnyTensor => {
  const sums = (axis: number): AnyTensor => ops.reduceSum(ops.abs(x), [axis])
  switch (order) {
    case "fro":
      return positivePower(ops.reduceSum(ops.mul(x, x), [at, at + 1]), 0.5)
    case "nuc":
      return ops.reduceSum(singularVectors(x).s, [at])
    case 2:
      return ops.reduceMax(singularVectors(x).s, [at])
    case -2:
      return ops.reduceMin(singularVectors(x).s, [at])
    case 1:
      return ops.reduceMax(sums(at), [at])
    case -1:
      return ops.reduceMin(sums(at), [at])
    case Infinity:
      return ops.reduceMax(sums(at + 1), [at])
    case -Infinity:
      return ops.reduceMin(sums(at + 1), [at])
    default:
      throw optionError("matrixNorm: order", '"fro", "nuc", 1, 2, Infinity or the negative of one', order)
  }
}
