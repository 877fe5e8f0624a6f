/** Artifacts: trained models as data and as bytes. */
export {
  type AnyArtifact,
  type Artifact,
  type ArtifactOptions,
  make,
  type ServedProgram,
  type TrainedWeights,
  type Weight
} from "./artifact.ts"
export type { Numbers, RowOf } from "./rows.ts"
export { decode, encode, fingerprint, type LoadedArtifact } from "./stored-artifact.ts"
export { type ExportedModel, standalone, type StandaloneOptions } from "./standalone.ts"
