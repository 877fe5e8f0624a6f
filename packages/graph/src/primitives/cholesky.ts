import type { Builder } from "@cotangent/kernel"
import type { RuleOperations } from "../operations-interface.ts"
import type { KernelFrame, NoAttributes, Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import {
  checkMatrices,
  joined,
  lower,
  matricesOf,
  product,
  solveRight,
  solveTriangle,
  symmetricPart,
  transposed
} from "./matrices.ts"
import {
  clear,
  constantOf,
  numberOf,
  over,
  overMatrices,
  overRuns,
  paddedColumns,
  position,
  read,
  scratchMatrix,
  stagesOf,
  write
} from "./matrix-loops.ts"

/**
 * Row j of L^T is row j of A less the rows before, each times its element in column j, divided by the root of its head. Rows
 * that are not computed yet are zeros and change nothing.
 */
const emit = (b: Builder.Builder, frame: KernelFrame): void => {
  const [input, output] = [operand(frame.inputs, 0), operand(frame.outputs, 0)]
  const n = input.view.shape.at(-1) ?? 1
  const width = paddedColumns(n, input.buffer)
  const scratch = (name: string, rows: number) => scratchMatrix(frame, name, input.buffer, rows, width)
  const [sum, upper, row] = [scratch("sum", n), scratch("factor", n), scratch("row", 1)]
  const one = position(0)
  overMatrices(b, input.view.shape.slice(0, -2), [input, output], (a, l) => {
    if (a === undefined || l === undefined) return
    const number = (value: number) => constantOf(b, l, value)
    clear(b, sum)
    clear(b, upper)
    over(b, one, n, (i) =>
      over(b, one, n, (j) => {
        const half = (x: ReturnType<typeof read>) => b.binary("mul", x, number(0.5))
        write(b, sum, i, j, b.binary("add", half(read(b, a, i, j)), half(read(b, a, j, i))))
      })
    )
    const isDefinite = b.variable(b.compare("eq", number(0), number(0)))
    for (const { start, count } of stagesOf(n))
      b.loop(count, 1, (step) => {
        const j = position(start, step)
        overRuns(b, row, position(start), n - start, (i, lanes) => {
          const rest = b.variable(read(b, sum, j, i, lanes))
          over(b, one, start + count, (k) => {
            const factor = b.splat(read(b, upper, k, j), lanes)
            b.assign(rest, b.binary("sub", rest, b.binary("mul", factor, read(b, upper, k, i, lanes))))
          })
          write(b, row, one, i, rest)
        })
        const head = read(b, row, one, j)
        const isPositive = b.compare("gt", head, number(0))
        b.assign(isDefinite, b.binary("and", isDefinite, isPositive))
        const root = b.unary("sqrt", head)
        overRuns(b, row, position(start), n - start, (i, lanes) =>
          write(b, upper, j, i, b.binary("div", read(b, row, one, i, lanes), b.splat(root, lanes)))
        )
      })
    over(b, one, n, (i) =>
      over(b, one, n, (j) => {
        const isBelow = b.compare("le", numberOf(b, j), numberOf(b, i))
        const inside = b.select(isDefinite, read(b, upper, j, i), number(Number.NaN))
        write(b, l, i, j, b.select(isBelow, inside, number(0)))
      })
    )
  })
}

/** The factor of one matrix on the host. */
const factor = (a: Float64Array): Float64Array => {
  const n = Math.sqrt(a.length)
  const out = new Float64Array(a.length)
  const get = (x: Float64Array, i: number, j: number): number => x[i * n + j] ?? 0
  let isDefinite = true
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let rest = get(a, i, j) / 2 + get(a, j, i) / 2
      for (let k = 0; k < j; k++) rest -= get(out, i, k) * get(out, j, k)
      if (i === j && !(rest > 0)) isDefinite = false
      out[i * n + j] = i === j ? Math.sqrt(rest) : rest / get(out, j, j)
    }
  return isDefinite ? out : out.map((_, e) => (e % n <= Math.floor(e / n) ? Number.NaN : 0))
}

/** `L phi(L^-1 X L^-T)`, phi taking the lower triangle with half the diagonal. */
const pushed = (ops: RuleOperations, l: AnyTensor, t: AnyTensor): AnyTensor => {
  const left = solveTriangle(ops, l, symmetricPart(ops, t), { lower: true })
  return product(ops, l, lower(ops, solveRight(ops, left, transposed(ops, l), { lower: false }), 0.5))
}

/** The lower triangular L with L L^T = A. */
export const cholesky: Primitive<NoAttributes> = {
  name: "cholesky",
  form: { operands: 1, regions: 0, attributes: {} },
  document: {
    summary: "The Cholesky factor of symmetric positive definite matrices.",
    equation: "A = L L^T, L lower triangular with a positive diagonal",
    derivative: "A_bar = sym(L^-T phi(L^T L_bar) L^-1), phi the lower triangle with half the diagonal (Murray 2016)",
    conventions:
      "The mean of A and its transpose is factored. Where that is not positive definite, or not a number, the whole triangle is NaN; above the diagonal there are zeros."
  },
  infer: ([a]) => {
    const { shape, dtype } = checkMatrices("cholesky", a, "square")
    return [{ shape, dtype }]
  },
  evaluate: ([a]) => [a === undefined ? new Float64Array(0) : joined(matricesOf(a).map(factor))],
  reverse: {
    tag: "rule",
    pullback: (ops, { outputs: [l] }, [g]) => {
      if (l === undefined || g === undefined) return []
      const inner = lower(ops, product(ops, transposed(ops, l), g), 0.5)
      const left = solveTriangle(ops, transposed(ops, l), inner, { lower: false })
      return [symmetricPart(ops, solveRight(ops, left, l, { lower: true }))]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { outputs: [l] }, [t]) => [l === undefined || t === undefined ? undefined : pushed(ops, l, t)]
  },
  batch: (ops, operands) => ops.cholesky([operand(operands, 0).tensor], {}),
  lower: { tag: "kernel", flops: ([a]) => (sizeOf(a?.shape ?? []) * (a?.shape.at(-1) ?? 1)) / 3, emit },
  samples: [
    { operands: [{ shape: [2, 2], low: -0.5, high: 0.5, around: [4, 1, 1.5, 3] }], attributes: {} },
    {
      operands: [
        {
          shape: [2, 3, 3],
          low: -0.3,
          high: 0.3,
          around: [5, 1, -1, 1, 4, 0.5, -1, 0.5, 3, 2, 0.3, 0.1, 0.3, 2, 0.2, 0.1, 0.2, 1]
        }
      ],
      attributes: {}
    },
    {
      // More than one stage, and a rest beside whole vectors.
      operands: [
        {
          shape: [19, 19],
          dtype: "f64",
          data: Float64Array.from({ length: 361 }, (_, i) => 0.5 ** Math.abs((i % 19) - Math.floor(i / 19)))
        }
      ],
      attributes: {}
    },
    // Not positive definite, then definite.
    { operands: [{ shape: [2, 2, 2], dtype: "f64", data: Float64Array.of(1, 2, 2, 1, 2, 1, 1, 2) }], attributes: {} },
    { operands: [{ shape: [1, 1], low: 0.5, high: 2 }], attributes: {} },
    { operands: [{ shape: [0, 0], low: 0.5, high: 2 }], attributes: {} }
  ]
}
