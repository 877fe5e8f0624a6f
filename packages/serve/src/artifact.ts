/**
 * Artifacts: a trained model as data. The graph that gives the output for one row and for a batch, the weights, what rows
 * look like and what the outputs are called. No code of the model is needed any more.
 */
import {
  type AnyTensor,
  Graph,
  Key,
  operations,
  type Shape,
  sizeOf,
  Tree,
  type Value,
  type ValuesOf
} from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import * as Preprocess from "@cotangent/data/preprocess"
import { ArtifactError } from "./errors.ts"
import type { Numbers, RowOf } from "./rows.ts"

/** A named tensor of weights. */
export interface Weight {
  readonly name: string
  readonly value: Value
}

/** The model as a graph for some number of rows: its parameters are the weights and last the input. */
export interface ServedProgram {
  readonly rows: number
  readonly graph: Graph.Graph
}

/** A trained model as data, for rows of type `R`, whose outputs have the labels `L`. */
export interface Artifact<in R = Numbers, out L extends string = string> {
  readonly name: string
  /** The sizes of one row. */
  readonly inputShape: ReadonlyArray<number>
  /** The sizes of one output. */
  readonly outputShape: ReadonlyArray<number>
  /** What the outputs are called. */
  readonly labels?: ReadonlyArray<L>
  /** Where one output tells two labels apart: the second label from here on. */
  readonly threshold: number
  /** What makes the numbers of the model of a row, where rows are not the numbers themselves. */
  readonly preprocessing?: Preprocess.LoadedFitted
  readonly weights: ReadonlyArray<Weight>
  /** The program for one row, and that for a batch. */
  readonly programs: readonly [one: ServedProgram, many: ServedProgram]
  readonly metadata: { readonly [name: string]: string }
  /** Types only. */
  readonly takes?: (row: R) => void
}

/** An artifact for whatever rows. */
export type AnyArtifact = Artifact<never>

/** What is said of a model besides its weights. */
export interface ArtifactOptions<
  L extends string = string,
  F extends Preprocess.AnyFitted | undefined = Preprocess.AnyFitted | undefined
> {
  /** `model` unless given. */
  readonly name?: string
  /**
   * A label for every output, or two labels for a single output; the classes of the preprocessing unless given, if its target
   * is a label.
   */
  readonly labels?: ReadonlyArray<L>
  /** For a single output of two labels: the second from this value on; 0.5 unless given, which suits a sigmoid. */
  readonly threshold?: number
  /** Fitted preprocessing, which makes the numbers that the model takes of a row; rows are these numbers unless given. */
  readonly preprocessing?: F
  /** The rows of the program for batches, 32 unless given. */
  readonly batchSize?: number
  /** Words to keep beside the weights. */
  readonly metadata?: { readonly [name: string]: string }
}

/** Weights as a run of the trainer has them. */
export interface TrainedWeights<P, S> {
  readonly params: ValuesOf<P>
  readonly modelState: ValuesOf<S>
}

/** The names of weights in files: the path in the parameters; that in the state unless it is taken. */
export const weightsOf = (params: unknown, state: unknown): ReadonlyArray<Weight> => {
  const own = Tree.entries<Value>(params).map(({ path, leaf }) => ({ name: path, value: leaf }))
  const taken = new Set(own.map(({ name }) => name))
  const others = Tree.entries<Value>(state).map(({ path, leaf }) => ({
    name: taken.has(path) ? `${path} (state)` : path,
    value: leaf
  }))
  return [...own, ...others]
}

const programOf = (
  model: Model.AnyModel,
  { params, modelState }: TrainedWeights<unknown, unknown>,
  weights: ReadonlyArray<Weight>,
  rows: number
): ServedProgram => {
  const tensors = weights.map(({ name, value }) => operations.parameter(name, value.shape, value.dtype))
  const count = Tree.leaves(params).length
  const input = operations.parameter("input", [rows, ...model.inputShape], "f32")
  // The trees have the structure of the values that took the place of what the model's `init` made.
  const { y } = model.apply(
    Tree.rebuildWith(params, tensors.slice(0, count)) as never,
    Tree.rebuildWith(modelState, tensors.slice(count)) as never,
    input,
    Model.evaluate
  )
  if (y.dtype !== "f32") throw new ArtifactError({ problems: [`the model puts out ${y.dtype}, f32 is needed`] })
  const named = tensors.map((tensor, i) => ({ name: weights[i]?.name ?? "", tensor }))
  return { rows, graph: Graph.make([...named, { name: "input", tensor: input }], [y]) }
}

/** What is wrong with labels for outputs of a shape. */
const labelProblems = (labels: ReadonlyArray<string>, outputShape: ReadonlyArray<number>): ReadonlyArray<string> => {
  const outputs = sizeOf(outputShape)
  const needed = outputs === 1 ? 2 : outputs
  return [
    ...(labels.length === needed ? [] : [`${labels.length} labels were given, ${outputs} outputs need ${needed}`]),
    ...(new Set(labels).size === labels.length ? [] : ["a label is given twice"])
  ]
}

const widthProblems = (width: number, size: number): ReadonlyArray<string> =>
  width === size ? [] : [`the preprocessing makes ${width} numbers of a row, the model takes ${size}`]

/** What is wrong with what an artifact says of its rows and outputs. */
export const descriptionProblems = ({
  inputShape,
  labels,
  outputShape,
  preprocessing,
  threshold
}: Pick<
  AnyArtifact,
  "inputShape" | "labels" | "outputShape" | "preprocessing" | "threshold"
>): ReadonlyArray<string> => [
  ...(labels === undefined ? [] : labelProblems(labels, outputShape)),
  ...(preprocessing === undefined ? [] : widthProblems(Preprocess.width(preprocessing), sizeOf(inputShape))),
  ...(Number.isFinite(threshold) ? [] : [`the threshold is ${threshold}; a finite number is needed`])
]

/** The labels that preprocessing knows of. */
const classesOf = (preprocessing: Preprocess.LoadedFitted | undefined): ReadonlyArray<string> | undefined =>
  preprocessing?.target?.kind === "label" ? preprocessing.target.classes.map(String) : undefined

/** More rows at once make nothing faster, and a file shall not ask for any amount of memory. */
export const mostRows = 65_536

const isBatch = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= mostRows

/** The leaves that weights must have, against those they have. */
const weightProblems = (what: string, wanted: unknown, given: unknown): ReadonlyArray<string> => {
  const found = new Map(Tree.entries<Value>(given).map(({ path, leaf }) => [path, leaf]))
  const leaves = Tree.entries<AnyTensor>(wanted)
  const show = ({ dtype, shape }: Pick<AnyTensor, "dtype" | "shape">): string => `${dtype}[${shape.join(", ")}]`
  const known = new Set(leaves.map(({ path }) => path))
  return [
    ...leaves.flatMap(({ path, leaf }) => {
      const value = found.get(path)
      if (value === undefined) return [`${what} has no ${path}, ${show(leaf)} is needed`]
      return show(value) === show(leaf) ? [] : [`${what}: ${path} must be ${show(leaf)}, it is ${show(value)}`]
    }),
    ...[...found.keys()].filter((path) => !known.has(path)).map((path) => `${what}: the model has no ${path}`)
  ]
}

/**
 * A trained model as data: `Artifact.make(model, run, { labels: digits.classNames })`, where `run` is what the trainer gives,
 * or `{ params, modelState }` of one's own.
 *
 * The output is that of the model in evaluate mode, to the bit. A classifier trained on logits becomes one of probabilities
 * by one more layer: `Artifact.make(pipe(model, Model.softmax), run)`. Every row must be its own affair: a model whose
 * output for one row depends on the others of its batch cannot be served.
 *
 * Throws an ArtifactError that names everything that does not fit.
 */
export const make = <
  I extends Shape,
  O extends Shape,
  P,
  S,
  const L extends string = string,
  F extends Preprocess.AnyFitted | undefined = undefined
>(
  model: Model.Model<I, O, P, S>,
  weights: TrainedWeights<P, S>,
  options: ArtifactOptions<L, F> = {}
): Artifact<RowOf<F>, L> => {
  const { name = "model", threshold = 0.5, batchSize = 32, metadata = {} } = options
  // Rows are checked when they come, so the type of those it takes may be forgotten here.
  const preprocessing = options.preprocessing as Preprocess.LoadedFitted | undefined
  // Without labels given L is any string.
  const labels = options.labels ?? (classesOf(preprocessing) as ReadonlyArray<L> | undefined)
  // Only the structure of the trees matters from here on.
  const any = Model.forgetShapes(model) as unknown as Model.AnyModel
  const { inputShape, outputShape } = any
  const described = {
    inputShape,
    outputShape,
    threshold,
    ...(labels === undefined ? {} : { labels }),
    ...(preprocessing === undefined ? {} : { preprocessing })
  }
  const { params, state } = any.init(Key.key(0))
  const problems = [
    ...weightProblems("params", params, weights.params),
    ...weightProblems("modelState", state, weights.modelState),
    ...descriptionProblems(described),
    ...(isBatch(batchSize) ? [] : [`batchSize is ${batchSize}; a whole number from 1 to ${mostRows} is needed`])
  ]
  if (problems.length > 0) throw new ArtifactError({ problems })
  const named = weightsOf(weights.params, weights.modelState)
  return {
    name,
    ...described,
    weights: named,
    programs: [programOf(any, weights, named, 1), programOf(any, weights, named, batchSize)],
    metadata
  }
}
