/** Reads idx files, the format of MNIST and its kin: images and labels, plain or gzip. */
import { allocate, type DType, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import { argumentError, DataError } from "../data-error.ts"
import { type Dataset, isClass, make } from "../dataset.ts"
import { readBytes } from "./bytes.ts"

const malformed = (source: string, sentence: string) =>
  Result.fail(new DataError({ source, kind: "malformed", problems: [{ sentence }] }))

interface ElementType {
  readonly dtype: DType
  readonly bytes: number
  readonly read: (view: DataView, at: number) => number
}

/** Element types by their code; numbers stand high byte first. */
const types: Readonly<Record<number, ElementType>> = {
  0x08: { dtype: "u32", bytes: 1, read: (view, at) => view.getUint8(at) },
  0x09: { dtype: "i32", bytes: 1, read: (view, at) => view.getInt8(at) },
  0x0b: { dtype: "i32", bytes: 2, read: (view, at) => view.getInt16(at) },
  0x0c: { dtype: "i32", bytes: 4, read: (view, at) => view.getInt32(at) },
  0x0d: { dtype: "f32", bytes: 4, read: (view, at) => view.getFloat32(at) },
  0x0e: { dtype: "f64", bytes: 8, read: (view, at) => view.getFloat64(at) }
}

/**
 * The array in the bytes of an idx file: two zero bytes, a code of the element type, the number of dimensions, their
 * sizes and the elements. LeCun, Cortes, Burges: The MNIST database. Fails with a `DataError` for a damaged file.
 */
export const parse = (source: string, bytes: Uint8Array): Result.Result<Value, DataError> => {
  const [zero, alsoZero, code = 0, rank = 0] = bytes
  const type = types[code]
  if (bytes.length < 4 || zero !== 0 || alsoZero !== 0 || type === undefined)
    return malformed(
      source,
      "this is not an idx file: it does not begin with two zeros and the code of an element type"
    )
  const start = 4 + 4 * rank
  if (bytes.length < start) return malformed(source, "the file ends inside its header; it is cut off")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const count = sizeOf(shape)
  // Checked before anything is allocated for it.
  if (bytes.length - start !== count * type.bytes)
    return malformed(
      source,
      `the shape [${shape.join(", ")}] needs ${count * type.bytes} bytes, the file has ${bytes.length - start} after its header`
    )
  const data = allocate(type.dtype, count)
  for (let i = 0; i < count; i++) data[i] = type.read(view, start + i * type.bytes)
  return Result.succeed(Values.of(data, shape, type.dtype))
}

/** Reads an idx file, plain or gzip. Fails as `parse` does. */
export const read = (path: string): Effect.Effect<Value, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(readBytes(path), (bytes) => Effect.fromResult(parse(path, bytes)))

/** How a pair of idx files becomes a data set. */
export interface IdxOptions {
  /** How many classes there are, or their names. */
  readonly classes: number | ReadonlyArray<string>
  /** The largest element, which becomes 1; 255 by default. 1 leaves the numbers as they are. */
  readonly white?: number
  /** Puts a dimension of one channel at the end, as convolutions take it; false by default. */
  readonly channel?: boolean
  /** The name of the data set; the path of the images by default. */
  readonly name?: string
}

/**
 * A data set of images and labels that were read from idx files. Fails with a `DataError` when their numbers differ or
 * a label is no class.
 */
export const toDataset = (
  images: Value,
  labels: Value,
  options: IdxOptions
): Result.Result<Dataset<Shape, [], "i32">, DataError> => {
  const { channel = false, classes, name = "idx", white = 255 } = options
  const count = typeof classes === "number" ? classes : classes.length
  if (labels.shape.length !== 1 || labels.shape[0] !== images.shape[0])
    return Result.fail(
      argumentError(
        name,
        `the images have shape [${images.shape.join(", ")}], the labels [${labels.shape.join(", ")}]; one label per image is needed`
      )
    )
  const bad = labels.data.findIndex((label) => !isClass(label, count))
  if (bad >= 0)
    return malformed(name, `label ${bad} is ${labels.data[bad]}; the ${count} classes are 0 to ${count - 1}`)
  const x = Float32Array.from(images.data, (element) => element / white)
  const shape = channel ? [...images.shape, 1] : [...images.shape]
  return Result.succeed(
    make({
      name,
      // Sizes that were read are a shape that no type knows.
      x: Values.of(x, shape as Shape, "f32"),
      y: Values.of(Int32Array.from(labels.data), [labels.data.length], "i32"),
      classNames: typeof classes === "number" ? Array.from({ length: count }, (_, i) => String(i)) : classes
    })
  )
}

/**
 * Reads images and their labels from a pair of idx files, plain or gzip, as MNIST and Fashion-MNIST have them:
 * `Idx.dataset("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", { classes: 10, channel: true })`.
 * Fails with a `DataError` as `parse` and `toDataset` do.
 */
export const dataset = (
  images: string,
  labels: string,
  options: IdxOptions
): Effect.Effect<Dataset<Shape, [], "i32">, DataError, FileSystem.FileSystem> =>
  Effect.flatMap(Effect.all([read(images), read(labels)]), ([x, y]) =>
    Effect.fromResult(toDataset(x, y, { name: images, ...options }))
  )
