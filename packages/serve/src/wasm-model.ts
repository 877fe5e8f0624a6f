/** The programs of an artifact as one WebAssembly module with a memory of its own, the weights in it. */
import { layoutOf, type Segment, toWasm } from "@cotangent/compiler"
import type { AnyArtifact } from "./artifact.ts"
import { ArtifactError } from "./errors.ts"
import { withConstants } from "./folded.ts"
import { contentsOf, type PlacedProgram, placePrograms } from "./placed.ts"
import { fingerprint } from "./stored-artifact.ts"

/** Where a program has its input and its output in the memory of the module. */
export interface ExportedProgram {
  readonly rows: number
  readonly input: number
  readonly output: number
}

/** The programs of an artifact as one module with the weights in it. */
export interface WasmModel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The name of a custom section of the module: two modules have the same only if they compute the same. */
  readonly section: string
  /** The program for one row, and the one for a batch where there is one. */
  readonly programs: ReadonlyArray<ExportedProgram>
}

/** The custom section that holds the program for a batch: a module over the memory of the one it stands in. */
export const batchSection = "cotangent batch"

/** Contents up to where they are not zero any more. */
const segmentsOf = (contents: ArrayBuffer): ReadonlyArray<Segment> => {
  const bytes = new Uint8Array(contents)
  const last = bytes.findLastIndex((byte) => byte !== 0)
  return last < 0 ? [] : [{ address: 0, bytes: bytes.subarray(0, last + 1) }]
}

/** A whole number as WebAssembly writes it: seven bits a byte, the lowest first. */
const leb128 = (n: number): ReadonlyArray<number> => (n < 128 ? [n] : [(n % 128) + 128, ...leb128(Math.floor(n / 128))])

/** A module with one more custom section, which may stand at its end. */
const withSection = (module: Uint8Array, name: string, content: Uint8Array): Uint8Array<ArrayBuffer> => {
  const text = new TextEncoder().encode(name)
  const head = [...leb128(text.length), ...text]
  const start = [0, ...leb128(head.length + content.length), ...head]
  const bytes = new Uint8Array(module.length + start.length + content.length)
  bytes.set(module)
  bytes.set(start, module.length)
  bytes.set(content, module.length + start.length)
  return bytes
}

/** The module of an artifact: exports `memory` and `step`. */
export const wasmModelOf = (artifact: AnyArtifact, batch: boolean): WasmModel => {
  const programs = artifact.programs
    .slice(0, batch ? 2 : 1)
    .map(({ rows, graph }) => ({ rows, graph: withConstants(graph) }))
  const placed = placePrograms(artifact.weights, programs, { isCanonical: true })
  const mark = fingerprint(artifact)
  const emit = ({ addresses, planned }: PlacedProgram, contents?: ReadonlyArray<Segment>): Uint8Array =>
    toWasm(planned, layoutOf(planned, addresses), placed.pages, {
      salt: mark,
      // The process that runs it may have switched on V8's pairing of vectors, which takes only what is written for it.
      wide: true,
      compact: true,
      ...(contents === undefined ? {} : { contents })
    })
  const [one, many] = placed.programs
  if (one === undefined) throw new ArtifactError({ problems: ["it has no program for one row"] })
  const module = emit(one, segmentsOf(contentsOf(placed)))
  return {
    bytes: many === undefined ? module.slice() : withSection(module, batchSection, emit(many)),
    section: `cotangent wide ${mark}`,
    programs: placed.programs.map(({ rows, input, output }) => ({
      rows,
      input: input.address,
      output: output.address
    }))
  }
}
