import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { parquetWriteBuffer } from "hyparquet-writer"
import { Table } from "../index.ts"
import * as Parquet from "./parquet.ts"

const Trip = Schema.Struct({
  id: Schema.Int,
  distance: Schema.NullOr(Schema.Finite),
  city: Schema.String,
  paid: Schema.Boolean
})

describe("Parquet", () => {
  it.effect("reads tables by row groups, and says what does not fit", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const n = 2500
      const trip = (i: number) => ({
        id: i,
        distance: i % 10 === 0 ? null : i / 4,
        city: `c${i % 3}`,
        paid: i % 2 === 0
      })
      const trips = Array.from({ length: n }, (_, i) => trip(i))
      const bytes = parquetWriteBuffer({
        columnData: [
          { name: "id", data: trips.map(({ id }) => BigInt(id)), type: "INT64" },
          { name: "distance", data: trips.map(({ distance }) => distance), type: "DOUBLE" },
          { name: "city", data: trips.map(({ city }) => city), type: "STRING" },
          { name: "paid", data: trips.map(({ paid }) => paid), type: "BOOLEAN" }
        ],
        rowGroupSize: 1000
      })
      const path = `${folder}/trips.parquet`
      yield* fs.writeFile(path, new Uint8Array(bytes))
      const table = yield* Parquet.table(path, Trip)
      assert.deepStrictEqual(Table.rows(table), trips)
      const parts = yield* Stream.runCollect(Parquet.stream(path, Trip))
      assert.deepStrictEqual(
        parts.map(({ size }) => size),
        [1000, 1000, 500]
      )
      assert.deepStrictEqual(
        parts.flatMap((part) => Table.rows(part)),
        trips
      )
      const some = yield* Parquet.table(path, Schema.Struct({ city: Schema.String }), { columns: ["city"] })
      assert.deepStrictEqual(Object.keys(some.columns), ["city"])

      const strict = Schema.Struct({ distance: Schema.Finite })
      const error = yield* Effect.flip(Parquet.table(path, strict, { maxProblems: 3 }))
      assert.deepStrictEqual(
        error.problems.map(({ sentence }) => sentence),
        [0, 10, 20].map((row) => `row ${row}: "distance": Expected number, found null`)
      )
      const absent = Parquet.table(path, Trip, { load: () => Promise.reject(new Error("Cannot find package")) })
      assert.match(
        (yield* Effect.flip(absent)).message,
        /needs the package hyparquet, which is not installed; run `npm/
      )
      yield* fs.writeFile(path, new Uint8Array(bytes).subarray(0, 4000))
      assert.match((yield* Effect.flip(Parquet.table(path, Trip))).message, /the Parquet file cannot be read/)
      assert.match((yield* Effect.flip(Parquet.table("nowhere", Trip))).message, /no such file/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
