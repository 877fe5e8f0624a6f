import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { refusalOf } from "./refusal.ts"

describe("refusalOf", () => {
  it("says in words why there is nothing to read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cotangent-refusal-"))
    const file = join(folder, "file")
    writeFileSync(file, "1")
    const why = <A>(body: (fs: FileSystem.FileSystem) => Effect.Effect<A, PlatformError.PlatformError>) =>
      Effect.flatMap(FileSystem.FileSystem, body).pipe(
        Effect.flip,
        Effect.map(refusalOf),
        Effect.provide(NodeServices.layer),
        Effect.runPromise
      )
    try {
      const none = join(folder, "none")
      assert.strictEqual(await why((fs) => fs.readFile(none)), `there is no ${none}`)
      assert.strictEqual(await why((fs) => fs.readFile(folder)), "it is a folder, a file is needed")
      assert.strictEqual(await why((fs) => fs.readDirectory(file)), "it, or a folder of its path, is a file")
      assert.strictEqual(await why((fs) => fs.readFile(join(file, "x"))), "it, or a folder of its path, is a file")
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const denied = PlatformError.systemError({
      _tag: "PermissionDenied",
      module: "FileSystem",
      method: "readFile",
      pathOrDescriptor: "secret"
    })
    assert.strictEqual(refusalOf(denied), "reading it is not permitted")
  })
})
