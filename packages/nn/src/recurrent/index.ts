export {
  type Cell,
  gruCell,
  type GruOptions,
  lstmCell,
  type LstmCell,
  type LstmState,
  rnnCell,
  type RnnOptions
} from "./cells.ts"
export type {
  CellRule,
  DTypeOf,
  InputRule,
  ParametersOf,
  RecurrentParameters,
  StateRule,
  StateShape,
  Units
} from "./parameters.ts"
export {
  gru,
  lstm,
  type LstmOver,
  type OutputsShape,
  type Over,
  rnn,
  type SequenceOptions,
  type SequenceResult,
  type SequenceRule
} from "./sequences.ts"
export type { RnnActivation } from "./steps.ts"
