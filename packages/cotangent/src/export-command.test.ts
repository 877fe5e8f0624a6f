import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Key, T, Tree, type Value } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { Artifact, Predictor } from "@cotangent/serve"
import { Safetensors } from "@cotangent/train"
import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { pipe } from "effect/Function"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { cotangent, inFolder } from "./command.test.support.ts"
import { exportModel } from "./export-command.ts"

interface Exported {
  readonly labels: ReadonlyArray<string>
  readonly load: () => Promise<Pick<Predictor.LoadedPredictor, "predict" | "classify">>
}

/** The command in this process: nothing, or the sentence it fails with. */
const exporting = async (...args: ReadonlyArray<string>): Promise<string> => {
  const run = Command.runWith(exportModel, { version: "0" })(args)
  const exit = await Effect.runPromiseExit(Effect.provide(run, NodeServices.layer))
  return Exit.isSuccess(exit) ? "" : String(exit.cause)
}

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

      const refused = async (sentence: string, ...args: ReadonlyArray<string>) =>
        assert.include(await exporting(...args, "--out", join(folder, "none")), sentence)
      const file = join(folder, "checkpoint-000010")
      await Promise.all([
        refused("there is no such file or folder", join(folder, "nope")),
        refused("the folder has no model.safetensors and no checkpoint", out),
        refused("it holds weights and no model; say which model they are of with --model FILE", file),
        refused("safetensors: ", module),
        refused("hidden.kernel is f32[2, 3], f32[2, 4] is needed", file, "--model", `${module}#other`),
        refused(
          "it exports no model called answer; there are answer, model, other",
          file,
          "--model",
          `${module}#answer`
        )
      ])
    }))
})
