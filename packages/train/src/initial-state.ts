/** The state that a run begins with: fresh, from given weights, or from a checkpoint. */
import * as Effect from "effect/Effect"
import { type AnyTensor, Key, T, Tree, type Value } from "@cotangent/graph"
import type { Checkpoint } from "./checkpoint.ts"
import { FitError, type ResumeError } from "./errors.ts"
import type { Plan } from "./plan.ts"
import { noSums, type TrainState, type Trees } from "./programs.ts"
import { leavesThatDiffer, restore, settingsOf, settingsThatDiffer } from "./resume.ts"

const emptyAccumulator = ({ accumulate }: Plan, params: Trees): TrainState["accumulated"] =>
  accumulate === 1
    ? {}
    : {
        gradients: Tree.map(params, ({ shape, dtype }) => T.zeros([...shape], dtype)),
        batches: T.zeros([], "i32"),
        samples: T.zeros([])
      }

/** Fresh: first parameters by the seed, nothing seen yet. */
export const freshState = (plan: Plan): TrainState => {
  const { subject, train, seed } = plan
  const [initKey = Key.key(seed), stepKey = Key.key(seed)] = Key.split(Key.key(seed))
  const { params, state: model } = subject.model.init(initKey)
  return {
    optimizer: subject.optimizer.init<unknown>(params),
    model,
    key: stepKey,
    order: T.fromArray(
      Int32Array.from({ length: train.window }, (_, i) => i),
      [train.window],
      "i32"
    ),
    cursor: T.constant(0, "i32"),
    sums: noSums(subject),
    evaluation: { cursor: T.constant(0, "i32"), sums: noSums(subject) },
    accumulated: emptyAccumulator(plan, params)
  }
}

const byPath = (tree: unknown): { readonly [path: string]: Value } =>
  Object.fromEntries(Tree.entries<Value>(tree).map(({ path, leaf }) => [path, leaf]))

/** Given values in the structure of a tree, and what is wrong with them. */
const fitted = (what: string, like: unknown, given: unknown) => {
  const wanted = Tree.entries<AnyTensor>(like)
  const found = byPath(given)
  return {
    problems: leavesThatDiffer(wanted, found).map(
      (problem) =>
        `${what}: ${problem.replace("in the checkpoint", "there").replace("the checkpoint has no such tensor", "it is missing there")}`
    ),
    tensors: (): unknown =>
      Tree.rebuildWith(
        like,
        wanted.flatMap(({ path }) => {
          const value = found[path]
          return value === undefined ? [] : [T.fromValue(value)]
        })
      )
  }
}

/** From the weights, and perhaps the optimizer's state, that the options name. */
const givenState = (plan: Plan, fresh: TrainState): Effect.Effect<TrainState, FitError> => {
  const { from, subject } = plan
  if (from === undefined) return Effect.succeed(fresh)
  const params = fitted("from.params", fresh.optimizer.params, from.params)
  const model = fitted("from.modelState", fresh.model, from.modelState ?? T.evaluate<unknown>(fresh.model))
  const state =
    from.optimizerState === undefined ? undefined : fitted("from.optimizerState", fresh.optimizer, from.optimizerState)
  const problems = [...params.problems, ...model.problems, ...(state?.problems ?? [])]
  if (problems.length > 0) return Effect.fail(new FitError({ problems }))
  const begun = params.tensors()
  const optimizer = subject.optimizer.init<unknown>(begun)
  return Effect.succeed({
    ...fresh,
    optimizer:
      state === undefined
        ? optimizer
        : // The structure of the fresh state; parameters and rate are those that are asked for.
          {
            ...(state.tensors() as TrainState["optimizer"]),
            params: begun,
            learningRate: optimizer.learningRate
          },
    // The structure of the fresh state.
    model: model.tensors() as Trees
  })
}

/** The state to begin with. Fails with everything in the checkpoint, or in given weights, that belongs to another run. */
export const initialState = (
  plan: Plan,
  checkpoint: Checkpoint | undefined
): Effect.Effect<TrainState, FitError | ResumeError> =>
  Effect.gen(function* () {
    const fresh = freshState(plan)
    if (checkpoint === undefined) return yield* givenState(plan, fresh)
    const differences = settingsThatDiffer(settingsOf(plan), checkpoint.settings)
    const values = yield* restore("state", fresh, checkpoint, differences)
    // The values have the structure of the fresh state.
    return T.fromValues<unknown>(values as never) as TrainState
  })
