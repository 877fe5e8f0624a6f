import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  cpSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Artifact } from "@cotangent/serve"
import { command, jsonLines } from "./in-process.test.support.ts"

const iris = fileURLToPath(new URL("../../../examples/command/iris.ts", import.meta.url))
const diverging = fileURLToPath(new URL("diverging.test.support.ts", import.meta.url))

let folder = ""
const at = (...parts: ReadonlyArray<string>): string => join(folder, ...parts)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cotangent-commands-"))
  for (const [name, seed] of [
    ["one", "1"],
    ["two", "2"]
  ] as const) {
    const { code, stderr } = await command([
      "train",
      iris,
      "--epochs",
      "8",
      "--seed",
      seed,
      "--out",
      at(name),
      "--quiet"
    ])
    assert.strictEqual(code, 0, stderr)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const done = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await command(args)
  assert.strictEqual(code, 0, stderr)
  return stdout
}

const refused = async (code: number, sentence: RegExp, ...args: ReadonlyArray<string>): Promise<void> => {
  const ended = await command(args)
  assert.strictEqual(ended.code, code, ended.stderr)
  assert.match(ended.stderr, sentence)
  assert.strictEqual(ended.stdout, "")
}

const lastEpoch = (run: string): Record<string, number> =>
  JSON.parse(readFileSync(at(run, "history.json"), "utf8")).epochs.at(-1)

describe("cotangent eval", () => {
  it("measures what the run measured last, from its weights and from its checkpoints", async () => {
    const { valLoss, valAccuracy } = lastEpoch("one")
    for (const run of [at("one"), at("one", "checkpoints"), at("one", "model.safetensors")]) {
      const [line] = jsonLines(await done("eval", iris, "--run", run, "--on", "validation", "--json"))
      assert.deepInclude(line, { event: "evaluated", part: "validation", rows: 24 })
      assert.deepStrictEqual(line?.["measured"], { loss: valLoss, accuracy: valAccuracy })
    }
  })

  it("takes the test data unless told otherwise, and says the numbers alone when quiet", async () => {
    const text = await done("eval", iris, "--run", at("one"))
    assert.match(text, /^iris, .*model\.safetensors, 30 test rows\nloss \S+\naccuracy \S+\n$/)
    assert.match(await done("eval", iris, "--run", at("one"), "--quiet"), /^loss \S+\naccuracy \S+\n$/)
    assert.include(await done("eval", iris, "--run", at("one"), "--on", "train"), "96 train rows")
    assert.include(await done("eval", iris, "--run", at("one"), "--on", "all"), "120 all rows")
  })

  it("says what is wrong with weights", async () => {
    await refused(2, /there is no .*nope; train first/, "eval", iris, "--run", at("nope"))
    await refused(2, /holds neither model\.safetensors nor a checkpoint/, "eval", iris, "--run", folder)
    await refused(
      2,
      /of another model:[^]*hidden\.kernel is f32\[64, 64\] here, f32\[4, 16\] in the file/,
      "eval",
      "digits",
      "--run",
      at("one")
    )
    await refused(2, /checkpoint is of another run/, "eval", "digits", "--run", at("one", "checkpoints"))
    await refused(2, /"nothing" is neither a file of code/, "eval", "nothing")
    await refused(2, /Invalid value for flag --on/, "eval", iris, "--on", "nothing")
    await done("train", "iris", "--epochs", "1", "--out", at("table"))
    assert.include(await done("eval", "iris", "--run", at("table")), "30 validation rows")
    await refused(2, /the experiment has no test data/, "eval", "iris", "--run", at("table"), "--on", "test")
    const broken = at("broken.safetensors")
    writeFileSync(broken, readFileSync(at("one", "model.safetensors")).subarray(0, 500))
    await refused(1, /broken\.safetensors: safetensors: /, "eval", iris, "--run", broken)
  })
})

describe("cotangent predict", () => {
  it("puts out a row of CSV for each row, and the same numbers as JSON lines", async () => {
    const lines = (await done("predict", iris, "--run", at("one"))).trimEnd().split("\n")
    assert.strictEqual(lines[0], "row,class,setosa,versicolor,virginica")
    assert.lengthOf(lines, 31)
    const objects = jsonLines(await done("predict", iris, "--run", at("one"), "--json"))
    assert.lengthOf(objects, 30)
    const { row, class: name, outputs } = objects[0] ?? {}
    assert.strictEqual(lines[1], [row, name, outputs].join(","))
  })

  it("takes rows of a file", async () => {
    const input = at("new.csv")
    writeFileSync(input, "a,b,c,d\n5.1,3.5,1.4,0.2\r\n6.7,3.0,5.2,2.3\n\n")
    const out = at("said.jsonl")
    assert.include(await done("predict", iris, "--run", at("one"), "--input", input, "--out", out), "Wrote 2 rows")
    const rows = jsonLines(readFileSync(out, "utf8"))
    assert.deepStrictEqual(
      rows.map((row) => row["class"]),
      ["setosa", "virginica"]
    )
  })

  it("says what is wrong with rows", async () => {
    const input = at("wrong.csv")
    const predicting = ["predict", iris, "--run", at("one"), "--input"]
    for (const [text, sentence] of [
      ["", /there are no rows/],
      ["1,2,3\n", /line 1 has 3 cells, the model takes 4 numbers/],
      ["1,2,3,4\n1,2,x,4\n1,2,NaN,4\n", /line 2, cell 3: "x" is not a finite number\n.*line 3, cell 3: "NaN"/],
      ["1,2,3,1e99\n", /line 1, cell 4/],
      ["1\n".repeat(30), /and 20 more/]
    ] as const) {
      writeFileSync(input, text)
      await refused(2, sentence, ...predicting, input)
    }
    await refused(2, /there is no .*gone\.csv/, ...predicting, at("gone.csv"))
    await refused(2, /--input and --on are both given/, ...predicting, input, "--on", "train")
  })
})

describe("cotangent inspect", () => {
  it("shows a run, a checkpoint and a file", async () => {
    const run = await done("inspect", at("one"))
    for (const part of [
      "Experiment iris",
      "Data iris: 120 rows of [4]",
      "BatchNorm",
      "hidden.kernel",
      "seed",
      "8 tensors"
    ])
      assert.include(run, part)
    const checkpoint = await done("inspect", at("one", "checkpoints"))
    for (const part of ["Checkpoint after step 48, 8 epochs", "state.optimizer.m.hidden.kernel"])
      assert.include(checkpoint, part)
    const [line] = jsonLines(await done("inspect", at("one", "model.safetensors"), "--json"))
    const tensors = line?.["tensors"] as ReadonlyArray<{ readonly name: string; readonly size: number }>
    assert.deepInclude(line, { event: "inspected", kind: "tensors" })
    assert.strictEqual(tensors.find(({ name }) => name === "hidden.kernel")?.size, 64)
    assert.include(await done("inspect", at("one"), "--quiet"), "hidden.kernel f32[4, 16]\n")
  })

  it("says in one sentence what is wrong with a checkpoint, as every command does", async () => {
    const damage = (name: string, body: (checkpoint: string) => void): string => {
      const folder = at(name)
      cpSync(at("one"), folder, { recursive: true })
      rmSync(join(folder, "model.safetensors"))
      const checkpoints = join(folder, "checkpoints")
      for (const checkpoint of readdirSync(checkpoints)) body(join(checkpoints, checkpoint))
      return folder
    }
    const damaged: ReadonlyArray<readonly [string, string]> = [
      [damage("no-manifest", (folder) => rmSync(join(folder, "manifest.json"))), "manifest.json"],
      [
        damage("manifest", (folder) => writeFileSync(join(folder, "manifest.json"), "{}")),
        "the manifest does not read"
      ],
      [damage("cut", (folder) => truncateSync(join(folder, "state.safetensors"), 100)), "has 100 bytes"],
      [
        damage("flipped", (folder) => {
          const file = join(folder, "state.safetensors")
          const bytes = readFileSync(file)
          bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 64, bytes.length - 9)
          writeFileSync(file, bytes)
        }),
        "its checksum differs"
      ]
    ]
    for (const [folder, sentence] of damaged) {
      const commands = [
        ["inspect", folder],
        ["eval", iris, "--run", folder],
        ["predict", iris, "--run", folder]
      ]
      // Without a manifest there is no checksum, and weights are weights.
      if (sentence !== "manifest.json") commands.push(["export", folder, "--model", iris, "--out", at("none")])
      for (const args of commands) {
        const { code, stderr } = await command(args)
        assert.include(stderr, sentence, args.join(" "))
        assert.deepStrictEqual([code, stderr.trimEnd().split("\n").length], [1, 1], stderr)
      }
    }
  })

  it("says what it cannot show", async () => {
    await refused(2, /there is no/, "inspect", at("nope"))
    writeFileSync(at("text.txt"), "hello, this is no file of tensors")
    await refused(1, /text\.txt: safetensors: the header claims/, "inspect", at("text.txt"))
    mkdirSync(at("odd"), { recursive: true })
    writeFileSync(at("odd", "model.safetensors"), readFileSync(at("one", "model.safetensors")))
    writeFileSync(at("odd", "run.json"), "{}")
    await refused(1, /run\.json does not read/, "inspect", at("odd"))
  })
})

describe("cotangent plot", () => {
  it("draws a run into its folder, and a number of several runs", async () => {
    for (const name of ["history.svg", "history.png"]) rmSync(at("one", name))
    await done("plot", at("one"))
    assert.isTrue(existsSync(at("one", "history.svg")) && existsSync(at("one", "history.png")))
    await done("plot", at("one"), at("two"), "--metric", "valAccuracy", "--out", at("both.svg"))
    const svg = readFileSync(at("both.svg"), "utf8")
    for (const label of ["one", "two", "valAccuracy"]) assert.include(svg, label)
  })

  it("draws a run that is going on, from its log", async () => {
    mkdirSync(at("going"), { recursive: true })
    writeFileSync(at("going", "log.jsonl"), `{"epoch":1,"loss":2}\n{"epoch":2,"loss":1}\n{"epoch":3,"lo`)
    const [line] = jsonLines(await done("plot", at("going"), "--out", at("going.svg"), "--json"))
    assert.deepInclude(line, { event: "done", files: [at("going.svg")] })
  })

  it("says what it cannot draw", async () => {
    await refused(2, /holds no history/, "plot", folder)
    await refused(2, /there is no .*nope/, "plot", at("nope"))
    await refused(2, /ends in \.svg or \.png/, "plot", at("one"), "--out", at("x.gif"))
    await refused(
      2,
      /--metric nonsense: the runs have loss, accuracy, valLoss, valAccuracy in common/,
      "plot",
      at("one"),
      at("two"),
      "--metric",
      "nonsense"
    )
    await refused(2, /is named twice/, "plot", at("one"), at("one"))
    await refused(2, /Missing|at least|Expected|required/i, "plot")
    writeFileSync(at("bad.json"), "{")
    await refused(1, /bad\.json does not read/, "plot", at("bad.json"))
  })
})

describe("cotangent find-lr", () => {
  it("suggests a rate and leaves a picture", async () => {
    const out = at("rates")
    const [line] = jsonLines(await done("find-lr", "iris", "--from", "1e-4", "--steps", "40", "--out", out, "--json"))
    const quiet = await done("find-lr", "iris", "--from", "1e-4", "--steps", "40", "--out", out, "--quiet")
    assert.deepStrictEqual(readdirSync(out).toSorted(), ["find-lr.json", "find-lr.png", "find-lr.svg"])
    assert.strictEqual(Number(quiet), Number(Number(line?.["suggestion"]).toPrecision(3)))
  })

  it("says what is wrong with rates", async () => {
    await refused(2, /from/, "find-lr", iris, "--from", "1", "--to", "0.1", "--out", at("no"))
    await refused(2, /Invalid value for flag --steps/, "find-lr", iris, "--steps", "1", "--out", at("no"))
    assert.isFalse(existsSync(at("no")))
  })
})

describe("cotangent compare", () => {
  it("runs a grid, goes on after an interruption, and does nothing twice", async () => {
    const grid = ["compare", iris, "--epochs", "4", "--rates", "0.01,0.1,1e39", "--out"]
    const whole = await done(...grid, at("whole"), "--optimizers", "adam,sgd")
    assert.match(whole, /optimizer +rate +valLoss[^]*nonFinite[^]*Best: adam-0\.1/)
    const left = ["best.safetensors", "compare.json", "compare.png", "compare.svg", "trials"]
    assert.deepStrictEqual(readdirSync(at("whole")).toSorted(), left)

    const parts = [...grid, at("parts"), "--optimizers", "adam,sgd"]
    const stopped = await command([...parts, "--json"], (line) => line.includes(`"name":"adam-0.1"`))
    assert.strictEqual(stopped.code, 130)
    assert.include(stopped.stderr, "--resume goes on from the trials")
    await refused(2, /holds trials already/, ...parts)
    assert.strictEqual(await done(...parts, "--resume", "--quiet"), "adam-0.1\n")
    for (const name of ["compare.json", "compare.svg", "best.safetensors"])
      assert.isTrue(readFileSync(at("whole", name)).equals(readFileSync(at("parts", name))), name)
    assert.include(await done("eval", iris, "--run", at("whole", "best.safetensors")), "accuracy")
  })

  it("says everything that is wrong with a grid", async () => {
    const wrong = ["compare", iris, "--optimizers", "adam,amda,adam", "--rates", "0.1,x,-1,,0.1", "--out", at("no")]
    const sentences = [
      /--optimizers: there is no "amda"; there are adabelief/,
      /--optimizers: adam is named twice/,
      /--rates: "x" is no number above 0/,
      /--rates: "-1" is/,
      /--rates: "" is/,
      /--rates: 0\.1 is named twice/
    ]
    for (const sentence of sentences) await refused(2, sentence, ...wrong)
    await refused(2, /monitor/, "compare", iris, "--monitor", "nonsense", "--epochs", "1", "--out", at("no"))
    assert.isFalse(existsSync(at("no")))
  })

  it("fails when every trial diverges", async () => {
    const { code, stdout, stderr } = await command(
      `compare ${diverging} --optimizers sgd --rates 1e9,1e10 --out ${at("diverged")}`.split(" ")
    )
    assert.strictEqual(code, 1)
    assert.include(stderr, "every trial diverged")
    assert.include(stdout, "nonFinite")
    assert.include(readdirSync(at("diverged")), "compare.json")
  })
})

describe("cotangent export of a run of a file", () => {
  it("needs neither the file nor its code, and gives the same bytes from a checkpoint with the file and the labels", async () => {
    await done("export", at("one"), "--out", at("served"))
    const { labels = [], outputShape } = Artifact.decode(readFileSync(at("one", "model.safetensors")))
    assert.deepStrictEqual(outputShape, [3])
    await done("export", at("one", "checkpoints"), "--model", iris, "--labels", labels.join(","), "--out", at("again"))
    assert.deepStrictEqual(readFileSync(at("again", "model.wasm")), readFileSync(at("served", "model.wasm")))
  })
})
