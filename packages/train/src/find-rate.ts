/** The learning-rate finder: a short run over rates from small to large, and which of them it suggests. */
import * as Effect from "effect/Effect"
import type { DType, Shape } from "@cotangent/graph"
import { type Loss, Model } from "@cotangent/nn"
import {
  OptimizerError,
  type RangeTest,
  rangeTest,
  type RangeTestOptions,
  type RateFinding,
  type Rule
} from "@cotangent/optim"
import type { BorderError, CompileError, Compute, IndexError, ThreadError } from "@cotangent/runtime"
import { beginSteps, cut, loadInto, meanOf, openPace, openSession, type TrainSession } from "./epochs.ts"
import { FitError } from "./errors.ts"
import type { FitsData } from "./fit.ts"
import type { FitOptions } from "./options.ts"
import { type AnyFitOptions, makePlan, stepsOf } from "./plan.ts"
import { windowAt } from "./segments.ts"
import type { AnySource, Source } from "./source.ts"
import { trainingProblems } from "./untyped.ts"

/** What a finder needs: the loss, batches and seed of the run to come, its optimizer, and the rates to try. */
export type FindRateOptions<K extends Loss.TargetKind, R extends Rule> = RangeTestOptions &
  Pick<FitOptions<K, R, {}>, "loss" | "optimizer" | "batchSize" | "seed" | "shuffle" | "window" | "prefetch">

/** Why a finder can fail. */
export type FindRateFailure = FitError | CompileError | BorderError | IndexError | ThreadError

/** Whether an option somewhere in a record is a schedule of the rate, which would pay no heed to the rate in the state. */
const followsSchedule = (options: object): boolean =>
  Object.entries(options).some(([name, value]: readonly [string, unknown]) =>
    name === "learningRate"
      ? typeof value === "function"
      : typeof value === "object" && value !== null && !Array.isArray(value) && followsSchedule(value)
  )

const failed = (problem: string): FitError => new FitError({ problems: [problem] })

/** Tries one rate: the loss of the next batch and a step at that rate. A loss that debug mode stops at is NaN. */
const tryRate = (session: TrainSession, program: string, rate: number) =>
  Effect.gen(function* () {
    yield* session.write(
      ({ optimizer: { learningRate }, sums: { loss, samples } }) => ({ learningRate, loss, samples }),
      { learningRate: [rate], loss: [0], samples: [0] }
    )
    yield* session.step(program)
    return meanOf(yield* session.read(({ sums: { loss, samples } }) => ({ loss, samples })))
  }).pipe(Effect.catchTag("NonFiniteError", () => Effect.succeed(Number.NaN)))

const runTest = <E, W>(
  model: Model.AnyModel,
  options: AnyFitOptions,
  test: RangeTest,
  source: AnySource<E, W>
): Effect.Effect<RateFinding, FindRateFailure | E, Compute | W> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = yield* makePlan(model, options, source)
      const session = yield* openSession(plan)
      const pace = openPace(plan)
      const feed = yield* plan.train.feed(loadInto(session))
      const { full } = cut(plan.train.size, plan.batchSize)
      const [program, steps] = full > 0 ? (["train", full] as const) : (["trainRest", 1] as const)
      let state = test.init
      for (let k = 0; !state.done; k++) {
        // A pass of the run to come has one more step, with its short last batch, which is left out.
        const done = Math.floor(k / steps) * stepsOf(plan.train.size, plan.batchSize) + (k % steps)
        const window = windowAt(plan, done)
        yield* feed.bring(window.number)
        yield* beginSteps(plan, session, pace, done, window, false)
        state = test.update(state, yield* tryRate(session, program, test.rates[k] ?? Number.NaN))
      }
      return test.finding(state)
    })
  )

/**
 * Looks for a learning rate: trains the model for one step at each of many rates, from small to large, and tells how the
 * loss went. The first parameters, the batches and their order are those of a run with the same seed; a short last batch is
 * left out. The rate is a number in the state, so that all rates run one compiled program. The model is left as it was: the
 * finder returns no parameters. Of a stream only the windows that the rates need are read.
 *
 * Source: Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3; see `rangeTest`. Draw it with
 * `Viz.rates`.
 *
 * ```ts
 * const model = Model.dense("logits", 10)(Model.input([20]))
 * const data = Synthetic.classification({ rows: 1000, features: 20, classes: 10, seed: 42 })
 * const crossentropy = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
 * const finding = Trainer.findRate(model, { loss: crossentropy, optimizer: Optimizer.adam(), seed: 42 })(data)
 * // Effect of { points: [{ rate, loss, smoothed }, ...], suggestion: ..., beforeMinimum: ..., stopped: ... }
 * ```
 *
 * Fails with a FitError that lists what is wrong with options and rows, also when the optimizer follows a schedule, and as a
 * stream does.
 */
export const findRate =
  <I extends Shape, O extends Shape, P, S, K extends Loss.TargetKind, R extends Rule>(
    model: Model.Model<I, O, P, S>,
    options: FindRateOptions<K, R>
  ) =>
  <X extends Shape, Y extends Shape, YD extends DType, E = never, W = never>(
    source: Source<X, Y, YD, E, W> & FitsData<I, O, K, X, Y, YD>
  ): Effect.Effect<RateFinding, FindRateFailure | E, Compute | W> =>
    Effect.suspend((): Effect.Effect<RateFinding, FindRateFailure | E, Compute | W> => {
      const { loss, optimizer, batchSize, seed, shuffle, window, prefetch, ...range } = options
      const problems = trainingProblems(model, { loss, optimizer, epochs: 1 }, source)
      if (problems.length > 0) return Effect.fail(new FitError({ problems }))
      if (followsSchedule(optimizer.options))
        return Effect.fail(
          failed("the optimizer follows a schedule, so that no other rate can be tried; give it a number for its rate")
        )
      const test = Effect.try({
        try: () => rangeTest(range),
        catch: (thrown) => failed(thrown instanceof OptimizerError ? thrown.message : String(thrown))
      })
      // Shapes and trees were checked by the guard of the rows, as in `fit`.
      const erased = {
        loss,
        optimizer,
        metrics: {},
        epochs: 1,
        ...(batchSize === undefined ? {} : { batchSize }),
        ...(seed === undefined ? {} : { seed }),
        ...(shuffle === undefined ? {} : { shuffle }),
        ...(window === undefined ? {} : { window }),
        ...(prefetch === undefined ? {} : { prefetch })
      } as unknown as AnyFitOptions
      const untyped = Model.forgetShapes(model) as unknown as Model.AnyModel
      return Effect.flatMap(test, (made) => runTest<E, W>(untyped, erased, made, source))
    })
