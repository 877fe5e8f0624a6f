import { assert, describe, it } from "@effect/vitest"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inFolder } from "./command.test.support.ts"
import { command, jsonLines } from "./in-process.test.support.ts"

const iris = fileURLToPath(new URL("../../../examples/command/iris.ts", import.meta.url))
const diverging = fileURLToPath(new URL("diverging.test.support.ts", import.meta.url))

const left = [
  "checkpoints",
  "history.csv",
  "history.json",
  "history.png",
  "history.svg",
  "log.jsonl",
  "model.safetensors",
  "run.json"
]
/** What does not depend on when checkpoints were written. */
const results = left.filter((name) => name !== "checkpoints")

const same = (one: string, other: string): void => {
  for (const name of results) assert.isTrue(readFileSync(join(one, name)).equals(readFileSync(join(other, name))), name)
}

describe("cotangent train FILE.ts", () => {
  it("leaves a run, stops at an interruption, and goes on to the bytes of a run that never stopped", () =>
    inFolder(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")]
      const train = (out: string, ...more: ReadonlyArray<string>) => [
        "train",
        iris,
        "--epochs",
        "12",
        "--out",
        out,
        ...more
      ]
      const done = await command(train(whole))
      assert.strictEqual(done.code, 0, done.stderr)
      assert.include(done.stdout, "val_accuracy")
      assert.include(done.stdout, "Wrote run.json")
      assert.deepStrictEqual(readdirSync(whole).toSorted(), left)

      const stopped = await command(train(parts, "--json"), (line) => line.startsWith(`{"event":"epoch"`))
      assert.strictEqual(stopped.code, 130)
      assert.include(stopped.stderr, `--resume goes on from the checkpoint in ${parts}`)
      assert.strictEqual(jsonLines(stopped.stdout).at(-1)?.["event"], "interrupted")
      assert.isFalse(readdirSync(parts).includes("model.safetensors"))
      // As if the process had been killed while it wrote a line.
      writeFileSync(join(parts, "log.jsonl"), `{"epoch":1,"loss":2}\n{"epoch":2,"lo`)

      const again = await command(train(parts, "--resume", "--json"))
      assert.strictEqual(again.code, 0, again.stderr)
      const lines = jsonLines(again.stdout)
      const started = lines.find(({ event }) => event === "started")
      assert.isAbove(Number(started?.["step"]), 0)
      assert.isBelow(lines.filter(({ event }) => event === "epoch").length, 12)
      assert.strictEqual(lines.at(-1)?.["event"], "done")
      same(whole, parts)

      const more = await command(["train", iris, "--epochs", "14", "--out", parts, "--resume", "--quiet"])
      assert.deepStrictEqual(more, { code: 0, stdout: "", stderr: "" })
      assert.strictEqual(JSON.parse(readFileSync(join(parts, "history.json"), "utf8")).epochs.length, 14)
    }))

  it("loses no run by accident, and begins anew when told so", () =>
    inFolder(async (folder) => {
      const out = join(folder, "run")
      mkdirSync(out)
      writeFileSync(join(out, "model.safetensors"), "weights")
      writeFileSync(join(out, "notes.txt"), "mine")
      const refused = await command(["train", iris, "--epochs", "1", "--out", out])
      assert.strictEqual(refused.code, 2)
      assert.include(
        refused.stderr,
        "holds model.safetensors already; go on with --resume, begin anew with --overwrite"
      )
      const nothing = await command(["train", iris, "--epochs", "1", "--out", out, "--resume"])
      assert.strictEqual(nothing.code, 2)
      assert.include(nothing.stderr, "no checkpoints to go on from")
      assert.strictEqual(readFileSync(join(out, "model.safetensors"), "utf8"), "weights")
      const both = await command(["train", iris, "--out", out, "--resume", "--overwrite"])
      assert.strictEqual(both.code, 2)
      const anew = await command(["train", iris, "--epochs", "1", "--out", out, "--overwrite"])
      assert.strictEqual(anew.code, 0, anew.stderr)
      assert.deepStrictEqual(readdirSync(out).toSorted(), [...left, "notes.txt"].toSorted())

      const otherBits = await command(["train", iris, "--epochs", "2", "--mode", "fast", "--out", out, "--resume"])
      assert.strictEqual(otherBits.code, 2)
      assert.include(otherBits.stderr, "is not computed with --mode fast, whose bits are its own; go on without it")
      const fast = join(folder, "fast")
      const inFast = (...more: ReadonlyArray<string>) =>
        command(["train", iris, "--out", fast, "--quiet", "--epochs", ...more])
      assert.strictEqual((await inFast("1", "--mode", "fast")).code, 0)
      const inWide = await inFast("2", "--resume")
      assert.strictEqual(inWide.code, 2)
      assert.include(inWide.stderr, `the run in ${fast} is computed with --mode fast, whose bits are its own`)
      const goesOn = await inFast("2", "--resume", "--mode", "fast")
      assert.strictEqual(goesOn.code, 0, goesOn.stderr)
      const other = await command(["train", iris, "--epochs", "2", "--batch-size", "8", "--out", out, "--resume"])
      assert.strictEqual(other.code, 2)
      assert.include(other.stderr, "batchSize is 8 here, 16 in the checkpoint")
      rmSync(join(out, "checkpoints", "checkpoint-000001", "state.safetensors"))
      const damaged = await command(["train", iris, "--epochs", "2", "--out", out, "--resume"])
      assert.strictEqual(damaged.code, 1)
      assert.include(damaged.stderr, "checkpoint")
    }))

  it("fails with 1 when the loss is not finite, and leaves the history of it", () =>
    inFolder(async (folder) => {
      const out = join(folder, "run")
      const { code, stdout, stderr } = await command(["train", diverging, "--out", out, "--json"])
      assert.strictEqual(code, 1)
      assert.match(stderr, /the loss of epoch \d+ is/)
      const last = jsonLines(stdout).at(-1)
      assert.deepInclude(last, { event: "error", error: "NonFiniteError", exitCode: 1 })
      const { epochs } = JSON.parse(readFileSync(join(out, "history.json"), "utf8"))
      assert.include(["NaN", "Infinity"], epochs.at(-1).loss)
      assert.isFalse(readdirSync(out).includes("model.safetensors"))
    }))

  it("says what is wrong with a file, and writes nothing", () =>
    inFolder(async (folder) => {
      const files: Readonly<Record<string, readonly [text: string, sentence: RegExp]>> = {
        "none.mjs": ["export const model = 1", /has no default export \(it exports model\); write export default/],
        "number.mjs": ["export default 3", /the default export of .* is a number; an experiment is needed/],
        "object.mjs": ["export default { fit: {} }", /is an object that Experiment\.make did not make/],
        "null.mjs": ["export default null", /is null/],
        "throws.mjs": ["throw new Error('no luck')", /throws\.mjs, line 1, cannot be loaded: no luck/],
        "syntax.mjs": ["export default {{", /cannot be loaded/],
        "imports.mjs": ["import 'not-there-at-all'", /cannot be loaded/],
        "table.ts.txt": ["", /say how many classes/]
      }
      for (const [name, [text, sentence]] of Object.entries(files)) {
        const file = join(folder, name)
        writeFileSync(file, text)
        const out = join(folder, "out", name)
        const { code, stdout, stderr } = await command(["train", file, "--out", out])
        assert.strictEqual(stdout, "", name)
        assert.match(stderr, sentence)
        assert.strictEqual(code, 2, name)
      }
      assert.isFalse(existsSync(join(folder, "out")))
      for (const [path, sentence] of [
        [join(folder, "gone.ts"), /there is no file/],
        [`${folder}.ts`, /there is no file/]
      ] as const) {
        const { code, stderr } = await command(["train", path])
        assert.strictEqual(code, 2)
        assert.match(stderr, sentence)
      }
      mkdirSync(join(folder, "folder.ts"))
      assert.include((await command(["train", join(folder, "folder.ts")])).stderr, "is a folder")
    }))

  it("reads a CSV file with names in the first line when told the column of the class, and says so", () =>
    inFolder(async (folder) => {
      const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2},${i % 2 === 0 ? "a" : "b"}`)
      const [file, out] = [join(folder, "rows.csv"), join(folder, "out")]
      writeFileSync(file, ["height,parity,kind", ...rows, ""].join("\n"))
      const train = (...more: ReadonlyArray<string>) =>
        command(["train", file, "--classes", "a,b", "--epochs", "1", "--quiet", "--out", out, ...more])
      const refused = await train()
      assert.strictEqual(refused.code, 2)
      assert.match(refused.stderr, /nothing was read\n {2}line 1: this line looks like the names .* --label NAME/)
      assert.notInclude(refused.stderr, "header: true")
      const told = await train("--label", "kind")
      assert.strictEqual(told.code, 0, told.stderr)
    }))

  const usage = (name: string, args: ReadonlyArray<string>, sentence: RegExp) =>
    it(name, async () => {
      const { code, stdout, stderr } = await command(args)
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.match(stderr, sentence)
    })
  usage(
    "refuses options of tables",
    ["train", iris, "--hidden", "3", "--label", "2"],
    /--hidden is for tables; write it in/
  )
  usage("refuses options of files", ["train", "iris", "--resume"], /--resume is for runs of FILE\.ts/)
  usage("refuses two ways to report", ["train", iris, "--quiet", "--json"], /--quiet and --json are both given/)
  usage("refuses an unknown flag", ["train", iris, "--foo"], /Unrecognized flag: --foo[^]*train --help/)
  usage("refuses an unknown subcommand", ["trian"], /Unknown subcommand "trian"/)
  usage("refuses a missing argument", ["train"], /Missing required argument: experiment/)
  usage("refuses epochs that are none", ["train", iris, "--epochs", "0"], /Invalid value for flag --epochs/)
  usage("refuses a number that is none", ["train", iris, "--seed", "x"], /Invalid value for flag --seed/)
})

describe("cotangent", () => {
  it("refuses what is said of a CSV file for a table that is no file", async () => {
    const { code, stderr } = await command(["train", "iris", "--label", "species", "--classes", "3", "--out", "none"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "--label is for a CSV file; iris has its own\n--classes is for a CSV file; iris has its own")
    assert.isFalse(existsSync("none"))
  })

  it("shows help, and its version, for nothing", async () => {
    for (const args of [[], ["--help"], ["train", "--help"], ["--version"]]) {
      const { code, stdout, stderr } = await command(args)
      assert.strictEqual(code, 0, args.join(" "))
      assert.notStrictEqual(stdout, "")
      assert.strictEqual(stderr, "")
    }
  })
})
