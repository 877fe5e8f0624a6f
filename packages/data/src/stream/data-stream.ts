/** Data that does not fit in memory: chunks that are read when they are asked for, and the batches made of them. */
import { type DType, type Shape, showShape } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Batch } from "../batches.ts"
import { argumentError, DataError } from "../data-error.ts"
import { type AnyDataset, type Dataset, slice } from "../dataset.ts"
import { dataset as datasetOf, type DatasetOptions, otherWidth, type TargetDType, width } from "../preprocess/apply.ts"
import type { Fitted } from "../preprocess/fitted.ts"
import type { TargetKind } from "../preprocess/recipe.ts"
import type { Parts } from "../split.ts"
import { filterRows, type Row, type Table } from "../table/table.ts"
import { uniformBelow, fold, seedKey, word } from "../word-stream.ts"
import { type Augmentation, dataset as augmentDataset } from "../augment/augment.ts"
import { makeBatcher } from "./batching.ts"
import { makeStore, valuesOf } from "./columns.ts"
import { gatherRows, makeReservoir } from "./reservoir.ts"

/**
 * A data set as a stream of chunks, each a data set of some rows. One run of `chunks` is one pass over the data; every
 * epoch runs it again. The next chunk is read when it is asked for, and no chunk is kept.
 */
export interface DataStream<
  out X extends Shape,
  out Y extends Shape,
  out YD extends DType,
  out XD extends DType = "f32",
  out R = never
> {
  readonly name: string
  readonly inputShape: X
  readonly inputDtype: XD
  readonly targetShape: Y
  readonly targetDtype: YD
  readonly classNames?: ReadonlyArray<string>
  /** How many rows a pass has, where that is known. */
  readonly size?: number
  readonly chunks: Stream.Stream<Dataset<X, Y, YD, XD>, DataError, R>
}

/** A data stream of any shapes. */
export type AnyDataStream<R = never> = DataStream<Shape, Shape, DType, DType, R>

/** How batches are made of a stream. */
export interface StreamBatchOptions {
  readonly batchSize: number
  /** Leaves out a last batch that is shorter than the others; false by default. */
  readonly dropLast?: boolean
  /**
   * Mixes the rows by the words of `seed` and `epoch`, through a buffer of `buffer` rows: a row waits there until it is
   * drawn. With as many places as rows every order is equally likely; with fewer, a row comes out at most `buffer` places
   * early, so data that is sorted should be mixed on disk, or the buffer made large. No mixing by default.
   */
  readonly shuffle?: { readonly seed: number; readonly epoch: number; readonly buffer: number }
  /** How many batches are made ahead while one is used; 2 by default, 0 for none. */
  readonly prefetch?: number
}

const like = ({ classNames, inputDtype, inputShape, name, targetDtype, targetShape }: AnyDataset) => ({
  name,
  inputShape,
  inputDtype,
  targetShape,
  targetDtype,
  ...(classNames === undefined ? {} : { classNames })
})

/** A data set in memory as a stream of chunks of `chunkSize` rows, for trying things out. */
export const fromDataset = <X extends Shape, Y extends Shape, YD extends DType, XD extends DType>(
  data: Dataset<X, Y, YD, XD>,
  chunkSize = 1024
): DataStream<X, Y, YD, XD> => {
  if (!Number.isInteger(chunkSize) || chunkSize < 1)
    throw argumentError(data.name, `the chunk size is ${chunkSize}; a whole number from 1 is needed`)
  const starts = Array.from({ length: Math.ceil(data.size / chunkSize) }, (_, i) => i * chunkSize)
  const chunks = Stream.map(Stream.fromIterable(starts, { chunkSize: 1 }), (start) =>
    slice(data, start, start + chunkSize)
  )
  // The shapes and types are those of `data`.
  return { ...(like(data) as Omit<DataStream<X, Y, YD, XD>, "chunks">), size: data.size, chunks }
}

/**
 * A stream of chunks whose shapes are those of the first one, which is read to learn them. Fails as the chunks do, and
 * when there are none. A later chunk of another shape fails the stream.
 */
export const fromChunks = <X extends Shape, Y extends Shape, YD extends DType, XD extends DType, R>(
  chunks: Stream.Stream<Dataset<X, Y, YD, XD>, DataError, R>,
  name = "stream"
): Effect.Effect<DataStream<X, Y, YD, XD, R>, DataError, R> =>
  Effect.flatMap(Stream.runHead(chunks), (head) => {
    if (Option.isNone(head))
      return Effect.fail(
        new DataError({ source: name, kind: "empty", problems: [{ sentence: "the stream has no chunks" }] })
      )
    const first: AnyDataset = head.value
    const checked = Stream.mapEffect(chunks, (chunk) => {
      const sentence = difference(first, chunk)
      return sentence === undefined ? Effect.succeed(chunk) : Effect.fail(argumentError(name, sentence))
    })
    // The shapes and types are those of the chunks.
    const shapes = like(first) as Omit<DataStream<X, Y, YD, XD>, "chunks">
    return Effect.succeed({ ...shapes, name, chunks: checked })
  })

const difference = (first: AnyDataset, chunk: AnyDataset): string | undefined => {
  const of = ({ inputDtype, inputShape, targetDtype, targetShape }: AnyDataset) =>
    `${inputDtype}${showShape(inputShape)} with targets ${targetDtype}${showShape(targetShape)}`
  return of(first) === of(chunk) ? undefined : `a chunk has ${of(chunk)}, the first one has ${of(first)}`
}

/**
 * Tables through fitted preprocessing: `DataStream.fromTables(Csv.stream(path, Row), fitted)`. With `features` the number
 * of inputs is in the type. Fails at a row that the preprocessing refuses. Throws a `DataError` when `features` is not
 * how many numbers a row becomes, or the recipe has no target.
 */
export const fromTables = <T extends Row, K extends TargetKind, R = never, const F extends number = number>(
  tables: Stream.Stream<Table<NoInfer<T>>, DataError, R>,
  fitted: Fitted<T, K>,
  options: DatasetOptions<F> & { readonly name?: string } = {}
): DataStream<[F], [], TargetDType<K>, "f32", R> => {
  const { name = "stream" } = options
  const { target } = fitted
  const sentence = target === undefined ? "the recipe has no target" : otherWidth(fitted, options.features)
  if (sentence !== undefined) throw argumentError(name, sentence)
  const classNames = target?.kind === "label" ? { classNames: target.classes.map(String) } : {}
  return {
    name,
    // Checked against F, where that is known.
    inputShape: [width(fitted) as F],
    inputDtype: "f32",
    targetShape: [],
    // The kind of the target is K.
    targetDtype: (target?.kind === "label" ? "i32" : "f32") as TargetDType<K>,
    ...classNames,
    chunks: Stream.mapEffect(tables, (table) => Effect.fromResult(datasetOf(fitted, table, options)))
  }
}

/** The same stream with every chunk changed by `f`, such as an augmentation; shapes and types stay. */
export const mapChunks = <X extends Shape, Y extends Shape, YD extends DType, XD extends DType, R>(
  self: DataStream<X, Y, YD, XD, R>,
  f: (chunk: Dataset<X, Y, YD, XD>) => Dataset<X, Y, YD, XD>
): DataStream<X, Y, YD, XD, R> => ({ ...self, chunks: Stream.map(self.chunks, f) })

/**
 * The same stream with the images of one epoch changed, row i of a pass by the words of (`seed`, `epoch`, i) alone,
 * whatever the chunks. See `Augment`.
 */
export const augment = <X extends Shape, Y extends Shape, YD extends DType, R>(
  self: DataStream<X, Y, YD, "f32", R>,
  change: Augmentation,
  options: { readonly seed: number; readonly epoch: number }
): DataStream<X, Y, YD, "f32", R> => ({
  ...self,
  chunks: Stream.mapAccum(
    self.chunks,
    () => 0,
    (first, chunk) => [first + chunk.size, [augmentDataset(chunk, change, { ...options, first })]] as const
  )
})

/**
 * All rows of one pass in memory. Fails as the chunks do, when there are none, and when there are more than `most`, a
 * million by default.
 */
export const collect = <X extends Shape, Y extends Shape, YD extends DType, XD extends DType, R>(
  self: DataStream<X, Y, YD, XD, R>,
  options: { readonly most?: number } = {}
): Effect.Effect<Dataset<X, Y, YD, XD>, DataError, R> => {
  const { most = 1_000_000 } = options
  const chunks: Array<Dataset<X, Y, YD, XD>> = []
  let size = 0
  return Stream.runForEach(self.chunks, (chunk) => {
    size += chunk.size
    chunks.push(chunk)
    return size > most
      ? Effect.fail(
          argumentError(self.name, `there are more than ${most} rows, the most that \`collect\` was told to take`)
        )
      : Effect.void
  }).pipe(
    Effect.andThen(
      Effect.suspend(() => {
        const [first] = chunks
        return first === undefined
          ? Effect.fail(
              new DataError({ source: self.name, kind: "empty", problems: [{ sentence: "there are no rows" }] })
            )
          : Effect.succeed(joined(first, chunks, size))
      })
    )
  )
}

/** The rows of chunks of one shape, one after the other. */
const joined = <D extends AnyDataset>(first: D, chunks: ReadonlyArray<D>, size: number): D => {
  const all = makeStore(first, size)
  let at = 0
  for (const chunk of chunks) {
    all.x.set(chunk.x.data, at * all.xWidth)
    all.y.set(chunk.y.data, at * all.yWidth)
    at += chunk.size
  }
  return { ...first, size, ...valuesOf(all, size, first) }
}

/**
 * The batches of one pass, made when they are asked for, `prefetch` of them ahead. Which rows are in which batch depends
 * on the rows and the options, never on how they were chunked. A run holds one chunk, the buffer of `shuffle`, and
 * `prefetch` + 1 batches and those of one chunk. Throws a `DataError` when an option does not fit.
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * const data = DataStream.fromDataset(Synthetic.classification({ rows: 100, features: 4, classes: 3, seed: 1 }), 7)
 * const batches = DataStream.batches(data, { batchSize: 32, shuffle: { seed: 0, epoch: 1, buffer: 50 } })
 * const sizes = await Effect.runPromise(Stream.runCollect(Stream.map(batches, ({ size }) => size)))
 * console.log(sizes) // => [ 32, 32, 32, 4 ]
 * ```
 */
export const batches = <X extends Shape, Y extends Shape, YD extends DType, XD extends DType, R>(
  self: DataStream<X, Y, YD, XD, R>,
  options: StreamBatchOptions
): Stream.Stream<Batch<X, Y, YD, XD>, DataError, R> => {
  const { batchSize, dropLast = false, prefetch = 2, shuffle } = options
  const sizes = { batchSize, ...(shuffle === undefined ? {} : { buffer: shuffle.buffer }), prefetch: prefetch + 1 }
  for (const [name, value] of Object.entries(sizes))
    if (!Number.isInteger(value) || value < 1)
      throw argumentError(
        self.name,
        name === "prefetch"
          ? `\`prefetch\` is ${prefetch}; a whole number from 0 is needed`
          : `\`${name}\` is ${value}; a whole number from 1 is needed`
      )
  const made = Stream.mapAccum(
    self.chunks,
    () => makeBatcher(batchSize, dropLast, shuffle),
    (batcher, chunk) => [batcher, batcher.push(chunk)] as const,
    { onHalt: (batcher) => batcher.end() }
  )
  // Batches have the shapes and types of the chunks they are made of.
  const typed = made as unknown as Stream.Stream<Batch<X, Y, YD, XD>, DataError, R>
  return prefetch === 0 ? typed : Stream.buffer(typed, { capacity: prefetch })
}

/**
 * Two streams of tables: row i of a pass is held out when word i of `seed` is below `fraction`, so about that share is,
 * the same rows in every pass, whatever the chunks. Throws a `DataError` when the fraction is not between 0 and 1.
 */
export const split = <T extends Row, E, R>(
  tables: Stream.Stream<Table<T>, E, R>,
  fraction: number,
  seed: number
): Parts<Stream.Stream<Table<T>, E, R>> => {
  if (!(fraction > 0 && fraction < 1))
    throw argumentError("split", `the fraction is ${fraction}; a number between 0 and 1, both excluded, is needed`)
  const key = seedKey(seed)
  const part = (held: boolean) =>
    Stream.mapAccum(
      tables,
      () => 0,
      (start, table) => {
        const kept = filterRows(table, (i) => word(key, start + i) / 2 ** 32 < fraction === held)
        return [start + table.size, kept.size > 0 ? [kept] : []] as const
      }
    )
  return { train: part(false), validation: part(true) }
}

/**
 * A table of `rows` rows drawn by `seed` from a stream of tables, every set of rows equally likely, in one pass and in
 * memory for that many rows: what preprocessing can be fitted to when the data does not fit in memory. Rows keep their
 * order. Vitter: Random sampling with a reservoir (TOMS 1985), algorithm R. Fails when there are no rows.
 */
export const sample = <T extends Row, R>(
  tables: Stream.Stream<Table<T>, DataError, R>,
  options: { readonly rows: number; readonly seed: number }
): Effect.Effect<Table<T>, DataError, R> =>
  Effect.suspend(() => {
    const { rows, seed } = options
    if (!Number.isInteger(rows) || rows < 1)
      return Effect.fail(argumentError("sample", `\`rows\` is ${rows}; a whole number from 1 is needed`))
    const reservoir = makeReservoir<T>(rows, uniformBelow(fold(seedKey(seed), 0)))
    return Effect.flatMap(
      Stream.runForEach(tables, (table) => Effect.sync(() => reservoir.push(table))),
      () => Effect.fromResult(gatherRows(reservoir))
    )
  })
