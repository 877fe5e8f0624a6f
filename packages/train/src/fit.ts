/**
 * The trainer: describes a run as data, trains it in one session, and tells what happens as a Stream of events.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Dim, DType, Guard, Mismatch, Shape, Show, ValuesOf } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import type { Rule, StateOf } from "@cotangent/optim"
import type { Compute } from "@cotangent/runtime"
import type { Emit } from "./epochs.ts"
import type { Stopped, TrainEvent } from "./events.ts"
import type { History } from "./history.ts"
import type { FitOptions, Learning, MetricRecord } from "./options.ts"
import type { AnyFitOptions } from "./plan.ts"
import { type FitFailure, runTraining } from "./run.ts"
import type { AnySource, Source } from "./source.ts"

export type { FitFailure } from "./run.ts"

/** What a run leaves. */
export interface Run<P, S, R extends Rule, M extends string> {
  /** The trained parameters, those of the best epoch when early stopping restores them. */
  readonly params: ValuesOf<P>
  readonly modelState: ValuesOf<S>
  /** The optimizer's state after the last step. */
  readonly optimizerState: ValuesOf<StateOf<R, P>>
  readonly history: History<M>
  readonly stopped: Stopped
}

/** The guard of the data: its samples are what the model takes and its targets what the loss needs. */
export type FitsData<
  I extends Shape,
  O extends Shape,
  K extends Loss.TargetKind,
  X extends Shape,
  Y extends Shape,
  YD extends DType
> = [WithoutBatch<I>] extends [X]
  ? [X] extends [WithoutBatch<I>]
    ? [K, O, Y, YD] extends ["values", readonly [Dim, 1], readonly [], "f32"]
      ? `fit: the output ${Show<O>} needs f32 values ${Show<O>}, got f32 [batch]; end the model with Model.reshape([])`
      : Loss.TargetRule<"fit", K, O, "f32", ["batch", ...Y], YD>
    : InputSentence<I, X>
  : InputSentence<I, X>
type InputSentence<I extends Shape, X extends Shape> = number extends X["length"]
  ? unknown
  : Guard<Mismatch<`fit: the model takes ${Show<WithoutBatch<I>>} per sample, the data has ${Show<X>}`>>
type WithoutBatch<S extends Shape> = S extends readonly [unknown, ...infer R extends Shape] ? R : Shape

/** Names of the metrics of a run. */
export type MetricNames<M> = keyof M & string

/** A described run: events as a Stream, and the run to its end. */
interface Described<P, S, R extends Rule, M extends string, E, W> {
  readonly events: Stream.Stream<TrainEvent<M> | Done<P, S, R, M>, FitFailure | E, Compute | W>
  readonly run: Effect.Effect<Run<P, S, R, M>, FitFailure | E, Compute | W>
}

/** The last element of `events`: the run itself. */
export interface Done<P, S, R extends Rule, M extends string> {
  readonly _tag: "Done"
  readonly run: Run<P, S, R, M>
}

const describe = <
  I extends Shape,
  O extends Shape,
  P,
  S,
  K extends Loss.TargetKind,
  R extends Rule,
  M extends MetricRecord<K>,
  E,
  W
>(
  model: Model.Model<I, O, P, S>,
  options: FitOptions<K, R, M, P, S>,
  source: AnySource<E, W>
): Described<P, S, R, MetricNames<M>, E, W> => {
  // From here on shapes and trees are numbers and records: the types above were checked by the guards of `fit`.
  const erased = { ...options, metrics: options.metrics ?? {} } as unknown as AnyFitOptions
  const train = (emit: Emit) =>
    runTraining(
      Model.forgetShapes(model) as unknown as Model.AnyModel,
      erased,
      source,
      emit
    ) as unknown as Effect.Effect<Run<P, S, R, MetricNames<M>>, FitFailure | E, Compute | W>
  return {
    run: train(() => Effect.void),
    events: Stream.callback<TrainEvent<MetricNames<M>> | Done<P, S, R, MetricNames<M>>, FitFailure | E, Compute | W>(
      (queue) =>
        train((event) => Queue.offer(queue, event as TrainEvent<MetricNames<M>>)).pipe(
          Effect.flatMap((run) => Queue.offer(queue, { _tag: "Done", run })),
          Effect.andThen(Queue.end(queue)),
          Effect.catchCause((cause) => Queue.failCause(queue, cause as Cause.Cause<FitFailure | E | Cause.Done>))
        ),
      { bufferSize: 16 }
    )
  }
}

/**
 * Trains a model on a data set, or on a stream of rows that does not fit in memory.
 *
 * `Trainer.fit(model, options)(source)` is an Effect of the run: trained parameters and history. Two runs with equal model,
 * options and rows give the same bits. Interrupting stops at the next chunk of steps, within some milliseconds, and writes a
 * checkpoint if there is a place for it. Keras: `model.fit`.
 *
 * Of a stream, such as a `DataStream`, a window of rows is in memory: `options.window` of them, mixed within it. Each pass
 * runs the stream again, and must get the same rows. With a window for all rows the bits are those of the data set.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const options = { loss, optimizer: Optimizer.adam({ learningRate: 0.01 }), epochs: 10 }
 * const trained = Trainer.fit(model, options)(data)
 * const streamed = Trainer.fit(model, { ...options, window: 32 })(DataStream.fromDataset(data))
 * ```
 *
 * Fails with a FitError that lists everything wrong with options and rows, a NonFiniteError or LossSpikeError with the history
 * so far, a ResumeError that lists everything in which a checkpoint differs, and as the stream does.
 */
export const fit =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    R extends Rule,
    const M extends MetricRecord<K> = {}
  >(
    model: Model.Model<I, O, P, S>,
    options: Learning<K, R, M> & FitOptions<K, R, M, NoInfer<P>, NoInfer<S>>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, E = never, W = never>(
    source: Source<X, Y, YD, E, W> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<Run<P, S, R, MetricNames<M>>, FitFailure | E, Compute | W> =>
    describe<I, O, P, S, K, R, M, E, W>(model, options, source).run

/** The same run as a Stream of typed events; the last one, `Done`, holds the run. */
export const events =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    R extends Rule,
    const M extends MetricRecord<K> = {}
  >(
    model: Model.Model<I, O, P, S>,
    options: Learning<K, R, M> & FitOptions<K, R, M, NoInfer<P>, NoInfer<S>>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, E = never, W = never>(
    source: Source<X, Y, YD, E, W> & FitsData<I, O, K, X, Y, YD>
  ): Stream.Stream<TrainEvent<MetricNames<M>> | Done<P, S, R, MetricNames<M>>, FitFailure | E, Compute | W> =>
    describe<I, O, P, S, K, R, M, E, W>(model, options, source).events
