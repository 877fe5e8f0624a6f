/** The scalar functions: their definitions in kernel IR, and the same definitions evaluated on the host. */
export * from "./functions.ts"
export { scalar, scalarOf } from "./host.ts"
