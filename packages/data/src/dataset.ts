/** Data sets: inputs and targets of the same number of samples, held in memory and never written to. */
import {
  allocate,
  type DType,
  type HostArrays,
  type Nested,
  type Shape,
  showShape,
  sizeOf,
  type Value,
  Values
} from "@cotangent/graph"
import { argumentError, DataError, type Problem } from "./data-error.ts"
import * as Rows from "./rows.ts"

/**
 * `size` samples: inputs of shape `X` and targets of shape `Y` and type `YD`, each without the batch dimension.
 * `Dataset<[64], [], "i32">` has 64 numbers and one class index per sample.
 */
export interface Dataset<out X extends Shape, out Y extends Shape, out YD extends DType, out XD extends DType = "f32"> {
  readonly name: string
  readonly size: number
  readonly x: Value<["batch", ...X], XD>
  readonly y: Value<["batch", ...Y], YD>
  readonly inputShape: X
  readonly inputDtype: XD
  readonly targetShape: Y
  readonly targetDtype: YD
  /** The name of each class, where targets are class indices. */
  readonly classNames?: ReadonlyArray<string>
}

/** A data set of any shapes and types. */
export type AnyDataset = Dataset<Shape, Shape, DType, DType>

/** The shape of one sample of a value whose first dimension counts samples. */
export type Sample<S extends Shape> = S extends readonly [infer _, ...infer R extends Shape] ? R : Shape

type Sizes = ReadonlyArray<number>
type MutableSizes<S extends Sizes> = { -readonly [K in keyof S]: S[K] }

/**
 * A data set of two values with as many rows. Nothing is copied: do not write to the arrays afterwards.
 * Throws a `DataError` when the numbers of rows differ or a value is a scalar.
 */
export const make = <SX extends Shape, XD extends DType, SY extends Shape, YD extends DType>(options: {
  readonly x: Value<SX, XD>
  readonly y: Value<SY, YD>
  readonly name?: string
  readonly classNames?: ReadonlyArray<string>
}): Dataset<Sample<SX>, Sample<SY>, YD, XD> => {
  const { x, y, name = "data", classNames } = options
  const [size] = x.shape
  if (size === undefined || size !== y.shape[0]) {
    throw argumentError(
      name,
      `x has shape ${showShape(x.shape)} and y has shape ${showShape(y.shape)}; their first sizes, the number of samples, must agree`
    )
  }
  return {
    name,
    size,
    // The first dimension was checked above, and the others are those of SX and SY.
    x: x as Value<Shape, XD> as Value<["batch", ...Sample<SX>], XD>,
    y: y as Value<Shape, YD> as Value<["batch", ...Sample<SY>], YD>,
    inputShape: x.shape.slice(1) as Shape as Sample<SX>,
    inputDtype: x.dtype,
    targetShape: y.shape.slice(1) as Shape as Sample<SY>,
    targetDtype: y.dtype,
    ...(classNames === undefined ? {} : { classNames })
  }
}

/**
 * A data set for classification, from numbers written down: `rows` nested or flat, one whole label per row.
 * `classes` is how many classes there are, or their names. The numbers are copied.
 * Throws a `DataError` for a wrong number of values, one that is not finite, and a label that is no class.
 */
export const classification = <const X extends Sizes>(options: {
  readonly inputShape: X
  readonly rows: Written
  readonly labels: ArrayLike<number>
  readonly classes: number | ReadonlyArray<string>
  readonly name?: string
}): Dataset<MutableSizes<X>, [], "i32"> => {
  const { classes, inputShape, labels, name = "data", rows } = options
  const x = finite(name, "input", rows, [labels.length, ...inputShape])
  const count = typeof classes === "number" ? classes : classes.length
  const problems = Array.from(labels).flatMap((label, i): ReadonlyArray<Problem> =>
    isClass(label, count)
      ? []
      : [{ sentence: `label ${i} is ${label}; the ${count} classes are whole numbers from 0 to ${count - 1}` }]
  )
  raise(name, problems)
  const set = make({
    name,
    x: Values.of(x, [labels.length, ...inputShape], "f32"),
    y: Values.of(Int32Array.from(labels), [labels.length], "i32"),
    classNames: typeof classes === "number" ? Array.from({ length: count }, (_, i) => String(i)) : classes
  })
  return set as AnyDataset as Dataset<MutableSizes<X>, [], "i32">
}

/**
 * A data set for regression, from numbers written down: `rows` and `targets` nested or flat, `targetShape` being `[]`
 * by default. The numbers are copied. Throws a `DataError` for a wrong number of values and one that is not finite.
 */
export const regression = <const X extends Sizes, const Y extends Sizes = []>(options: {
  readonly inputShape: X
  readonly rows: Written
  readonly targets: ReadonlyArray<Nested> | Float32Array
  readonly targetShape?: Y
  readonly name?: string
}): Dataset<MutableSizes<X>, MutableSizes<Y>, "f32"> => {
  const { inputShape, name = "data", rows, targets, targetShape = [] } = options
  const size =
    targets instanceof Float32Array || typeof targets[0] !== "object"
      ? Math.floor(targets.length / sizeOf(targetShape))
      : targets.length
  const y = finite(name, "target", targets, [size, ...targetShape])
  const x = finite(name, "input", rows, [size, ...inputShape])
  const set = make({
    name,
    x: Values.of(x, [size, ...inputShape], "f32"),
    y: Values.of(y, [size, ...targetShape], "f32")
  })
  return set as AnyDataset as Dataset<MutableSizes<X>, MutableSizes<Y>, "f32">
}

/** Samples `start` up to, not including, `end`; a view, nothing is copied. Both are clipped to the data. */
export const slice = <D extends AnyDataset>(self: D, start: number, end: number): D => {
  const from = Math.min(Math.max(start, 0), self.size)
  const to = Math.min(Math.max(end, from), self.size)
  return withRows(self, to - from, (value) => Rows.slice(value, from, to))
}

/** The samples with these indices, in this order, copied. Throws a `DataError` for an index that is no sample. */
export const take = <D extends AnyDataset>(self: D, indices: Rows.Indices): D => {
  const bad = Rows.badIndex(indices, self.size)
  if (bad !== undefined) throw argumentError(self.name, `take: ${bad}`)
  return withRows(self, indices.length, (value) => Rows.gather(value, indices))
}

/** The same samples with every input number replaced by `f` of it, rounded to the type of the inputs. */
export const mapInputs = <D extends AnyDataset>(self: D, f: (x: number) => number): D => {
  const data = allocate(self.inputDtype, self.x.data.length)
  self.x.data.forEach((v, i) => {
    data[i] = f(v)
  })
  return { ...self, x: Values.of(data, self.x.shape, self.inputDtype) }
}

/** How many samples each class has, for targets that are class indices. */
export const classCounts = <X extends Shape, XD extends DType>(
  self: Dataset<X, [], "i32", XD>
): ReadonlyArray<number> => {
  const top = self.y.data.reduce((a, b) => Math.max(a, b), -1)
  const counts = Array.from({ length: Math.max(self.classNames?.length ?? 0, top + 1) }, () => 0)
  for (const label of self.y.data) counts[label] = (counts[label] ?? 0) + 1
  return counts
}

/** Whether `label` is one of `count` classes. */
export const isClass = (label: number, count: number): boolean => Number.isInteger(label) && label >= 0 && label < count

// A data set of the same type: `value` keeps everything but the number of rows.
const withRows = <D extends AnyDataset>(
  self: D,
  size: number,
  value: <S extends Shape, T extends DType>(v: Value<S, T>) => Value<S, T>
): D => ({
  ...self,
  size,
  x: value(self.x),
  y: value(self.y)
})

type Written = Nested | Float32Array

/** Written-down numbers as a flat array; nested ones must have the nesting of `shape`. */
const finite = (name: string, what: string, written: Written, shape: Sizes): HostArrays["f32"] => {
  const { data, shape: found } =
    written instanceof Float32Array ? { data: written.slice(), shape: [written.length] } : nested(name, what, written)
  const size = sizeOf(shape)
  if (data.length !== size || (found.length > 1 && showShape(found) !== showShape(shape))) {
    throw argumentError(
      name,
      `the ${what} values have shape ${showShape(found)}; ${showShape(shape)} is needed, or ${size} numbers in a flat array`
    )
  }
  const per = sizeOf(shape.slice(1))
  const problems: Array<Problem> = []
  data.forEach((v, i) => {
    if (!Number.isFinite(v))
      problems.push({
        sentence: `${what} ${i % per} of row ${Math.floor(i / per)} is ${v}, which is not a finite f32 number`
      })
  })
  raise(name, problems)
  return data
}

const nested = (
  name: string,
  what: string,
  written: Nested
): { readonly data: HostArrays["f32"]; readonly shape: Sizes } => {
  try {
    return Values.fromNested(written, "f32")
  } catch (cause) {
    throw argumentError(
      name,
      `the ${what} values are ragged: ${cause instanceof Error ? cause.message : String(cause)}`
    )
  }
}

const raise = (source: string, problems: ReadonlyArray<Problem>): void => {
  const [first, ...rest] = problems
  if (first !== undefined) throw new DataError({ source, kind: "malformed", problems: [first, ...rest] })
}
