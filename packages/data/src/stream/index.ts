/** Data that does not fit in memory, as streams of chunks with back-pressure, and the batches made of them. */
export {
  type AnyDataStream,
  augment,
  batches,
  collect,
  type DataStream,
  fromChunks,
  fromDataset,
  fromTables,
  mapChunks,
  sample,
  split,
  type StreamBatchOptions
} from "./data-stream.ts"
export { npy, type NpyStreamOptions } from "./npy-stream.ts"
