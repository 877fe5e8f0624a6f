/** Logs of a run: operators on its Stream of events that write a file and pass every event on. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import type { TrainEvent } from "./events.ts"
import { FileError, writeAtomic } from "./files.ts"
import { type EpochRecord, inFileOrder } from "./history.ts"

type Tagged = { readonly _tag: string }

/** What a log adds to a stream: files, and that they may fail. */
type Logged<A, E, R> = Stream.Stream<A, E | FileError, R | FileSystem.FileSystem | Path.Path>

/** The events of a run among others. */
const isOf = <Tag extends TrainEvent<string>["_tag"]>(
  event: Tagged,
  tag: Tag
): event is Extract<TrainEvent<string>, { readonly _tag: Tag }> => event._tag === tag

const append = (path: string, text: string): Effect.Effect<void, FileError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(path, text, { flag: "a" })).pipe(
    Effect.mapError((error) => new FileError({ path, message: `cannot write ${path}: ${error.message}` }))
  )

/** A log of epochs: one line for each. A resumed run first writes those it has behind it, so that no line is there twice. */
const epochLog =
  (path: string, lineOf: (record: EpochRecord, isFirst: boolean) => string) =>
  <A extends Tagged, E, R>(events: Stream.Stream<A, E, R>): Logged<A, E, R> => {
    let lines = 0
    const next = (record: EpochRecord): string => lineOf(record, lines++ === 0)
    return Stream.tap(events, (event) => {
      if (isOf(event, "Started")) {
        lines = 0
        return writeAtomic(path, new TextEncoder().encode(event.history.map(next).join("")))
      }
      return isOf(event, "Epoch") ? append(path, next(event.record)) : Effect.void
    })
  }

/**
 * Writes a CSV file with a row per epoch, names first. Keras: `CSVLogger`.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const events = Trainer.events(model, { loss, optimizer: Optimizer.adam(), epochs: 10 })(data)
 * const logged = events.pipe(Log.csv("log.csv"), Log.jsonLines("log.jsonl"))
 * ```
 *
 * The Stream fails with a FileError when the file cannot be written.
 */
export const csv = (path: string): (<A extends Tagged, E, R>(events: Stream.Stream<A, E, R>) => Logged<A, E, R>) =>
  epochLog(path, (record, isFirst) => {
    const cells = Object.entries(inFileOrder(record))
    const row = cells.map(([, value]) => String(value)).join(",")
    return isFirst ? `${cells.map(([name]) => name).join(",")}\n${row}\n` : `${row}\n`
  })

/** Writes a file with one JSON object per epoch and line; numbers that JSON has not are strings, as in `history.json`. */
export const jsonLines = (
  path: string
): (<A extends Tagged, E, R>(events: Stream.Stream<A, E, R>) => Logged<A, E, R>) =>
  epochLog(path, (record) => {
    const text = JSON.stringify(inFileOrder(record), (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value
    )
    return `${text}\n`
  })
