/** Values that are there before a program runs, or known from the index alone. */
import { checkSizes } from "../axes.ts"
import { allocate, checkDomain } from "../dtype.ts"
import { DTypeError, EvaluationError, ShapeError, showShape } from "../errors.ts"
import type { Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import type { Value } from "../value.ts"

/** A value given from outside, known by name and identity. */
export const parameter: Primitive<{
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly dtype: Value["dtype"]
}> = {
  name: "parameter",
  form: { operands: 0, regions: 0, attributes: { name: "text", shape: "integers", dtype: "dtype" } },
  document: {
    summary: "A value given from outside.",
    equation: "y is an input",
    derivative: "none: it has no operand",
    conventions: "Identity counts, not the name; evaluating it without a value is an error."
  },
  infer: (_, { shape, dtype }) => [{ shape: checkSizes("parameter", shape), dtype }],
  evaluate: (_, { name, shape }) => {
    throw new EvaluationError(
      `evaluate: the parameter ${name} of shape ${showShape(shape)} has no value; pass the function and its arguments to Compute.compile, or call it with tensors`
    )
  },
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: () => {
    throw new ShapeError("vmap: a parameter has no operand to batch over")
  },
  lower: { tag: "source", form: "parameter" },
  samples: []
}

/** A value known when the graph is built. */
export const constant: Primitive<{ readonly value: Value }> = {
  name: "constant",
  form: { operands: 0, regions: 0, attributes: { value: "value" } },
  document: {
    summary: "A value known when the graph is built.",
    equation: "y is given",
    derivative: "none: it has no operand",
    conventions: "Equal constants of up to 1024 bytes are merged by their contents."
  },
  infer: (_, { value: { shape, dtype, data } }) => {
    if (sizeOf(checkSizes("constant", shape)) !== data.length || allocate(dtype, 0).constructor !== data.constructor) {
      throw new ShapeError(
        `constant: ${data.constructor.name} of ${data.length} elements does not fill ${dtype}${showShape(shape)}`
      )
    }
    return [{ shape, dtype }]
  },
  evaluate: (_, { value }) => [Float64Array.from(value.data)],
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: () => {
    throw new ShapeError("vmap: a constant has no operand to batch over")
  },
  lower: { tag: "source", form: "constant" },
  samples: []
}

/** The index along an axis: 0, 1, 2, ... */
export const iota: Primitive<{
  readonly shape: ReadonlyArray<number>
  readonly axis: number
  readonly dtype: Value["dtype"]
}> = {
  name: "iota",
  form: { operands: 0, regions: 0, attributes: { shape: "integers", axis: "integer", dtype: "dtype" } },
  document: {
    summary: "The index along an axis.",
    equation: "y[..., i, ...] = i",
    derivative: "none: it has no operand",
    conventions: "In f32 it counts to 2^24 at most."
  },
  infer: (_, { shape, axis, dtype }) => {
    if (checkSizes("iota", shape)[axis] === undefined)
      throw new ShapeError(`iota: axis ${axis} does not exist in ${showShape(shape)}`)
    checkDomain("iota", "number", dtype)
    if (dtype === "f32" && (shape[axis] ?? 0) > 2 ** 24)
      throw new DTypeError(`iota: ${showShape(shape)} counts beyond 2^24, use i32`)
    return [{ shape, dtype }]
  },
  evaluate: (_, { shape, axis }) => {
    const inner = sizeOf(shape.slice(axis + 1))
    return [Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(i / inner) % (shape[axis] ?? 1))]
  },
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: () => {
    throw new ShapeError("vmap: iota has no operand to batch over")
  },
  lower: { tag: "source", form: "iota" },
  samples: []
}
