/** The weights in a checkpoint, for a model that is the one that was saved, or nearly. */
import * as Effect from "effect/Effect"
import { type AnyTensor, Key, T, Tree, type Value, type ValuesOf } from "@cotangent/graph"
import type { Checkpoint } from "./checkpoint.ts"
import { ResumeError } from "./errors.ts"
import { leavesThatDiffer, partOf } from "./resume.ts"

/** Weights of a model. */
export interface Weights<P, S> {
  readonly params: ValuesOf<P>
  readonly modelState: ValuesOf<S>
}

/** What is needed of a model: the structure of its weights. */
export interface Initial<P, S> {
  readonly init: (key: Key.Key) => { readonly params: P; readonly state: S }
}

const treeOf = <P, S>(model: Initial<P, S>, key: Key.Key) => {
  const { params, state } = model.init(key)
  return { params, modelState: state }
}

/** The best weights where a callback remembered some, else the last, by path. */
const weightsIn = (checkpoint: Checkpoint): { readonly [path: string]: Value } => {
  const best = partOf(checkpoint, "best")
  if (Object.keys(best).length > 0) return best
  return Object.fromEntries(
    Object.entries(partOf(checkpoint, "state")).flatMap(([path, value]) => {
      const name = path.replace(/^optimizer\.params\./, "params.").replace(/^model\./, "modelState.")
      return name === path ? [] : [[name, value] as const]
    })
  )
}

/**
 * The weights in a checkpoint for a model: the best ones where the run remembered some (early stopping does), else those of
 * the last step, as the optimizer has them. Fails with a ResumeError that names every leaf that differs.
 *
 * @see partialWeights for a model that changed
 */
export const weights = <P, S>(
  model: Initial<P, S>,
  checkpoint: Checkpoint
): Effect.Effect<Weights<P, S>, ResumeError> =>
  Effect.suspend(() => {
    const wanted = treeOf(model, Key.key(0))
    const found = weightsIn(checkpoint)
    const problems = leavesThatDiffer(Tree.entries<AnyTensor>(wanted), found)
    if (problems.length > 0) return Effect.fail(new ResumeError({ problems }))
    const values = Tree.entries(wanted).map(({ path }) => found[path])
    // The values have the structure, shapes and types of what the model makes: they were compared one by one.
    return Effect.succeed(Tree.rebuildWith(wanted, values) as Weights<P, S>)
  })

/** Weights of which some were loaded. */
export interface PartialWeights<P, S> {
  readonly weights: Weights<P, S>
  /** The paths that came from the checkpoint. */
  readonly loaded: ReadonlyArray<string>
  /** What did not fit, as sentences; those leaves are fresh, or left out. */
  readonly differences: ReadonlyArray<string>
}

/**
 * What fits of a checkpoint, and fresh weights by `seed` for the rest: for a model that got another head, or more layers.
 * `Trainer.fit(model, { ...options, from: weights })` goes on from there.
 */
export const partialWeights = <P, S>(
  model: Initial<P, S>,
  checkpoint: Checkpoint,
  { seed = 0 }: { readonly seed?: number } = {}
): PartialWeights<P, S> => {
  const wanted = treeOf(model, Key.key(seed))
  const found = weightsIn(checkpoint)
  const fits = (path: string, leaf: AnyTensor): boolean => {
    const value = Object.hasOwn(found, path) ? found[path] : undefined
    return value !== undefined && leavesThatDiffer([{ path, leaf }], { [path]: value }).length === 0
  }
  const entries = Tree.entries<AnyTensor>(wanted)
  const fresh = T.evaluate<unknown>(wanted)
  const values = Tree.entries<Value>(fresh).map(({ path, leaf }, i) => {
    const like = entries[i]?.leaf
    return like !== undefined && fits(path, like) ? found[path] : leaf
  })
  return {
    // Every value has the shape and type of the leaf it stands for.
    weights: Tree.rebuildWith(wanted, values) as Weights<P, S>,
    loaded: entries.filter(({ path, leaf }) => fits(path, leaf)).map(({ path }) => path),
    differences: leavesThatDiffer(entries, found)
  }
}
