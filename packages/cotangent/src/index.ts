/**
 * Cotangent: differentiable programs in TypeScript.
 *
 * The pure language is `T`, `Key`, `grad` and its kin, `Model`, `Loss`, `Metrics`, `Optimizer`; Effect begins with
 * `Compute`, `Dataset`, `Trainer` and `Viz`. No name here is one of Effect's own barrel.
 */
export {
  type Batched,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  valueAndGrad,
  valueAndGradAux,
  vjp,
  vmap
} from "@cotangent/autodiff"
export { Batches, Csv, DataError, Dataset, Permutation, Split, Synthetic } from "@cotangent/data"
export {
  type AnyTensor,
  DifferentiationError,
  DTypeError,
  EvaluationError,
  Graph as ComputationGraph,
  Key as RandomKey,
  print as printGraph,
  type Shape,
  ShapeError,
  T,
  type Tensor,
  Tree as TensorTree,
  type Value,
  Values,
  type ValuesOf
} from "@cotangent/graph"
export { type Dense, Initializer, Loss, Metrics, Model, ModelError, type Norm, OptionError } from "@cotangent/nn"
export * as Optimizer from "@cotangent/optim"
export {
  BorderError,
  CompileError,
  Compute,
  type HostOf,
  type Program,
  type Session,
  spec,
  specOf,
  step,
  stepWith
} from "@cotangent/runtime"
export {
  decodeHistory,
  encodeHistory,
  type EpochRecord,
  FitError,
  Files,
  type History,
  NonFiniteError,
  Safetensors,
  Trainer,
  type TrainEvent
} from "@cotangent/train"
export { Viz, VizError } from "@cotangent/viz"
