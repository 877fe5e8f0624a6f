import { NodeServices } from "@effect/platform-node"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as fastPng from "fast-png"
import { crc32, deflateSync } from "node:zlib"
import type { Dataset } from "../index.ts"
import * as Images from "./images.ts"
import { readPng } from "./png.ts"

const chunk = (type: string, data: Uint8Array) => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, "latin1"), data])
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(crc32(body))
  return Buffer.concat([head, body, tail])
}

interface Raw {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly colour: number
  /** Rows with a filter byte each, before compression. */
  readonly rows: Uint8Array
  readonly extra?: ReadonlyArray<Uint8Array>
}

const png = ({ colour, depth, extra = [], height, rows, width }: Raw) => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colour], 8)
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    ...extra,
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array())
  ])
}

const pixels = (file: Uint8Array, channels: Images.Channels) => {
  const image = readPng(fastPng, file, channels)
  assert.isObject(image, String(image))
  return typeof image === "string" ? [] : Array.from(image.data, (x) => Math.round(x * 1000) / 1000)
}

describe("PNG", () => {
  it("reads grey, colours, palettes and opacity at every depth", () => {
    const grey = png({ width: 2, height: 2, depth: 8, colour: 0, rows: Uint8Array.of(0, 0, 255, 0, 51, 102) })
    assert.deepStrictEqual(pixels(grey, 1), [0, 1, 0.2, 0.4])
    assert.deepStrictEqual(pixels(grey, 3).slice(3, 6), [1, 1, 1])
    assert.deepStrictEqual(pixels(grey, 4).slice(0, 4), [0, 0, 0, 1])
    const bits = png({ width: 10, height: 1, depth: 1, colour: 0, rows: Uint8Array.of(0, 0b10100000, 0b01000000) })
    assert.deepStrictEqual(pixels(bits, 1), [1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
    const two = png({ width: 3, height: 2, depth: 2, colour: 0, rows: Uint8Array.of(0, 0b00011000, 0, 0b11000000) })
    assert.deepStrictEqual(pixels(two, 1), [0, 0.333, 0.667, 1, 0, 0])
    const deep = png({ width: 1, height: 1, depth: 16, colour: 0, rows: Uint8Array.of(0, 0x33, 0x33) })
    assert.deepStrictEqual(pixels(deep, 1), [0.2])
    const colours = png({ width: 2, height: 1, depth: 8, colour: 2, rows: Uint8Array.of(0, 255, 0, 0, 0, 0, 255) })
    assert.deepStrictEqual(pixels(colours, 3), [1, 0, 0, 0, 0, 1])
    assert.deepStrictEqual(pixels(colours, 1), [0.299, 0.114])
    const palette = png({
      width: 3,
      height: 1,
      depth: 4,
      colour: 3,
      rows: Uint8Array.of(0, 0x01, 0x00),
      extra: [chunk("PLTE", Uint8Array.of(0, 0, 0, 255, 51, 0))]
    })
    assert.deepStrictEqual(pixels(palette, 3), [0, 0, 0, 1, 0.2, 0, 0, 0, 0])
    const opaque = png({ width: 1, height: 1, depth: 8, colour: 4, rows: Uint8Array.of(0, 255, 51) })
    assert.deepStrictEqual(pixels(opaque, 4), [1, 1, 1, 0.2])
  })

  it("refuses what is damaged, and what claims or hides more than it has", () => {
    const grey = { width: 2, height: 2, depth: 8, colour: 0, rows: Uint8Array.of(0, 0, 255, 0, 51, 102) }
    const good = png(grey)
    for (let i = 0; i < good.length - 12; i++) assert.isString(readPng(fastPng, good.subarray(0, i), 1), `cut at ${i}`)
    const flipped = good.slice()
    flipped[45] = (flipped[45] ?? 0) ^ 1
    assert.match(String(readPng(fastPng, flipped, 1)), /cannot be decoded/)
    assert.match(
      String(readPng(fastPng, png({ ...grey, width: 60_000, height: 60_000 }), 1)),
      /which its \d+ bytes cannot hold/
    )
    assert.match(String(readPng(fastPng, png({ ...grey, rows: new Uint8Array(2 ** 27) }), 1)), /cannot be decompressed/)
    // Texts and colour profiles are compressed, too; they are never looked at.
    const profile = chunk("iCCP", Buffer.concat([Buffer.from("x\0\0"), deflateSync(new Uint8Array(2 ** 24))]))
    assert.deepStrictEqual(pixels(png({ ...grey, extra: [profile] }), 1), [0, 1, 0.2, 0.4])
    assert.match(String(readPng(fastPng, new Uint8Array(50), 1)), /not a PNG file/)
  })
})

describe("Images", () => {
  it.effect("reads a folder per class", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const root = yield* fs.makeTempDirectoryScoped()
      const write = (name: string, size: number, value: number) =>
        fs.writeFile(
          `${root}/${name}`,
          fastPng.encode({
            width: size,
            height: size,
            channels: 1,
            depth: 8,
            data: new Uint8Array(size * size).fill(value)
          })
        )
      for (const name of ["dog", "cat"]) yield* fs.makeDirectory(`${root}/${name}`)
      yield* write("dog/1.png", 2, 255)
      yield* write("cat/2.png", 2, 0)
      yield* write("cat/1.png", 2, 51)
      yield* fs.writeFileString(`${root}/README.md`, "not an image")
      yield* fs.writeFileString(`${root}/cat/.hidden`, "not an image")
      const data = yield* Images.folder(root, { channels: 1, height: 2, width: 2, name: "pets" })
      expectTypeOf(data).toEqualTypeOf<Dataset<[2, 2, 1], [], "i32">>()
      assert.deepStrictEqual(data.classNames, ["cat", "dog"])
      assert.deepStrictEqual(data.x.shape, [3, 2, 2, 1])
      assert.deepStrictEqual([...data.y.data], [0, 0, 1])
      assert.deepStrictEqual(
        [0, 4, 8].map((at) => data.x.data[at]),
        [Math.fround(0.2), 0, 1]
      )
      yield* write("dog/2.png", 3, 1)
      yield* fs.writeFileString(`${root}/dog/notes.txt`, "not an image")
      const { message } = yield* Effect.flip(Images.folder(root, { channels: 1 }))
      assert.match(message, /dog\/2.png: the image has 3 rows of 3 pixels; all must have 2 of 2/)
      assert.match(message, /dog\/notes.txt: this is not a PNG file/)
      assert.match((yield* Effect.flip(Images.folder(`${root}/dog`, { channels: 1 }))).message, /a folder per class/)
      assert.strictEqual((yield* Images.read(`${root}/dog/2.png`, 3)).data.length, 27)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
