/** What can be cut into parts: data sets and tables. */
import { type AnyDataset, slice as sliceDataset, take as takeDataset } from "./dataset.ts"
import type { Indices } from "./rows.ts"
import { type AnyTable, slice as sliceTable, take as takeTable } from "./table/table.ts"

/** A data set or a table. */
export type Splittable = AnyDataset | AnyTable

/** Whether it is a table. */
export const isTable = (self: Splittable): self is AnyTable => "columns" in self

/** The rows with these indices, in this order. */
export const take = <D extends Splittable>(self: D, indices: Indices): D =>
  // What goes in comes out, a table or a data set.
  (isTable(self) ? takeTable<AnyTable>(self, indices) : takeDataset<AnyDataset>(self, indices)) as D

/** Rows `start` up to, not including, `end`. */
export const slice = <D extends Splittable>(self: D, start: number, end: number): D =>
  // As in `take`.
  (isTable(self) ? sliceTable<AnyTable>(self, start, end) : sliceDataset<AnyDataset>(self, start, end)) as D
