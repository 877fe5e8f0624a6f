export * from "./numbers.ts"
export * from "./workloads.ts"
