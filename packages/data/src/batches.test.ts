import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Stream from "effect/Stream"
import * as Batches from "./batches.ts"
import { DataError } from "./data-error.ts"
import { classification } from "./dataset.ts"
import * as Permutation from "./permutation.ts"

const ten = classification({
  inputShape: [2],
  rows: Array.from({ length: 20 }, (_, i) => i),
  labels: Array.from({ length: 10 }, (_, i) => i),
  classes: 10
})

describe("Batches", () => {
  it.effect("go through the rows as stored, as views, with a short last one", () =>
    Effect.gen(function* () {
      const batches = yield* Stream.runCollect(Batches.of(ten, { batchSize: 4 }))
      assert.deepStrictEqual(
        batches.map(({ index, size }) => [index, size]),
        [
          [0, 4],
          [1, 4],
          [2, 2]
        ]
      )
      assert.deepStrictEqual(batches[2]?.x.shape, [2, 2])
      assert.deepStrictEqual(Array.from(batches[2]?.x.data ?? []), [16, 17, 18, 19])
      assert.isTrue(
        batches.every(({ x, y }) => x.data.buffer === ten.x.data.buffer && y.data.buffer === ten.y.data.buffer)
      )
      assert.strictEqual(Batches.count(10, { batchSize: 4 }), 3)
    })
  )

  it.effect("follow an order and keep rows and labels together", () =>
    Effect.gen(function* () {
      const order = Permutation.of(1, 1, 10)
      const batches = yield* pipe(ten, Batches.of({ batchSize: 3, order }), Stream.runCollect)
      assert.deepStrictEqual(
        batches.flatMap(({ y }) => Array.from(y.data)),
        Array.from(order)
      )
      assert.isTrue(
        batches.every(({ x, y }) =>
          y.data.every((label, i) => x.data[2 * i] === 2 * label && x.data[2 * i + 1] === 2 * label + 1)
        )
      )
    })
  )

  it.effect("leave out a short last batch when asked to", () =>
    Effect.gen(function* () {
      const batches = yield* Stream.runCollect(Batches.of(ten, { batchSize: 4, dropLast: true }))
      assert.deepStrictEqual(
        batches.map(({ size }) => size),
        [4, 4]
      )
      assert.strictEqual(Batches.count(10, { batchSize: 4, dropLast: true }), 2)
    })
  )

  it.effect("are made one per pull", () =>
    Effect.gen(function* () {
      const made: Array<number> = []
      const counted = {
        ...ten,
        get x() {
          made.push(made.length)
          return ten.x
        }
      }
      yield* Batches.of(counted, { batchSize: 1, order: Permutation.of(0, 0, 10) }).pipe(
        Stream.take(2),
        Stream.runDrain
      )
      assert.isAtMost(made.length, 3)
    })
  )

  it("can be gone through again, without Effect", () => {
    const batches = Batches.iterable(ten, { batchSize: 5 })
    assert.deepStrictEqual([...batches], [...batches])
    assert.strictEqual([...batches].length, 2)
  })

  it("refuse a batch size and an order that do not fit", () => {
    for (const batchSize of [0, -1, 1.5, NaN])
      assert.throws(() => Batches.of(ten, { batchSize }), DataError, /the batch size is/)
    assert.throws(
      () => Batches.of(ten, { batchSize: 2, order: [0, 10] }),
      DataError,
      /index 10 \(at place 1\) is not a row; there are 10 rows/
    )
  })
})
