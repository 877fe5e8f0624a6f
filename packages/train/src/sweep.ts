/** Sweeps: the same run by several optimizers and learning rates, side by side. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { DType, Shape } from "@cotangent/graph"
import type { Loss, Model } from "@cotangent/nn"
import type { Rule } from "@cotangent/optim"
import type { Compute } from "@cotangent/runtime"
import { type Monitor, monitored } from "./callback.ts"
import type { CheckpointStore } from "./checkpoint-store.ts"
import { keepBest } from "./early-stopping.ts"
import { FitError, LossSpikeError, NonFiniteError } from "./errors.ts"
import type { Stopped } from "./events.ts"
import { fit, type FitFailure, type FitsData, type MetricNames, type Run } from "./fit.ts"
import type { History } from "./history.ts"
import type { FitOptions, MetricRecord, Objective } from "./options.ts"
import type { Source } from "./source.ts"
import { shown, textTable } from "./table.ts"
import { isRecord } from "./untyped.ts"
import type { Weights } from "./weights.ts"

/** An optimizer of any rule. */
export interface AnyOptimizer {
  readonly name: string
  readonly options: object
  readonly init: (params: never) => unknown
  readonly step: (state: never, grad: never) => unknown
  readonly evalParams: (state: never) => unknown
}

/** What is tried, and how: the options of `fit` without an optimizer. */
export interface SweepOptions<K extends Loss.TargetKind, M extends MetricRecord<K>, E = never, W = never>
  extends Omit<FitOptions<K, Rule, M>, "optimizer" | "checkpoints" | "from" | "initialEpoch">, Monitor {
  /** Optimizers by name, each made of a rate: `{ adam: (learningRate) => Optimizer.adam({ learningRate }) }`. */
  readonly optimizers: { readonly [name: string]: (learningRate: number) => AnyOptimizer }
  readonly learningRates: ReadonlyArray<number>
  /** How many trials run at the same time: 1 unless given. */
  readonly concurrency?: number
  /** Where the trial of this name, such as `adam-0.001`, keeps its checkpoints; what is there already is gone on from. */
  readonly store?: (trial: string) => Effect.Effect<CheckpointStore, E, W>
  /** Of `sweep`: is told of each trial as it ends. */
  readonly onTrial?: (trial: TrialResult<string>) => Effect.Effect<void>
}

/** How one optimizer did with one rate. */
export interface TrialResult<M extends string> {
  /** `adam-0.001`. */
  readonly name: string
  readonly optimizer: string
  readonly learningRate: number
  /** The watched number in its best epoch; NaN when there was none. */
  readonly score: number
  /** The best epoch; 0 when there was none. */
  readonly bestEpoch: number
  readonly history: History<M>
  /** Why it ended; `nonFinite` when it diverged. */
  readonly stopped: Stopped
}

/** A trial with the weights of its best epoch; none when it diverged. */
export interface Trial<P, S, M extends string> extends TrialResult<M> {
  readonly weights: Weights<P, S> | undefined
}

/** What a sweep says. */
export interface Sweep<P, S, M extends string> {
  /** In the order of the options: optimizer by optimizer, rate by rate. */
  readonly trials: ReadonlyArray<TrialResult<M>>
  /** The trial with the best score; the first of equals. */
  readonly best: Trial<P, S, M> | undefined
  /** A row per trial, the best first, as text. */
  readonly table: string
  /** Score over rate, optimizer by optimizer, trials with a score only: `Viz.lines({ title, series, xScale: "log" })`. */
  readonly series: ReadonlyArray<{
    readonly label: string
    readonly points: ReadonlyArray<readonly [learningRate: number, score: number]>
  }>
}

interface Described {
  readonly name: string
  readonly optimizer: string
  readonly learningRate: number
  readonly make: (learningRate: number) => AnyOptimizer
}

/** What decides which trials there are. */
type Grid = Pick<SweepOptions<Loss.TargetKind, {}>, "optimizers" | "learningRates" | "concurrency">

const trialsOf = ({ optimizers, learningRates }: Grid) =>
  Object.entries(optimizers).flatMap(([optimizer, make]) =>
    learningRates.map((learningRate): Described => ({
      name: `${optimizer}-${learningRate}`,
      optimizer,
      learningRate,
      make
    }))
  )

/** Node looks at no types: what is given may be anything. */
const untyped = ({ optimizers, learningRates }: Grid): ReadonlyArray<string> => [
  ...(isRecord(optimizers)
    ? Object.entries(optimizers)
        .filter(([, make]) => typeof make !== "function")
        .map(
          ([name]) => `optimizers.${name} is no function of a rate, (learningRate) => Optimizer.adam({ learningRate })`
        )
    : [
        "optimizers is missing; a record of functions is needed, { adam: (learningRate) => Optimizer.adam({ learningRate }) }"
      ]),
  ...(Array.isArray(learningRates) ? [] : ["learningRates is missing; an array of numbers is needed"])
]

const problemsOf = (grid: Grid): ReadonlyArray<string> => {
  const wrong = untyped(grid)
  return wrong.length > 0 ? wrong : gridProblems(grid)
}

const gridProblems = ({ optimizers, learningRates, concurrency = 1 }: Grid): ReadonlyArray<string> => [
  ...(Object.keys(optimizers).length > 0 ? [] : ["optimizers is empty; name one at least"]),
  ...Object.keys(optimizers)
    .filter((name) => !/^[\w.+ -]+$/.test(name) || name.startsWith("."))
    .map((name) => `the optimizer ${JSON.stringify(name)} cannot be the name of a folder; use letters, digits and -`),
  ...(learningRates.length > 0 ? [] : ["learningRates is empty; give one at least"]),
  ...learningRates
    .filter((rate, i) => !(rate > 0 && Number.isFinite(rate)) || learningRates.indexOf(rate) !== i)
    .map((rate) => `learningRates has ${rate}; different numbers above 0 are needed`),
  ...(Number.isInteger(concurrency) && concurrency > 0
    ? []
    : [`concurrency is ${concurrency}; a whole number of 1 or more is needed`])
]

/** The epoch whose watched number is the best. */
const bestOf = (monitor: Monitor, { epochs }: History) => {
  let best: { readonly epoch: number; readonly value: number; readonly score: number } | undefined
  for (const record of epochs) {
    const { name, value } = monitored(monitor, record)
    if (Number.isFinite(value) && (best === undefined || value > best.value))
      best = { epoch: record.epoch, value, score: record[name] ?? Number.NaN }
  }
  return best
}

/** Larger is better; no score is worse than any. */
const rankOf = (monitor: Monitor, { history }: { readonly history: History }): number =>
  bestOf(monitor, history)?.value ?? Number.NEGATIVE_INFINITY

const tableOf = (monitor: Monitor, trials: ReadonlyArray<TrialResult<string>>): string => {
  const record = trials.flatMap(({ history }) => history.epochs)[0]
  const name = record === undefined ? "score" : monitored(monitor, record).name
  const ranked = trials.toSorted((a, b) => rankOf(monitor, b) - rankOf(monitor, a) || 0)
  return textTable([
    ["optimizer", "rate", name, "epoch", "stopped by"],
    ...ranked.map(({ optimizer, learningRate, score, bestEpoch, stopped }) => [
      optimizer,
      String(learningRate),
      shown(score),
      bestEpoch === 0 ? "-" : String(bestEpoch),
      stopped
    ])
  ])
}

/**
 * The trials of a sweep as a Stream, each as it ends; `concurrency` of them run at the same time. See `sweep`.
 */
export const trials =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    const M extends MetricRecord<K> = {},
    E = never,
    W = never
  >(
    model: Model.Model<I, O, P, S>,
    options: Objective<K, M> & SweepOptions<K, M, E, W>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, F = never, V = never>(
    source: Source<X, Y, YD, F, V> & FitsData<I, O, K, X, Y, YD>
  ): Stream.Stream<Trial<P, S, MetricNames<M>>, FitFailure | E | F, Compute | W | V> => {
    const {
      optimizers,
      learningRates,
      concurrency = 1,
      store,
      monitor,
      mode,
      minDelta,
      onTrial: _,
      ...training
    } = options
    const watched: Monitor = {
      ...(monitor === undefined ? {} : { monitor }),
      ...(mode === undefined ? {} : { mode }),
      ...(minDelta === undefined ? {} : { minDelta })
    }
    const problems = problemsOf({ optimizers, learningRates, concurrency })
    if (problems.length > 0) return Stream.fail(new FitError({ problems }))
    const { earlyStopping } = options
    const trial = ({ make, ...named }: Described) =>
      Effect.gen(function* () {
        const checkpoints =
          store === undefined ? {} : { checkpoints: { store: yield* store(named.name), resume: true } }
        const described = fit<I, O, P, S, K, Rule, M>(model, {
          ...training,
          // One callback keeps weights: that of the sweep.
          ...(earlyStopping === undefined ? {} : { earlyStopping: { ...earlyStopping, restoreBest: false } }),
          callbacks: [...(options.callbacks ?? []), keepBest(watched)],
          ...checkpoints,
          optimizer: make(named.learningRate)
          // What `fit` does with an optimizer does not depend on its rule.
        } as unknown as FitOptions<K, Rule, M, P, S>)
        // The guard of the rows is the one of `fit`, and what they fail with and need is in the type of this function.
        const running = described(source as never) as Effect.Effect<
          Run<P, S, Rule, MetricNames<M>>,
          FitFailure | F,
          Compute | V
        >
        const { params, modelState, history, stopped } = yield* running.pipe(
          // The errors of a stream are not known, so that a tag does not tell them apart.
          Effect.catchIf(
            (error): error is NonFiniteError | LossSpikeError =>
              error instanceof NonFiniteError || error instanceof LossSpikeError,
            ({ history }) => diverged<P, S, MetricNames<M>>(history)
          )
        )
        const best = bestOf(watched, history)
        return {
          ...named,
          score: best?.score ?? Number.NaN,
          bestEpoch: best?.epoch ?? 0,
          history,
          stopped,
          weights: params === undefined || modelState === undefined ? undefined : { params, modelState }
        }
      })
    return Stream.mapEffect(Stream.fromIterable(trialsOf({ optimizers, learningRates })), trial, {
      concurrency,
      unordered: true
    })
  }

/** A trial that came to nothing: what it measured until then. */
const diverged = <P, S, M extends string>(history: History) =>
  Effect.succeed<Partial<Weights<P, S>> & { readonly history: History<M>; readonly stopped: Stopped }>({
    // The records are those of the same run.
    history: history as History<M>,
    stopped: "nonFinite"
  })

/**
 * Trains a model with every optimizer at every learning rate, and says which is best by the watched number of its best epoch.
 * A trial that diverges is a row of the table like any other. With `store`, an interrupted sweep goes on where it was.
 * Each trial runs a stream for itself; give it a `size`, or each counts its rows first.
 *
 * ```ts
 * const model = Model.dense("logits", 3)(Model.input([4]))
 * const data = Synthetic.classification({ rows: 90, features: 4, classes: 3, seed: 1 })
 * const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const adam = (learningRate: number) => Optimizer.adam({ learningRate })
 * const options = { loss, epochs: 10, optimizers: { adam }, learningRates: [0.001, 0.01, 0.1] }
 * const swept = Trainer.sweep(model, options)(data)
 * const streamed = Trainer.sweep(model, { ...options, window: 32 })(DataStream.fromDataset(data))
 * ```
 *
 * Fails with a FitError that lists everything wrong with the grid, and as `fit` does, a stream too, but for a loss that is not
 * finite.
 */
export const sweep =
  <
    I extends Shape,
    O extends Shape,
    P,
    S,
    K extends Loss.TargetKind,
    const M extends MetricRecord<K> = {},
    E = never,
    W = never
  >(
    model: Model.Model<I, O, P, S>,
    options: Objective<K, M> & SweepOptions<K, M, E, W>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, F = never, V = never>(
    source: Source<X, Y, YD, F, V> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<Sweep<P, S, MetricNames<M>>, FitFailure | E | F, Compute | W | V> =>
    Effect.gen(function* () {
      const problems = problemsOf(options)
      if (problems.length > 0) return yield* new FitError({ problems })
      const order = trialsOf(options).map(({ name }) => name)
      const place = ({ name }: TrialResult<string>): number => order.indexOf(name)
      const results: Array<TrialResult<MetricNames<M>>> = []
      let best: Trial<P, S, MetricNames<M>> | undefined
      yield* Stream.runForEach(trials(model, options)<X, Y, YD, F, V>(source), (trial) => {
        const { weights: _, ...result } = trial
        results.push(result)
        const ahead = best === undefined ? 1 : rankOf(options, trial) - rankOf(options, best)
        const isBetter = ahead > 0 || (ahead === 0 && best !== undefined && place(trial) < place(best))
        if (isBetter && !Number.isNaN(trial.score)) best = trial
        return options.onTrial?.(result) ?? Effect.void
      })
      const sorted = results.toSorted((a, b) => place(a) - place(b))
      return {
        trials: sorted,
        best,
        table: tableOf(options, sorted),
        series: Object.keys(options.optimizers).flatMap((label) => {
          const points = sorted.flatMap(({ optimizer, learningRate, score }) =>
            optimizer === label && !Number.isNaN(score) ? [[learningRate, score] as const] : []
          )
          return points.length === 0 ? [] : [{ label, points: points.toSorted(([a], [b]) => a - b) }]
        })
      }
    })
