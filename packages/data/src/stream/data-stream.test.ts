import { NodeServices } from "@effect/platform-node"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { DataError } from "../data-error.ts"
import { Augment, type Batch, Batches, Cell, Csv, Dataset, DataStream, Npy, Preprocess, Table } from "../index.ts"

const numbered = (n: number) =>
  Dataset.classification({
    inputShape: [2],
    rows: Array.from({ length: 2 * n }, (_, i) => i),
    labels: Array.from({ length: n }, (_, i) => i % 10),
    classes: 10
  })

const ids = (batches: ReadonlyArray<Batch<[2], [], "i32">>) =>
  batches.flatMap(({ size, x, y }) =>
    Array.from({ length: size }, (_, i) => {
      const id = (x.data[2 * i] ?? 0) / 2
      assert.strictEqual(x.data[2 * i + 1], 2 * id + 1)
      assert.strictEqual(y.data[i], id % 10)
      return id
    })
  )
const collect = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), (all) => [...all])
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

describe("DataStream", () => {
  it.effect("without mixing gives the batches of the data set, whatever the chunks", () =>
    Effect.gen(function* () {
      const data = numbered(100)
      for (const batchSize of [1, 7, 32, 100, 1000])
        for (const dropLast of [true, false])
          for (const chunkSize of [1, 10, 33, 100, 500]) {
            const stream = DataStream.batches(DataStream.fromDataset(data, chunkSize), { batchSize, dropLast })
            const expected = [...Batches.iterable(data, { batchSize, dropLast })]
            assert.deepStrictEqual(yield* collect(stream), expected)
          }
    })
  )

  it.effect("mixing is a permutation that depends on the seed, the epoch and the buffer, never on the chunks", () =>
    Effect.gen(function* () {
      const data = numbered(200)
      const run = (chunkSize: number, seed: number, epoch: number, buffer: number, prefetch = 2) =>
        Effect.map(
          collect(
            DataStream.batches(DataStream.fromDataset(data, chunkSize), {
              batchSize: 16,
              shuffle: { seed, epoch, buffer },
              prefetch
            })
          ),
          ids
        )
      for (const buffer of [1, 2, 50, 200, 999]) {
        const order = yield* run(10, 1, 2, buffer)
        assert.deepStrictEqual(
          order.toSorted((a, b) => a - b),
          range(200)
        )
        for (const chunkSize of [1, 64, 200]) assert.deepStrictEqual(yield* run(chunkSize, 1, 2, buffer, 0), order)
        order.forEach((id, place) => assert.isAtLeast(place, id - buffer))
        if (buffer === 1) assert.deepStrictEqual(order, range(200))
        else {
          assert.notDeepEqual(yield* run(10, 2, 2, buffer), order)
          assert.notDeepEqual(yield* run(10, 1, 3, buffer), order)
        }
      }
    })
  )

  it.effect("a buffer as large as the data makes every order equally likely", () =>
    Effect.gen(function* () {
      const data = DataStream.fromDataset(numbered(3), 2)
      const counts = new Map<string, number>()
      for (let epoch = 0; epoch < 1200; epoch++) {
        const shuffle = { seed: 0, epoch, buffer: 3 }
        const order = ids(yield* collect(DataStream.batches(data, { batchSize: 3, shuffle, prefetch: 0 }))).join("")
        counts.set(order, (counts.get(order) ?? 0) + 1)
      }
      assert.strictEqual(counts.size, 6)
      // Chi squared with 5 degrees of freedom exceeds 20.5 once in a thousand.
      const chi = [...counts.values()].reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)
      assert.isBelow(chi, 20.5)
    })
  )

  it.effect("chunks are read when they are asked for, and no more than was asked ahead", () =>
    Effect.gen(function* () {
      const data = numbered(1000)
      for (const prefetch of [0, 3]) {
        let read = 0
        const counted = {
          ...DataStream.fromDataset(data, 10),
          chunks: Stream.tap(DataStream.fromDataset(data, 10).chunks, () => Effect.sync(() => read++))
        }
        const batches = DataStream.batches(counted, { batchSize: 10, prefetch })
        yield* Stream.runForEach(Stream.take(batches, 5), () => Effect.andThen(Effect.yieldNow, Effect.yieldNow))
        assert.isAtLeast(read, 5)
        assert.isAtMost(read, 5 + prefetch + 3)
      }
    })
  )

  it.effect("collects a pass, and augments it whatever the chunks", () =>
    Effect.gen(function* () {
      const data = numbered(50)
      for (const chunkSize of [1, 7, 50])
        assert.deepStrictEqual(yield* DataStream.collect(DataStream.fromDataset(data, chunkSize)), data)
      const few = DataStream.collect(DataStream.fromDataset(data, 7), { most: 49 })
      assert.match((yield* Effect.flip(few)).message, /more than 49 rows/)
      const images = Dataset.classification({
        inputShape: [3, 3],
        rows: Array.from({ length: 450 }, (_, i) => i),
        labels: range(50),
        classes: 50
      })
      const options = { seed: 2, epoch: 5 }
      const change = Augment.chain(Augment.shift(1), Augment.noise(1))
      const whole = Augment.dataset(images, change, options)
      for (const chunkSize of [1, 7, 50]) {
        const stream = DataStream.augment(DataStream.fromDataset(images, chunkSize), change, options)
        assert.deepStrictEqual(yield* DataStream.collect(stream), whole)
      }
    })
  )

  it("says which option does not fit", () => {
    const data = DataStream.fromDataset(numbered(3))
    assert.throws(() => DataStream.batches(data, { batchSize: 0 }), DataError, /`batchSize` is 0/)
    assert.throws(() => DataStream.batches(data, { batchSize: 1, prefetch: -1 }), DataError, /`prefetch` is -1/)
    const shuffle = { seed: 0, epoch: 0, buffer: 0.5 }
    assert.throws(() => DataStream.batches(data, { batchSize: 1, shuffle }), DataError, /`buffer` is 0.5/)
    assert.throws(() => DataStream.fromDataset(numbered(3), 0), DataError, /chunk size is 0/)
  })

  it.effect("chunks of another shape fail the stream", () =>
    Effect.gen(function* () {
      const other = Dataset.regression({ inputShape: [3], rows: [1, 2, 3], targets: [1] })
      const chunks = Stream.make<ReadonlyArray<Dataset<[number], [], "f32">>>(
        Dataset.regression({ inputShape: [2], rows: [1, 2], targets: [1] }) as Dataset<[number], [], "f32">,
        other as Dataset<[number], [], "f32">
      )
      const stream = yield* DataStream.fromChunks(chunks)
      assert.deepStrictEqual(stream.inputShape, [2])
      assert.match((yield* Effect.flip(Stream.runDrain(stream.chunks))).message, /f32\[3\].*the first one has f32\[2\]/)
      assert.match((yield* Effect.flip(DataStream.fromChunks(Stream.empty))).message, /no chunks/)
    })
  )

  it.effect("tables: split by key, sampled, fitted and encoded, without the whole in memory", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/rows.csv`
      const n = 40_000
      const line = (i: number) => `${i},${i % 3 === 0 ? "" : i % 100},k${i % 4},${"padding".repeat(4)}\n`
      yield* fs.writeFileString(path, `id,x,kind,text\n${range(n).map(line).join("")}`)
      const Row = Schema.Struct({ id: Cell.integer, x: Cell.optional(Cell.number), kind: Cell.text })
      const { train, validation } = DataStream.split(Csv.stream(path, Row), 0.2, 7)
      const idsOf = (tables: typeof train) =>
        Effect.map(collect(Stream.provideService(tables, FileSystem.FileSystem, fs)), (all) =>
          all.flatMap(({ columns }) => [...columns.id])
        )
      const [kept, held] = [yield* idsOf(train), yield* idsOf(validation)]
      assert.deepStrictEqual(
        [...kept, ...held].toSorted((a, b) => a - b),
        range(n)
      )
      assert.closeTo(held.length / n, 0.2, 0.01)
      assert.deepStrictEqual(yield* idsOf(validation), held)

      const drawn = yield* DataStream.sample(train, { rows: 1000, seed: 3 })
      assert.strictEqual(drawn.size, 1000)
      assert.deepStrictEqual(
        drawn.columns.id,
        [...new Set(drawn.columns.id)].toSorted((a, b) => a - b)
      )
      const all = new Set(kept)
      assert.isTrue(drawn.columns.id.every((id) => all.has(id)))
      assert.closeTo(drawn.columns.id.reduce((a, b) => a + b, 0) / 1000, n / 2, 1500)
      assert.strictEqual((yield* DataStream.sample(train, { rows: n, seed: 3 })).size, kept.length)

      const recipe = Preprocess.make(
        { x: Preprocess.steps(Preprocess.impute("mean", { indicator: true }), Preprocess.standardise) },
        Preprocess.label("kind")
      )
      const fitted = Result.getOrThrow(Preprocess.fit(recipe, drawn))
      // Learned from all training rows in two passes, and exactly what is learned from them in memory.
      const whole = Table.filter(yield* Csv.table(path, Row), ({ id }) => all.has(id))
      const streamed = yield* Preprocess.fitStream(recipe, train)
      assert.deepStrictEqual(streamed, Result.getOrThrow(Preprocess.fit(recipe, whole)))
      const strict = Preprocess.make({ x: Preprocess.standardise as Preprocess.Step<unknown, number> })
      assert.match(
        (yield* Effect.flip(Preprocess.fitStream(strict, train))).message,
        /column "x": row \d+: the cell is missing/
      )
      assert.match((yield* Effect.flip(Preprocess.fitStream(recipe, Stream.empty))).message, /no rows to learn from/)
      const stream = DataStream.fromTables(train, fitted)
      expectTypeOf(stream).toEqualTypeOf<DataStream.DataStream<[number], [], "i32", "f32", FileSystem.FileSystem>>()
      assert.deepStrictEqual([stream.inputShape, stream.classNames], [[2], ["k0", "k1", "k2", "k3"]])
      const batches = yield* Stream.runCollect(DataStream.batches(stream, { batchSize: 256, dropLast: true }))
      assert.strictEqual(batches.length, Math.floor(kept.length / 256))
      assert.deepStrictEqual(
        [...(batches[0]?.y.data.subarray(0, 5) ?? [])],
        kept.slice(0, 5).map((id) => id % 4)
      )
      const unseen = DataStream.fromTables(Stream.make(Table.fromRows([{ x: 1, kind: "k9" }])), fitted)
      assert.match((yield* Effect.flip(Stream.runDrain(unseen.chunks))).message, /"k9" is none/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("npy files are read a few rows at a time", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const x = Values.of(Float32Array.from(range(3000)), [500, 2, 3], "f32")
      const y = Values.of(Int32Array.from(range(500)), [500], "i32")
      yield* Npy.write(`${folder}/x.npy`, x)
      yield* Npy.write(`${folder}/y.npy`, y)
      const stream = yield* DataStream.npy(`${folder}/x.npy`, `${folder}/y.npy`, {
        chunkBytes: 1000,
        targetDtype: "i32"
      })
      assert.deepStrictEqual([stream.inputShape, stream.targetShape, stream.size], [[2, 3], [], 500])
      const chunks = yield* Stream.runCollect(stream.chunks)
      assert.isAbove(chunks.length, 10)
      assert.deepStrictEqual(
        chunks.flatMap((chunk) => [...chunk.x.data]),
        [...x.data]
      )
      assert.deepStrictEqual(
        chunks.flatMap((chunk) => [...chunk.y.data]),
        [...y.data]
      )
      assert.strictEqual((yield* DataStream.npy(`${folder}/x.npy`, `${folder}/y.npy`)).targetDtype, "i32")
      yield* Npy.write(`${folder}/short.npy`, Values.of(new Int32Array(4), [4], "i32"))
      const uneven = DataStream.npy(`${folder}/x.npy`, `${folder}/short.npy`)
      assert.match((yield* Effect.flip(uneven)).message, /has 500 rows and .*short.npy has 4/)
      const whole = yield* fs.readFile(`${folder}/x.npy`)
      yield* fs.writeFile(`${folder}/cut.npy`, whole.subarray(0, 5000))
      const cut = DataStream.npy(`${folder}/cut.npy`, `${folder}/y.npy`)
      assert.match((yield* Effect.flip(cut)).message, /needs 12000 bytes, the file has 4872/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
