/** Weights that a run has left: in its folder, in a checkpoint, or in a file. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { Flag } from "effect/cli"
import { refusalOf } from "@cotangent/data"
import type { AnyTensor, Value } from "@cotangent/graph"
import { Key, Tree } from "@cotangent/graph"
import type { Model } from "@cotangent/nn"
import { type CheckpointError, Checkpoints, type Experiment, type ResumeError, Safetensors } from "@cotangent/train"
import { FailedError, usage, type UsageError } from "./exit-code.ts"
import { namesIn, runFiles, stateName } from "./run-folder.ts"

/** The flag that says where weights are. */
export const runFlag = Flag.String("run").pipe(
  Flag.withDescription(
    "where the weights are: the folder of a run, a checkpoint, or a safetensors file; where cotangent train puts them unless given"
  ),
  Flag.optional
)

/** What a path holds. */
export type Stored =
  | { readonly _tag: "Checkpoint"; readonly path: string; readonly checkpoint: Checkpoints.Checkpoint }
  | { readonly _tag: "Tensors"; readonly path: string; readonly contents: Safetensors.Contents }

type World = FileSystem.FileSystem | Path.Path

const numberOf = (name: string): number => Number(/^checkpoint-(\d+)$/.exec(name)?.[1] ?? -1)

/** The newest checkpoint in a folder that is whole; the failure of the newest when none is. */
const newestIn = (folder: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const sorted = names.filter((name) => numberOf(name) >= 0).toSorted((a, b) => numberOf(b) - numberOf(a))
    let failure: CheckpointError | undefined
    for (const name of sorted) {
      const path = paths.join(folder, name)
      const read = yield* Effect.result(Checkpoints.readFolder(path))
      if (read._tag === "Success") return { _tag: "Checkpoint", path, checkpoint: read.success } as const
      failure ??= read.failure
    }
    return failure === undefined ? undefined : yield* failure
  })

const tensorsIn = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* fs
      .readFile(path)
      .pipe(Effect.mapError((error) => usage(`${path} cannot be read: ${refusalOf(error)}`)))
    const contents = yield* Safetensors.decode(bytes).pipe(
      Effect.mapError(({ message }) => new FailedError({ message: `${path}: ${message}` }))
    )
    return { _tag: "Tensors", path, contents } as const
  })

/**
 * What a path holds: the folder of a run (its trained weights, or its newest checkpoint), a checkpoint, a folder of
 * checkpoints, or a safetensors file.
 */
export const readStored = (path: string): Effect.Effect<Stored, UsageError | FailedError | CheckpointError, World> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const info = yield* fs
      .stat(path)
      .pipe(
        Effect.mapError((error) =>
          usage(
            error.reason._tag === "NotFound"
              ? `there is no ${path}; train first, or name the folder of the run`
              : `${path} cannot be read: ${refusalOf(error)}`
          )
        )
      )
    if (info.type === "File") return yield* tensorsIn(path)
    const names = yield* namesIn(path)
    if (names.includes(runFiles.model)) return yield* tensorsIn(paths.join(path, runFiles.model))
    if (names.includes("manifest.json"))
      return { _tag: "Checkpoint", path, checkpoint: yield* Checkpoints.readFolder(path) } as const
    const inner = paths.join(path, runFiles.checkpoints)
    const newest = names.includes(runFiles.checkpoints)
      ? yield* newestIn(inner, yield* namesIn(inner))
      : yield* newestIn(path, names)
    return (
      newest ?? (yield* usage(`${path} holds neither ${runFiles.model} nor a checkpoint; is it the folder of a run?`))
    )
  })

const show = ({ dtype, shape }: Pick<AnyTensor, "dtype" | "shape">): string => `${dtype}[${shape.join(", ")}]`

/** Named tensors as the weights of a model; everything that differs is told at once. */
const weightsFrom = (
  model: Model.AnyModel,
  path: string,
  tensors: Readonly<Record<string, Value>>
): Effect.Effect<Experiment.Weights, UsageError> => {
  const { params, state } = model.init(Key.key(0))
  const own = Tree.entries<AnyTensor>(params)
  const taken = new Set(own.map((leaf) => leaf.path))
  const named = Tree.entries<AnyTensor>(state).map(({ path: at, leaf }) => ({ path: stateName(taken, at), leaf }))
  const wanted = [...own, ...named]
  const names = new Set(wanted.map((leaf) => leaf.path))
  const valueOf = (name: string): Value | undefined => (Object.hasOwn(tensors, name) ? tensors[name] : undefined)
  const problems = [
    ...wanted.flatMap(({ path: name, leaf }) => {
      const value = valueOf(name)
      if (value === undefined) return [`${name} is ${show(leaf)} here and not in the file`]
      return show(value) === show(leaf) ? [] : [`${name} is ${show(leaf)} here, ${show(value)} in the file`]
    }),
    ...Object.keys(tensors)
      .filter((name) => !names.has(name))
      .map((name) => `${name} is in the file and not in this model`)
  ]
  if (problems.length > 0)
    return Effect.fail(usage(`${path} is of another model:\n${problems.map((problem) => `  ${problem}`).join("\n")}`))
  return Effect.succeed({
    params: Tree.rebuildWith(
      params,
      own.map((leaf) => valueOf(leaf.path))
    ),
    modelState: Tree.rebuildWith(
      state,
      named.map((leaf) => valueOf(leaf.path))
    )
  })
}

/** `Checkpoints.weights` for a model whose trees the types do not know; it compares them with those stored when it runs. */
const checkpointWeights = Checkpoints.weights as unknown as (
  model: Model.AnyModel,
  checkpoint: Checkpoints.Checkpoint
) => Effect.Effect<Experiment.Weights, ResumeError>

/** The weights of a model that a path holds, and the file or checkpoint that they are from. */
export const readWeights = (model: Model.AnyModel, path: string) =>
  Effect.gen(function* () {
    const stored = yield* readStored(path)
    const weights: Experiment.Weights =
      stored._tag === "Tensors"
        ? yield* weightsFrom(model, stored.path, stored.contents.tensors)
        : yield* checkpointWeights(model, stored.checkpoint)
    return { weights, from: stored.path }
  })
