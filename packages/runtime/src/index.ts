export {
  Compute,
  type ComputeService,
  type HostOf,
  type LoopOptions,
  type Program,
  type Session,
  type SessionOptions,
  type Step,
  step,
  stepWith
} from "./Compute.ts"
export { type Engine, type EngineOptions, makeEngine } from "./engine.ts"
export * from "./errors.ts"
export { type Spec, spec, specOf, type SpecOf } from "./program.ts"
export { evaluateTree } from "./run-once.ts"
export { openSession, type SessionCore } from "./session.ts"
export { enableWide } from "./wide.ts"
