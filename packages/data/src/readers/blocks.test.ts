import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { csvRows } from "../csv-rows.ts"
import { Permutation } from "../index.ts"
import { recordBlocks } from "./blocks.ts"

/** Numbers below a bound, always the same for a seed. */
const drawer = (seed: number) => {
  const words = Permutation.of(seed, 0, 4001)
  let next = 0
  return (bound: number) => (words[next++ % 4001] ?? 0) % bound
}

const cells = ["1", "", "a b", '"x, y"', '"two\nlines"', '"a ""quote"""', "ü", '"\r\n"', "3.5"]

describe("recordBlocks", () => {
  const rounds = process.env["COTANGENT_DEEP"] === undefined ? 60 : 3000
  it.effect("gives the rows of the whole text with their lines, wherever the pieces are cut", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < rounds; seed++) {
        const below = drawer(seed)
        const lineEnd = below(2) === 0 ? "\n" : "\r\n"
        const lines = Array.from({ length: 1 + below(12) }, () =>
          Array.from({ length: 3 }, () => cells[below(below(2) === 0 ? 3 : cells.length)] ?? "").join(",")
        )
        const text = lines.join(lineEnd) + (below(2) === 0 ? lineEnd : "")
        const bytes = new TextEncoder().encode(text)
        const pieces: Array<Uint8Array> = []
        for (let at = 0; at < bytes.length;) {
          const end = Math.min(bytes.length, at + 1 + below(9))
          pieces.push(bytes.subarray(at, end))
          at = end
        }
        const blocks = yield* Stream.runCollect(recordBlocks("text", true)(Stream.fromIterable(pieces)))
        assert.strictEqual(
          blocks.reduce((sum, block) => sum + block.bytes.length, 0),
          bytes.length
        )
        const found = blocks.flatMap(({ bytes: block, line }) => csvRows(block, ",", line - 1).rows)
        assert.deepStrictEqual(found, csvRows(bytes, ",").rows, JSON.stringify(text))
        // A record ends as many lines further on as it has line ends, its own included.
        const ends = lines.map(
          (_, i) =>
            lines
              .slice(0, i + 1)
              .join("\n")
              .split("\n").length
        )
        assert.deepStrictEqual(
          found.map(({ line }) => line),
          ends,
          JSON.stringify(text)
        )
      }
    })
  )

  it.effect("reads bytes only when blocks are asked for", () =>
    Effect.gen(function* () {
      let read = 0
      const endless = Stream.fromEffectRepeat(Effect.sync(() => (read++, new TextEncoder().encode("1,2\n"))))
      const some = yield* Stream.runCollect(Stream.take(recordBlocks("text", true)(endless), 5))
      assert.strictEqual(some.length, 5)
      assert.isAtMost(read, 6)
    })
  )
})
