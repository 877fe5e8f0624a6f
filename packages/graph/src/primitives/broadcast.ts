import { broadcastShapes, checkSizes, sameShape } from "../axes.ts"
import { ShapeError, showShape } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { contiguous, type View } from "../view.ts"
import { operand } from "./elementwise.ts"
import { readView } from "./transpose.ts"

const repeated = (view: View, shape: ReadonlyArray<number>): View => {
  const lead = shape.length - view.shape.length
  return {
    shape,
    strides: shape.map((size, d) =>
      d < lead || (view.shape[d - lead] === 1 && size !== 1) ? 0 : (view.strides[d - lead] ?? 0)
    ),
    offset: view.offset
  }
}

/** Repeats along dimensions of size 1 and along new leading dimensions, as numpy does. */
export const broadcast: Primitive<{ readonly shape: ReadonlyArray<number> }> = {
  name: "broadcast",
  form: { operands: 1, regions: 0, attributes: { shape: "integers" } },
  document: {
    summary: "Repeats along dimensions of size 1 and new leading ones.",
    equation: "y[..., i, ...] = x[..., 0, ...]",
    derivative: "x_bar = the sum of y_bar over the repeated axes",
    conventions: "Dimensions are aligned from the back; only those of size 1 and new leading ones are repeated."
  },
  infer: ([x], { shape }) => {
    if (
      x === undefined ||
      x.shape.length > checkSizes("broadcast", shape).length ||
      !sameShape(broadcastShapes("broadcast", x.shape, shape), shape)
    ) {
      throw new ShapeError(`broadcast: ${showShape(x?.shape ?? [])} does not broadcast to ${showShape(shape)}`)
    }
    return [{ shape, dtype: x.dtype }]
  },
  evaluate: ([x], { shape }) => [readView(x, repeated(contiguous(x?.shape ?? []), shape))],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], attributes: { shape } }, [g]) => {
      if (x === undefined || g === undefined) return []
      const lead = shape.length - x.shape.length
      const axes = shape.flatMap((size, d) => (d < lead || (x.shape[d - lead] === 1 && size !== 1) ? [d] : []))
      return [ops.reshape(ops.reduceSum(g, axes), x.shape)]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { attributes }, [t]) => [t === undefined ? undefined : ops.broadcast(t, attributes.shape)]
  },
  batch: (ops, operands, { shape }, size) => {
    const { tensor } = operand(operands, 0)
    const inner = tensor.shape.slice(1)
    const ones = new Array<number>(shape.length - inner.length).fill(1)
    return [ops.broadcast(ops.reshape(tensor, [size, ...ones, ...inner]), [size, ...shape])]
  },
  lower: { tag: "view", view: (input, { shape }) => repeated(input, shape) },
  samples: [{ operands: [{ shape: [3, 1], low: -1, high: 1 }], attributes: { shape: [2, 3, 4] } }]
}
