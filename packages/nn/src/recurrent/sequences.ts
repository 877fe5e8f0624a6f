/**
 * Recurrent cells over whole sequences `[time, ..., inputs]`, time first as `T.scan` has it (for `[batch, time, inputs]`
 * use `T.transpose(x, [1, 0, 2])`). The products of all inputs with the kernel are one product before the loop.
 */
import {
  type AnyTensor,
  Axes,
  type Dim,
  type DType,
  DTypeError,
  face,
  type Guard,
  type Mismatch,
  operations as ops,
  type SameShape,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  T,
  type Tensor
} from "@cotangent/graph"
import type { GruOptions, LstmState, RnnOptions } from "./cells.ts"
import {
  type CellRule,
  type CellSizes,
  checkInput,
  checkParameters,
  checkState,
  type InputRule,
  type RecurrentParameters,
  type StateShape
} from "./parameters.ts"
import { fromInput, gruStep, lstmStep, rnnStep } from "./steps.ts"

type MaskTensor = Tensor<Shape, "bool"> | undefined

/** How a sequence is run. */
export interface SequenceOptions<S, M extends MaskTensor = MaskTensor> {
  /** The state before the first step; zeros unless given. */
  readonly initial?: S
  /** Whether to run from the last step to the first; outputs stay at the times of their inputs. */
  readonly reverse?: boolean
  /**
   * Which steps count, `[time, ...]`: where it is false the state stays, and the output is that of the step before, as in
   * Keras. All unless given.
   */
  readonly mask?: M
  /** Backward memory, as for `T.scan`. */
  readonly segments?: number
}

type Rest<X extends Shape> = X extends readonly [Dim, ...infer R extends Shape] ? R : Shape
type Time<X extends Shape> = X extends readonly [infer N extends Dim, ...Shape] ? N : number
type Steps<X extends Shape> = X extends readonly [...infer L extends Shape, Dim] ? L : Shape

/** The outputs of a cell with the parameters `P` over a sequence of shape `X`. */
export type OutputsShape<X extends Shape, P extends RecurrentParameters> =
  StateShape<Rest<X>, P> extends infer S extends Shape ? [Time<X>, ...S] : Shape

/** `unknown` when an input is a sequence for a cell, else the sentence. */
export type SequenceRule<
  Op extends string,
  P extends RecurrentParameters,
  X extends Shape,
  E extends DType
> = X extends readonly [] | readonly [unknown]
  ? Mismatch<`${Op}: needs a sequence [time, ..., inputs], got ${Show<X>}`>
  : InputRule<Op, P, X, E>

type MaskRule<Op extends string, X extends Shape, M extends MaskTensor> =
  M extends Tensor<infer S, DType>
    ? SameShape<Steps<X>, S> extends true
      ? unknown
      : Mismatch<`${Op}: the mask must be ${Show<Steps<X>>}, it is ${Show<S>}`>
    : unknown

/** The outputs of all steps, and the state after the last. */
export interface SequenceResult<O extends Shape, S, D extends DType> {
  readonly outputs: Tensor<O, D>
  readonly state: S
}

/** An LSTM over sequences. */
export interface LstmOver {
  <P extends RecurrentParameters, X extends Shape, E extends DType, M extends MaskTensor = undefined>(
    params: P & Guard<CellRule<"lstm", 4, P>>,
    sequence: Tensor<X, E> & Guard<SequenceRule<"lstm", P, X, E>>,
    options?: SequenceOptions<LstmState<StateShape<Rest<X>, P>, E>, M> & Guard<MaskRule<"lstm", X, M>>
  ): SequenceResult<OutputsShape<X, P>, LstmState<StateShape<Rest<X>, P>, E>, E>
}

/** A cell whose state is its output, over sequences, with the options `O`. */
export interface Over<Op extends string, N extends number, O> {
  <P extends RecurrentParameters, X extends Shape, E extends DType, M extends MaskTensor = undefined>(
    params: P & Guard<CellRule<Op, N, P>>,
    sequence: Tensor<X, E> & Guard<SequenceRule<Op, P, X, E>>,
    options?: O & SequenceOptions<Tensor<StateShape<Rest<X>, P>, E>, M> & Guard<MaskRule<Op, X, M>>
  ): SequenceResult<OutputsShape<X, P>, Tensor<StateShape<Rest<X>, P>, E>, E>
}

/** The parts of a state by name. */
type State = { readonly [name: string]: AnyTensor }

/** A cell as `run` needs it. */
interface Step {
  readonly op: string
  readonly gates: number
  readonly parts: ReadonlyArray<string>
  readonly next: (sizes: CellSizes, given: AnyTensor, state: State) => State
}

const checkMask = (op: string, mask: AnyTensor, sequence: AnyTensor): void => {
  const wanted = sequence.shape.slice(0, -1)
  if (mask.dtype !== "bool") throw new DTypeError(`${op}: the mask must be bool, it is ${mask.dtype}`)
  if (!Axes.sameShape(wanted, mask.shape))
    throw new ShapeError(`${op}: the mask must be ${showShape(wanted)}, it is ${showShape(mask.shape)}`)
}

/** `next` where the step counts, else `state`. */
const kept = (mask: AnyTensor | undefined, next: State, state: State): State => {
  if (mask === undefined) return next
  const column = ops.reshape(mask, [...mask.shape, 1])
  return Object.fromEntries(Object.entries(next).map(([name, x]) => [name, ops.select(column, x, state[name] ?? x)]))
}

/** `SequenceOptions`, any of which may be undefined. */
type RunOptions = { readonly [K in keyof SequenceOptions<State>]: SequenceOptions<State>[K] | undefined }

/** Runs a cell over a sequence. */
const run = (
  { op, gates, parts, next }: Step,
  params: RecurrentParameters,
  sequence: AnyTensor,
  options: RunOptions
): { readonly outputs: AnyTensor; readonly state: State } => {
  const sizes = checkParameters(op, gates, params)
  if (sequence.shape.length < 2)
    throw new ShapeError(`${op}: needs a sequence [time, ..., inputs], got ${showShape(sequence.shape)}`)
  checkInput(op, params, sizes, sequence)
  const { mask, reverse, segments } = options
  if (mask !== undefined) checkMask(op, mask, sequence)
  const shape = [...sequence.shape.slice(1, -1), sizes.units]
  const initial: State = Object.fromEntries(
    parts.map((name) => {
      const given = options.initial?.[name]
      if (given !== undefined) checkState(op, name, params, shape, given)
      return [name, given ?? ops.full(shape, 0, sequence.dtype)]
    })
  )
  const rows = { given: fromInput(params, sequence), ...(mask === undefined ? {} : { mask }) }
  const [state, outputs] = T.scan(
    (before: State, { given, mask: counts }: { readonly given: AnyTensor; readonly mask?: AnyTensor }) => {
      const after = kept(counts, next(sizes, given, before), before)
      return [after, after["h"] ?? given] as const
    },
    initial,
    rows as { readonly given: AnyTensor; readonly mask?: AnyTensor },
    { ...(reverse === undefined ? {} : { reverse }), ...(segments === undefined ? {} : { segments }) }
  )
  // One output per row of the sequence.
  return { outputs: outputs as AnyTensor, state }
}

/** A cell whose state is its output, over sequences. */
const over = <Op extends string, N extends number, O>(
  op: Op,
  gates: N,
  step: (params: RecurrentParameters, sizes: CellSizes, given: AnyTensor, h: AnyTensor, options: O) => AnyTensor
): Over<Op, N, O> =>
  face(
    1,
    (
      params: RecurrentParameters,
      sequence: AnyTensor,
      options: O & SequenceOptions<AnyTensor> = {} as O & SequenceOptions<AnyTensor>
    ) => {
      const next = (sizes: CellSizes, given: AnyTensor, { h }: State): State => ({
        h: step(params, sizes, given, h ?? given, options)
      })
      const { initial, reverse, mask, segments } = options
      const { outputs, state } = run({ op, gates, parts: ["h"], next }, params, sequence, {
        initial: initial && { h: initial },
        reverse,
        mask,
        segments
      })
      return { outputs, state: state["h"] }
    }
  )

/**
 * `lstmCell` over a sequence `[time, ..., inputs]`: the outputs h of all steps, `[time, ..., units]`, and the state after
 * the last one.
 *
 * ```ts
 * const params = { kernel: T.zeros([4, 12]), recurrentKernel: T.zeros([3, 12]) }
 * const { outputs, state } = Recurrent.lstm(params, T.ones([10, 2, 4]), { reverse: true })   // [10, 2, 3]
 * ```
 *
 * Throws ShapeError and DTypeError when parameters, sequence, initial state and mask do not fit.
 */
export const lstm: LstmOver = face(
  1,
  (params: RecurrentParameters, sequence: AnyTensor, options: SequenceOptions<State> = {}) =>
    run(
      {
        op: "lstm",
        gates: 4,
        parts: ["h", "c"],
        next: ({ units }, given, { h, c }) => ({ ...lstmStep(params, units, given, { h: h ?? given, c: c ?? given }) })
      },
      params,
      sequence,
      options
    )
)

/** `gruCell` over a sequence: the outputs of all steps, and the last. See `lstm`. */
export const gru: Over<"gru", 3, GruOptions> = over(
  "gru",
  3,
  (params, { units }, given, h, { resetAfter = true }: GruOptions) => gruStep(params, units, resetAfter, given, h)
)

/** `rnnCell` over a sequence: the outputs of all steps, and the last. See `lstm`. */
export const rnn: Over<"rnn", 1, RnnOptions> = over(
  "rnn",
  1,
  (params, _, given, h, { activation = "tanh" }: RnnOptions) => rnnStep(params, activation, given, h)
)
