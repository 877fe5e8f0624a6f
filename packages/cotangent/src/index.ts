/**
 * Cotangent: differentiable programs in TypeScript.
 *
 * The pure language is `T`, `Key`, `grad` and its kin, `Model`, `Loss`, `Metrics`, `Optimizer`; Effect begins with
 * `Compute`, `Dataset`, `Trainer` and `Viz`. No name here is one of Effect's own barrel.
 */
export {
  argmin,
  type Batched,
  checkpoint,
  type CheckpointPolicy,
  customDerivative,
  customJvp,
  customVjp,
  fixedPoint,
  grad,
  hessian,
  hvp,
  jacobian,
  type JacobianMode,
  type JacobianOf,
  jvp,
  jvpAux,
  linearize,
  root,
  type Solution,
  unusedParameters,
  valueAndGrad,
  valueAndGradAux,
  vjp,
  vjpAux,
  vmap,
  type VmapOptions
} from "@cotangent/autodiff"
export {
  Augment,
  Batches,
  Cell,
  Csv,
  DataError,
  Dataset,
  DataStream,
  Idx,
  Images,
  Json,
  Npy,
  Parquet,
  Permutation,
  Preprocess,
  Split,
  Synthetic,
  Table,
  Text,
  Vocabulary
} from "@cotangent/data"
export {
  type AnyTensor,
  DifferentiationError,
  type Dim,
  type DType,
  DTypeError,
  EvaluationError,
  type Float,
  Graph as ComputationGraph,
  Key as RandomKey,
  parse as parseGraph,
  print as printGraph,
  type Shape,
  ShapeError,
  T,
  type Tensor,
  Tree as TensorTree,
  TreeError,
  type Value,
  Values,
  type ValuesOf
} from "@cotangent/graph"
export {
  Attention,
  type Conv,
  type Dense,
  type Embedding,
  type GruCell,
  Initializer,
  Inspect,
  Loss,
  Metrics,
  Model,
  ModelError,
  type Norm,
  OptionError,
  Recurrent,
  type RecurrentCell,
  Regularizer,
  type Separable,
  type Transformer
} from "@cotangent/nn"
export * as Optimizer from "@cotangent/optim"
export {
  BorderError,
  CompileError,
  Compute,
  type Explanation,
  type HostOf,
  IndexError,
  ThreadError,
  type Instruments,
  type Machine,
  NonFiniteError as NonFiniteOperation,
  printExplanation,
  type Program,
  type RunError,
  type Session,
  spec,
  specOf,
  step,
  stepWith,
  type TapEvent
} from "@cotangent/runtime"
export { Artifact, ArtifactError, PoolError, Predictor, RowError, Weights, WeightsError } from "@cotangent/serve"
export {
  Callback,
  CheckpointError,
  Checkpoints,
  decodeHistory,
  encodeHistory,
  type EpochRecord,
  FitError,
  Files,
  type History,
  Log,
  LossSpikeError,
  NonFiniteError,
  ResumeError,
  Safetensors,
  Trainer,
  type TrainEvent
} from "@cotangent/train"
export { Viz, VizError } from "@cotangent/viz"
