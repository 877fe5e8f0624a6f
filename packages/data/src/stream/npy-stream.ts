/** Arrays in npy files that are larger than memory, read a few rows at a time. */
import { type DType, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import { argumentError, DataError } from "../data-error.ts"
import { type Dataset, make } from "../dataset.ts"
import { fromPlatform } from "../readers/bytes.ts"
import { defaultDType, readElements } from "../readers/npy.ts"
import { malformed, type NpyHeader, readHeader } from "../readers/npy-header.ts"
import type { DataStream } from "./data-stream.ts"

interface Opened {
  readonly path: string
  readonly header: NpyHeader
  readonly rows: number
  readonly rowBytes: number
}

/** Headers are shorter than this. */
const headerBytes = 2 ** 16

const attempt = <A>(body: () => A): Effect.Effect<A, DataError> =>
  // The readers throw nothing else.
  Effect.try({ try: body, catch: (thrown) => thrown as DataError })

/** The header of a file, checked against its size. */
const open = (path: string): Effect.Effect<Opened, DataError, FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path)
      const size = Number((yield* file.stat).size)
      const start = new Uint8Array(Math.min(size, headerBytes))
      const read = Number(yield* file.read(start, { position: 0n }))
      return { size, start: start.subarray(0, read) }
    }).pipe(Effect.mapError((error) => fromPlatform(path, error)))
  ).pipe(
    Effect.flatMap(({ size, start }) =>
      attempt(() => {
        const header = readHeader(path, start)
        const [rows] = header.shape
        if (rows === undefined) throw malformed(path, "the array is a scalar; its first dimension must count rows")
        if (header.fortran && header.shape.length > 1)
          throw malformed(path, "the array is in Fortran order, whose rows are not in one piece; save it in C order")
        const rowBytes = sizeOf(header.shape.slice(1)) * header.bytes
        if (size - header.offset !== rows * rowBytes)
          throw malformed(
            path,
            `the shape [${header.shape.join(", ")}] needs ${rows * rowBytes} bytes, the file has ${size - header.offset} after its header`
          )
        return { path, header, rows, rowBytes }
      })
    )
  )

/** Rows `start` up to, not including, `end` of an open file. */
const readRows = <D extends DType>(
  { header, path, rowBytes }: Opened,
  file: FileSystem.File,
  start: number,
  end: number,
  dtype: D
): Effect.Effect<Value<Shape, D>, DataError> =>
  Effect.gen(function* () {
    const bytes = new Uint8Array((end - start) * rowBytes)
    let filled = 0
    while (filled < bytes.length) {
      const position = BigInt(header.offset + start * rowBytes + filled)
      const read = yield* Effect.mapError(file.read(bytes.subarray(filled), { position }), (error) =>
        fromPlatform(path, error)
      )
      if (Number(read) === 0) return yield* malformed(path, "the file became shorter while it was read")
      filled += Number(read)
    }
    const shape = [end - start, ...header.shape.slice(1)]
    return yield* attempt(() =>
      // Sizes that were read are a shape that no type knows.
      Values.of(readElements(path, header, bytes, 0, sizeOf(shape), dtype), shape as Shape, dtype)
    )
  })

/** How a pair of npy files is read. */
export interface NpyStreamOptions<XD extends DType, YD extends DType> {
  /** The element type of the inputs; f32 by default. */
  readonly inputDtype?: XD
  /** The element type of the targets; i32 for whole numbers and f32 for floats by default. */
  readonly targetDtype?: YD
  /** About how many bytes of inputs are read at once; 256 KiB by default. */
  readonly chunkBytes?: number
  /** The name of the data; the path of the inputs by default. */
  readonly name?: string
}

/**
 * Inputs and targets in two npy files with as many rows, read a few rows at a time:
 * `DataStream.npy("x.npy", "y.npy", { targetDtype: "i32" })`. Headers are read and checked at once, so shapes are known.
 * Fails with a `DataError` for files that are damaged, of different lengths or in Fortran order.
 */
export const npy = <XD extends DType = "f32", YD extends DType = "i32" | "f32">(
  xPath: string,
  yPath: string,
  options: NpyStreamOptions<XD, YD> = {}
): Effect.Effect<DataStream<Shape, Shape, YD, XD, FileSystem.FileSystem>, DataError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { chunkBytes = 2 ** 18, name = xPath } = options
    const [x, y] = yield* Effect.all([open(xPath), open(yPath)])
    if (x.rows !== y.rows)
      return yield* argumentError(name, `${xPath} has ${x.rows} rows and ${yPath} has ${y.rows}; as many are needed`)
    // Without the option XD is "f32".
    const xType = (options.inputDtype ?? "f32") as XD
    // Without the option YD is either of these.
    const yType = (options.targetDtype ?? (defaultDType(y.header).startsWith("f") ? "f32" : "i32")) as YD
    const rows = Math.max(1, Math.floor(chunkBytes / Math.max(1, x.rowBytes)))
    const starts = Array.from({ length: Math.ceil(x.rows / rows) }, (_, i) => i * rows)
    const chunks = Stream.unwrap(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const [xFile, yFile] = yield* Effect.mapError(Effect.all([fs.open(xPath), fs.open(yPath)]), (error) =>
          fromPlatform(name, error)
        )
        return Stream.mapEffect(
          Stream.fromIterable(starts, { chunkSize: 1 }),
          (start): Effect.Effect<Dataset<Shape, Shape, YD, XD>, DataError> => {
            const end = Math.min(start + rows, x.rows)
            return Effect.map(
              Effect.all([readRows(x, xFile, start, end, xType), readRows(y, yFile, start, end, yType)]),
              ([inputs, targets]) => make({ name, x: inputs, y: targets })
            )
          }
        )
      })
    )
    return {
      name,
      // As in `readRows`.
      inputShape: x.header.shape.slice(1) as Shape,
      inputDtype: xType,
      targetShape: y.header.shape.slice(1) as Shape,
      targetDtype: yType,
      size: x.rows,
      chunks
    }
  })
