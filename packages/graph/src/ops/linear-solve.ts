/** Square systems by their triangular factors, with the derivative of the solution. */
import type { Operations } from "../operations-interface.ts"
import { inverseOrder, product, solveTriangle, takeRows, transposed } from "../primitives/matrices.ts"
import type { AnyTensor } from "../tensor.ts"
import { withDerivativeRule } from "./with-rule.ts"

/** The factors of square matrices with partial pivoting, the order of their rows, and its sign. */
export const factorsOf = (ops: Operations, a: AnyTensor) => {
  const [f, rows, , sign] = ops.lu([a], { pivoting: "partial" })
  if (f === undefined || rows === undefined || sign === undefined) throw new RangeError("lu has four results")
  return { f, rows, sign }
}

/** `A^-1 B`, or `A^-T B`, with the derivatives of what it is made of. */
export const substituted = (ops: Operations, a: AnyTensor, b: AnyTensor, isTransposed: boolean): AnyTensor => {
  const { f, rows } = factorsOf(ops, a)
  if (!isTransposed) {
    const y = solveTriangle(ops, f, takeRows(ops, b, rows), { lower: true, unit: true })
    return solveTriangle(ops, f, y, { lower: false })
  }
  const turned = transposed(ops, f)
  const y = solveTriangle(ops, turned, b, { lower: true })
  return takeRows(ops, solveTriangle(ops, turned, y, { lower: false, unit: true }), inverseOrder(ops, rows))
}

/**
 * `A^-1 B`, or `A^-T B`, for matrices of the same leading dimensions. Its derivatives are solutions with the same matrix, and
 * so use the same factors: equal computations are merged.
 */
export const solveWithFactors = (ops: Operations, a: AnyTensor, b: AnyTensor, isTransposed: boolean): AnyTensor => {
  const x = substituted(ops, a, b, isTransposed)
  const [solution = x] = withDerivativeRule(
    "solve",
    [x],
    [a, b],
    {
      pullback: (rules, { arguments: [m, c], results: [y] }, [g]) => {
        if (m === undefined || c === undefined || y === undefined || g === undefined) return []
        const right = solveWithFactors(rules, m, g, !isTransposed)
        const outer = isTransposed
          ? product(rules, y, transposed(rules, right))
          : product(rules, right, transposed(rules, y))
        return [rules.neg(outer), right]
      },
      pushforward: (rules, { arguments: [m], results: [y] }, [t, u]) => {
        if (m === undefined || y === undefined || (t === undefined && u === undefined)) return [undefined]
        const moved =
          t === undefined ? undefined : rules.neg(product(rules, isTransposed ? transposed(rules, t) : t, y))
        const right = moved === undefined ? u : u === undefined ? moved : rules.add(u, moved)
        return [right === undefined ? undefined : solveWithFactors(rules, m, right, isTransposed)]
      }
    },
    ops
  )
  return solution
}
