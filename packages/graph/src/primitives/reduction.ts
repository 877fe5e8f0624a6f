/** The form of reductions: one associative operation over some axes, which disappear from the shape. */
import type { CombineOp } from "@cotangent/kernel"
import { checkAxes, dropAxes, keepAxes } from "../axes.ts"
import type { DType } from "../dtype.ts"
import { DTypeError, ShapeError } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import {
  documentOf,
  type HostArray,
  type Maybe,
  type Primitive,
  type PrimitiveDocument,
  type Sample
} from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"
import { rowMajor } from "../view.ts"
import { operand } from "./elementwise.ts"

/** The axes a reduction removes, sorted, counted from the front. */
export interface Axes {
  readonly axes: ReadonlyArray<number>
}

/** Checks the axes of a reduction and gives the shape it leaves. */
const inferReduction = (name: string, x: Aval | undefined, axes: ReadonlyArray<number>): Aval => {
  if (x === undefined) throw new ShapeError(`${name}: no operand was given`)
  if (x.dtype === "bool") throw new DTypeError(`${name}: defined for numbers, got bool; use T.cast`)
  checkAxes(name, x, axes)
  return { shape: dropAxes(x.shape, axes), dtype: x.dtype }
}

/** Folds all elements along the axes, in row-major order. */
const foldAxes = (
  x: HostArray,
  axes: ReadonlyArray<number>,
  start: number,
  fold: (a: number, b: number) => number
): Float64Array => {
  const kept = dropAxes(x.shape, axes)
  const out = new Float64Array(sizeOf(kept)).fill(start)
  const source = rowMajor(x.shape)
  const target = rowMajor(kept)
  const strides = x.shape.map((_, d) => (axes.includes(d) ? 0 : (target[d - axes.filter((a) => a < d).length] ?? 0)))
  for (let i = 0; i < x.data.length; i++) {
    let o = 0
    for (let d = 0; d < x.shape.length; d++)
      o += (Math.floor(i / (source[d] ?? 1)) % (x.shape[d] ?? 1)) * (strides[d] ?? 0)
    out[o] = fold(out[o] ?? start, x.data[i] ?? 0)
  }
  return out
}

/** A reduced tensor repeated to the shape it came from. */
export const expandReduced = (
  ops: Operations,
  y: AnyTensor,
  shape: ReadonlyArray<number>,
  axes: ReadonlyArray<number>
): AnyTensor => ops.broadcast(ops.reshape(y, keepAxes(shape, axes)), shape)

/** What a reduction is defined by. */
export interface ReductionDefinition extends PrimitiveDocument {
  readonly name: "reduceSum" | "reduceMax" | "reduceMin"
  readonly combine: CombineOp
  readonly identity: (dtype: DType) => number
  readonly fold: (a: number, b: number) => number
  readonly pullback: (
    ops: Operations,
    x: AnyTensor,
    y: AnyTensor,
    axes: ReadonlyArray<number>,
    g: AnyTensor
  ) => AnyTensor
  readonly pushforward: (
    ops: Operations,
    x: AnyTensor,
    y: AnyTensor,
    axes: ReadonlyArray<number>,
    t: AnyTensor
  ) => AnyTensor
  readonly samples: ReadonlyArray<Sample<Axes>>
}

/** The full record of a reduction. */
export const reduction = (d: ReductionDefinition): Primitive<Axes> => ({
  name: d.name,
  form: { operands: 1, regions: 0, attributes: { axes: "integers" } },
  document: documentOf(d),
  infer: ([x], { axes }) => [inferReduction(d.name, x, axes)],
  evaluate: ([x], { axes }) => [x === undefined ? new Float64Array(0) : foldAxes(x, axes, d.identity(x.dtype), d.fold)],
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x], outputs: [y], attributes }, [g]): ReadonlyArray<Maybe> =>
      x === undefined || y === undefined || g === undefined ? [] : [d.pullback(ops, x, y, attributes.axes, g)]
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [x], outputs: [y], attributes }, [t]) =>
      x === undefined || y === undefined || t === undefined
        ? [undefined]
        : [d.pushforward(ops, x, y, attributes.axes, t)]
  },
  batch: (ops, operands, { axes }) => [
    ops[d.name](
      operand(operands, 0).tensor,
      axes.map((axis) => axis + 1)
    )
  ],
  lower: { tag: "reduce", combine: d.combine, identity: d.identity },
  samples: d.samples
})

/** 1 where x attains the extremum, divided by how many do: the share of the derivative each takes. */
export const extremumShare = (ops: Operations, x: AnyTensor, y: AnyTensor, axes: ReadonlyArray<number>): AnyTensor => {
  const attained = ops.cast(ops.eq(x, expandReduced(ops, y, x.shape, axes)), x.dtype)
  return ops.div(attained, expandReduced(ops, ops.reduceSum(attained, axes), x.shape, axes))
}
