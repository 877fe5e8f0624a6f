/** Singular values and vectors, from eigenvalues of a symmetric matrix twice as large. */
import { operations as ops } from "../operations.ts"
import type { Operations } from "../operations-interface.ts"
import { diagonalOf, identityLike, product, scaleColumns, scaleRows, transposed } from "../primitives/matrices.ts"
import { flipBounds } from "../primitives/slice.ts"
import type { AnyTensor } from "../tensor.ts"
import { withForwardRule } from "./with-rule.ts"

/** Singular vectors in columns, values in descending order: `A = U diag(s) V^T`. */
export interface SingularVectors {
  readonly u: AnyTensor
  readonly s: AnyTensor
  readonly v: AnyTensor
}

/** Rows and columns of matrices from one place on. */
const from = (x: AnyTensor, row: number, column: number): AnyTensor => {
  const lead = x.shape.slice(0, -2).map(() => 0)
  return ops.slice(x, { start: [...lead, row, column], limit: x.shape, step: x.shape.map(() => 1) })
}

const backwards = (x: AnyTensor): AnyTensor =>
  ops.slice(
    x,
    flipBounds(x.shape, (d) => d === x.shape.length - 1)
  )

const orthonormal = (x: AnyTensor): readonly [AnyTensor, AnyTensor] => {
  const [q, r] = ops.qr([x], {})
  if (q === undefined || r === undefined) throw new RangeError("qr has two results")
  return [q, r]
}

/** 1 or -1 for each column: what makes its first element within a thousandth of the largest positive. */
const signsOf = (v: AnyTensor): AnyTensor => {
  const rank = v.shape.length
  const [n = 1, columns = 1] = v.shape.slice(-2)
  const lead = v.shape.slice(0, -2)
  const asRow = (x: AnyTensor): AnyTensor => ops.reshape(x, [...lead, 1, columns])
  const size = ops.abs(v)
  const isLarge = ops.le(ops.mul(asRow(ops.reduceMax(size, [rank - 2])), 0.999), size)
  // Of ones and zeros the first one is found.
  const place = ops.argmax(ops.cast(isLarge, "i32"), rank - 2)
  const isHead = ops.eq(ops.broadcast(asRow(place), v.shape), ops.iota([n, columns], 0, "i32"))
  const head = ops.reduceSum(ops.select(isHead, v, 0), [rank - 2])
  return ops.select(ops.lt(head, 0), ops.full([], -1, v.dtype), 1)
}

/**
 * Those of square matrices: `[[0, A], [A^T, 0]]` has the eigenvalues s and -s, with eigenvectors of u and v. Where s is 0 these
 * are any mixture: the v are made orthonormal again, and so are the u, which are what A makes of v. As accurate as the
 * rounding of the largest value.
 */
const ofSquare = (a: AnyTensor): SingularVectors => {
  const n = a.shape.at(-1) ?? 1
  const rank = a.shape.length
  const none = ops.full(a.shape, 0, a.dtype)
  const both = ops.concat([ops.concat([none, a], rank - 1), ops.concat([transposed(ops, a), none], rank - 1)], rank - 2)
  const [w, z] = ops.eigh([both], {})
  if (w === undefined || z === undefined) throw new RangeError("eigh has two results")
  const values = backwards(
    ops.slice(w, {
      start: w.shape.map((_, d) => (d === rank - 2 ? n : 0)),
      limit: w.shape,
      step: w.shape.map(() => 1)
    })
  )
  const [v] = orthonormal(ops.mul(backwards(from(z, n, n)), Math.SQRT2))
  const [u] = orthonormal(product(ops, a, v))
  return { u, s: ops.max(values, 0), v }
}

/** Singular vectors of matrices with at least as many rows as columns, without derivatives. */
const ofTall = (a: AnyTensor): SingularVectors => {
  const [m = 1, n = 1] = a.shape.slice(-2)
  const [q, r] = m > n ? orthonormal(a) : [undefined, a]
  const { u, s, v } = ofSquare(r)
  const signs = signsOf(v)
  const signed = (x: AnyTensor): AnyTensor => scaleColumns(ops, x, signs)
  return { u: signed(q === undefined ? u : product(ops, q, u)), s, v: signed(v) }
}

/** `1 / (s_j^2 - s_i^2)` beside the diagonal, 0 on it; infinite between equal values. */
const gaps = (rules: Operations, s: AnyTensor): AnyTensor => {
  const n = s.shape.at(-1) ?? 1
  const square = [...s.shape, n]
  const column = rules.reshape(s, [...s.shape, 1])
  const row = rules.broadcast(rules.reshape(s, [...s.shape.slice(0, -1), 1, n]), square)
  // A difference of squares as a product: no digits are lost where values are close.
  const gap = rules.mul(rules.sub(row, column), rules.add(row, column))
  const unit = identityLike(rules, gap)
  return rules.sub(rules.div(rules.full(square, 1, s.dtype), rules.add(gap, unit)), unit)
}

/**
 * Singular values and vectors with their derivatives: `s_dot = diag(U^T A_dot V)`; those of the vectors are infinite or NaN
 * where values are equal or 0, where they do not exist (Townsend 2016). Those of the values are not.
 */
export const singularVectors = (a: AnyTensor): SingularVectors => {
  const [m = 1, n = 1] = a.shape.slice(-2)
  if (m < n) {
    const { u, s, v } = singularVectors(transposed(ops, a))
    return { u: v, s, v: u }
  }
  const plain = ofTall(a)
  const [u = plain.u, s = plain.s, v = plain.v] = withForwardRule(
    "svd",
    [plain.u, plain.s, plain.v],
    [a],
    (rules, { results: [p, w, q] }, [t]) => {
      if (p === undefined || w === undefined || q === undefined || t === undefined) return []
      const moved = product(rules, t, q)
      const inner = product(rules, transposed(rules, p), moved)
      const turned = transposed(rules, inner)
      const f = gaps(rules, w)
      const left = rules.mul(f, rules.add(scaleColumns(rules, inner, w), scaleRows(rules, w, turned)))
      const right = rules.mul(f, rules.add(scaleRows(rules, w, inner), scaleColumns(rules, turned, w)))
      const du = product(rules, p, left)
      const outside = rules.sub(moved, product(rules, p, inner))
      const reciprocal = rules.div(rules.full(w.shape, 1, w.dtype), w)
      return [
        m > n ? rules.add(du, scaleColumns(rules, outside, reciprocal)) : du,
        diagonalOf(rules, inner),
        product(rules, q, right)
      ]
    }
  )
  return { u, s, v }
}
