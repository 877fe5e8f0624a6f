export * from "./gradient.ts"
export { passes } from "./passes.ts"
