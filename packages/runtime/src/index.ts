export { type Explanation, type Machine, printExplanation, type PrintExplanationOptions } from "@cotangent/compiler"
export {
  Compute,
  type ComputeService,
  type ElementsOf,
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
export { alignUp, type LeafSpec, pagesFor, place, type PlacedLeaf } from "./layout.ts"
export { type Memory, readValue, write as writeLeaf } from "./memory.ts"
export { IndexError } from "./index-error.ts"
export type { DebugOptions, Instruments, TapEvent, TapHandler } from "./instruments.ts"
export {
  type GivenReport,
  type NonFinite,
  NonFiniteError,
  type OperandReport,
  type OperationReport
} from "./non-finite-error.ts"
export { type Spec, spec, specOf, type SpecOf } from "./program.ts"
export { evaluateTree } from "./run-once.ts"
export { openSession, type SessionCore } from "./session.ts"
export { enableWide, isWideEnabled } from "./wide.ts"
