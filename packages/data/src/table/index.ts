/** Tables: how to make, look at and cut them, and one that comes with this package. */
export { Penguin, penguins } from "../builtin.ts"
export { concat, drop, dropMissing, type Known, select, sortBy, withColumn } from "./derive.ts"
export { type ColumnSummary, counts, describe, summaries } from "./describe.ts"
export * from "./table.ts"
