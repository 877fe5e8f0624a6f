/** Optimizers as pure functions `(state, gradient) -> state`, gradient transforms and learning-rate schedules. */
export * from "./chain.ts"
export * from "./errors.ts"
export * from "./fromTransform.ts"
export * from "./grouped.ts"
export type { EpsilonMode } from "./moments.ts"
export type { VelocityMode } from "./momentum.ts"
export type { TrustRatioMode } from "./trustRatio.ts"
export { globalNorm } from "./norm.ts"
export type { Optimizer, Rule, StateOf, Stepped } from "./optimizer.ts"
export {
  type FirstStep,
  memoryOf,
  type OptimizerDocument,
  type Remembered,
  type Symmetry,
  type Traits
} from "./document.ts"
export * from "./optimizers/adabelief.ts"
export * from "./optimizers/adadelta.ts"
export * from "./optimizers/adafactor.ts"
export * from "./optimizers/adagrad.ts"
export * from "./optimizers/adam.ts"
export * from "./optimizers/adamAsPrinted.ts"
export * from "./optimizers/adamax.ts"
export * from "./optimizers/adamw.ts"
export * from "./optimizers/adan.ts"
export * from "./optimizers/asgd.ts"
export * from "./optimizers/gradientDescent.ts"
export * from "./optimizers/lamb.ts"
export * from "./optimizers/lars.ts"
export * from "./optimizers/lion.ts"
export * from "./optimizers/lookahead.ts"
export * from "./optimizers/muon.ts"
export * from "./optimizers/nadam.ts"
export * from "./optimizers/partitioned.ts"
export * from "./optimizers/prodigy.ts"
export * from "./optimizers/radam.ts"
export * from "./optimizers/rmsprop.ts"
export * from "./optimizers/rprop.ts"
export * from "./optimizers/sam.ts"
export * from "./optimizers/scheduleFree.ts"
export * from "./optimizers/sgd.ts"
export * from "./optimizers/shampoo.ts"
export * from "./optimizers/soap.ts"
export * from "./optimizers/sparseRows.ts"
export * from "./optimizers/table.ts"
export * as presets from "./presets.ts"
export type { Scalar } from "./scalar.ts"
export * as Schedule from "./schedule/index.ts"
export type { Context, Stateless, StatelessRule, Transform, TransformRule, TransformState } from "./transform.ts"
export * from "./transforms/addDecayedWeights.ts"
export * from "./transforms/clipByGlobalNorm.ts"
export * from "./transforms/clipByValue.ts"
export * from "./transforms/identity.ts"
export * from "./transforms/scale.ts"
export * from "./transforms/scaleByAdam.ts"
export * from "./transforms/trace.ts"
export * from "./trajectory.ts"
export type { DecayOptions, WeightDecayMode } from "./weightDecay.ts"
export type { Bound } from "./solver/bounds.ts"
export { type LbfgsOptions, type LbfgsRule, type LbfgsState, lbfgs } from "./solver/lbfgs.ts"
export {
  type Minimized,
  minimize,
  type MinimizeMethod,
  type MinimizeOptions,
  type ScalarObjective
} from "./solver/minimize.ts"
export { type Reason, reasonOf, reasons } from "./solver/reason.ts"
export type { Objective, Solved, Solver, SolverRule, SolverStateOf } from "./solver/solver.ts"
export { type LeastSquares, leastSquares, type LeastSquaresOptions } from "./solver/leastSquares.ts"
