import { NodeServices } from "@effect/platform-node"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Values } from "@cotangent/graph"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { DataError } from "../data-error.ts"
import { type Dataset, Text, Vocabulary } from "../index.ts"

describe("Text", () => {
  const letters = Vocabulary.fit(["abcdefgh"], { by: "characters" })
  it("cuts a text into windows whose targets are one piece further on", () => {
    for (const [length, stride, count] of [
      [3, 3, 2],
      [3, 1, 5],
      [7, 7, 1],
      [1, 2, 4]
    ] as const) {
      const data = Text.windows("abcdefgh", letters, { length: length as number, stride })
      assert.strictEqual(data.size, count)
      for (let i = 0; i < count; i++) {
        const x = [...data.x.data.subarray(i * length, (i + 1) * length)]
        const y = [...data.y.data.subarray(i * length, (i + 1) * length)]
        assert.strictEqual(Vocabulary.decode(letters, x), "abcdefgh".slice(i * stride, i * stride + length))
        assert.strictEqual(Vocabulary.decode(letters, y), "abcdefgh".slice(i * stride + 1, i * stride + 1 + length))
      }
    }
    expectTypeOf(Text.windows("abcd", letters, { length: 3 })).toEqualTypeOf<Dataset<[3], [3], "i32">>()
    assert.throws(() => Text.windows("abc", letters, { length: 3 }), DataError, /3 pieces, one sample needs 4/)
    assert.throws(() => Text.windows("abc", letters, { length: 0 }), DataError, /`length` is 0/)
    assert.strictEqual(Values.toNested(Text.windows("ab", letters, { length: 1 }).y).toString(), "3")
  })

  it("splits by position, never inside a character", () => {
    const { train, validation } = Text.split("ab𝒳cd", 0.5)
    assert.deepStrictEqual([train, validation], ["ab𝒳", "cd"])
    assert.throws(() => Text.split("ab", 1), DataError, /between 0 and 1/)
  })

  it.effect("reads files with any line ends", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/a.txt`, "one\r\ntwo\n")
      assert.strictEqual(yield* Text.read(`${folder}/a.txt`), "one\ntwo\n")
      yield* fs.writeFile(`${folder}/b.txt`, Uint8Array.of(0xff, 0xfe))
      assert.match((yield* Effect.flip(Text.read(`${folder}/b.txt`))).message, /not UTF-8 text/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
