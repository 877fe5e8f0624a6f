import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { cotangent, inFolder } from "./command.test.support.ts"
import { command } from "./in-process.test.support.ts"

describe("cotangent train", () => {
  it(
    "trains the digits past 95 % and leaves the same bytes in every mode",
    () =>
      inFolder(async (folder) => {
        const runs = await Promise.all(
          ["wide", "narrow"].map((mode) => cotangent("train", "digits", "--mode", mode, "--out", join(folder, mode)))
        )
        for (const { code, stdout, stderr } of runs) {
          assert.strictEqual(code, 0, stderr)
          assert.include(stdout, "val_accuracy")
        }
        const bytes = (mode: string, name: string) => readFileSync(join(folder, mode, name))
        for (const name of ["history.json", "model.safetensors", "history.svg"])
          assert.isTrue(bytes("wide", name).equals(bytes("narrow", name)), name)
        const { epochs } = JSON.parse(bytes("wide", "history.json").toString())
        assert.isAbove(epochs.at(-1).valAccuracy, 0.95)
        assert.deepStrictEqual(readdirSync(join(folder, "wide")).sort(), [
          "history.json",
          "history.png",
          "history.svg",
          "model.safetensors"
        ])
      }),
    60_000
  )

  it(
    "goes on from its checkpoints to the bytes of a run that never stopped",
    () =>
      inFolder(async (folder) => {
        const train = (out: string, epochs: number, ...more: ReadonlyArray<string>) =>
          cotangent("train", "iris", "--epochs", String(epochs), "--out", join(folder, out), ...more)
        const kept = ["--checkpoints", join(folder, "checkpoints")]
        const [whole] = await Promise.all([
          train("whole", 6),
          train("parts", 3, ...kept).then(() => train("parts", 6, ...kept))
        ])
        assert.strictEqual(whole.code, 0, whole.stderr)
        for (const name of ["history.json", "model.safetensors"])
          assert.isTrue(
            readFileSync(join(folder, "whole", name)).equals(readFileSync(join(folder, "parts", name))),
            name
          )
      }),
    60_000
  )

  const refused = (name: string, sentence: RegExp, args: (folder: string) => ReadonlyArray<string>) =>
    it(name, () =>
      inFolder(async (folder) => {
        const out = join(folder, "out")
        const { code, stderr } = await command(["train", ...args(folder), "--out", out])
        assert.notStrictEqual(code, 0)
        assert.match(stderr, sentence)
        const left = readdirSync(folder).includes("out") ? readdirSync(out) : []
        assert.deepStrictEqual(left, [])
      })
    )
  const csv = (folder: string, text: string): string => {
    const path = join(folder, "table.csv")
    writeFileSync(path, text)
    return path
  }

  refused("a missing file", /there is no such file/, (folder) => [join(folder, "nope.csv"), "--classes", "2"])
  refused("a row of another length", /line 2: the row has 2 cells, the first one has 3/, (folder) => [
    csv(folder, "1,2,0\n1,2\n"),
    "--classes",
    "2"
  ])
  refused("NaN in the data", /line 2, column 1: "NaN" is not a finite number/, (folder) => [
    csv(folder, "1,2,0\nNaN,2,1\n"),
    "--classes",
    "2"
  ])
  refused("a label out of range", /label 5 is out of range/, (folder) => [
    csv(folder, "1,2,0\n1,2,5\n"),
    "--classes",
    "2"
  ])
  refused("an unknown option", /Unrecognized flag: --foo/, () => ["digits", "--foo"])
  refused("a split that is no fraction", /validationSplit is 1\.5/, () => ["digits", "--validation-split", "1.5"])
  refused("a loss that explodes", /the loss of epoch \d+ is NaN/, (folder) => [
    csv(folder, "1,2,0\n3,4,1\n5,6,1\n1,3,0\n9,2,1\n"),
    "--classes",
    "2",
    "--learning-rate",
    "1e30",
    "--epochs",
    "9"
  ])

  it("a file where the folder should be", () =>
    inFolder(async (folder) => {
      const file = csv(folder, "x")
      const { code, stderr } = await command(["train", "digits", "--out", file])
      assert.notStrictEqual(code, 0)
      assert.include(stderr, `cannot write ${file}`)
      assert.strictEqual(readFileSync(file, "utf8"), "x")
    }))

  it("ends with 130 after a signal, its last step in a checkpoint", () =>
    inFolder(async (folder) => {
      const bin = fileURLToPath(new URL("./bin.ts", import.meta.url))
      const iris = fileURLToPath(new URL("../../../examples/command/iris.ts", import.meta.url))
      const out = join(folder, "run")
      const args = ["--conditions=@cotangent/source", bin, "train", iris, "--epochs", "1000000", "--out", out]
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
      let said = ""
      child.stdout.on("data", (text: Buffer) => {
        if (String(text).includes("val_loss")) child.kill("SIGINT")
      })
      child.stderr.on("data", (text: Buffer) => {
        said += String(text)
      })
      const code = await new Promise((resolve, reject) => {
        child.on("exit", (ended, by) => resolve(ended ?? by))
        child.on("error", reject)
      })
      assert.strictEqual(code, 130)
      assert.include(said, "Stopped between two steps; the same command with --resume goes on")
      assert.deepStrictEqual(readdirSync(join(out, "checkpoints")), ["checkpoint-000001"])
    }))
})
