/** Batches: the samples of a data set, a few at a time. */
import type { DType, Shape, Value } from "@cotangent/graph"
import { dual } from "effect/Function"
import * as Stream from "effect/Stream"
import { argumentError } from "./data-error.ts"
import type { Dataset } from "./dataset.ts"
import * as Rows from "./rows.ts"

/** Some samples: `index` counts batches from 0, and `size` is below the batch size only for a short last one. */
export interface Batch<out X extends Shape, out Y extends Shape, out YD extends DType, out XD extends DType = "f32"> {
  readonly index: number
  readonly size: number
  readonly x: Value<["batch", ...X], XD>
  readonly y: Value<["batch", ...Y], YD>
}

/** How to cut batches. */
export interface BatchOptions {
  readonly batchSize: number
  /** The rows to go through and their order, as `Permutation.of` gives it; all rows as stored by default. */
  readonly order?: Rows.Indices
  /** Leaves out a last batch that is shorter than the others; false by default. */
  readonly dropLast?: boolean
}

/** How many batches there are. */
export const count = (rows: number, options: Pick<BatchOptions, "batchSize" | "dropLast">): number =>
  options.dropLast === true ? Math.floor(rows / options.batchSize) : Math.ceil(rows / options.batchSize)

/**
 * The batches one after the other, without Effect. As stored, a batch is a view of the data; with an `order` its rows
 * are copied when it is asked for.
 * Throws a `DataError` when the batch size is not a whole number from 1, or `order` names a row that does not exist.
 */
export const iterable: {
  (
    options: BatchOptions
  ): <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>
  ) => Iterable<Batch<X, Y, YD, XD>>
  <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>,
    options: BatchOptions
  ): Iterable<Batch<X, Y, YD, XD>>
} = dual(
  2,
  <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>,
    options: BatchOptions
  ): Iterable<Batch<X, Y, YD, XD>> => {
    const { batchSize, order } = options
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw argumentError(self.name, `the batch size is ${batchSize}; a whole number from 1 is needed`)
    }
    const bad = order === undefined ? undefined : Rows.badIndex(order, self.size)
    if (bad !== undefined) throw argumentError(self.name, `batches: ${bad}`)
    const rows = order?.length ?? self.size
    const batches = count(rows, options)
    const part = <S extends Shape, D extends DType>(value: Value<S, D>, start: number, end: number): Value<S, D> =>
      order === undefined ? Rows.slice(value, start, end) : Rows.gather(value, order, start, end)
    return {
      *[Symbol.iterator]() {
        for (let index = 0; index < batches; index++) {
          const start = index * batchSize
          const end = Math.min(start + batchSize, rows)
          yield { index, size: end - start, x: part(self.x, start, end), y: part(self.y, start, end) }
        }
      }
    }
  }
)

/**
 * The batches as a stream that makes one batch per pull, so that a slow consumer holds one batch and no more.
 * Throws as `iterable` does, when it is called.
 */
export const of: {
  (
    options: BatchOptions
  ): <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>
  ) => Stream.Stream<Batch<X, Y, YD, XD>>
  <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>,
    options: BatchOptions
  ): Stream.Stream<Batch<X, Y, YD, XD>>
} = dual(
  2,
  <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
    self: Dataset<X, Y, YD, XD>,
    options: BatchOptions
  ): Stream.Stream<Batch<X, Y, YD, XD>> => Stream.fromIterable(iterable(self, options), { chunkSize: 1 })
)
