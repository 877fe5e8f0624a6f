/** The run of the guide: its model, its options, and its two plots. */
import { Console, Effect, Path, pipe, Stream } from "effect"
import {
  type Compute,
  type Dataset,
  Files,
  type FitFailure,
  type History,
  Loss,
  Metrics,
  Model,
  Optimizer,
  Trainer,
  Viz
} from "cotangent"

/** 20 numbers per row, and one of 10 classes. */
export type Table = Dataset<[20], [], "i32">

/** The guide's network: 20 -> 64 relu -> 10 logits. */
const model = pipe(Model.input([20]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10))
