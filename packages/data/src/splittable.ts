/** What can be cut into parts: data sets and tables. */
import { type AnyDataset, slice as sliceDataset, take as takeDataset } from "./dataset.ts"
import type { Indices } from "./rows.ts"
import { type AnyTable, slice as sliceTable, take as takeTable } from "./table/table.ts"

/** A data set or a table. */
export type Splittable = AnyDataset | AnyTable

const isTable = <D extends Splittable>(self: D): self is D & AnyTable => "columns" in self

/** The rows with these indices, in this order. */
export const take = <D extends Splittable>(self: D, indices: Indices): D =>
  // What is not a table is a data set.
  isTable(self) ? takeTable(self, indices) : (takeDataset(self as AnyDataset, indices) as Splittable as D)

/** Rows `start` up to, not including, `end`. */
export const slice = <D extends Splittable>(self: D, start: number, end: number): D =>
  // As in `take`.
  isTable(self) ? sliceTable(self, start, end) : (sliceDataset(self as AnyDataset, start, end) as Splittable as D)
