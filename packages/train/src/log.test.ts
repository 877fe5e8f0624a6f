import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { TrainEvent } from "./events.ts"
import type { EpochRecord } from "./history.ts"
import * as Log from "./log.ts"

const record = (epoch: number): EpochRecord => ({ valLoss: 1 / 3, accuracy: epoch / 4, loss: 0.5, epoch })
const started = (history: ReadonlyArray<EpochRecord>): TrainEvent<string> => ({
  _tag: "Started",
  summary: { text: "", rows: [], parameters: 0, bytes: 0 } as never,
  cost: {} as never,
  trainSize: 1,
  validationSize: 1,
  stepsPerEpoch: 1,
  epochs: 3,
  history,
  step: history.length
})
const epoch = (n: number): TrainEvent<string> => ({
  _tag: "Epoch",
  record: record(n),
  learningRate: 1,
  samplesPerSecond: 1,
  seconds: 1
})
const broken: TrainEvent<string> = { ...epoch(3), record: { epoch: 3, loss: Number.NaN } } as TrainEvent<string>

describe("Log", () => {
  it("writes a row per epoch as they come, a resumed run those behind it too, and passes all events on", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const folder = yield* fs.makeTempDirectoryScoped()
          const [csv, json] = [`${folder}/log.csv`, `${folder}/log.jsonl`]
          const log = (events: ReadonlyArray<TrainEvent<string>>) =>
            Stream.runCollect(Stream.fromIterable(events).pipe(Log.csv(csv), Log.jsonLines(json)))
          const head = "epoch,loss,accuracy,valLoss\n"
          assert.lengthOf(yield* log([started([]), epoch(1), epoch(2)]), 3)
          const rows = [
            "1,0.5,0.25,0.3333333333333333\n",
            "2,0.5,0.5,0.3333333333333333\n",
            "3,0.5,0.75,0.3333333333333333\n"
          ]
          assert.strictEqual(yield* fs.readFileString(csv), head + rows[0] + rows[1])
          yield* log([started([record(1)]), epoch(2), epoch(3)])
          assert.strictEqual(yield* fs.readFileString(csv), head + rows.join(""))
          yield* log([started([]), epoch(1), broken])
          assert.strictEqual(
            yield* fs.readFileString(json),
            '{"epoch":1,"loss":0.5,"accuracy":0.25,"valLoss":0.3333333333333333}\n{"epoch":3,"loss":"NaN"}\n'
          )
          const missing = yield* Effect.flip(
            Stream.runDrain(Stream.fromIterable([started([])]).pipe(Log.csv(`${folder}/no/where.csv`)))
          )
          assert.strictEqual(missing._tag, "FileError")
        })
      ).pipe(Effect.provide(NodeServices.layer))
    ))
})
