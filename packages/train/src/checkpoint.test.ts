/** Checkpoints on disk: whole or not at all, and nothing believed that was not checked. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as PlatformError from "effect/PlatformError"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Values } from "@cotangent/graph"
import { type Checkpoint, decode, encode } from "./checkpoint.ts"
import * as Checkpoints from "./checkpoints.ts"

const checkpointOf = (step: number): Checkpoint => ({
  step,
  history: { epochs: [{ epoch: 1, loss: 0.1 + step, accuracy: Number.NaN }] },
  settings: { batchSize: 4, shuffle: true, model: "dense" },
  callbacks: { watch: { best: 0.1, seen: [1, null, "x"] } },
  retries: 2,
  tensors: {
    "state.w": Values.of(Float32Array.of(step, -0, Number.NaN), [3], "f32"),
    "state.flags": Values.of(Uint8Array.of(1, 0), [2], "bool")
  }
})

const inFolder = <A, E>(body: (folder: string) => Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        return yield* body(yield* fs.makeTempDirectoryScoped())
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )

/** A file system of a process that dies at its n-th change: that one, and all after it, do not happen. */
const dyingAt = (fs: FileSystem.FileSystem, n: number): FileSystem.FileSystem => {
  let changes = 0
  const dead = PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "any",
    description: "killed"
  })
  const mortal = <B, R>(change: Effect.Effect<B, PlatformError.PlatformError, R>) =>
    Effect.suspend(() => (++changes >= n ? Effect.fail(dead) : change))
  return {
    ...fs,
    makeDirectory: (path, options) => mortal(fs.makeDirectory(path, options)),
    rename: (from, to) => mortal(fs.rename(from, to)),
    remove: (path, options) => mortal(fs.remove(path, options)),
    open: (path, options) =>
      options?.flag === "wx"
        ? Effect.suspend(() =>
            ++changes >= n
              ? // The file is there, and nothing is in it yet.
                Effect.andThen(fs.writeFile(path, new Uint8Array(0)), Effect.fail(dead))
              : fs.open(path, options)
          )
        : fs.open(path, options)
  }
}

describe("checkpoints in a folder", () => {
  it("come back with every bit, the newest first, older ones pruned", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* Checkpoints.folder(`${folder}/a/b`)
        assert.isUndefined(yield* store.latest)
        for (const step of [1, 2, 3, 3]) yield* store.save(checkpointOf(step))
        assert.deepStrictEqual(yield* store.latest, checkpointOf(3))
        assert.deepStrictEqual((yield* fs.readDirectory(`${folder}/a/b`)).toSorted(), [
          "checkpoint-000003",
          "checkpoint-000004"
        ])
        const one = yield* Checkpoints.folder(`${folder}/a/b`, { keep: 1 })
        yield* one.save(checkpointOf(5))
        assert.deepStrictEqual(yield* fs.readDirectory(`${folder}/a/b`), ["checkpoint-000005"])
      })
    ))

  it("whenever the process dies, the last one or the new one is there", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const seen = new Set<number>()
        for (let n = 1; n <= 14; n++) {
          const at = `${folder}/${n}`
          const store = yield* Checkpoints.folder(at, { keep: 1 })
          yield* store.save(checkpointOf(1))
          const dying = yield* Checkpoints.folder(at, { keep: 1 }).pipe(
            Effect.provideService(FileSystem.FileSystem, dyingAt(fs, n)),
            Effect.option
          )
          if (dying._tag === "Some") yield* Effect.ignore(dying.value.save(checkpointOf(2)))
          const after = yield* Checkpoints.folder(at)
          const found = yield* after.latest
          assert.include([1, 2], found?.step, `change ${n}`)
          if (found !== undefined) {
            assert.deepStrictEqual(found, checkpointOf(found.step))
            seen.add(found.step)
          }
          // What the dead process left is gone.
          assert.isTrue((yield* fs.readDirectory(at)).every((name) => /^checkpoint-\d+$/.test(name)))
        }
        assert.deepStrictEqual([...seen], [1, 2])
      })
    ))

  it("falls back on the one before a damaged one, and says so when all are", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const store = yield* Checkpoints.folder(folder)
        for (const step of [1, 2]) yield* store.save(checkpointOf(step))
        const damage = (n: number) =>
          Effect.gen(function* () {
            const path = `${folder}/checkpoint-00000${n}/state.safetensors`
            const bytes = yield* fs.readFile(path)
            bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
            yield* fs.writeFile(path, bytes)
          })
        yield* damage(2)
        assert.strictEqual((yield* store.latest)?.step, 1)
        yield* damage(1)
        const error = yield* Effect.flip(store.latest)
        assert.strictEqual(error._tag, "CheckpointError")
        assert.include(error.message, "state.safetensors is damaged: its checksum differs")
      })
    ))

  it("refuses to keep none, and a callback that remembers what JSON has not", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        assert.include((yield* Effect.flip(Checkpoints.folder(folder, { keep: 0 }))).message, "keep is 0")
        const store = yield* Checkpoints.folder(folder)
        const wrong = { ...checkpointOf(1), callbacks: { watch: { best: Number.POSITIVE_INFINITY } } }
        assert.include((yield* Effect.flip(store.save(wrong))).message, "watch remembers Infinity")
        assert.isUndefined(yield* store.latest)
      })
    ))
})

describe("the files of a checkpoint", () => {
  const files = Effect.runSync(encode(checkpointOf(7)))
  const text = new TextDecoder().decode(files.manifest)
  const sentence = (manifest: Uint8Array | string, tensors = files.tensors) =>
    Effect.runSync(
      Effect.flip(
        decode("c", {
          manifest: typeof manifest === "string" ? new TextEncoder().encode(manifest) : manifest,
          tensors
        })
      )
    ).message

  it("are equal for equal checkpoints", () => assert.deepStrictEqual(Effect.runSync(encode(checkpointOf(7))), files))

  it("are refused when they are cut short anywhere", () => {
    for (let length = 0; length < files.manifest.length - 1; length += 7) sentence(files.manifest.subarray(0, length))
    for (let length = 0; length < files.tensors.length; length += 3)
      assert.match(sentence(files.manifest, files.tensors.subarray(0, length)), /bytes, \d+ were written/)
  })

  it("are refused with a sentence when they say what cannot be", () => {
    assert.match(sentence(text.replace('"version": 1', '"version": 2')), /version 2, this program reads version 1/)
    assert.match(sentence(text.replace('"step": 7', '"step": -7')), /does not read/)
    assert.match(sentence(text.replace('"step": 7', '"step": 7, "step": 8')), /names step twice/)
    assert.match(sentence(text.replace('"bytes": ', '"bytes": 9')), /bytes, 9\d+ were written/)
    assert.match(sentence(text.replace('"epoch": 1', '"epoch": 1.5')), /whole numbers/)
    assert.match(sentence("[".repeat(100_000)), /no JSON/)
    assert.match(sentence(Uint8Array.of(0xff, 0xfe)), /no UTF-8/)
  })

  it("are read or refused, never anything else, whatever byte changes", () => {
    for (let at = 0; at < files.manifest.length; at += 5)
      for (const bit of [1, 16, 128]) {
        const changed = files.manifest.slice()
        changed[at] = (changed[at] ?? 0) ^ bit
        const read = Effect.runSync(Effect.result(decode("c", { manifest: changed, tensors: files.tensors })))
        if (read._tag === "Failure") assert.strictEqual(read.failure._tag, "CheckpointError")
      }
  })
})
