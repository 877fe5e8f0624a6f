export * from "./explanation.ts"
export * from "./print.ts"
