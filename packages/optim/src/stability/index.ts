export * from "./gradientNorms.ts"
export * from "./lossSpikes.ts"
export { median, medianSpread } from "./robust.ts"
export * from "./watcher.ts"
