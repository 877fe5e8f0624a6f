/** Values: immutable arrays on the host, the result of evaluating a tensor. */
import { allocate, type DType, type HostArrays, roundTo } from "./dtype.ts"
import { ShapeError, showShape } from "./errors.ts"
import type { Mutable, Shape } from "./shape.ts"
import { sizeOf } from "./tensor.ts"
import { rowMajor } from "./view.ts"

declare const ShapeOf: unique symbol

/** An array of shape `S` and element type `D`, row-major. */
export interface Value<out S extends Shape = Shape, out D extends DType = DType> {
  readonly [ShapeOf]?: S
  readonly shape: ReadonlyArray<number>
  readonly dtype: D
  readonly data: HostArrays[D]
}

/** Numbers nested to any depth, as one would write them down. */
export type Nested = number | boolean | ReadonlyArray<Nested>

/** Whether something is a Value. */
export const isValue = (u: unknown): u is Value =>
  typeof u === "object" && u !== null && "shape" in u && "dtype" in u && "data" in u && ArrayBuffer.isView(u.data)

/** A value from a typed array, whose length must be the product of the shape. The array is not copied. */
export const of = <const S extends Shape, D extends DType>(
  data: HostArrays[D],
  shape: S,
  dtype: D
): Value<Mutable<S>, D> => {
  const sizes = shape.map(Number)
  if (sizes.some((d) => !Number.isInteger(d) || d < 0))
    throw new ShapeError(`value: ${showShape(shape)} is not a shape: sizes are whole numbers, 0 or more`)
  if (sizeOf(sizes) !== data.length) {
    throw new ShapeError(`value: ${data.length} elements do not fill ${showShape(shape)}, which has ${sizeOf(sizes)}`)
  }
  return { shape: sizes, dtype, data }
}

/** A value from nested arrays of numbers: `fromNested([[1, 2], [3, 4]])` has shape `[2, 2]`. */
export const fromNested = <D extends DType = "f32">(nested: Nested, dtype?: D): Value<Shape, D> => {
  // The default of D is "f32", so an absent dtype is D itself.
  const type = (dtype ?? "f32") as D
  const shape: Array<number> = []
  for (let level: Nested = nested; typeof level === "object"; level = level[0] ?? 0) {
    shape.push(level.length)
    if (level.length === 0) break
  }
  const data = allocate(type, sizeOf(shape))
  const round = roundTo[type]
  let filled = 0
  const fill = (level: Nested, depth: number): void => {
    if (typeof level !== "object") {
      if (depth !== shape.length)
        throw new ShapeError(`value: the rows are not all ${showShape(shape)}: a number stands at depth ${depth}`)
      data[filled++] = round(Number(level))
      return
    }
    if (depth === shape.length) {
      throw new ShapeError(`value: the rows are not all ${showShape(shape)}: a row stands at depth ${depth}`)
    }
    if (level.length !== shape[depth]) {
      throw new ShapeError(
        `value: a row of length ${level.length} follows one of length ${shape[depth] ?? 0}; rows must be equally long`
      )
    }
    for (const inner of level) fill(inner, depth + 1)
  }
  fill(nested, 0)
  return { shape, dtype: type, data }
}

/** The value as nested arrays of numbers, for reading and printing. */
export const toNested = ({ shape, data }: Value): Nested => {
  const strides = rowMajor(shape)
  const nest = (depth: number, offset: number): Nested =>
    depth === shape.length
      ? (data[offset] ?? 0)
      : Array.from({ length: shape[depth] ?? 0 }, (_, i) => nest(depth + 1, offset + i * (strides[depth] ?? 0)))
  return nest(0, 0)
}

/** The only element of a scalar value. */
export const item = (value: Value): number => {
  const x = value.data[0]
  if (value.data.length !== 1 || x === undefined)
    throw new ShapeError(`item: ${showShape(value.shape)} has ${value.data.length} elements, one is needed`)
  return x
}
