import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { systemError } from "effect/PlatformError"
import { readdirSync, readFileSync } from "node:fs"
import { Viz } from "./index.ts"
import { drawPng } from "./renderer.ts"

const chart = Viz.lines({ title: "A line", series: [{ label: "a", points: [1, 3, 2] }] })

/** Width and height in the header of a PNG. */
const sizeOf = (png: Uint8Array): readonly [number, number] => {
  const view = new DataView(png.buffer, png.byteOffset)
  return [view.getUint32(16), view.getUint32(20)]
}

layer(NodeServices.layer)("Chart files", (it) => {
  it.effect("are written whole, over an older file, and nothing else is left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/a.svg`, "old")
      yield* chart.writeSvg(`${folder}/a.svg`)
      yield* chart.writePng(`${folder}/a.png`)
      assert.strictEqual(yield* fs.readFileString(`${folder}/a.svg`), yield* chart.svg)
      assert.deepStrictEqual(sizeOf(yield* fs.readFile(`${folder}/a.png`)), [1200, 480])
      assert.deepStrictEqual((yield* fs.readDirectory(folder)).toSorted(), ["a.png", "a.svg"])
    }).pipe(Effect.scoped)
  )

  it.effect("in a folder that is missing, or where a folder has the name, give a sentence and leave nothing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const missing = yield* Effect.flip(chart.writeSvg(`${folder}/none/a.svg`))
      assert.strictEqual(missing.kind, "file")
      assert.strictEqual(
        missing.message,
        `viz: cannot write ${folder}/none/a.svg: the folder ${folder}/none does not exist; make it first`
      )
      yield* fs.makeDirectory(`${folder}/a.png`)
      const taken = yield* Effect.flip(chart.writePng(`${folder}/a.png`))
      assert.include(taken.message, `viz: cannot write ${folder}/a.png`)
      assert.deepStrictEqual(yield* fs.readDirectory(folder), ["a.png"])
    }).pipe(Effect.scoped)
  )

  it.effect("are not touched when the chart cannot be drawn", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/a.svg`, "old")
      const error = yield* Effect.flip(Viz.lines({ title: "t", series: [] }).writeSvg(`${folder}/a.svg`))
      assert.strictEqual(error.kind, "argument")
      assert.strictEqual(yield* fs.readFileString(`${folder}/a.svg`), "old")
    }).pipe(Effect.scoped)
  )
})

describe("a refused file", () => {
  const denied = (method: string) =>
    Effect.fail(systemError({ _tag: "PermissionDenied", module: "FileSystem", method, pathOrDescriptor: "/locked" }))

  // The tests may run as root, whom no folder refuses: the refusal is made here.
  const withFiles = (files: Map<string, number>, broken: "writeFile" | "rename") =>
    Layer.merge(
      FileSystem.layerNoop({
        writeFile: (path, bytes) => {
          files.set(path, broken === "writeFile" ? 1 : bytes.length)
          return broken === "writeFile" ? denied("writeFile") : Effect.void
        },
        rename: () => denied("rename"),
        remove: (path) => Effect.sync(() => void files.delete(path))
      }),
      Path.layer
    )

  for (const broken of ["writeFile", "rename"] as const) {
    it.effect(`leaves nothing when ${broken} is refused, and says which folder`, () =>
      Effect.gen(function* () {
        const files = new Map<string, number>()
        const error = yield* Effect.flip(chart.writeSvg("/locked/a.svg")).pipe(Effect.provide(withFiles(files, broken)))
        assert.strictEqual(
          error.message,
          "viz: cannot write /locked/a.svg: writing in the folder /locked is not permitted"
        )
        assert.strictEqual(files.size, 0)
      })
    )
  }
})

describe("PNG", () => {
  const svg = (text: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40" font-family="DejaVu Sans, sans-serif"><text x="5" y="25" font-size="15">${text}</text></svg>`

  it.effect("shows text in the typeface that comes along", () =>
    Effect.gen(function* () {
      const blank = yield* drawPng(svg(""), 1)
      const written = yield* drawPng(svg("epoch"), 1)
      assert.isAbove(written.length, blank.length + 200)
      assert.deepStrictEqual(
        yield* drawPng(svg("epoch").replace("DejaVu Sans, sans-serif", "No Such Font"), 1),
        written
      )
      assert.deepStrictEqual(yield* drawPng(svg("epoch"), 1), written)
    })
  )

  it.effect("has the scale asked for", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(sizeOf(yield* chart.png({ scale: 2 })), [2400, 960])
      for (const scale of [0, -1, NaN, 100])
        assert.include((yield* Effect.flip(chart.png({ scale }))).message, `the scale of a PNG is ${scale}`)
    })
  )

  it.effect("of broken SVG is a typed error", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(drawPng("<svg", 1))
      assert.strictEqual(error.kind, "renderer")
      assert.include(error.message, "viz: cannot draw the PNG")
    })
  )
})

describe("the package", () => {
  it("loads the drawing programs when something is drawn, not before", () => {
    const folder = new URL(".", import.meta.url)
    const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    assert.isAbove(sources.length, 8)
    for (const name of sources) {
      const text = readFileSync(new URL(name, folder), "utf8")
      assert.notMatch(text, /^import (?!type)[^\n]*from "(?:vega|vega-lite|@resvg\/resvg-js)"/m, name)
    }
  })
})
