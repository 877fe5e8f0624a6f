/**
 * Recurrent cells as functions: the next state from the state and an input `[..., inputs]`. They are what `T.scan` is
 * given for loops of one's own; for whole sequences there are `lstm`, `gru` and `rnn`.
 */
import { type AnyTensor, type DType, face, type Guard, type Shape, type Tensor } from "@cotangent/graph"
import {
  type CellRule,
  type CellSizes,
  checkInput,
  checkParameters,
  checkState,
  type DTypeOf,
  type InputRule,
  type RecurrentParameters,
  type StateRule,
  type StateShape
} from "./parameters.ts"
import { fromInput, gruStep, lstmStep, type Memory, type RnnActivation, rnnStep } from "./steps.ts"

/** The state of an LSTM: its output h and its memory c, `[..., units]` both. */
export interface LstmState<S extends Shape, D extends DType = "f32"> {
  readonly h: Tensor<S, D>
  readonly c: Tensor<S, D>
}

const sizesFor = (op: string, gates: number, p: RecurrentParameters, x: AnyTensor): CellSizes => {
  const sizes = checkParameters(op, gates, p)
  checkInput(op, p, sizes, x)
  return sizes
}

const stateShape = (x: AnyTensor, { units }: CellSizes): ReadonlyArray<number> => [...x.shape.slice(0, -1), units]

/** The cell of a long short-term memory. */
export interface LstmCell {
  <
    P extends RecurrentParameters,
    S extends Shape,
    E extends DType,
    C extends Shape,
    F extends DType,
    X extends Shape,
    G extends DType
  >(
    params: P & Guard<CellRule<"lstmCell", 4, P>>,
    state: {
      readonly h: Tensor<S, E> & Guard<StateRule<"lstmCell", "h", StateShape<X, P>, DTypeOf<P>, S, E>>
      readonly c: Tensor<C, F> & Guard<StateRule<"lstmCell", "c", StateShape<X, P>, DTypeOf<P>, C, F>>
    },
    input: Tensor<X, G> & Guard<InputRule<"lstmCell", P, X, G>>
  ): LstmState<StateShape<X, P>, G>
}

/**
 * One step of a long short-term memory: `c' = f c + i g`, `h' = o tanh(c')`, where the columns of
 * `x W + b + h U + c` are the gates `i`, `f`, `g`, `o` in this order (PyTorch's and Keras's), of which g passes through
 * tanh and the others through the sigmoid.
 *
 * ```ts
 * const params = { kernel: T.zeros([4, 12]), recurrentKernel: T.zeros([3, 12]), bias: T.zeros([12]) }
 * const { h, c } = Recurrent.lstmCell(params, { h: T.zeros([2, 3]), c: T.zeros([2, 3]) }, T.ones([2, 4]))
 * ```
 *
 * PyTorch's `LSTMCell` has both biases, which are added; Keras's `LSTMCell` has one. Throws ShapeError and DTypeError
 * when parameters, state and input do not fit. Hochreiter, Schmidhuber 1997; Gers and others 2000.
 */
export const lstmCell: LstmCell = face(1, (params: RecurrentParameters, state: Memory, x: AnyTensor) => {
  const sizes = sizesFor("lstmCell", 4, params, x)
  const shape = stateShape(x, sizes)
  checkState("lstmCell", "h", params, shape, state.h)
  checkState("lstmCell", "c", params, shape, state.c)
  return lstmStep(params, sizes.units, fromInput(params, x), state)
})

/** Options of gated recurrent units. */
export interface GruOptions {
  /**
   * Whether the reset gate is applied after the product with the state, as in PyTorch, cuDNN and (`reset_after`) Keras, and
   * unless given, or before it, as in the paper.
   */
  readonly resetAfter?: boolean
}

/** A cell whose state is its output, with the options `O`. */
export interface Cell<Op extends string, N extends number, O> {
  <P extends RecurrentParameters, S extends Shape, E extends DType, X extends Shape, G extends DType>(
    params: P & Guard<CellRule<Op, N, P>>,
    state: Tensor<S, E> & Guard<StateRule<Op, "h", StateShape<X, P>, DTypeOf<P>, S, E>>,
    input: Tensor<X, G> & Guard<InputRule<Op, P, X, G>>,
    options?: O
  ): Tensor<StateShape<X, P>, G>
}

/**
 * One step of a gated recurrent unit: `h' = (1 - z) n + z h`, with `r = sigmoid(x W_r + b_r + h U_r + c_r)`, z likewise, and
 * `n = tanh(x W_n + b_n + r (h U_n + c_n))`; with `resetAfter: false`, `n = tanh(x W_n + b_n + (r h) U_n + c_n)`. The
 * columns of the kernels are r, z, n in this order, which is PyTorch's; Keras's are z, r, n.
 *
 * PyTorch's `GRUCell`. Throws ShapeError and DTypeError when parameters, state and input do not fit. Cho and others 2014.
 */
export const gruCell: Cell<"gruCell", 3, GruOptions> = face(
  1,
  (params: RecurrentParameters, h: AnyTensor, x: AnyTensor, { resetAfter = true }: GruOptions = {}) => {
    const sizes = sizesFor("gruCell", 3, params, x)
    checkState("gruCell", "h", params, stateShape(x, sizes), h)
    return gruStep(params, sizes.units, resetAfter, fromInput(params, x), h)
  }
)

/** Options of plain recurrent cells. */
export interface RnnOptions {
  /** `tanh` unless given, or `relu`. */
  readonly activation?: RnnActivation
}

/**
 * One step of a plain recurrent cell: `h' = tanh(x W + b + h U + c)`, or relu in the place of tanh. PyTorch's `RNNCell`,
 * Keras's `SimpleRNNCell`. Throws ShapeError and DTypeError when parameters, state and input do not fit. Elman 1990.
 */
export const rnnCell: Cell<"rnnCell", 1, RnnOptions> = face(
  1,
  (params: RecurrentParameters, h: AnyTensor, x: AnyTensor, { activation = "tanh" }: RnnOptions = {}) => {
    const sizes = sizesFor("rnnCell", 1, params, x)
    checkState("rnnCell", "h", params, stateShape(x, sizes), h)
    return rnnStep(params, activation, fromInput(params, x), h)
  }
)
