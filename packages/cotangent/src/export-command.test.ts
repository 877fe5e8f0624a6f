import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Key, T, Tree, type Value } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { Artifact, Predictor } from "@cotangent/serve"
import { Safetensors } from "@cotangent/train"
import { pipe } from "effect/Function"
import { cotangent, inFolder } from "./command.test.support.ts"
import { command } from "./in-process.test.support.ts"

interface Exported {
  readonly labels: ReadonlyArray<string>
  readonly load: () => Promise<Pick<Predictor.LoadedPredictor, "predict" | "classify">>
}

/** What the command says on standard error: nothing, or the sentence it fails with. */
const exporting = async (...args: ReadonlyArray<string>): Promise<string> => (await command(["export", ...args])).stderr

const load = (folder: string): Promise<Exported> =>
  // What the command wrote.
  import(/* @vite-ignore */ pathToFileURL(join(folder, "model.js")).href) as Promise<Exported>

describe("cotangent export", () => {
  it("writes a model that was trained, whose predictions have the bits of the predictor", () =>
    inFolder(async (folder) => {
      const [run, out, checkpoints] = [join(folder, "run"), join(folder, "out"), join(folder, "checkpoints")]
      const trained = await cotangent("train", "iris", "--epochs", "2", "--out", run, "--checkpoints", checkpoints)
      assert.strictEqual(trained.code, 0, trained.stderr)
      const { code, stdout, stderr } = await cotangent("export", run, "--out", out)
      assert.strictEqual(code, 0, stderr)
      assert.include(stdout, "Wrote model.wasm")
      const json = await command(["export", run, "--out", out, "--json"])
      assert.strictEqual(json.code, 0, json.stderr)
      const { event, files, bytes } = JSON.parse(json.stdout)
      assert.strictEqual(event, "done")
      // There is a package.json already.
      assert.deepStrictEqual(
        files,
        ["model.wasm", "model.js", "model.d.ts"].map((name) => join(out, name))
      )
      assert.strictEqual(bytes.wasm, readFileSync(join(out, "model.wasm")).length)
      assert.isBelow(bytes.weights, bytes.wasm)
      const quiet = await command(["export", run, "--out", out, "--quiet"])
      assert.deepStrictEqual(quiet, { code: 0, stdout: "", stderr: "" })
      const { labels, load: loadModel } = await load(out)
      assert.deepStrictEqual(labels, ["setosa", "versicolor", "virginica"])
      const [there, here] = [await loadModel(), Predictor.fromBytes(readFileSync(join(run, "model.safetensors")))]
      const row = [5.1, 3.5, 1.4, 0.2]
      assert.deepStrictEqual(there.predict(row), here.predict(row))
      assert.deepStrictEqual(there.classify(row), here.classify(row))
      // The last checkpoint has the weights of the run.
      const again = join(folder, "again")
      assert.strictEqual(await exporting(checkpoints, "--model", join(run, "model.safetensors"), "--out", again), "")
      assert.deepStrictEqual(readFileSync(join(again, "model.wasm")), readFileSync(join(out, "model.wasm")))
      const total = here.predict(row).reduce((sum, p) => sum + p, 0)
      assert.closeTo(total, 1, 1e-6)
    }))

  const model = pipe(Model.input([2]), Model.dense("hidden", 3), Model.batchNorm("norm"))
  const { params, state } = T.evaluate(model.init(Key.key(0)))
  const checkpoint = Safetensors.encode(
    Object.fromEntries([
      ...Tree.entries<Value>(params).map(({ path, leaf }) => [`state.optimizer.params.${path}`, leaf] as const),
      ...Tree.entries<Value>(state).map(({ path, leaf }) => [`state.model.${path}`, leaf] as const)
    ])
  )
  const source = `import { pipe } from "effect/Function"
import { Model } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)}
export const model = pipe(Model.input([2]), Model.dense("hidden", 3), Model.batchNorm("norm"))
export const other = pipe(Model.input([2]), Model.dense("hidden", 4))
export const answer = 42
`.replace('"effect/Function"', JSON.stringify(import.meta.resolve("effect/Function")))

  it("takes the weights of the newest checkpoint for a model that a module exports", () =>
    inFolder(async (folder) => {
      const out = join(folder, "out")
      for (const number of ["000002", "000010"]) mkdirSync(join(folder, `checkpoint-${number}`))
      writeFileSync(join(folder, "checkpoint-000010", "state.safetensors"), checkpoint)
      const module = join(folder, "model.ts")
      writeFileSync(module, source)
      assert.strictEqual(await exporting(folder, "--out", out, "--model", module, "--labels", "a,b,c"), "")
      const { labels, load: loadModel } = await load(out)
      assert.deepStrictEqual(labels, ["a", "b", "c"])
      const { predict } = await loadModel()
      const here = Predictor.make(Artifact.make(model, { params, modelState: state }))
      assert.deepStrictEqual(predict([1, -2]), here.predict([1, -2]))

      const saved = join(folder, "run.safetensors")
      const other = T.evaluate(model.init(Key.key(1)))
      writeFileSync(saved, Artifact.encode(Artifact.make(model, { params: other.params, modelState: other.state })))
      const again = join(folder, "again")
      assert.strictEqual(await exporting(folder, "--out", again, "--model", saved), "")
      assert.deepStrictEqual((await (await load(again)).load()).predict([1, -2]), here.predict([1, -2]))

      const damaged = join(folder, "damaged.safetensors")
      writeFileSync(damaged, readFileSync(saved).subarray(0, 100))
      const none = ["--out", join(folder, "none")]
      const fails = async (exitCode: number, sentence: string, ...args: ReadonlyArray<string>) => {
        const { code, stdout, stderr } = await command(["export", ...args, ...none])
        assert.include(stderr, sentence)
        assert.deepStrictEqual([code, stdout], [exitCode, ""], stderr)
        // One sentence, and no stack.
        assert.notMatch(stderr, /\n\s+at /)
      }
      const file = join(folder, "checkpoint-000010")
      await fails(2, "there is no such file or folder", join(folder, "nope"))
      await fails(2, "the folder has no model.safetensors and no checkpoint", out)
      await fails(2, "it holds weights and no model; say which model they are of with --model FILE", file)
      await fails(1, "safetensors: ", damaged)
      await fails(2, "hidden.kernel is f32[2, 3], f32[2, 4] is needed", file, "--model", `${module}#other`)
      await fails(
        2,
        "model.ts exports no model called answer; there are answer, model, other",
        file,
        "--model",
        `${module}#answer`
      )
      await fails(2, "there is no model", file, "--model", join(folder, "nope.ts"))
      await fails(2, "there is no such file", file, "--model", join(folder, "nope.safetensors"))
      await fails(2, "2 labels were given, 3 outputs need 3", file, "--model", module, "--labels", "a,b")
      await fails(2, "--labels is for the model of a module", saved, "--labels", "a,b,c")
      await fails(2, "--quiet and --json are both given", saved, "--quiet", "--json")
      const told = await command(["export", damaged, ...none, "--json"])
      assert.strictEqual(told.code, 1)
      const { event, exitCode, message } = JSON.parse(told.stdout)
      assert.deepStrictEqual([event, exitCode], ["error", 1])
      assert.include(message, "safetensors: ")
    }))
})
