/**
 * Layers: the immutable records a model is a list of. Here shapes are numbers and trees are untyped; the typed faces of
 * the layers (`dense.ts`, `dropout.ts`, ...) say what each adds to a model's types.
 */
import type { AnyTensor, Key, Tree } from "@cotangent/graph"

/** The sizes of one sample, without the batch. */
export type Sizes = ReadonlyArray<number>

/** Training: layers such as dropout draw from the key, layers such as batchNorm use and update batch statistics. */
export interface Train {
  readonly mode: "train"
  readonly key: Key.Key
}

/** Evaluation: the output is a function of parameters, state and input alone, and the state stays as it is. */
export interface Evaluate {
  readonly mode: "evaluate"
}

/** How a model is applied. */
export type Mode = Train | Evaluate

/** What a model holds beside its structure: parameters, which the optimizer changes, and state, which applying changes. */
export interface Variables<P, S> {
  readonly params: P
  readonly state: S
}

/** The result of applying a model: the output and the next state. */
export interface Applied<Y, S> {
  readonly y: Y
  readonly state: S
}

/** A record of trees by layer name. */
export type Trees = { readonly [name: string]: Tree.Tree }

/** A way around layers `from` up to, not including, `to`: their input is joined to their output, by what `join` signs. */
export interface Bypass {
  readonly from: number
  readonly to: number
  readonly join: string
}

/**
 * How the layers inside a block are connected: one after the other, with ways around some; side by side, each given the
 * block's input, and joined; or as repetitions of one, one after the other.
 */
export type Wiring =
  | { readonly form: "series"; readonly bypasses: ReadonlyArray<Bypass> }
  | { readonly form: "branches"; readonly join: string }
  | { readonly form: "repeat" }

/** A layer with parameters `P` and state `S`. */
export interface Layer<P = Trees, S = Trees> {
  /** The key of its parameters and state; absent when it has neither. */
  readonly name: string | undefined
  /** What it is, for people: `Dense relu`. */
  readonly kind: string
  /** What it is given, where that is not what the layer before puts out: the branches of a block. */
  readonly inputShape?: Sizes
  readonly outputShape: Sizes
  /** Whether applying it in train mode needs a key. */
  readonly random: boolean
  /** The layers inside a block. */
  readonly layers: ReadonlyArray<AnyLayer>
  /** How they are connected; a series without bypasses unless given. */
  readonly wiring?: Wiring
  readonly init: (key: Key.Key) => Variables<P, S>
  readonly apply: (params: P, state: S, x: AnyTensor, mode: Mode) => Applied<AnyTensor, S>
  /** What its regularisers add to the loss; absent when it has none. */
  readonly penalty?: ((params: P) => AnyTensor) | undefined
}

/** A layer whose types of parameters and state are forgotten: it must be given those its own `init` made. */
export interface AnyLayer extends Omit<Layer, "apply" | "penalty"> {
  readonly apply: (params: never, state: never, x: AnyTensor, mode: Mode) => Applied<AnyTensor, Trees>
  readonly penalty?: ((params: never) => AnyTensor) | undefined
}

/** No parameters, no state. */
export const nothing: Trees = {}

/** A layer without parameters and state: a function of its input. */
export const pureLayer = (
  kind: string,
  outputShape: Sizes,
  f: (x: AnyTensor, mode: Mode) => AnyTensor,
  random = false
): Layer => ({
  name: undefined,
  kind,
  outputShape,
  random,
  layers: [],
  init: () => ({ params: nothing, state: nothing }),
  apply: (_, state, x, mode) => ({ y: f(x, mode), state })
})

/** A layer with parameters and without state. */
export const parameterLayer = <P>(
  name: string,
  kind: string,
  outputShape: Sizes,
  init: (key: Key.Key) => P,
  apply: (params: P, x: AnyTensor, mode: Mode) => AnyTensor,
  random = false,
  penalty?: (params: P) => AnyTensor
): Layer<P> => ({
  name,
  kind,
  outputShape,
  random,
  layers: [],
  init: (key) => ({ params: init(key), state: nothing }),
  apply: (params, state, x, mode) => ({ y: apply(params, x, mode), state }),
  penalty
})
