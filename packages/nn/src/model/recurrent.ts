/** Recurrent layers: cells over sequences `[batch, time, features]`. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  Key,
  type Mismatch,
  operations as ops,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type Tensor,
  type Times
} from "@cotangent/graph"
import { glorotUniform, type Initializer, orthogonal, zeros } from "../initializer.ts"
import { gru as gruOver, lstm as lstmOver, rnn as rnnOver, type RnnActivation } from "../recurrent/index.ts"
import { penaltyOf, type Regularizer } from "../regularizer.ts"
import type { Channels } from "./features.ts"
import { checkOptions, count, oneOf, type Problems } from "./layer-options.ts"
import type { AnyModel, Model } from "./model.ts"
import type { Fresh, Put } from "./names.ts"
import { appendWithParameters } from "./probe.ts"

/** Options of recurrent layers; the names and defaults are those of Keras. */
export interface RecurrentOptions<R extends boolean = boolean> {
  /** Whether all outputs are given, `[batch, time, units]`, or the last, `[batch, units]`; false unless given. */
  readonly returnSequences?: R
  /**
   * Whether the sequence is run from its end; false unless given. Outputs stay at the times of their inputs; Keras's
   * `go_backwards` turns them round.
   */
  readonly reverse?: boolean
  /** Backward memory, as for `T.scan`. */
  readonly segments?: number
  /** `glorotUniform` unless given. */
  readonly kernelInitializer?: Initializer
  /** `orthogonal()` unless given. */
  readonly recurrentInitializer?: Initializer
  /** `zeros` unless given. */
  readonly biasInitializer?: Initializer
  /** Added to the loss. */
  readonly kernelRegularizer?: Regularizer
  /** Added to the loss. */
  readonly recurrentRegularizer?: Regularizer
}

/** Options of lstm. */
export interface LstmOptions<R extends boolean = boolean> extends RecurrentOptions<R> {
  /** Whether the biases of the gate that forgets start at 1; true unless given. Jozefowicz and others 2015. */
  readonly unitForgetBias?: boolean
}

/** Options of gru. */
export interface GruOptions<R extends boolean = boolean, A extends boolean = boolean> extends RecurrentOptions<R> {
  /** Whether the reset gate is applied after the product with the state; true unless given. Before it there is one bias. */
  readonly resetAfter?: A
}

/** Options of simpleRnn. */
export interface SimpleRnnOptions<R extends boolean = boolean> extends RecurrentOptions<R> {
  /** `tanh` unless given, or `relu`. */
  readonly activation?: RnnActivation
}

type Size<A> = A extends number ? A : number

/** The parameters of a cell of U units with G gates side by side, for K features. */
export type RecurrentCell<K extends number, U extends number, G extends number> = {
  readonly kernel: Tensor<[K, Size<Times<G, U>>]>
  readonly recurrentKernel: Tensor<[U, Size<Times<G, U>>]>
  readonly bias: Tensor<[Size<Times<G, U>>]>
}

/** The parameters of a gated recurrent unit, which has two biases. */
export type GruCell<K extends number, U extends number> = RecurrentCell<K, U, 3> & {
  readonly recurrentBias: Tensor<[Size<Times<3, U>>]>
}

/** The parameters of a gated recurrent unit by where its reset gate is applied: before the product there is one bias. */
export type GruParameters<K extends number, U extends number, A extends boolean> = A extends true
  ? GruCell<K, U>
  : RecurrentCell<K, U, 3>

/** The guard of sequences: `[batch, time, features]`, or the sentence. */
export type Sequence<Op extends string, O extends Shape> = number extends O["length"]
  ? unknown
  : O extends readonly [Dim, Dim, Dim]
    ? unknown
    : Mismatch<`${Op}: needs [batch, time, features], got ${Show<O>}`>

/** The shape that a recurrent layer gives. */
export type Run<O extends Shape, U extends number, R extends boolean> = O extends readonly [
  infer B extends Dim,
  infer N extends Dim,
  Dim
]
  ? R extends true
    ? [B, N, U]
    : [B, U]
  : Shape

/** What an LSTM or a plain recurrent layer does to a model. */
export interface RecurrentLayer<
  Op extends string,
  L extends string,
  U extends number,
  G extends number,
  R extends boolean
> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Sequence<Op, O>> & Fresh<P, L>
  ): Model<I, Run<O, U, R>, Put<P, L, RecurrentCell<Size<Channels<O>>, U, G>>, S>
}

/** What a GRU does to a model. */
export interface GruLayer<L extends string, U extends number, R extends boolean, A extends boolean = true> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Sequence<"gru", O>> & Fresh<P, L>
  ): Model<I, Run<O, U, R>, Put<P, L, GruParameters<Size<Channels<O>>, U, A>>, S>
}

type Cell = {
  readonly kernel: AnyTensor
  readonly recurrentKernel: AnyTensor
  readonly bias: AnyTensor
  readonly recurrentBias?: AnyTensor
}

/** A cell over a sequence, time first: all outputs. */
type Over = (params: Cell, sequence: AnyTensor, options: object) => AnyTensor

interface Definition {
  readonly operation: string
  readonly kind: string
  readonly gates: number
  readonly over: Over
  readonly bias: (key: Key.Key, columns: number) => Omit<Cell, "kernel" | "recurrentKernel">
}

const turned = (x: AnyTensor): AnyTensor => ops.transpose(x, [1, 0, 2])

const recurrent = (
  name: string,
  units: number,
  options: RecurrentOptions,
  { operation, kind, gates, over, bias }: Definition,
  problems: Problems = []
) => {
  const { returnSequences = false, reverse = false, segments } = options
  checkOptions(
    operation,
    count("the number of units", units),
    segments === undefined ? [] : count("segments", segments),
    problems
  )
  const { kernelInitializer = glorotUniform, recurrentInitializer = orthogonal() } = options
  const columns = gates * units
  return (model: AnyModel): AnyModel => {
    const { outputShape } = model
    const [time = 1, features = 1] = outputShape
    if (outputShape.length !== 2)
      throw new ShapeError(`${operation}: needs [batch, time, features], got ${showShape(["batch", ...outputShape])}`)
    return appendWithParameters<Cell>(model, operation, {
      name,
      kind,
      init: (key) => ({
        kernel: kernelInitializer.draw(Key.fold(key, 0), [features, columns]),
        recurrentKernel: recurrentInitializer.draw(Key.fold(key, 1), [units, columns]),
        ...bias(Key.fold(key, 2), columns)
      }),
      apply: (params, x) => {
        const outputs = over(params, turned(x), { reverse, ...(segments === undefined ? {} : { segments }) })
        if (returnSequences) return turned(outputs)
        // The last output is that of the last step that was run.
        const last = reverse ? 0 : time - 1
        const [, batch = 1] = outputs.shape
        const row = ops.slice(outputs, { start: [last, 0, 0], limit: [last + 1, batch, units], step: [1, 1, 1] })
        return ops.reshape(row, [batch, units])
      },
      penalty: penaltyOf({ kernel: options.kernelRegularizer, recurrentKernel: options.recurrentRegularizer })
    })
  }
}

// The cells check their operands again.
const outputsOf =
  (over: unknown): Over =>
  (params, sequence, options) =>
    (over as (p: Cell, x: AnyTensor, o: object) => { readonly outputs: AnyTensor })(params, sequence, options).outputs

/**
 * A long short-term memory over sequences: `[batch, time, features]` to `[batch, units]`, or `[batch, time, units]` with
 * `returnSequences`. The columns of the kernels are the gates i, f, g, o; see `Recurrent.lstm`. Keras's `LSTM`.
 *
 * ```ts
 * import { pipe } from "effect/Function"
 * const model = pipe(Model.input([20, 8]), Model.lstm("memory", 32, { returnSequences: true }), Model.lstm("last", 16))
 * ```
 *
 * Throws ShapeError unless samples are `[time, features]`, OptionError unless `units` is a whole number above 0, ModelError
 * for a name that is taken. Hochreiter, Schmidhuber 1997.
 */
export const lstm: <L extends string, U extends number, R extends boolean = false>(
  name: L,
  units: U,
  options?: LstmOptions<R>
) => RecurrentLayer<"lstm", L, U, 4, R> = face(1, (name: string, units: number, options: LstmOptions = {}) => {
  const { biasInitializer = zeros, unitForgetBias = true } = options
  return recurrent(name, units, options, {
    operation: "lstm",
    kind: "Lstm",
    gates: 4,
    over: outputsOf(lstmOver),
    bias: (key, columns) => {
      if (!unitForgetBias) return { bias: biasInitializer.draw(key, [columns]) }
      const part = (i: number, n: number): AnyTensor => biasInitializer.draw(Key.fold(key, i), [n * units])
      return { bias: ops.concat([part(0, 1), ops.full([units], 1, "f32"), part(1, 2)], 0) }
    }
  })
})

/**
 * Gated recurrent units over sequences; see `lstm`. The columns of the kernels are the gates r, z, n (Keras's are z, r, n), and
 * there are two biases, or one with `resetAfter: false`. Keras's `GRU`. Cho and others 2014.
 */
export const gru: <L extends string, U extends number, R extends boolean = false, A extends boolean = true>(
  name: L,
  units: U,
  options?: GruOptions<R, A>
) => GruLayer<L, U, R, A> = face(1, (name: string, units: number, options: GruOptions = {}) => {
  const { biasInitializer = zeros, resetAfter = true } = options
  const run = outputsOf(gruOver)
  return recurrent(name, units, options, {
    operation: "gru",
    kind: "Gru",
    gates: 3,
    over: (params, sequence, how) => run(params, sequence, { ...how, resetAfter }),
    bias: (key, columns) => ({
      bias: biasInitializer.draw(Key.fold(key, 0), [columns]),
      ...(resetAfter ? { recurrentBias: biasInitializer.draw(Key.fold(key, 1), [columns]) } : {})
    })
  })
})

/** A plain recurrent layer, `h' = tanh(x W + h U + b)`; see `lstm`. Keras's `SimpleRNN`. Elman 1990. */
export const simpleRnn: <L extends string, U extends number, R extends boolean = false>(
  name: L,
  units: U,
  options?: SimpleRnnOptions<R>
) => RecurrentLayer<"simpleRnn", L, U, 1, R> = face(
  1,
  (name: string, units: number, options: SimpleRnnOptions = {}) => {
    const { biasInitializer = zeros, activation = "tanh" } = options
    const run = outputsOf(rnnOver)
    const definition: Definition = {
      operation: "simpleRnn",
      kind: "SimpleRnn",
      gates: 1,
      over: (params, sequence, how) => run(params, sequence, { ...how, activation }),
      bias: (key, columns) => ({ bias: biasInitializer.draw(key, [columns]) })
    }
    return recurrent(name, units, options, definition, oneOf("activation", activation, ["tanh", "relu"]))
  }
)
