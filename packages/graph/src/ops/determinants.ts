/** Determinants of square matrices, which the last two axes make; the axes before them are batches. */
import type { DType } from "../dtype.ts"
import { face } from "../face.ts"
import type { FloatSquare, LeadOfMatrices } from "../matrix-rules.ts"
import { operations as ops } from "../operations.ts"
import { diagonalOf, identityLike, product, takeRows, transposed } from "../primitives/matrices.ts"
import type { Guard, Shape } from "../shape.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import { factorsOf, solveWithFactors } from "./linear-solve.ts"
import { checkSquare } from "./matrix-operands.ts"
import { product as multiplied } from "./pairwise-product.ts"
import { withDerivativeRule } from "./with-rule.ts"

/** A function of square matrices that gives a number for each. */
export interface OfSquare<Op extends string> {
  <S extends Shape, D extends DType>(a: Tensor<S, D> & Guard<FloatSquare<Op, S, D>>): Tensor<LeadOfMatrices<S>, D>
}

const block = (x: AnyTensor, rows: readonly [number, number], columns: readonly [number, number]): AnyTensor => {
  const lead = x.shape.slice(0, -2)
  return ops.slice(x, {
    start: [...lead.map(() => 0), rows[0], columns[0]],
    limit: [...lead, rows[1], columns[1]],
    step: x.shape.map(() => 1)
  })
}

const element = (x: AnyTensor, i: number, j: number): AnyTensor =>
  ops.reshape(block(x, [i, i + 1], [j, j + 1]), x.shape.slice(0, -2))

/** `a d - b c` of matrices of two rows: a polynomial, right wherever and however often it is differentiated. */
const ofTwo = (x: AnyTensor): AnyTensor =>
  ops.sub(ops.mul(element(x, 0, 0), element(x, 1, 1)), ops.mul(element(x, 0, 1), element(x, 1, 0)))

/** The determinant of matrices that are not singular, by their factors. */
const byFactors = (a: AnyTensor): AnyTensor => {
  const { f, sign } = factorsOf(ops, a)
  return ops.mul(multiplied(diagonalOf(ops, f)), sign)
}

/**
 * With the pivots that elimination would choose from all of the matrix in front, all but the last two: `det A = det A11 det S`,
 * where `S = A22 - A21 A11^-1 A12` has two rows. If A lacks at most two ranks A11 is not singular, and nothing is divided by 0;
 * if it lacks more, the determinant and its first two derivatives are 0.
 */
const byBlocks = (a: AnyTensor, n: number): AnyTensor => {
  const [f, rows, columns, sign] = ops.lu([ops.stopGradient(a)], { pivoting: "complete" })
  if (f === undefined || rows === undefined || columns === undefined || sign === undefined)
    throw new RangeError("lu has four results")
  const ordered = transposed(ops, takeRows(ops, transposed(ops, takeRows(ops, a, rows)), columns))
  const m = n - 2
  const pivots = diagonalOf(ops, block(f, [0, m], [0, m]))
  const lacksMore = ops.eq(ops.reduceMin(ops.abs(pivots), [pivots.shape.length - 1]), 0)
  const spread = (x: AnyTensor): AnyTensor =>
    ops.reshape(lacksMore, [...lacksMore.shape, ...x.shape.slice(-2).map(() => 1)])
  const a11 = block(ordered, [0, m], [0, m])
  const first = ops.select(spread(a11), identityLike(ops, a11), a11)
  const a12 = block(ordered, [0, m], [m, n])
  const a21 = block(ordered, [m, n], [0, m])
  const s = ops.sub(block(ordered, [m, n], [m, n]), product(ops, a21, solveWithFactors(ops, first, a12, false)))
  const whole = ops.mul(ops.mul(byFactors(first), ofTwo(s)), sign)
  return ops.select(lacksMore, 0, whole)
}

/**
 * The determinant of square matrices. Its derivative is the transposed adjugate, `det(A) A^-T` where A has an inverse, and it is
 * right where A has none, up to second derivatives.
 *
 * ```ts
 * const a = T.constant([[1, 2], [2, 4]], "f64")
 * const singular = T.det(a)                                            // 0
 * const adjugate = grad((x: Tensor<[2, 2], "f64">) => T.det(x))(a)     // [[4, -2], [-2, 1]]
 * ```
 *
 * By elimination with complete pivoting; of matrices with no rows it is 1. For large matrices use `T.slogdet`, which does not
 * overflow. Throws a ShapeError for matrices that are not square. numpy's and PyTorch's `linalg.det`.
 */
export const det: OfSquare<"det"> = face(1, (a: AnyTensor) => {
  const n = checkSquare("det", a)
  if (n === 0) return ops.full(a.shape.slice(0, -2), 1, a.dtype)
  if (n === 1) return element(a, 0, 0)
  return n === 2 ? ofTwo(a) : byBlocks(a, n)
})

/** The sign of a determinant and the logarithm of its absolute value. */
export interface SignAndLogarithm<S extends Shape, D extends DType> {
  /** -1, 0 or 1. */
  readonly sign: Tensor<S, D>
  readonly logabsdet: Tensor<S, D>
}

const signAndLogarithm = (a: AnyTensor): { readonly sign: AnyTensor; readonly logarithm: AnyTensor } => {
  const { f, sign } = factorsOf(ops, a)
  const pivots = diagonalOf(ops, f)
  const last = pivots.shape.length - 1
  const plain = ops.reduceSum(ops.log(ops.abs(pivots)), [last])
  const [logarithm = plain] = withDerivativeRule("slogdet", [plain], [a], {
    pullback: (rules, { arguments: [x] }, [g]) => {
      if (x === undefined || g === undefined) return []
      const inverse = solveWithFactors(rules, x, identityLike(rules, x), true)
      return [rules.mul(inverse, rules.reshape(g, [...g.shape, 1, 1]))]
    },
    pushforward: (rules, { arguments: [x] }, [t]) => {
      if (x === undefined || t === undefined) return [undefined]
      const moved = diagonalOf(rules, solveWithFactors(rules, x, t, false))
      return [rules.reduceSum(moved, [moved.shape.length - 1])]
    }
  })
  return { sign: ops.stopGradient(ops.mul(multiplied(ops.sign(pivots)), sign)), logarithm }
}

/**
 * The sign of determinants and `ln |det A|`, which neither overflow nor vanish for large matrices. The derivative of the
 * logarithm is `A^-T`. Of a singular matrix the sign is 0, the logarithm -Infinity, and the derivative not finite. numpy's and
 * PyTorch's `linalg.slogdet`.
 */
export const slogdet = <S extends Shape, D extends DType>(
  a: Tensor<S, D> & Guard<FloatSquare<"slogdet", S, D>>
): SignAndLogarithm<LeadOfMatrices<S>, D> => {
  checkSquare("slogdet", a)
  const { sign, logarithm } = signAndLogarithm(a)
  // One number for each matrix.
  return { sign, logabsdet: logarithm } as {
    readonly sign: AnyTensor
    readonly logabsdet: AnyTensor
  } as SignAndLogarithm<LeadOfMatrices<S>, D>
}

/** `ln det A`: NaN where the determinant is negative, -Infinity where it is 0. PyTorch's `logdet`. */
export const logdet: OfSquare<"logdet"> = face(1, (a: AnyTensor) => {
  checkSquare("logdet", a)
  const { sign, logarithm } = signAndLogarithm(a)
  return ops.select(ops.lt(sign, 0), Number.NaN, logarithm)
})
