/** Branches: several models of one input, whose outputs are joined. */
import {
  type AnyTensor,
  Axes,
  type Dim,
  face,
  type Guard,
  Key,
  type Mismatch,
  operations as ops,
  type Plus,
  type Same,
  type Shape,
  ShapeError,
  type Show,
  showShape
} from "@cotangent/graph"
import { ModelError } from "../errors.ts"
import { within } from "../inspect/observation.ts"
import { emptyLike } from "./block.ts"
import type { AnyLayer, Layer, Mode, Sizes, Trees } from "./layer.ts"
import { type AnyModel, append, type Model, type Output, type Params, type State } from "./model.ts"
import { assertFresh, type Flat, type Fresh, type Put, type PutState } from "./names.ts"
import type { Described } from "./summary.ts"

/** Models by name, in order. What a model is beside its layers is read off its own type. */
export type Branches = ReadonlyArray<readonly [name: string, model: Described]>

/** The parameters of branches by their names. */
export type BranchParams<Bs extends Branches> = Flat<{ [B in Bs[number] as B[0]]: Params<B[1]> }>
/** The state of branches by their names, those without left out. */
export type BranchState<Bs extends Branches> = Flat<{
  [B in Bs[number] as keyof State<B[1]> extends never ? never : B[0]]: State<B[1]>
}>

/** The guard of the names of branches: each stands once; else the sentence. */
export type NamedOnce<Bs extends Branches> = Bs extends readonly [
  readonly [infer N extends string, unknown],
  ...infer R extends Branches
]
  ? N extends R[number][0]
    ? `model: two layers are named "${N}"`
    : NamedOnce<R>
  : unknown

/** The outputs of branches side by side along the last axis, or the sentence. */
export type Joined<Bs extends Branches> = Bs extends readonly [readonly [string, infer M]]
  ? Output<M>
  : Bs extends readonly [readonly [string, infer M], ...infer R extends Branches]
    ? JoinedTwo<Output<M>, Joined<R>>
    : Shape
type JoinedTwo<A, B> =
  B extends Mismatch<infer M>
    ? Mismatch<M>
    : A extends readonly [...infer L extends Shape, infer C extends Dim]
      ? B extends readonly [...infer L2 extends Shape, infer C2 extends Dim]
        ? SameLead<L, L2> extends true
          ? [...L, Plus<C, C2>]
          : Mismatch<`concat: branches give ${Show<A>} and ${Show<B>}, which differ before the last axis`>
        : Shape
      : Shape
type SameLead<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? true
  : A extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? B extends readonly [infer H2 extends Dim, ...infer R2 extends Shape]
      ? Same<H, H2> extends true
        ? SameLead<R, R2>
        : false
      : false
    : B extends readonly []
      ? true
      : false

/** The common shape of the outputs of branches, or the sentence. */
export type Agreed<Op extends string, Bs extends Branches> = Bs extends readonly [readonly [string, infer M]]
  ? Output<M>
  : Bs extends readonly [readonly [string, infer M], ...infer R extends Branches]
    ? AgreedTwo<Op, Output<M>, Agreed<Op, R>>
    : Shape
type AgreedTwo<Op extends string, A, B> =
  B extends Mismatch<infer M>
    ? Mismatch<M>
    : A extends Shape
      ? B extends Shape
        ? SameLead<A, B> extends true
          ? A
          : Mismatch<`${Op}: branches give ${Show<A>} and ${Show<B>}; all must agree`>
        : Shape
      : Shape

/** What branches do to a model. */
export interface BranchesLayer<L extends string, O extends Shape, R, Bs extends Branches> {
  <I extends Shape, P, S>(
    model: Model<I, O, P, S> & Fresh<P, L>
  ): Model<I, R extends Shape ? R : Shape, Put<P, L, BranchParams<Bs>>, PutState<S, L, BranchState<Bs>>>
}

type AnyBranches = ReadonlyArray<readonly [string, AnyModel]>

const allOutputs = (operation: string, branches: AnyBranches): ReadonlyArray<Sizes> => {
  if (branches.length === 0) throw new ModelError(`${operation}: needs a branch`)
  return branches.map(([, { outputShape }]) => outputShape)
}

const shown = (sample: Sizes): string => showShape(["batch", ...sample])

/** A branch as a layer of the block, for names and summaries. */
const branchLayer = ([name, inner]: readonly [string, AnyModel]): AnyLayer => ({
  name,
  kind: "Branch",
  inputShape: inner.inputShape,
  outputShape: inner.outputShape,
  random: inner.layers.some(({ random }) => random),
  layers: inner.layers,
  init: inner.init,
  apply: inner.apply
})

const layerOfBranches = (
  name: string,
  kind: string,
  branches: AnyBranches,
  outputShape: Sizes,
  sign: string,
  join: (outputs: ReadonlyArray<AnyTensor>) => AnyTensor
): Layer => {
  const layers = branches.reduce<ReadonlyArray<AnyLayer>>((before, branch) => {
    assertFresh(before, branch[0])
    return [...before, branchLayer(branch)]
  }, [])
  const penalties = branches.flatMap(([own, { penalty }]) => (penalty === undefined ? [] : [{ own, penalty }]))
  const treeOf = (params: Trees, own: string): Trees => {
    const tree = params[own]
    if (tree === undefined) throw new ModelError(`model: the parameters have no branch "${own}" in "${name}"`)
    // Trees of branches are records by layer name.
    return tree as Trees
  }
  return {
    name,
    kind,
    outputShape,
    random: layers.some(({ random }) => random),
    layers,
    wiring: { form: "branches", join: sign },
    init: (key) => {
      const variables = branches.map(([own, { init }], i) => ({ own, ...init(Key.fold(key, i)) }))
      return {
        params: Object.fromEntries(variables.map(({ own, params }) => [own, params])),
        state: Object.fromEntries(
          variables.flatMap(({ own, state }) => (Object.keys(state).length === 0 ? [] : [[own, state]]))
        )
      }
    },
    apply: (params, state, x, mode) => {
      const applied = branches.map(([own, { apply }], i) => {
        const inner: Mode = mode.mode === "train" ? { mode: "train", key: Key.fold(mode.key, i) } : mode
        // The state of a branch is a record by layer name, too.
        const before = state[own] ?? {}
        return { own, before, ...within(own, () => apply(treeOf(params, own), before as Trees, x, inner)) }
      })
      const changed = applied.flatMap(({ own, before, state: after }) => (after === before ? [] : [[own, after]]))
      return {
        y: join(applied.map(({ y }) => y)),
        state: changed.length === 0 ? state : { ...state, ...Object.fromEntries(changed) }
      }
    },
    ...(penalties.length === 0
      ? {}
      : {
          penalty: (params: Trees) =>
            penalties
              .map(({ own, penalty }): AnyTensor => penalty(treeOf(params, own)))
              .reduce((sum, term) => ops.add(sum, term))
        })
  }
}

/**
 * Branches whose outputs stand side by side along the last axis: `y = [b_1(x), b_2(x), ...]`. Keras's `Concatenate`.
 *
 * Every branch starts from the empty model of the current shape; parameters stand under the name of the block and that of
 * the branch, `params.mixed.three.conv.kernel`:
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([8, 8, 3]),
 *   Model.concat("mixed", (m) => [
 *     ["one", pipe(m, Model.conv2d("conv", 16, 1))],
 *     ["three", pipe(m, Model.conv2d("conv", 24, 3, { padding: "same" }))]
 *   ])
 * ) // [batch, 8, 8, 40]
 * ```
 *
 * Throws ShapeError when outputs differ before the last axis, ModelError for names that are taken.
 */
export const concat: <L extends string, O extends Shape, const Bs extends Branches>(
  name: L,
  branches: (model: Model<O, O>) => Bs & Guard<Joined<Bs>> & NamedOnce<Bs>
) => BranchesLayer<L, O, Joined<Bs>, Bs> = face(
  1,
  (name: string, branchesOf: (model: AnyModel) => AnyBranches) =>
    (model: AnyModel): AnyModel => {
      const branches = branchesOf(emptyLike(model))
      const outputs = allOutputs("concat", branches)
      const [first = []] = outputs
      for (const other of outputs) {
        if (first.length === 0 || !Axes.sameShape(other.slice(0, -1), first.slice(0, -1)))
          throw new ShapeError(
            `concat: branches give ${shown(first)} and ${shown(other)}, which differ before the last axis`
          )
      }
      const features = outputs.reduce((sum, sizes) => sum + (sizes.at(-1) ?? 0), 0)
      return append(
        model,
        layerOfBranches(name, "Concat", branches, [...first.slice(0, -1), features], "concat", (ys) =>
          ops.concat(ys, first.length)
        )
      )
    }
)

/** Branches of one output shape, joined element by element. */
export interface Elementwise<Op extends string> {
  <L extends string, O extends Shape, const Bs extends Branches>(
    name: L,
    branches: (model: Model<O, O>) => Bs & Guard<Agreed<Op, Bs>> & NamedOnce<Bs>
  ): BranchesLayer<L, O, Agreed<Op, Bs>, Bs>
}

const elementwise = <Op extends string>(
  operation: Op,
  kind: string,
  sign: string,
  join: (outputs: ReadonlyArray<AnyTensor>) => AnyTensor
): Elementwise<Op> =>
  face(1, (name: string, branchesOf: (model: AnyModel) => AnyBranches) => (model: AnyModel): AnyModel => {
    const branches = branchesOf(emptyLike(model))
    const outputs = allOutputs(operation, branches)
    const [first = []] = outputs
    const other = outputs.find((sizes) => !Axes.sameShape(sizes, first))
    if (other !== undefined)
      throw new ShapeError(`${operation}: branches give ${shown(first)} and ${shown(other)}; all must agree`)
    return append(model, layerOfBranches(name, kind, branches, first, sign, join))
  })

const sumOf = (ys: ReadonlyArray<AnyTensor>): AnyTensor => ys.reduce((a, b) => ops.add(a, b))

/**
 * The sum of branches: `y = b_1(x) + b_2(x) + ...`; a branch that is the empty model itself is a shortcut. See `concat`.
 * Keras's `Add`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(
 *   Model.input([16]),
 *   Model.add("join", (m) => [["shortcut", pipe(m, Model.dense("project", 8))], ["deep", pipe(m, Model.dense("to", 8))]])
 * )
 * ```
 */
export const add: Elementwise<"add"> = elementwise("add", "Add", "+", sumOf)

/** The product of branches: `y = b_1(x) b_2(x) ...`, such as a value and its gate. See `concat`. Keras's `Multiply`. */
export const multiply: Elementwise<"multiply"> = elementwise("multiply", "Multiply", "×", (ys) =>
  ys.reduce((a, b) => ops.mul(a, b))
)

/** The mean of branches. See `concat`. Keras's `Average`. */
export const average: Elementwise<"average"> = elementwise("average", "Average", "mean", (ys) =>
  ops.div(sumOf(ys), ys.length)
)

/** The larger of branches, element by element. See `concat`. Keras's `Maximum`. */
export const maximum: Elementwise<"maximum"> = elementwise("maximum", "Maximum", "max", (ys) =>
  ys.reduce((a, b) => ops.max(a, b))
)
