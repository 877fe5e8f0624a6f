import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"
import { Key, T, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { pipe } from "effect/Function"
import * as Artifact from "./artifact-module.ts"
import { bitsOf, examples, split } from "./models.test.support.ts"
import * as Predictor from "./predictor-module.ts"

/** What this file uses of an exported module. */
interface Exported {
  readonly labels?: ReadonlyArray<string>
  readonly load: (source?: unknown) => Promise<Predicting>
  readonly instantiate: (source: unknown) => Predicting
}
interface Predicting {
  readonly predict: (row: unknown) => Float32Array
  readonly predictBatch: (rows: ReadonlyArray<unknown>) => ReadonlyArray<Float32Array>
  readonly classify: (row: unknown) => Predictor.Classification
}

const inFolder = async (body: (folder: string) => Promise<void> | void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "cotangent-export-"))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const write = (folder: string, artifact: Artifact.Artifact): Artifact.ExportedModel => {
  const exported = Artifact.standalone(artifact)
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(folder, "model.wasm"), exported.wasm)
  writeFileSync(join(folder, "model.js"), exported.javascript)
  writeFileSync(join(folder, "model.d.ts"), exported.declarations)
  return exported
}

const load = (folder: string): Promise<Exported> =>
  // What `standalone` wrote.
  import(/* @vite-ignore */ pathToFileURL(join(folder, "model.js")).href) as Promise<Exported>

const weightBytes = ({ weights }: Artifact.Artifact): number =>
  weights.reduce((sum, { value }) => sum + value.data.byteLength, 0)

describe("Artifact.standalone", () => {
  for (const [name, { artifact, model, rows }] of Object.entries(examples)) {
    it(`exports ${name}: the bits of the predictor, the same files each time`, () =>
      inFolder(async (folder) => {
        const exported = write(folder, artifact)
        assert.deepStrictEqual(Artifact.standalone(Artifact.decode(Artifact.encode(artifact))), exported)
        const size = model.inputShape.reduce((n, d) => n * d, 1)
        const all = split(rows(7), size)
        const expected = Predictor.make(artifact).predictBatch(all).flatMap(bitsOf)
        const { predictBatch } = await (await load(folder)).load()
        assert.deepStrictEqual(predictBatch(all).flatMap(bitsOf), expected)
      }))
  }

  it("takes less than 20 KB beside the weights of a perceptron", () => {
    const { artifact } = examples["perceptron"] ?? assert.fail()
    const { wasm, javascript } = Artifact.standalone(artifact)
    assert.isBelow(wasm.length + javascript.length - weightBytes(artifact), 20_000)
  })

  /** Every Node there is: npm puts the one of the workspace in front of that of the machine. */
  const nodes = [
    process.execPath,
    ...new Set((process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node")))
  ].filter((node) => existsSync(node))

  it("runs under the Node of this process and those on the path", () =>
    inFolder((folder) => {
      const { artifact, rows } = examples["perceptron"] ?? assert.fail()
      write(folder, artifact)
      const all = split(rows(9), 64)
      writeFileSync(join(folder, "rows.json"), JSON.stringify(all.map((row) => [...row])))
      writeFileSync(
        join(folder, "run.js"),
        `import { readFileSync } from "node:fs"
import { load } from "./model.js"
const { predictBatch } = await load()
const rows = JSON.parse(readFileSync(new URL("rows.json", import.meta.url), "utf8"))
console.log(JSON.stringify(predictBatch(rows).flatMap((y) => [...new Uint32Array(y.buffer)])))
`
      )
      const expected = Predictor.make(artifact).predictBatch(all).flatMap(bitsOf)
      for (const node of nodes) {
        const printed: unknown = JSON.parse(execFileSync(node, [join(folder, "run.js")], { encoding: "utf8" }))
        assert.deepStrictEqual(printed, expected, node)
      }
    }))

  const labels = ["ripe", 'so "so"'] as const
  const columns: ReadonlyArray<Artifact.Column> = [
    { kind: "number", name: "mass", mean: 0.1, scale: 0.3 },
    { kind: "category", name: "kind of fruit", values: ["plum", "apple", "pear"] },
    { kind: "number", name: "age", fill: 7 },
    { kind: "category", name: "place", values: ["here", "there"], encoding: "index" }
  ]
  const model = pipe(Model.input([6]), Model.dense("score", 1, { activation: "sigmoid" }))
  const { params, state } = T.evaluate(model.init(Key.key(3)))
  const fruit = Artifact.make(model, { params, modelState: state }, { name: "fruit */", labels, columns })

  it("prepares rows and names outputs as the predictor does, and refuses with the same sentences", () =>
    inFolder(async (folder) => {
      write(folder, fruit)
      const exported = await load(folder)
      const [there, here] = [await exported.load(), Predictor.make(fruit)]
      assert.deepStrictEqual(exported.labels, [...labels])
      const outcome = (body: () => unknown): unknown => {
        try {
          return body()
        } catch (thrown) {
          return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown
        }
      }
      const rows: ReadonlyArray<unknown> = [
        { mass: 5.7, "kind of fruit": "apple", age: 3, place: "there" },
        [5.7, "pear", null, "here"],
        { mass: 5.7, "kind of fruit": "nut", age: 3, place: "there" },
        { mass: "5.7", "kind of fruit": "apple", place: "there" },
        { mass: 1, "kind of fruit": "apple", place: "there", colour: 1 },
        { mass: 1, "kind of fruit": "toString", place: "there" },
        Object.assign(Object.create({ mass: 1 }), { "kind of fruit": "plum", place: "there" }),
        [1, "plum"],
        [Number.POSITIVE_INFINITY, "plum", 1, "here"],
        undefined,
        7
      ]
      for (const row of rows) {
        // Rows that the types refuse are among them.
        assert.deepStrictEqual(
          outcome(() => there.classify(row)),
          outcome(() => here.classify(row as never)),
          JSON.stringify(row)
        )
        assert.deepStrictEqual(
          outcome(() => there.predict(row)),
          outcome(() => here.predict(row as never))
        )
      }
    }))

  it("refuses the WebAssembly module of another export", () =>
    inFolder(async (folder) => {
      write(folder, fruit)
      const { instantiate, load: loadModel } = await load(folder)
      const { wasm } = Artifact.standalone(fruit)
      const row = [1, "plum", 2, "here"]
      assert.deepStrictEqual(instantiate(wasm).predict(row), (await loadModel(wasm)).predict(row))
      const other = { ...params, score: { ...params.score, bias: Values.of(Float32Array.of(1), [1], "f32") } }
      const others = Artifact.standalone(
        Artifact.make(model, { params: other, modelState: state }, { labels, columns })
      )
      assert.throws(() => instantiate(others.wasm), TypeError, "this WebAssembly module belongs to another export")
    }))

  it("has types for rows and labels", () =>
    inFolder((folder) => {
      write(folder, fruit)
      writeFileSync(
        join(folder, "use.ts"),
        `import { load, labels, type Row } from "./model.js"
const { classify, predict } = await load()
const row: Row = { mass: 1, "kind of fruit": "plum", place: "here" }
const label: "ripe" | 'so "so"' = classify(row).label
predict([1, "apple", null, "there"])
// @ts-expect-error there is no such fruit
predict({ mass: 1, "kind of fruit": "nut", place: "here" })
// @ts-expect-error the mass is missing
predict({ "kind of fruit": "plum", place: "here" })
// @ts-expect-error no label
const other: "raw" = classify(row).label
console.log(label, labels, other)
`
      )
      const tsc = new URL("../../../node_modules/.bin/tsc", import.meta.url).pathname
      const flags = [
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom",
        "--types",
        ""
      ]
      const run = () => execFileSync(tsc, [...flags, "use.ts"], { cwd: folder, encoding: "utf8", stdio: "pipe" })
      try {
        run()
      } catch (thrown) {
        assert.fail(String((thrown as { readonly stdout?: string }).stdout))
      }
    }))
})
