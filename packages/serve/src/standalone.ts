/**
 * Exported models: one WebAssembly module with the weights in it, and an ES module that needs nothing else. It runs wherever
 * WebAssembly has vectors: Node 20 and newer, browsers since 2021 to 2023.
 */
import { layoutOf, type Segment, toWasm } from "@cotangent/compiler"
import { sizeOf } from "@cotangent/graph"
import type { AnyArtifact } from "./artifact.ts"
import { ArtifactError } from "./errors.ts"
import { declarationsOf } from "./declarations.ts"
import { glueOf } from "./glue.ts"
import { contentsOf, placePrograms } from "./placed.ts"
import { fingerprint } from "./stored-artifact.ts"

/** A program for one row as a module with its weights, and where its input and output stand in its memory. */
export interface WasmModel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The name of a custom section of the module: two modules have the same only if they compute the same. */
  readonly section: string
  readonly input: number
  readonly inputs: number
  readonly output: number
  readonly outputs: number
}

/** Contents up to where they are not zero any more. */
const segmentsOf = (contents: ArrayBuffer): ReadonlyArray<Segment> => {
  const bytes = new Uint8Array(contents)
  const last = bytes.findLastIndex((byte) => byte !== 0)
  return last < 0 ? [] : [{ address: 0, bytes: bytes.subarray(0, last + 1) }]
}

/** The module of an artifact: exports `memory` and `step`. */
export const wasmModelOf = (artifact: AnyArtifact): WasmModel => {
  const placed = placePrograms(artifact.weights, artifact.programs.slice(0, 1))
  const [program] = placed.programs
  if (program === undefined) throw new ArtifactError({ problems: ["it has no program for one row"] })
  const { planned, addresses, input, output } = program
  const mark = fingerprint(artifact)
  const bytes = toWasm(planned, layoutOf(planned, addresses), placed.pages, {
    contents: segmentsOf(contentsOf(placed)),
    salt: mark,
    // The process that runs it may have switched on V8's pairing of vectors, which takes only what is written for it.
    wide: true
  })
  return {
    bytes: bytes.slice(),
    section: `cotangent wide ${mark}`,
    input: input.address,
    inputs: sizeOf(artifact.inputShape),
    output: output.address,
    outputs: sizeOf(artifact.outputShape)
  }
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
export const standalone = (artifact: AnyArtifact): ExportedModel => {
  const model = wasmModelOf(artifact)
  return {
    wasm: model.bytes,
    javascript: glueOf(artifact, model),
    declarations: declarationsOf(artifact),
    manifest: manifestOf(artifact)
  }
}
