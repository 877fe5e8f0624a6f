import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Files from "./files.ts"

const inFolder = <A, E>(body: (folder: string) => Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        return yield* body(yield* fs.makeTempDirectoryScoped())
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )
const bytes = (text: string) => new TextEncoder().encode(text)

describe("files", () => {
  it("replaces a file whole and leaves nothing beside it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* Files.writeAtomic(`${folder}/a.txt`, bytes("one"))
        yield* Files.writeAtomic(`${folder}/a.txt`, bytes("two"))
        assert.strictEqual(yield* fs.readFileString(`${folder}/a.txt`), "two")
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["a.txt"])
      })
    ))

  it("says that the folder is missing", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Files.writeAtomic(`${folder}/none/a.txt`, bytes("x")))
        assert.strictEqual(error._tag, "FileError")
        assert.include(error.message, "does not exist; make it first")
      })
    ))

  it("makes folders whose ancestors are being made by others", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const names = Array.from({ length: 8 }, (_, i) => `${folder}/a/b/${i}`)
        yield* Effect.forEach(names, Files.prepareFolder, { concurrency: 8 })
        const fs = yield* FileSystem.FileSystem
        assert.lengthOf(yield* fs.readDirectory(`${folder}/a/b`), 8)
      })
    ))

  it("makes a folder with its ancestors and leaves it empty", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* Files.prepareFolder(`${folder}/a/b/c`)
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/a/b/c`), [])
      })
    ))

  it("refuses a file in the folder's place", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* Files.writeAtomic(`${folder}/a`, bytes("x"))
        const error = yield* Effect.flip(Files.prepareFolder(`${folder}/a`))
        const sentence = `${folder}/a is a file, a folder is needed there: remove it or name another folder`
        assert.strictEqual(error.message, `cannot write ${folder}/a: ${sentence}`)
        const below = yield* Effect.flip(Files.prepareFolder(`${folder}/a/b/c`))
        assert.strictEqual(below.message, `cannot write ${folder}/a/b/c: ${sentence}`)
        const beside = yield* Effect.flip(Files.writeAtomic(`${folder}/a/b.txt`, bytes("x")))
        assert.strictEqual(beside.message, `cannot write ${folder}/a/b.txt: ${sentence}`)
      })
    ))

  it("refuses a folder in the file's place, and leaves nothing beside it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.makeDirectory(`${folder}/a.txt`)
        const error = yield* Effect.flip(Files.writeAtomic(`${folder}/a.txt`, bytes("x")))
        assert.include(error.message, "a folder stands there: remove it or name another file")
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["a.txt"])
      })
    ))
})
