export * as Artifact from "./artifact-module.ts"
export * as Predictor from "./predictor-module.ts"
export * from "./errors.ts"
export * as Weights from "./weights/index.ts"
