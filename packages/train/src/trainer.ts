/** Training: runs, and the search for a learning rate before them. */
export * from "./find-rate.ts"
export * from "./fit.ts"
