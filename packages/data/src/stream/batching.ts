/** Chunks of any sizes cut into batches of one size, mixed by a key on the way. */
import type { DType, Shape } from "@cotangent/graph"
import type { Batch } from "../batches.ts"
import type { AnyDataset } from "../dataset.ts"
import { fold, seedKey, uniformBelow } from "../word-stream.ts"
import { copyRow, makeStore, type Store, storeOf, valuesOf } from "./columns.ts"

/** Any batch. */
export type AnyBatch = Batch<Shape, Shape, DType, DType>

/** Takes the rows of chunks and gives batches. */
export interface Batcher {
  readonly push: (chunk: AnyDataset) => ReadonlyArray<AnyBatch>
  readonly end: () => ReadonlyArray<AnyBatch>
}

/** How rows are mixed: through a buffer of `buffer` rows, by the words of a seed and an epoch. */
export interface Mixing {
  readonly seed: number
  readonly epoch: number
  readonly buffer: number
}

/** A batcher; rows come out in the order they went in, or mixed. What is done depends on the rows, never on the chunks. */
export const makeBatcher = (batchSize: number, dropLast: boolean, mixing: Mixing | undefined): Batcher => {
  const below = mixing === undefined ? undefined : uniformBelow(fold(seedKey(mixing.seed), mixing.epoch))
  let like: AnyDataset | undefined
  let waiting: Store | undefined
  let held = 0
  let batch: Store | undefined
  let filled = 0
  let index = 0

  const take = (from: Store, row: number, made: Array<AnyBatch>): void => {
    if (like === undefined) return
    batch ??= makeStore(like, batchSize)
    copyRow(batch, filled, from, row)
    filled++
    if (filled === batchSize) finish(made)
  }
  const finish = (made: Array<AnyBatch>): void => {
    if (batch === undefined || like === undefined || filled === 0) return
    made.push({ index, size: filled, ...asBatch(valuesOf(batch, filled, like)) })
    index++
    batch = undefined
    filled = 0
  }

  return {
    push: (chunk) => {
      const made: Array<AnyBatch> = []
      like ??= chunk
      const rows = storeOf(chunk)
      if (below === undefined || mixing === undefined) {
        for (let row = 0; row < chunk.size; row++) take(rows, row, made)
        return made
      }
      waiting ??= makeStore(chunk, mixing.buffer)
      for (let row = 0; row < chunk.size; row++) {
        if (held < mixing.buffer) copyRow(waiting, held++, rows, row)
        else {
          // One of those that wait leaves, and the new one waits in its place.
          const place = below(held)
          take(waiting, place, made)
          copyRow(waiting, place, rows, row)
        }
      }
      return made
    },
    end: () => {
      const made: Array<AnyBatch> = []
      while (waiting !== undefined && below !== undefined && held > 0) {
        const place = below(held)
        take(waiting, place, made)
        held--
        copyRow(waiting, place, waiting, held)
      }
      if (!dropLast) finish(made)
      return made
    }
  }
}

const asBatch = (values: ReturnType<typeof valuesOf>): Pick<AnyBatch, "x" | "y"> =>
  // The first dimension counts the rows of a batch.
  values as Pick<AnyBatch, "x" | "y">
