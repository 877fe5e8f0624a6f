/** Going on from a checkpoint: is it of the run that is described, and which tensors belong where. */
import * as Effect from "effect/Effect"
import { type AnyTensor, Tree, type Value } from "@cotangent/graph"
import type { Checkpoint, Settings } from "./checkpoint.ts"
import { checksum } from "./crc32.ts"
import { ResumeError } from "./errors.ts"
import type { Plan } from "./plan.ts"

/** A leaf as it must be. */
type Wanted = Pick<AnyTensor, "shape" | "dtype">

const show = ({ dtype, shape }: Wanted): string => `${dtype}[${shape.join(", ")}]`

/** Options as text that is equal for equal options; a function is known by its description, if it has one. */
const optionsText = (options: object): string =>
  JSON.stringify(options, (_, value: unknown) =>
    typeof value === "function" && !("toJSON" in value) ? "function" : value
  )

/** What the numbers of a run depend on, beside the shapes of its tensors. `epochs` is not among it: a run may go on longer. */
export const settingsOf = (plan: Plan): Settings => {
  const { subject, train, validation, validationWeights } = plan
  const kinds = subject.model.layers.map(({ name, kind }) => (name === undefined ? kind : `${name}: ${kind}`))
  return {
    model: `[${subject.model.inputShape.join(", ")}] ${kinds.join(", ")}`,
    loss: subject.loss.name,
    optimizer: `${subject.optimizer.name} ${optionsText(subject.optimizer.options)}`,
    metrics: Object.keys(subject.metrics).join(", "),
    callbacks: plan.callbacks.map(({ name }) => name).join(", "),
    batchSize: plan.batchSize,
    stepsPerEpoch: plan.stepsPerEpoch,
    accumulate: plan.accumulate,
    initialEpoch: plan.initialEpoch,
    seed: plan.seed,
    shuffle: plan.shuffle,
    recovery: plan.recovery !== undefined,
    trainSize: train.size,
    trainData: train.identity(),
    validationSize: validation?.size ?? 0,
    validationData: checksum([validation?.x, validation?.y, validationWeights])
  }
}

/** The settings that differ, as sentences. */
export const settingsThatDiffer = (here: Settings, there: Settings): ReadonlyArray<string> =>
  [...new Set([...Object.keys(here), ...Object.keys(there)])]
    .filter((name) => here[name] !== there[name])
    .map((name) => `${name} is ${String(here[name])} here, ${String(there[name])} in the checkpoint`)

/** What differs between leaves as they must be and tensors as they are: which leaf, which shape. */
export const leavesThatDiffer = (
  wanted: ReadonlyArray<Tree.Leaf<Wanted>>,
  found: { readonly [path: string]: Value }
): ReadonlyArray<string> => {
  const expected = new Set(wanted.map(({ path }) => path))
  return [
    ...wanted.flatMap(({ path, leaf }) => {
      const value = Object.hasOwn(found, path) ? found[path] : undefined
      if (value === undefined) return [`${path} is ${show(leaf)} here, the checkpoint has no such tensor`]
      return show(value) === show(leaf) ? [] : [`${path} is ${show(leaf)} here, ${show(value)} in the checkpoint`]
    }),
    ...Object.keys(found)
      .filter((path) => !expected.has(path))
      .map((path) => `${path} is in the checkpoint, the model described here has no such tensor`)
  ]
}

/** The tensors of a checkpoint whose paths begin with `part`, by the rest of the path. */
export const partOf = ({ tensors }: Checkpoint, part: string): { readonly [path: string]: Value } =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([path, value]) =>
      path.startsWith(`${part}.`) ? [[path.slice(part.length + 1), value] as const] : []
    )
  )

/** The leaves of a tree under a name. */
export const named = (part: string, tree: unknown): ReadonlyArray<readonly [path: string, value: Value]> =>
  Tree.entries<Value>(tree).map(({ path, leaf }) => [`${part}.${path}`, leaf] as const)

/** The values of one part of a checkpoint in the structure of `like`; everything that differs is told at once. */
export const restore = (
  part: string,
  like: unknown,
  checkpoint: Checkpoint,
  more: ReadonlyArray<string> = []
): Effect.Effect<unknown, ResumeError> => {
  const found = partOf(checkpoint, part)
  const wanted = Tree.entries<Wanted>(like)
  const problems = [...more, ...leavesThatDiffer(wanted, found)]
  return problems.length > 0
    ? Effect.fail(new ResumeError({ problems }))
    : Effect.succeed(
        Tree.rebuildWith(
          like,
          wanted.map(({ path }) => found[path])
        )
      )
}
