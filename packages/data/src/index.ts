import type { DType, Shape } from "@cotangent/graph"
import * as builtin from "./builtin.ts"
import * as dataset from "./dataset.ts"

export * as Augment from "./augment/augment.ts"
export * as Batches from "./batches.ts"
export type { Batch, BatchOptions } from "./batches.ts"
export * as Cell from "./table/cell.ts"
export * as Csv from "./csv.ts"
export { DataError, Problem } from "./data-error.ts"
export type { AnyDataset } from "./dataset.ts"
export * as DataStream from "./stream/index.ts"
export * as Idx from "./readers/idx.ts"
export * as Images from "./readers/images.ts"
export * as Json from "./readers/json.ts"
export * as Npy from "./readers/npy.ts"
export * as Parquet from "./readers/parquet.ts"
export * as Permutation from "./permutation.ts"
export * as Preprocess from "./preprocess/index.ts"
export { refusalOf } from "./refusal.ts"
export * as Rows from "./rows.ts"
export * as Split from "./split.ts"
export type { Parts } from "./split.ts"
export * as Synthetic from "./synthetic.ts"
export * as Text from "./readers/text.ts"
export * as Table from "./table/index.ts"
export * as Vocabulary from "./preprocess/vocabulary.ts"

/** The type of data sets: inputs of shape `X`, targets of shape `Y` and type `YD`, each per sample. */
export type Dataset<X extends Shape, Y extends Shape, YD extends DType, XD extends DType = "f32"> = dataset.Dataset<
  X,
  Y,
  YD,
  XD
>

/** Data sets: how to make and cut them, and the ones that come with this package. */
export const Dataset = {
  classCounts: dataset.classCounts,
  classification: dataset.classification,
  digits: builtin.digits,
  digitsWith: builtin.digitsWith,
  iris: builtin.iris,
  make: dataset.make,
  mapInputs: dataset.mapInputs,
  regression: dataset.regression,
  slice: dataset.slice,
  take: dataset.take,
  wine: builtin.wine
} as const
