/** Where the training rows of a run come from: a data set, all of it in memory, or a stream, a window of it in memory. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AnyDataset, Dataset } from "@cotangent/data"
import { allocate, type DType, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"
import { checksum } from "./crc32.ts"
import { type Feed, type Load, openFeed, resident, type Windows } from "./feed.ts"

/**
 * Rows as a stream of chunks; every `DataStream` is one. Every pass of a run runs `chunks` anew, and gets the same rows. `size`
 * is how many a pass has; without it a run reads the stream once before it begins, to count them.
 */
export interface RowStream<
  out X extends Shape,
  out Y extends Shape,
  out YD extends DType,
  out E = never,
  out R = never
> {
  readonly name: string
  readonly inputShape: X
  readonly inputDtype: "f32"
  readonly targetShape: Y
  readonly targetDtype: YD
  readonly size?: number
  readonly chunks: Stream.Stream<Dataset<X, Y, YD>, E, R>
}

/** What a model can be trained on. `E` is how its rows can fail to come and `R` what reading them needs, `never` for a data set. */
export type Source<X extends Shape, Y extends Shape, YD extends DType, E = never, R = never> =
  | Dataset<X, Y, YD>
  | RowStream<X, Y, YD, E, R>

/** A stream of rows of any shapes. */
export interface AnyRowStream<out E, out R> extends Omit<RowStream<Shape, Shape, DType>, "chunks" | "inputDtype"> {
  readonly inputDtype: DType
  readonly chunks: Stream.Stream<AnyDataset, E, R>
}

/** A source of any shapes. */
export type AnySource<E, R> = AnyDataset | AnyRowStream<E, R>

/** What is known of rows before they are read. */
export type RowsLike = Pick<AnyDataset, "name" | "inputShape" | "inputDtype" | "targetShape" | "targetDtype">

/** The training rows of a run: how many, what of them is in memory when it begins, and how the rest gets there. */
export interface TrainRows<out E = unknown, out R = unknown> extends Windows {
  /** The window as the session begins with it: all rows of a data set; zeros where a stream will write. */
  readonly x: Value
  readonly y: Value
  readonly weights: Value | undefined
  /** What a checkpoint knows the rows by. */
  readonly identity: () => string
  /** Opens what brings the windows of the run into its session. */
  readonly feed: (load: Load) => Effect.Effect<Feed<E>, never, R | Scope.Scope>
}

/** A data set is one window, which is there from the start. */
export const datasetRows = ({ size, x, y }: AnyDataset, weights: Value | undefined): TrainRows<never, never> => ({
  size,
  window: size,
  x,
  y,
  weights,
  identity: () => checksum([x, y, weights]),
  feed: () => Effect.succeed(resident)
})

const zeros = (window: number, sample: Shape, dtype: DType): Value => {
  const shape = [window, ...sample.map(Number)]
  return Values.of(allocate(dtype, sizeOf(shape)), shape, dtype)
}

/** What is decided about a stream before it is read. */
export interface StreamPlan extends Windows {
  /** Chunks that are read ahead. */
  readonly prefetch: number
  /** The weights of the rows of a chunk, `first` being the number of its first row; none when all count the same. */
  readonly weigh: ((targets: Value, first: number) => Float32Array | undefined) | undefined
  /** What is wrong with a chunk. */
  readonly problems: (chunk: AnyDataset, first: number) => ReadonlyArray<string>
  /** What decides about weights, as text. */
  readonly weighing: string
}

const show = (dtype: DType, shape: Shape): string => `${dtype}[${shape.join(", ")}]`

/** A stream is read window by window. */
export const streamRows = <E, R>(stream: AnyRowStream<E, R>, plan: StreamPlan): TrainRows<E, R> => {
  const { inputDtype, inputShape, name, targetDtype, targetShape } = stream
  const { size, window, weigh, weighing } = plan
  return {
    size,
    window,
    x: zeros(window, inputShape, inputDtype),
    y: zeros(window, targetShape, targetDtype),
    weights: weigh === undefined ? undefined : zeros(window, [], "f32"),
    identity: () =>
      `stream ${name} of ${show(inputDtype, inputShape)} and ${show(targetDtype, targetShape)}, in windows of ${window}${weighing}`,
    feed: (load) => openFeed(stream, plan, load)
  }
}

/** The rows of a pass: what the stream says of itself, or else what a pass over it counts. */
export const countRows = <E, R>({ chunks, size }: AnyRowStream<E, R>): Effect.Effect<number, E, R> =>
  size === undefined
    ? Stream.runFold(
        chunks,
        () => 0,
        (rows, chunk) => rows + chunk.size
      )
    : Effect.succeed(size)
