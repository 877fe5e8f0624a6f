/** Checkpoints: where they are kept, and what is in them. */
export type { Checkpoint, Settings } from "./checkpoint.ts"
export { type CheckpointStore, folder, type FolderOptions, memory, readFolder } from "./checkpoint-store.ts"
export { type Initial, type PartialWeights, partialWeights, type Weights, weights } from "./weights.ts"
