/**
 * Artifacts as bytes: a safetensors file. Its tensors are the weights under their names, so that every reader of that format
 * finds them; its metadata has the rest, as JSON under the name `cotangent`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Graph, Hash, sizeOf, type Value } from "@cotangent/graph"
import { decode as decodeGraph, encode as encodeGraph } from "@cotangent/graph/codec"
import * as Preprocess from "@cotangent/data/preprocess"
import * as Safetensors from "@cotangent/train/safetensors"
import {
  type AnyArtifact,
  type Artifact,
  descriptionProblems,
  mostRows,
  type ServedProgram,
  type Weight
} from "./artifact.ts"
import { ArtifactError } from "./errors.ts"

const key = "cotangent"

const Size = Schema.Int.check(Schema.isGreaterThan(0))
const Program = Schema.Struct({
  rows: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostRows })),
  graph: Schema.Unknown
})

const Description = Schema.Struct({
  format: Schema.Literal("cotangent model"),
  version: Schema.Literal(1),
  name: Schema.String,
  inputShape: Schema.Array(Size),
  outputShape: Schema.Array(Size),
  labels: Schema.optionalKey(Schema.Array(Schema.String)),
  threshold: Schema.Finite,
  preprocessing: Schema.optionalKey(Preprocess.codec),
  programs: Schema.Tuple([Program, Program])
})

/** An artifact as the bytes of a safetensors file; equal artifacts give equal bytes. */
export const encode = (artifact: AnyArtifact): Uint8Array<ArrayBuffer> => {
  const { name, inputShape, outputShape, labels, threshold, preprocessing, weights, programs, metadata } = artifact
  const description = {
    format: "cotangent model",
    version: 1,
    name,
    inputShape,
    outputShape,
    ...(labels === undefined ? {} : { labels }),
    threshold,
    ...(preprocessing === undefined ? {} : { preprocessing: Preprocess.encode(preprocessing) }),
    programs: programs.map(({ rows, graph }) => ({ rows, graph: encodeGraph(graph) }))
  }
  return Safetensors.encode(Object.fromEntries(weights.map(({ name: weight, value }) => [weight, value])), {
    ...metadata,
    [key]: JSON.stringify(description)
  })
}

const failed = (...problems: ReadonlyArray<string>): ArtifactError => new ArtifactError({ problems })

const sentenceOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

const read = <A>(body: () => A): A => {
  try {
    return body()
  } catch (thrown) {
    throw failed(sentenceOf(thrown))
  }
}

const show = (dtype: string, shape: ReadonlyArray<number>): string => `${dtype}[${shape.join(", ")}]`

/** The weights a graph asks for, in its order. */
const weightsFor = (graph: Graph.Graph, tensors: Readonly<Record<string, Value>>): ReadonlyArray<Weight> =>
  graph.parameters.slice(0, -1).map(({ name, shape, dtype }) => {
    const value = Object.hasOwn(tensors, name) ? tensors[name] : undefined
    if (value === undefined) throw failed(`there is no tensor ${name}, ${show(dtype, shape)} is needed`)
    if (show(value.dtype, value.shape) !== show(dtype, shape))
      throw failed(`${name} is ${show(value.dtype, value.shape)}, ${show(dtype, shape)} is needed`)
    return { name, value }
  })

const assertFits = (
  { rows, graph }: ServedProgram,
  inputShape: ReadonlyArray<number>,
  outputShape: ReadonlyArray<number>
): void => {
  const input = graph.parameters.at(-1)
  const [result, ...others] = graph.results
  const output = result === undefined ? undefined : graph.nodes[result.node]?.outputs[result.output]
  const wanted = [show("f32", [rows, ...inputShape]), show("f32", [rows, ...outputShape])]
  const found = [input, output].map((aval) => (aval === undefined ? "nothing" : show(aval.dtype, aval.shape)))
  if (found.join() !== wanted.join() || others.length > 0)
    throw failed(`the graph for ${rows} rows makes ${found.join(" into ")}, ${wanted.join(" into ")} is needed`)
}

/** An artifact from a file: it takes any row, and says in a sentence what is wrong with one. */
export type LoadedArtifact = Artifact<unknown>

/**
 * The artifact in the bytes of a file. Throws an ArtifactError when they hold none: everything they say is checked, for they
 * may come from anywhere.
 */
export const decode = (bytes: Uint8Array): LoadedArtifact => {
  const contents = Effect.runSync(Effect.result(Safetensors.decode(bytes)))
  if (contents._tag === "Failure") throw failed(contents.failure.message)
  const { tensors, metadata } = contents.success
  const { [key]: text, ...others } = metadata
  if (text === undefined) throw failed("the file holds weights and no model; write it with Artifact.encode")
  const json = read((): unknown => JSON.parse(text))
  const described = read(() => Schema.decodeUnknownSync(Description)(json))
  const { name, inputShape, outputShape, labels, threshold, preprocessing } = described
  const [one, many] = described.programs.map(({ rows, graph }): ServedProgram => ({
    rows,
    graph: read(() => decodeGraph(graph))
  }))
  if (one === undefined || many === undefined || one.rows !== 1) throw failed("the first program must be for one row")
  const description = {
    inputShape,
    outputShape,
    threshold,
    ...(labels === undefined ? {} : { labels }),
    ...(preprocessing === undefined ? {} : { preprocessing })
  }
  const problems = descriptionProblems(description)
  if (problems.length > 0) throw failed(...problems)
  const programs = [one, many] as const
  for (const program of programs) assertFits(program, inputShape, outputShape)
  const weights = weightsFor(one.graph, tensors)
  const names = weightsFor(many.graph, tensors).map((weight) => weight.name)
  if (names.join() !== weights.map((weight) => weight.name).join())
    throw failed("its two programs differ in their weights")
  return { name, ...description, weights, programs, metadata: others }
}

/** Sixteen hexadecimal digits of what an artifact computes: of its graph, its weights, and how it is described. */
export const fingerprint = (artifact: AnyArtifact): string =>
  Hash.hashText(JSON.stringify(digestOf(artifact))).slice(0, 16)

const digestOf = ({ labels, threshold, preprocessing, weights, programs }: AnyArtifact): unknown => [
  labels,
  threshold,
  preprocessing,
  Hash.hash(programs[0].graph),
  weights.map(({ name, value }) => [name, sizeOf(value.shape), hashBytes(value)])
]

/** FNV-1a over the words of an array: it tells files apart that do not belong together, and keeps no secret. */
const hashBytes = ({ data }: Value): number => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
