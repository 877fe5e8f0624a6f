/**
 * Predictors: a trained model that answers at once. Compiled when it is made, synchronous, and without Effect: a call copies a
 * row into WebAssembly memory, makes one exported call, and copies the outputs out.
 */
import { sizeOf } from "@cotangent/graph"
import { type Engine, isWideEnabled, makeEngine } from "@cotangent/runtime"
import type { Artifact } from "./artifact.ts"
import { type Classification, classifier } from "./classification.ts"
import { RowError } from "./errors.ts"
import { estimator } from "./estimate.ts"
import { type Placed, placePrograms, writeWeights } from "./placed.ts"
import { encoderOf, type Numbers } from "./rows.ts"
import { decode, type LoadedArtifact } from "./stored-artifact.ts"

/** A trained model that answers at once, for rows of type `R`; `L` are the labels of its outputs. */
export interface Predictor<in R = Numbers, out L extends string = string> {
  readonly artifact: Artifact<R, L>
  /** The outputs for one row: an array of its own. */
  readonly predict: (row: R) => Float32Array
  /** Writes the outputs for one row to `out`, which must have as many elements, and gives it back: of plain numbers nothing is allocated. */
  readonly predictInto: (row: R, out: Float32Array) => Float32Array
  /** The outputs for each row, the same bits as one by one, in rounds of the batch size of the artifact. */
  readonly predictBatch: (rows: ReadonlyArray<R>) => ReadonlyArray<Float32Array>
  /** The label with the largest output. Throws a RowError when the artifact has no labels. */
  readonly classify: (row: R) => Classification<L>
  readonly classifyBatch: (rows: ReadonlyArray<R>) => ReadonlyArray<Classification<L>>
  /**
   * The one number a regressor puts out, what preprocessing did to the target undone. Throws a RowError when there are several
   * outputs, or labels.
   */
  readonly estimate: (row: R) => number
  readonly memoryBytes: number
}

/** How a predictor computes. */
export interface PredictorOptions {
  /** `js` for hosts without WebAssembly SIMD: slower, the same bits. `wasm` unless given. */
  readonly target?: "wasm" | "js"
}

interface Loaded {
  readonly rows: number
  readonly input: Float32Array
  readonly output: Float32Array
  readonly step: () => void
}

const load = (engine: Engine, placed: Placed) => {
  const memory = engine.pool.acquire(placed.pages)
  writeWeights(memory, placed)
  const programs = placed.programs.map(({ rows, planned, addresses, input, output }): Loaded => {
    const { step } = engine.instantiate(planned, addresses, memory)
    return {
      rows,
      step,
      input: new Float32Array(memory.buffer, input.address, input.length),
      output: new Float32Array(memory.buffer, output.address, output.length)
    }
  })
  return { programs, bytes: memory.buffer.byteLength }
}

/**
 * A predictor of an artifact. One row of a small model takes microseconds.
 *
 * Calls cannot get into each other's way: a call is synchronous, so that a server of any number of requests runs them one
 * after another, and what it gives out is a copy. `Predictor.pool` shares them among threads.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([2]), Model.dense("sum", 1))
 * const weights = T.evaluate({ sum: { kernel: T.constant([[1], [1]]), bias: T.constant([0]) } })
 * const { predict } = Predictor.make(Artifact.make(model, { params: weights, modelState: {} }))
 * predict([1, 2]) // Float32Array [3]
 * ```
 *
 * `predict` and its kin throw a RowError when a row is not what the artifact takes.
 */
export const make = <R, L extends string>(
  artifact: Artifact<R, L>,
  options: PredictorOptions = {}
): Predictor<R, L> => {
  const { target = "wasm" } = options
  const engine = makeEngine({ target, mode: target === "wasm" && isWideEnabled() ? "wide" : "narrow" })
  const { programs, bytes } = load(engine, placePrograms(artifact.weights, artifact.programs, engine.planning))
  const [one, many] = programs
  if (one === undefined || many === undefined) throw new RangeError("predictor: an artifact has two programs")
  const encode = encoderOf(artifact)
  const label = classifier(artifact)
  const number = estimator(artifact)
  const [width, outputs] = [sizeOf(artifact.inputShape), sizeOf(artifact.outputShape)]
  const run = (row: R): void => {
    encode(row, one.input, 0)
    one.step()
  }
  /** What `look` makes of the outputs for each row, in rounds of a batch. */
  const batch = <A>(rows: ReadonlyArray<R>, look: (output: Float32Array, at: number) => A): ReadonlyArray<A> => {
    const results: Array<A> = []
    for (let from = 0; from < rows.length; from += many.rows) {
      const count = Math.min(many.rows, rows.length - from)
      // Beyond the last row stand rows from before, whose outputs nobody looks at.
      const { input, output, step } = count === 1 ? one : many
      // A hole in an array is refused like any other row that is none.
      for (let i = 0; i < count; i++) encode(rows[from + i] as R, input, i * width)
      step()
      for (let i = 0; i < count; i++) results.push(look(output, i * outputs))
    }
    return results
  }
  return {
    artifact,
    predict: (row) => {
      run(row)
      return one.output.slice()
    },
    predictInto: (row, out) => {
      if (out.length !== outputs)
        throw new RowError({ message: `predict: there are ${outputs} outputs, the array has ${out.length} elements` })
      run(row)
      out.set(one.output)
      return out
    },
    predictBatch: (rows) => batch(rows, (output, at) => output.slice(at, at + outputs)),
    classify: (row) => {
      run(row)
      return label(one.output, 0)
    },
    classifyBatch: (rows) => batch(rows, label),
    estimate: (row) => {
      run(row)
      return number(one.output)
    },
    memoryBytes: bytes
  }
}

/** A predictor from a file: it takes any row, and says in a sentence what is wrong with one. */
export type LoadedPredictor = Predictor<unknown>

/** A predictor from the bytes of a file that `Artifact.encode` made. Throws an ArtifactError when they hold no model. */
export const fromBytes = (bytes: Uint8Array, options: PredictorOptions = {}): LoadedPredictor => {
  const artifact: LoadedArtifact = decode(bytes)
  return make(artifact, options)
}
