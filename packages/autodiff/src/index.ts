export * from "./gradient.ts"
export { passes } from "./passes.ts"
export * from "./products.ts"
export * from "./vmap.ts"
