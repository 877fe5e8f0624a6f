import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"
import { Preprocess, Table } from "@cotangent/data"
import { Key, T, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Artifact from "./artifact-module.ts"
import { bitsOf, examples, split } from "./models.test.support.ts"
import * as Predictor from "./predictor-module.ts"
import { wasmModelOf } from "./wasm-model.ts"

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
  readonly estimate: (row: unknown) => number
}

const inFolder = async (body: (folder: string) => Promise<void> | void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "cotangent-export-"))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const write = (
  folder: string,
  artifact: Artifact.AnyArtifact,
  options: Artifact.StandaloneOptions = {}
): Artifact.ExportedModel => {
  const exported = Artifact.standalone(artifact, options)
  writeFileSync(join(folder, "package.json"), exported.manifest)
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

  for (const [name, { artifact, model, rows }] of Object.entries(examples)) {
    it(`exports ${name} with a program for batches of the same bits`, () =>
      inFolder(async (folder) => {
        const { wasm } = write(folder, artifact, { batch: true })
        const size = model.inputShape.reduce((n, d) => n * d, 1)
        const { load: loadModel, instantiate } = await load(folder)
        for (const count of [1, 4, 5, 11]) {
          const all = split(rows(count), size)
          const expected = Predictor.make(artifact).predictBatch(all).flatMap(bitsOf)
          for (const { predict, predictBatch } of [await loadModel(), instantiate(wasm)]) {
            assert.deepStrictEqual(predictBatch(all).flatMap(bitsOf), expected)
            assert.deepStrictEqual(
              all.flatMap((row) => bitsOf(predict(row))),
              expected
            )
          }
        }
      }))
  }

  it("takes less than 20 KB beside the weights of a perceptron", () => {
    const { artifact } = examples["perceptron"] ?? assert.fail()
    const { wasm, javascript } = Artifact.standalone(artifact)
    assert.isBelow(wasm.length + javascript.length - weightBytes(artifact), 20_000)
  })

  /** What a model with random weights takes beside them, exported. */
  const besideOf = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
    model: Model.Model<I, O, P, S>
  ): number => {
    const { params, state } = T.evaluate(model.init(Key.key(1)))
    const artifact = Artifact.make(model, { params, modelState: state })
    const { wasm, javascript } = Artifact.standalone(artifact)
    return wasm.length + javascript.length - weightBytes(artifact)
  }
  const block = { intermediateDim: 64, numHeads: 4, activation: "gelu" } as const
  const tokens = pipe(Model.input([32]), Model.embedding("tokens", 20, 32))

  it("takes less than 20 KB beside the weights of a transformer block, positions by waves and a head", () => {
    const model = pipe(
      tokens,
      Model.sinusoidalPositions(),
      Model.transformerEncoder("block", block),
      Model.globalAvgPool(),
      Model.dense("label", 3)
    )
    assert.isBelow(besideOf(model), 18_000)
  })

  it("has the code of equal blocks once", () => {
    const one = pipe(tokens, Model.learnedPositions("places"), Model.transformerDecoder("first", block))
    const three = pipe(one, Model.transformerDecoder("second", block), Model.transformerDecoder("third", block))
    assert.isBelow(besideOf(three), besideOf(one) + 2000)
  })

  it("has waves as numbers where these take fewer bytes than what computes them, with the same bits", () => {
    const model = (length: number) => pipe(Model.input([length, 4]), Model.sinusoidalPositions())
    // 96 numbers, and no sine.
    assert.isBelow(besideOf(model(24)), besideOf(Model.input([24, 4])) + 800)
    // 12 KB of numbers would be more than the sine and the cosine are.
    assert.isBelow(besideOf(model(800)), 11_000)
    for (const length of [24, 800]) {
      const artifact = Artifact.make(model(length), { params: {}, modelState: {} })
      const row = Float32Array.from({ length: 4 * length }, (_, i) => Math.fround(1 / (i + 1)))
      const { wasm } = Artifact.standalone(artifact)
      const { memory, step } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as {
        readonly memory: { readonly buffer: ArrayBuffer }
        readonly step: () => void
      }
      const [program] = wasmModelOf(artifact, false).programs
      assert.isDefined(program)
      new Float32Array(memory.buffer, program.input, row.length).set(row)
      step()
      assert.deepStrictEqual(
        bitsOf(new Float32Array(memory.buffer, program.output, row.length).slice()),
        bitsOf(Predictor.make(artifact).predict(row))
      )
    }
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
  const table = Table.fromColumns({
    mass: [1, 5, 3],
    "kind of fruit": ["plum", "apple", "pear"],
    age: [1, null, 2],
    place: ["here", "there", "here"],
    colour: ["red", "red", "green"],
    length: [1, 2, 3],
    words: ["a sweet one", "a sour one", ""]
  })
  const preprocessing = Result.getOrThrow(
    Preprocess.fit(
      Preprocess.make({
        mass: Preprocess.standardise,
        "kind of fruit": Preprocess.oneHot(),
        age: Preprocess.steps(
          Preprocess.impute({ constant: 7 }, { indicator: true }),
          Preprocess.minMax({ clip: true })
        ),
        place: Preprocess.categoryIndex({ unknown: "other" }),
        colour: Preprocess.oneHot({ unknown: "zeros" }),
        length: Preprocess.bucket({ edges: [1.5, 2.5] }),
        "length again": Preprocess.from("length", Preprocess.bucket({ edges: [2] }, { as: "index" })),
        words: Preprocess.tokenise({ by: "words", length: 4, size: 3 })
      }),
      table
    )
  )
  const model = pipe(Model.input([17]), Model.dense("score", 1, { activation: "sigmoid" }))
  const { params, state } = T.evaluate(model.init(Key.key(3)))
  const fruit = Artifact.make(model, { params, modelState: state }, { name: "fruit */", labels, preprocessing })
  const plum = {
    mass: 5.7,
    "kind of fruit": "plum",
    age: null,
    place: "there",
    colour: "red",
    length: 2,
    words: "a  SWEET, sour one, a"
  }

  it("prepares rows and names outputs as the predictor does, and refuses the same rows", () =>
    inFolder(async (folder) => {
      write(folder, fruit)
      const exported = await load(folder)
      const [there, here] = [await exported.load(), Predictor.make(fruit)]
      assert.deepStrictEqual(exported.labels, [...labels])
      /** What comes out, or what is wrong: which columns. */
      const outcome = (body: () => unknown): unknown => {
        try {
          return body()
        } catch (thrown) {
          if (!(thrown instanceof Error)) return thrown
          return [thrown.name, ...[...thrown.message.matchAll(/column "([^"]*)"/g)].map(([, column]) => column)]
        }
      }
      const refused: Array<unknown> = []
      const same = (row: unknown) => {
        // Rows that the types refuse are among them.
        const [theirs, ours] = [outcome(() => there.classify(row)), outcome(() => here.classify(row as never))]
        assert.deepStrictEqual(theirs, ours, JSON.stringify(row))
        assert.deepStrictEqual(
          outcome(() => there.predict(row)),
          outcome(() => here.predict(row as never))
        )
        if (Array.isArray(ours)) refused.push(row)
      }
      const rows = [
        plum,
        { ...plum, mass: -1, age: 9, colour: "blue", place: "nowhere", length: 1.5, words: "" },
        { ...plum, age: undefined, length: 2.5, words: "one two three four five" },
        { ...plum, age: Number.NaN, length: -7, more: 1 },
        Object.assign(Object.create({ mass: 1 }), { ...plum, mass: 2 })
      ]
      rows.forEach(same)
      assert.deepStrictEqual(refused, [])
      const wrong = [
        { ...plum, "kind of fruit": "nut", mass: "5.7" },
        { ...plum, "kind of fruit": "toString", words: 3 },
        { ...plum, mass: Number.POSITIVE_INFINITY, place: null },
        { ...plum, mass: null, colour: undefined, length: null, words: null },
        { mass: 1 },
        undefined,
        7
      ]
      wrong.forEach(same)
      assert.deepStrictEqual(refused, wrong)
    }))

  it("gives numbers in the units of the table", () =>
    inFolder(async (folder) => {
      const recipe = Preprocess.make(
        { mass: Preprocess.standardise },
        Preprocess.target(
          "length",
          Preprocess.steps(Preprocess.impute("mean"), Preprocess.minMax({ low: -1, high: 3 }))
        )
      )
      const fitted = Result.getOrThrow(Preprocess.fit(recipe, table))
      const line = pipe(Model.input([1]), Model.dense("length", 1))
      const initial = T.evaluate(line.init(Key.key(5)))
      const weights = { params: initial.params, modelState: initial.state }
      const artifact = Artifact.make(line, weights, { preprocessing: fitted })
      const { declarations } = write(folder, artifact)
      assert.include(declarations, "readonly estimate: (row: Row) => number")
      const { estimate } = await (await load(folder)).load()
      assert.strictEqual(estimate({ mass: 4 }), Predictor.make(artifact).estimate({ mass: 4 }))
    }))

  it("refuses the WebAssembly module of another export", () =>
    inFolder(async (folder) => {
      write(folder, fruit)
      const { instantiate, load: loadModel } = await load(folder)
      const { wasm } = Artifact.standalone(fruit)
      assert.deepStrictEqual(instantiate(wasm).predict(plum), (await loadModel(wasm)).predict(plum))
      const other = { ...params, score: { ...params.score, bias: Values.of(Float32Array.of(1), [1], "f32") } }
      const others = Artifact.standalone(
        Artifact.make(model, { params: other, modelState: state }, { labels, preprocessing })
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
const row: Row = { mass: 1, "kind of fruit": "plum", age: null, place: "here", colour: "any", length: 1, words: "so" }
const label: "ripe" | 'so "so"' = classify(row).label
// @ts-expect-error there is no such fruit
predict({ ...row, "kind of fruit": "nut" })
// @ts-expect-error the mass may not be missing
predict({ ...row, mass: null })
// @ts-expect-error the columns
predict({ mass: 1 })
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
