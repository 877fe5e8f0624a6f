/**
 * Models: functions with parameters, as immutable data.
 *
 * A model is a list of layers composed by `pipe`; it holds no weights. `init` gives expressions for the first parameters
 * and state, `apply` the expression of the output. Both are pure: equal keys give equal numbers.
 */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  Key,
  labelled,
  type Mismatch,
  type Mutable,
  operations,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor
} from "@cotangent/graph"
import { ModelError, optionError } from "../errors.ts"
import type { Fits } from "../fits.ts"
import { observe, within } from "../inspect/observation.ts"
import {
  type AnyLayer,
  type Applied,
  type Evaluate,
  type Layer,
  type Mode,
  nothing,
  type Sizes,
  type Train,
  type Trees,
  type Variables
} from "./layer.ts"
import { assertFresh } from "./names.ts"

/** A shape with the batch in front. */
export type Batch<S extends Shape> = ["batch", ...S]

/** What a model of input `I` is given: any batch of its samples; the sentence otherwise. */
export type Takes<I extends Shape, X extends Shape> = number extends X["length"]
  ? X
  : I extends readonly [Dim, ...infer R extends Shape]
    ? X extends readonly [Dim, ...infer R2 extends Shape]
      ? Fits<R, R2> extends true
        ? X
        : Mismatch<`model: takes ${Show<I>}, got ${Show<X>}`>
      : Mismatch<`model: takes ${Show<I>}, got ${Show<X>}`>
    : X

/** The output for an input of shape `X`: the batch is as large, or called, as that of the input. */
export type ForBatch<X extends Shape, O extends Shape> = number extends X["length"]
  ? O
  : X extends readonly [infer B extends Dim, ...Shape]
    ? O extends readonly [Dim, ...infer R extends Shape]
      ? [B, ...R]
      : O
    : O

/**
 * A function from `In` to `Out` with a tree of parameters `P` and a tree of state `S`, both records by layer name:
 * `Model<["batch", 64], ["batch", 10], { hidden: Dense<64, 64>; logits: Dense<64, 10> }>`.
 */
export interface Model<in out In extends Shape, in out Out extends Shape, in out P = {}, in out S = {}> {
  /** The sizes of one input sample. */
  readonly inputShape: Sizes
  /** The sizes of one output sample. */
  readonly outputShape: Sizes
  /** The layers, first to last. */
  readonly layers: ReadonlyArray<AnyLayer>
  /**
   * The first parameters and state, as expressions. The named layer number i draws from `Key.fold(key, i)`, so that
   * adding layers without parameters, or after it, does not change what it draws.
   */
  readonly init: (key: Key.Key) => Variables<P, S>
  /**
   * The output for a batch of any size, and the next state, `{ y, state }`; in train mode the random layer number i draws
   * from `Key.fold(mode.key, i)`. Throws ShapeError when the samples of `x` are not what the model takes.
   */
  readonly apply: <X extends Shape>(
    params: P,
    state: S,
    x: Tensor<X> & Guard<Takes<In, X>>,
    mode: Mode
  ) => Applied<Tensor<ForBatch<X, Out>>, S>
  /**
   * What the regularisers of the layers add to the loss, a scalar; `undefined` when no layer has one. The trainer adds it;
   * a loop of one's own does so with `T.add`.
   */
  readonly penalty: ((params: P) => Tensor<[]>) | undefined
}

/** The parameter tree of a model. */
export type Params<M> = M extends Model<infer _I extends Shape, infer _O extends Shape, infer P, infer _S> ? P : never
/** The state tree of a model. */
export type State<M> = M extends Model<infer _I extends Shape, infer _O extends Shape, infer _P, infer S> ? S : never
/** The input shape of a model. */
export type Input<M> = M extends Model<infer I extends Shape, infer _O extends Shape, infer _P, infer _S> ? I : never
/** The output shape of a model. */
export type Output<M> = M extends Model<infer _I extends Shape, infer O extends Shape, infer _P, infer _S> ? O : never

/** A model whose shapes the types do not know: how layers see it, and programs over any model, such as a trainer. */
export interface AnyModel<P = Trees, S = Trees> {
  readonly inputShape: Sizes
  readonly outputShape: Sizes
  readonly layers: ReadonlyArray<AnyLayer>
  readonly init: (key: Key.Key) => Variables<P, S>
  readonly apply: (params: P, state: S, x: AnyTensor, mode: Mode) => Applied<AnyTensor, S>
  readonly penalty: ((params: P) => Tensor<[]>) | undefined
}

/** The model without its shapes in the types; they are still checked when it is applied. */
export const forgetShapes: <I extends Shape, O extends Shape, P, S>(model: Model<I, O, P, S>) => AnyModel<P, S> = face(
  1,
  (model: AnyModel) => model
)

const initialize =
  (layers: ReadonlyArray<AnyLayer>) =>
  (key: Key.Key): Variables<Trees, Trees> => {
    const named = layers.flatMap(({ name, init }) => (name === undefined ? [] : [{ name, init }]))
    const variables = named.map(({ name, init }, i) => ({ name, ...init(Key.fold(key, i)) }))
    return {
      params: Object.fromEntries(variables.map(({ name, params }) => [name, params])),
      state: Object.fromEntries(
        variables.flatMap(({ name, state }) => (Object.keys(state).length === 0 ? [] : [[name, state]]))
      )
    }
  }

const assertInput = (inputShape: Sizes, x: AnyTensor): void => {
  if (x.shape.length !== inputShape.length + 1 || inputShape.some((size, d) => size !== x.shape[d + 1])) {
    throw new ShapeError(`model: takes ${showShape(["batch", ...inputShape])}, got ${showShape(x.shape)}`)
  }
}

const run = (
  inputShape: Sizes,
  layers: ReadonlyArray<AnyLayer>,
  params: Trees,
  state: Trees,
  x: AnyTensor,
  mode: Mode
): Applied<AnyTensor, Trees> => {
  assertInput(inputShape, x)
  const changed: Record<string, Trees> = {}
  let random = 0
  let y = x
  for (const { name, kind, apply, random: draws } of layers) {
    const own = name === undefined ? nothing : params[name]
    if (own === undefined)
      throw new ModelError(`model: the parameters have no layer "${name}"; use those that init of this model made`)
    const before = (name === undefined ? undefined : state[name]) ?? nothing
    const inner: Mode = draws && mode.mode === "train" ? { mode: "train", key: Key.fold(mode.key, random++) } : mode
    // Trees of the layer's own types: `initialize` made them by the same names.
    const input = y
    const applied = labelled(name ?? kind, () => within(name, () => apply(own as never, before as never, input, inner)))
    y = applied.y
    observe(name, y)
    if (name !== undefined && applied.state !== before) changed[name] = applied.state
  }
  return { y, state: Object.keys(changed).length === 0 ? state : { ...state, ...changed } }
}

/** The sum of what the layers' regularisers add to the loss. */
const penaltyOf = (layers: ReadonlyArray<AnyLayer>): AnyModel["penalty"] => {
  const own = layers.flatMap(({ name, penalty }) =>
    name === undefined || penalty === undefined ? [] : [{ name, penalty }]
  )
  if (own.length === 0) return undefined
  // Regularisers give scalars; the parameters are those of the layer, as in `run`.
  return (params) =>
    own
      .map(({ name, penalty }) => penalty((params[name] ?? nothing) as never))
      .reduce((sum, term) => operations.add(sum, term)) as Tensor<[]>
}

/** The model of these layers. */
export const make = (inputShape: Sizes, layers: ReadonlyArray<AnyLayer>): AnyModel => ({
  inputShape,
  outputShape: layers.at(-1)?.outputShape ?? inputShape,
  layers,
  init: initialize(layers),
  apply: (params, state, x, mode) => run(inputShape, layers, params, state, x, mode),
  penalty: penaltyOf(layers)
})

/** The model with one more layer at its end. Throws ModelError when the layer's name is taken or is not a name. */
export const append = <P, S>({ inputShape, layers }: AnyModel, layer: Layer<P, S>): AnyModel => {
  if (layer.name !== undefined) assertFresh(layers, layer.name)
  return make(inputShape, [...layers, erase(layer)])
}

/** The size of the last axis of a model's output. Throws ShapeError, for the layer `operation`, when there is none. */
export const featuresOf = (operation: string, { outputShape }: AnyModel): number => {
  const features = outputShape.at(-1)
  if (features === undefined) throw new ShapeError(`${operation}: needs [batch, ..., features], got [batch]`)
  return features
}

// A layer is only ever given what its own `init` made (see `run`): that is what forgetting the two types relies on.
const erase = <P, S>(layer: Layer<P, S>): AnyLayer => layer as Layer<P, S> & AnyLayer

/**
 * The identity on batches of samples of one shape: where every model starts. `Model.input([64])`, `Model.input([28, 28, 1])`;
 * `[]` is one number per sample. Throws OptionError unless the sizes are whole numbers above 0.
 */
export const input: <const S extends ReadonlyArray<number>>(sample: S) => Model<Batch<Mutable<S>>, Batch<Mutable<S>>> =
  face(1, (sample: Sizes) => {
    const wrong = sample.find((size) => !Number.isInteger(size) || size < 1)
    if (wrong !== undefined) throw optionError("input: a size", "a whole number above 0", wrong)
    return make([...sample], [])
  })

/** Evaluation: no key is needed. */
export const evaluate: Evaluate = { mode: "evaluate" }

/** Training with this key: give each step its own, `Model.train(Key.fold(key, step))`. */
export const train = (key: Key.Key): Train => ({ mode: "train", key })
