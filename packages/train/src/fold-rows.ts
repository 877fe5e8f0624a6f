/** The rows of the folds of a cross-validation: those to train on, and those that are held out. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type AnyDataset, DataError, Dataset, Rows, Split } from "@cotangent/data"
import { allocate, sizeOf, type Value, Values } from "@cotangent/graph"
import { chunkProblems } from "./data-problems.ts"
import { FitError } from "./errors.ts"
import type { Subject } from "./programs.ts"
import { type AnyRowStream, type AnySource, countRows } from "./source.ts"

/** How rows are cut. */
export interface Cut {
  readonly folds: number
  readonly seed: number
  /** Whether every class is spread evenly; as the rows allow unless given. */
  readonly stratified: boolean | undefined
}

/** The rows of one fold. */
export interface FoldRows<out E, out R> {
  readonly train: AnySource<E, R>
  /** The rows that are held out; those of a stream are read here. */
  readonly held: Effect.Effect<AnyDataset, E | FitError, R>
  /** Of one number for each row of the data, those of the rows to train on. */
  readonly numbersOf: (all: ArrayLike<number>) => ReadonlyArray<number>
}

/** All folds, and how many rows they are cut from. */
export interface CutRows<out E, out R> {
  readonly size: number
  readonly folds: ReadonlyArray<FoldRows<E, R>>
}

const cutting = <A>(body: () => A): Effect.Effect<A, FitError> =>
  Effect.try({
    try: body,
    catch: (thrown) =>
      new FitError({ problems: [thrown instanceof DataError ? thrown.message : `folds: ${String(thrown)}`] })
  })

const cutDataset = (
  data: AnyDataset,
  { folds, seed, stratified }: Cut
): Effect.Effect<CutRows<never, never>, FitError> =>
  cutting(() => {
    const labelled = data.targetDtype === "i32" && data.targetShape.length === 0
    // The numbers of the rows, cut in place of the rows themselves: the weights of samples are cut by them too.
    const numbers = Int32Array.from({ length: data.size }, (_, i) => i)
    const rows = Dataset.make({ x: Values.of(numbers, [data.size], "i32"), y: data.y })
    const parts = (stratified ?? labelled) ? Split.stratifiedFolds(rows, folds, seed) : Split.folds(rows, folds, seed)
    return {
      size: data.size,
      folds: parts.map(({ train, validation }) => ({
        train: Dataset.take(data, train.x.data),
        held: Effect.sync(() => Dataset.take(data, validation.x.data)),
        numbersOf: (all) => Array.from(train.x.data, (row) => all[row] ?? Number.NaN)
      }))
    }
  })

/** Chunks without the rows that are not kept; each run of them counts its rows anew. */
const keepRows = <E, R>(
  chunks: Stream.Stream<AnyDataset, E, R>,
  keeps: (row: number) => boolean
): Stream.Stream<AnyDataset, E, R> =>
  Stream.suspend(() => {
    let first = 0
    return chunks.pipe(
      Stream.map((chunk) => {
        const start = first
        first += chunk.size
        return Dataset.take(
          chunk,
          Array.from({ length: chunk.size }, (_, i) => i).filter((i) => keeps(start + i))
        )
      }),
      Stream.filter(({ size }) => size > 0)
    )
  })

/** Reads `size` rows of a pass into memory: those that are kept. */
const holdRows = <E, R>(
  fits: Pick<Subject, "model" | "loss">,
  stream: AnyRowStream<E, R>,
  keeps: (row: number) => boolean,
  size: number
): Effect.Effect<AnyDataset, E | FitError, R> =>
  Effect.gen(function* () {
    const { inputDtype, inputShape, name, targetDtype, targetShape } = stream
    const room = (shape: ReadonlyArray<unknown>, dtype: Value["dtype"]): Value => {
      const sizes = [size, ...shape.map(Number)]
      return Values.of(allocate(dtype, sizeOf(sizes)), sizes, dtype)
    }
    const [x, y] = [room(inputShape, inputDtype), room(targetShape, targetDtype)]
    let [first, at] = [0, 0]
    yield* Stream.runForEach(stream.chunks, (chunk) => {
      const problems = chunkProblems(fits, stream, chunk, first)
      if (problems.length > 0) return Effect.fail(new FitError({ problems }))
      for (let row = 0; row < chunk.size; row++, first++) {
        if (!keeps(first)) continue
        for (const [to, from] of [
          [x, chunk.x],
          [y, chunk.y]
        ] as const) {
          const width = Rows.width(from)
          if (at < size) to.data.set(from.data.subarray(row * width, (row + 1) * width), at * width)
        }
        at++
      }
      return Effect.void
    })
    if (at === size) return Dataset.make({ name, x, y })
    return yield* new FitError({
      problems: [`a pass over ${name} has other rows than the one before; every pass must give the same rows`]
    })
  })

const cutStream = <E, R>(
  fits: Pick<Subject, "model" | "loss">,
  stream: AnyRowStream<E, R>,
  { folds, seed, stratified }: Cut
): Effect.Effect<CutRows<E, R>, E | FitError, R> =>
  Effect.gen(function* () {
    if (stratified === true)
      return yield* new FitError({
        problems: [
          "stratified folds need the labels of all rows at once; a stream has folds by the numbers of its rows: leave stratified out"
        ]
      })
    const size = yield* countRows(stream)
    const foldOf = yield* cutting(() => Split.foldNumbers(size, folds, seed))
    return {
      size,
      folds: Array.from({ length: folds }, (_, fold) => {
        const heldSize = foldOf.reduce((rows, each) => (each === fold ? rows + 1 : rows), 0)
        return {
          train: { ...stream, size: size - heldSize, chunks: keepRows(stream.chunks, (row) => foldOf[row] !== fold) },
          held: holdRows(fits, stream, (row) => foldOf[row] === fold, heldSize),
          numbersOf: (all) => Array.from(all).filter((_, row) => foldOf[row] !== fold)
        }
      })
    }
  })

/**
 * Cuts rows into folds. Those of a stream are the folds of a data set with the same rows that are not stratified; a fold of
 * it is read when it is held out.
 */
export const cutRows = <E, R>(
  fits: Pick<Subject, "model" | "loss">,
  source: AnySource<E, R>,
  cut: Cut
): Effect.Effect<CutRows<E, R>, E | FitError, R> =>
  "chunks" in source ? cutStream(fits, source, cut) : cutDataset(source, cut)
