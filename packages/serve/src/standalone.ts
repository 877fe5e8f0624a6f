/**
 * Exported models: one WebAssembly module with the weights in it, and an ES module that needs nothing else. It runs wherever
 * WebAssembly has vectors: Node 20 and newer, browsers since 2021 to 2023.
 */
import type { AnyArtifact } from "./artifact.ts"
import { declarationsOf } from "./declarations.ts"
import { glueOf } from "./glue.ts"
import { wasmModelOf } from "./wasm-model.ts"

/** How a model is exported. */
export interface StandaloneOptions {
  /**
   * Whether there is a program for batches too; false unless given. Many rows of a large model are several times faster with
   * it, and the code is twice as long.
   */
  readonly batch?: boolean
}

/** The files of an exported model. */
export interface ExportedModel {
  readonly wasm: Uint8Array<ArrayBuffer>
  /** An ES module that loads `model.wasm` from beside itself. */
  readonly javascript: string
  /** Its types: the rows, the labels. */
  readonly declarations: string
  /** A `package.json` for the folder they are in: it says that the module is an ES module. */
  readonly manifest: string
}

const manifestOf = ({ name }: AnyArtifact): string =>
  `${JSON.stringify(
    {
      name:
        name
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, "-")
          .replaceAll(/^-+|-+$/g, "") || "model",
      version: "1.0.0",
      private: true,
      type: "module",
      sideEffects: false,
      exports: { ".": { types: "./model.d.ts", default: "./model.js" }, "./model.wasm": "./model.wasm" }
    },
    null,
    2
  )}\n`

/**
 * An artifact as files for a place without this library: `model.wasm`, `model.js` and `model.d.ts`. Equal artifacts give
 * equal files, and what they compute has the bits of the predictor.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([2]), Model.dense("sum", 1))
 * const weights = T.evaluate({ sum: { kernel: T.constant([[1], [1]]), bias: T.constant([0]) } })
 * const { wasm, javascript, declarations } = Artifact.standalone(Artifact.make(model, { params: weights, modelState: {} }))
 * ```
 */
export const standalone = (artifact: AnyArtifact, { batch = false }: StandaloneOptions = {}): ExportedModel => {
  const model = wasmModelOf(artifact, batch)
  return {
    wasm: model.bytes,
    javascript: glueOf(artifact, model),
    declarations: declarationsOf(artifact),
    manifest: manifestOf(artifact)
  }
}
