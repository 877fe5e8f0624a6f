import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import { gzipSync } from "node:zlib"
import type { DataError } from "../data-error.ts"
import * as Idx from "./idx.ts"

const images = Uint8Array.of(
  0,
  0,
  8,
  3,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  3,
  0,
  51,
  102,
  153,
  204,
  255,
  255,
  0,
  0,
  0,
  0,
  0
)
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 1)
const sentence = (result: Result.Result<unknown, DataError>) => (Result.isFailure(result) ? result.failure.message : "")

describe("Idx", () => {
  it("reads numbers of every type, high byte first", () => {
    const read = (...bytes: ReadonlyArray<number>) => {
      const { data, dtype, shape } = Result.getOrThrow(Idx.parse("x", Uint8Array.from(bytes)))
      return [dtype, shape, [...data]]
    }
    assert.deepStrictEqual(read(0, 0, 8, 1, 0, 0, 0, 2, 1, 255), ["u32", [2], [1, 255]])
    assert.deepStrictEqual(read(0, 0, 9, 1, 0, 0, 0, 2, 1, 255), ["i32", [2], [1, -1]])
    assert.deepStrictEqual(read(0, 0, 0x0b, 1, 0, 0, 0, 1, 1, 2), ["i32", [1], [258]])
    assert.deepStrictEqual(read(0, 0, 0x0c, 1, 0, 0, 0, 1, 255, 255, 255, 254), ["i32", [1], [-2]])
    assert.deepStrictEqual(read(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0), ["f32", [1], [1]])
    assert.deepStrictEqual(read(0, 0, 0x0e, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0), ["f64", [], [1]])
  })

  it("refuses damaged files without allocating what they claim", () => {
    assert.match(sentence(Idx.parse("x", images.subarray(0, 20))), /needs 12 bytes, the file has 4/)
    assert.match(sentence(Idx.parse("x", images.subarray(0, 9))), /ends inside its header/)
    assert.match(sentence(Idx.parse("x", Uint8Array.of(1, 2, 3, 4, 5))), /not an idx file/)
    const huge = Uint8Array.of(0, 0, 0x0e, 2, 255, 255, 255, 255, 255, 255, 255, 255)
    assert.match(sentence(Idx.parse("x", huge)), /needs 1475739\d+ bytes, the file has 0/)
  })

  it.effect("makes a data set of a pair, plain and gzip", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFile(`${folder}/images`, images)
      yield* fs.writeFile(`${folder}/labels.gz`, gzipSync(labels))
      const data = yield* Idx.dataset(`${folder}/images`, `${folder}/labels.gz`, { classes: 10, channel: true })
      assert.deepStrictEqual(data.x.shape, [2, 2, 3, 1])
      assert.deepStrictEqual([...data.x.data.subarray(0, 6)], [0, 0.2, 0.4, 0.6, 0.8, 1].map(Math.fround))
      assert.deepStrictEqual([...data.y.data], [7, 1])
      const few = Idx.dataset(`${folder}/images`, `${folder}/labels.gz`, { classes: ["a", "b"] })
      assert.match((yield* Effect.flip(few)).message, /label 0 is 7; the 2 classes are 0 to 1/)
      const one = Idx.toDataset(Values.fromNested([[1]]), Values.fromNested([1, 2]), { classes: 3 })
      assert.match(sentence(one), /shape \[1, 1\], the labels \[2\]; one label per image/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
