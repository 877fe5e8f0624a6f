/** Numbers and tensors as golden files write them: row-major data beside a shape, non-finite numbers as strings. */
import * as Schema from "effect/Schema"
import { allocate, type DType, sizeOf, type Value } from "@cotangent/graph"

/** A list of numbers; in JSON, `"NaN"`, `"Infinity"` and `"-Infinity"` stand for what JSON cannot write. */
export const Numbers = Schema.Array(Schema.Number)

/** The sizes of a tensor. */
export const Sizes = Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)))

/** A tensor: float64 unless it says otherwise. */
export const TensorData = Schema.Struct({
  shape: Sizes,
  data: Schema.Array(Schema.Union([Schema.Number, Schema.Boolean])),
  dtype: Schema.optionalKey(Schema.Literals(["float64", "float32", "int64", "int32", "bool"]))
}).check(
  Schema.makeFilter(({ shape, data }) =>
    data.length === sizeOf(shape)
      ? undefined
      : `${data.length} numbers do not fill the shape [${shape.join(", ")}], which has ${sizeOf(shape)}`
  )
)

/** A tensor as golden files write it. */
export type TensorData = typeof TensorData.Type

const dtypes: Readonly<Record<NonNullable<TensorData["dtype"]>, DType>> = {
  float64: "f64",
  float32: "f64",
  int64: "i32",
  int32: "i32",
  bool: "bool"
}

/** The element type a golden tensor is computed in: floats are f64, integers i32. */
export const dtypeOf = ({ dtype = "float64" }: TensorData): DType => dtypes[dtype]

/** An array of this element type on the host. */
export const valueOf = (
  shape: ReadonlyArray<number>,
  data: ArrayLike<number | boolean>,
  dtype: DType = "f64"
): Value => {
  const out = allocate(dtype, data.length)
  for (let i = 0; i < data.length; i++) out[i] = Number(data[i])
  return { shape, dtype, data: out }
}

/** A golden tensor on the host. */
export const tensorValue = (tensor: TensorData): Value => valueOf(tensor.shape, tensor.data, dtypeOf(tensor))
