/** Training: runs, measurements and predictions, many runs side by side, and the search for a learning rate before them. */
export * from "./cross-validation.ts"
export * from "./find-rate.ts"
export * from "./fit.ts"
export * from "./measuring.ts"
export type { RowStream, Source } from "./source.ts"
export * from "./sweep.ts"
export type * from "./options.ts"
export type { Weights } from "./weights.ts"
