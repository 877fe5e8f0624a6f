/** Artifacts: trained models as data and as bytes. */
export {
  type Artifact,
  type ArtifactOptions,
  make,
  type ServedProgram,
  type TrainedWeights,
  type Weight
} from "./artifact.ts"
export type { CategoryColumn, Cell, Column, NumberColumn, Row } from "./columns.ts"
export { decode, encode, fingerprint } from "./stored-artifact.ts"
export { type ExportedModel, standalone } from "./standalone.ts"
