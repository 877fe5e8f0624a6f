/** Runs in processes of their own that are told to stop, or killed: what is on the disk goes on to the same bits. */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Compute } from "@cotangent/runtime"
import * as Checkpoints from "./checkpoints.ts"
import { events } from "./killed.test.support.ts"

const program = fileURLToPath(new URL("killed.test.support.ts", import.meta.url))

interface Kill {
  readonly signal: "SIGKILL" | "SIGTERM" | "SIGINT"
  readonly epochs: number
  readonly everySteps: number
  /** The line after which the signal is sent, and how many milliseconds after it. */
  readonly after: "Saved" | "Started"
  readonly delay: number
}

/** Starts the run in a folder and ends it by a signal; gives how the process ended. */
const killed = (folder: string, { signal, epochs, everySteps, after, delay }: Kill): Promise<number | string | null> =>
  new Promise((resolve, reject) => {
    const args = ["--conditions=@cotangent/source", program, folder, String(epochs), String(everySteps)]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    let isSent = false
    child.stdout.on("data", (text: Buffer) => {
      if (isSent || !String(text).includes(after)) return
      isSent = true
      setTimeout(() => child.kill(signal), delay)
    })
    child.on("error", reject)
    child.on("exit", (code, by) => resolve(code ?? by))
  })

const run = <A, E>(effect: Effect.Effect<A, E, Compute | NodeServices.NodeServices>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, [Compute.layer, NodeServices.layer]))

const finish = (epochs: number, store?: Checkpoints.CheckpointStore) =>
  Effect.map(Stream.runLast(events(epochs, store)), (last) =>
    last._tag === "Some" && last.value._tag === "Done" ? last.value.run : assert.fail("the run ends")
  )

/** A folder for one test. */
const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "killed-"))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What was saved, and that it goes on to what the run would have been without a stop. */
const goesOn = (folder: string, more: number) =>
  run(
    Effect.gen(function* () {
      const store = yield* Checkpoints.folder(folder)
      const found = yield* store.latest
      if (found === undefined) return assert.fail("a checkpoint is there")
      const epochs = found.history.epochs.length + more
      assert.deepStrictEqual(yield* finish(epochs, store), yield* finish(epochs))
      return found
    })
  )

describe.concurrent("a process", () => {
  const deep = process.env["COTANGENT_DEEP"] !== undefined

  for (const signal of deep ? (["SIGTERM", "SIGINT"] as const) : (["SIGTERM"] as const))
    it(`that gets ${signal} writes a checkpoint of where it is`, { timeout: 60_000 }, () =>
      inFolder(async (folder) => {
        // No checkpoint is due before the signal.
        const ended = await killed(folder, { signal, epochs: 1e6, everySteps: 1e9, after: "Started", delay: 100 })
        assert.notStrictEqual(ended, signal)
        assert.lengthOf(readdirSync(folder), 1)
        assert.isAbove((await goesOn(folder, 2)).step, 0)
      })
    )

  for (let trial = 0; trial < (deep ? 20 : 2); trial++)
    it(`that is killed leaves a whole checkpoint, ${trial}`, { timeout: 60_000 }, () =>
      inFolder(async (folder) => {
        const delay = (trial * 61) % 200
        const kill = { signal: "SIGKILL", epochs: 1e6, everySteps: 1, after: "Saved", delay } as const
        assert.strictEqual(await killed(folder, kill), "SIGKILL")
        await goesOn(folder, 2)
        // The next process cleared away what the killed one left.
        assert.isTrue(readdirSync(folder).every((name) => /^checkpoint-\d+$/.test(name)))
      })
    )
})
