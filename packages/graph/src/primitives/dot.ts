import { checkAxes, inversePermutation } from "../axes.ts"
import { isFloat } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { DotDimensions, Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { type AnyTensor, sizeOf } from "../tensor.ts"
import { contiguous } from "../view.ts"
import { operand } from "./elementwise.ts"
import { readView } from "./transpose.ts"

/** The axes that are neither batch nor contracted, in order. */
export const freeAxes = (
  rank: number,
  batch: ReadonlyArray<number>,
  contract: ReadonlyArray<number>
): ReadonlyArray<number> =>
  Array.from({ length: rank }, (_, d) => d).filter((d) => !batch.includes(d) && !contract.includes(d))

const range = (start: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => start + i)

/** The cotangent of one side: contract the output's cotangent with the other side, then restore the axis order. */
const side = (
  ops: Operations,
  g: AnyTensor,
  self: AnyTensor,
  other: AnyTensor,
  dims: DotDimensions,
  which: 0 | 1
): AnyTensor => {
  const [batch, otherBatch] = which === 0 ? dims.batch : [dims.batch[1], dims.batch[0]]
  const [contract, otherContract] = which === 0 ? dims.contract : [dims.contract[1], dims.contract[0]]
  const free = freeAxes(self.shape.length, batch, contract)
  const otherFree = freeAxes(other.shape.length, otherBatch, otherContract)
  const b = batch.length
  const gOther = which === 0 ? range(b + free.length, otherFree.length) : range(b, otherFree.length)
  const ascending = otherContract.toSorted((x, y) => x - y)
  const restored = ascending.map((axis) => contract[otherContract.indexOf(axis)] ?? 0)
  // Whichever operand stands first puts its free axes in front: take the order that leaves least to transpose.
  const contractFirst = free.length > 0 && Math.min(...contract) < Math.min(...free)
  const product = contractFirst
    ? ops.dot(other, g, { batch: [otherBatch, range(0, b)], contract: [otherFree, gOther] })
    : ops.dot(g, other, { batch: [range(0, b), otherBatch], contract: [gOther, otherFree] })
  const order = contractFirst ? [...batch, ...restored, ...free] : [...batch, ...free, ...restored]
  return ops.transpose(product, inversePermutation(order))
}

/**
 * The general product: `batch` axes are paired and stay in front, `contract` axes are paired and summed over, the rest
 * of the left then of the right operand follow. The sum runs over the contracted index in ascending order.
 */
export const dot: Primitive<DotDimensions> = {
  name: "dot",
  form: { operands: 2, regions: 0, attributes: { batch: "pair", contract: "pair" } },
  document: {
    summary: "The general product of two tensors.",
    equation: "y[b, i, j] = sum_k x[b, i, k] w[b, k, j]",
    derivative: "x_bar[b, i, k] = sum_j y_bar[b, i, j] w[b, k, j], w_bar[b, k, j] = sum_i x[b, i, k] y_bar[b, i, j]",
    conventions:
      "The sum runs over k in ascending order in one accumulator per element, so its bits are the same everywhere; of no elements it is 0."
  },
  infer: ([x, w], { batch, contract }) => {
    if (x === undefined || w === undefined) throw new ShapeError("dot: needs two operands")
    if (x.dtype !== w.dtype) throw new DTypeError(`dot: ${x.dtype} with ${w.dtype}; cast one side with T.cast`)
    if (!isFloat(x.dtype)) throw new DTypeError(`dot: defined for f32 and f64, got ${x.dtype}; use T.cast`)
    checkAxes("dot", x, [...batch[0], ...contract[0]])
    checkAxes("dot", w, [...batch[1], ...contract[1]])
    if (batch[0].length !== batch[1].length || contract[0].length !== contract[1].length) {
      throw new ShapeError(
        `dot: ${showShape(x.shape)} x ${showShape(w.shape)}: the sides name different numbers of axes`
      )
    }
    const pairs = [
      ...batch[0].map((d, i) => [d, batch[1][i] ?? -1] as const),
      ...contract[0].map((d, i) => [d, contract[1][i] ?? -1] as const)
    ]
    for (const [d, e] of pairs) {
      if (x.shape[d] === undefined || x.shape[d] !== w.shape[e]) {
        throw new ShapeError(
          `dot: ${showShape(x.shape)} x ${showShape(w.shape)}: axis ${d} (${x.shape[d]}) and axis ${e} (${w.shape[e]}) differ`
        )
      }
    }
    const free = freeAxes(x.shape.length, batch[0], contract[0]).map((d) => x.shape[d] ?? 0)
    const free2 = freeAxes(w.shape.length, batch[1], contract[1]).map((d) => w.shape[d] ?? 0)
    return [{ shape: [...batch[0].map((d) => x.shape[d] ?? 0), ...free, ...free2], dtype: x.dtype }]
  },
  evaluate: ([x, w], { batch, contract }, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? []))
    if (x === undefined || w === undefined) return [out]
    const arrange = (a: typeof x, order: ReadonlyArray<number>): Float64Array => {
      const { shape, strides } = contiguous(a.shape)
      return readView(a, {
        shape: order.map((d) => shape[d] ?? 0),
        strides: order.map((d) => strides[d] ?? 0),
        offset: 0
      })
    }
    const free = freeAxes(x.shape.length, batch[0], contract[0])
    const free2 = freeAxes(w.shape.length, batch[1], contract[1])
    const a = arrange(x, [...batch[0], ...free, ...contract[0]])
    const b = arrange(w, [...batch[1], ...free2, ...contract[1]])
    const k = sizeOf(contract[0].map((d) => x.shape[d] ?? 0))
    const m = sizeOf(free.map((d) => x.shape[d] ?? 0))
    const n = sizeOf(free2.map((d) => w.shape[d] ?? 0))
    for (let o = 0; o < out.length; o++) {
      const left = Math.floor(o / n) * k
      const right = (Math.floor(o / (m * n)) * n + (o % n)) * k
      let sum = 0
      for (let i = 0; i < k; i++) sum += (a[left + i] ?? 0) * (b[right + i] ?? 0)
      out[o] = sum
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x, w], attributes }, [g]) =>
      x === undefined || w === undefined || g === undefined
        ? []
        : [side(ops, g, x, w, attributes, 0), side(ops, g, w, x, attributes, 1)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [x, w], attributes }, [t, u]) => {
      if (x === undefined || w === undefined) return [undefined]
      const left = t === undefined ? undefined : ops.dot(t, w, attributes)
      const right = u === undefined ? undefined : ops.dot(x, u, attributes)
      return [left === undefined ? right : right === undefined ? left : ops.add(left, right)]
    }
  },
  batch: (ops, operands, { batch, contract }) => {
    const [x, w] = [operand(operands, 0), operand(operands, 1)]
    const shift = (axes: ReadonlyArray<number>, by: boolean) => axes.map((d) => (by ? d + 1 : d))
    const inner: DotDimensions = {
      batch: [shift(batch[0], x.batched), shift(batch[1], w.batched)],
      contract: [shift(contract[0], x.batched), shift(contract[1], w.batched)]
    }
    if (x.batched && w.batched)
      return [
        ops.dot(x.tensor, w.tensor, {
          batch: [
            [0, ...inner.batch[0]],
            [0, ...inner.batch[1]]
          ],
          contract: inner.contract
        })
      ]
    // One side only: its batch axis is a free axis; find it among the free axes and bring it to the front.
    const product = ops.dot(x.tensor, w.tensor, inner)
    const b = batch[0].length
    const at = x.batched ? b : b + freeAxes(x.tensor.shape.length, inner.batch[0], inner.contract[0]).length
    return [ops.transpose(product, [at, ...product.shape.map((_, d) => d).filter((d) => d !== at)])]
  },
  lower: { tag: "structure", form: "dot" },
  samples: [
    {
      operands: [
        { shape: [3, 4], low: -1, high: 1 },
        { shape: [4, 2], low: -1, high: 1 }
      ],
      attributes: { batch: [[], []], contract: [[1], [0]] }
    },
    {
      operands: [
        { shape: [4, 3], low: -1, high: 1 },
        { shape: [2, 4], low: -1, high: 1 }
      ],
      attributes: { batch: [[], []], contract: [[0], [1]] }
    },
    {
      operands: [
        { shape: [2, 3, 4], low: -1, high: 1 },
        { shape: [2, 4, 5], low: -1, high: 1 }
      ],
      attributes: { batch: [[0], [0]], contract: [[2], [1]] }
    },
    {
      operands: [
        { shape: [2, 3, 4], low: -1, high: 1 },
        { shape: [4, 3, 5], low: -1, high: 1 }
      ],
      attributes: {
        batch: [[], []],
        contract: [
          [2, 1],
          [0, 1]
        ]
      }
    }
  ]
}
