/**
 * Compute: the Effect services that compile and run programs. Below it everything is pure; here memory, code and time
 * begin.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { type Cost, explain, type Explanation, type Machine } from "@cotangent/compiler"
import type { DType, Shape, Tensor, Value, ValuesOf } from "@cotangent/graph"
import { Tree } from "@cotangent/graph"
import { type Engine, type EngineOptions, makeEngine } from "./engine.ts"
import { hasThreads } from "./crew.ts"
import { BorderError, CompileError, type RunError, sentenceOf, ThreadError, UnsupportedError } from "./errors.ts"
import { checkLeaves } from "./border.ts"
import { IndexError } from "./index-error.ts"
import type { DebugOptions, Instruments, TapEvent } from "./instruments.ts"
import { NonFiniteError } from "./non-finite-error.ts"
import { evaluateObserved, hostValues, makeObservedRunner } from "./observed-run.ts"
import { specOf, type SpecOf, trace } from "./program.ts"
import { openSession, type SessionCore } from "./session.ts"
import { canFuse, enableWide } from "./wide.ts"

/** The values a function takes: a value where it takes a tensor. */
export type HostOf<T> =
  T extends Tensor<infer S, infer D> ? Value<S, D> | Value<Shape, D> : { readonly [K in keyof T]: HostOf<T[K]> }

/** A compiled function. Immutable and shareable: every call runs on a memory of its own. */
export interface Program<A extends ReadonlyArray<unknown>, B> {
  /** Runs the function on values; the inputs are copied in and the results copied out. */
  readonly run: (...args: { readonly [K in keyof A]: HostOf<A[K]> }) => Effect.Effect<ValuesOf<B>, RunError>
  /** What one run costs, known before it runs. */
  readonly cost: Cost
}

/** One program of a session: `(state, data, input) -> [state, outputs]`. */
export interface Step<S, D, I, O> {
  readonly step: (state: S, data: D, input: I) => readonly [S, O]
  readonly input: SpecOf<I>
}

/** A program of a session without input. */
export const step = <S, D, O>(f: (state: S, data: D) => readonly [S, O]): Step<S, D, {}, O> => ({
  step: (state, data) => f(state, data),
  input: {}
})

/** A program of a session that takes an input of the given spec at each step. */
export const stepWith = <S, D, I, O>(
  input: SpecOf<I>,
  f: (state: S, data: D, input: I) => readonly [S, O]
): Step<S, D, I, O> => ({ step: f, input })

type AnyStep<S, D> = {
  readonly step: (state: S, data: D, input: never) => readonly [S, unknown]
  readonly input: unknown
}
type InputOf<P> =
  P extends Step<never, never, infer I, unknown>
    ? I
    : P extends { readonly step: (state: never, data: never, input: infer I) => unknown }
      ? I
      : never
type OutputOf<P> = P extends { readonly step: (...args: never) => readonly [unknown, infer O] } ? O : never

/** How a loop of steps is cut: it yields to other fibers after about this long, so that it can be interrupted. */
export interface LoopOptions {
  readonly count: number
  /** Milliseconds between yields, 5 unless given. */
  readonly sliceMillis?: number
  /** Called at every yield with the number of steps done. */
  readonly onChunk?: (done: number) => Effect.Effect<void>
}

/** Elements for the leaves of a tree: an array for a tensor, and for a tree of tensors a tree of arrays. */
export type ElementsOf<T> =
  T extends Tensor<Shape, DType> ? ArrayLike<number> : { readonly [K in keyof T]: ElementsOf<T[K]> }

/** Programs over one resident state. A session is not re-entrant: two fibers queue on it. */
export interface Session<S, P, D = unknown> {
  /** Advances the state by one step of a program and gives its outputs. */
  readonly step: <K extends keyof P & string>(
    program: K,
    ...input: {} extends InputOf<P[K]> ? [input?: HostOf<InputOf<P[K]>>] : [input: HostOf<InputOf<P[K]>>]
  ) => Effect.Effect<ValuesOf<OutputOf<P[K]>>, RunError>
  /** Runs many steps of a program that takes no input, yielding at chunk borders; gives the outputs of the last step. */
  readonly loop: <K extends keyof P & string>(
    program: K,
    options: LoopOptions
  ) => Effect.Effect<ValuesOf<OutputOf<P[K]>>, RunError>
  /** A copy of the state, or of the part of it that `select` picks. */
  readonly state: Effect.Effect<ValuesOf<S>, BorderError>
  readonly read: <T>(select: (state: S) => T) => Effect.Effect<ValuesOf<T>, BorderError>
  /** Overwrites one leaf of the state, or a tree of leaves at once: all of them or, where one does not fit, none. */
  readonly write: <T>(select: (state: S) => T, data: ElementsOf<T>) => Effect.Effect<void, BorderError>
  /**
   * Overwrites elements of one leaf of the data, from element `at` on, 0 unless given: rows that do not all fit in memory
   * are brought in one stretch after another. Fails with a BorderError when they reach past the leaf.
   */
  readonly load: <E extends DType>(
    select: (data: D) => Tensor<Shape, E>,
    elements: ArrayLike<number>,
    at?: number
  ) => Effect.Effect<void, BorderError>
  /** How many times the state was advanced or written. */
  readonly generation: Effect.Effect<number>
  readonly cost: (program: keyof P & string) => Cost
  /** What became of a program: passes, kernels, memory and cost. With a `machine` also what limits each kernel. */
  readonly explain: (program: keyof P & string, machine?: Machine) => Explanation
  /** The canonical graph of a program as text. */
  readonly show: (program: keyof P & string) => string
  readonly memoryBytes: number
}

/** What a session is made of: the state and data it starts from, as trees of tensors, and its programs. */
export interface SessionOptions<S, D, P> extends Instruments {
  readonly state: S
  readonly data: D
  readonly programs: P
}

/** The service. */
export interface ComputeService {
  readonly options: EngineOptions
  readonly engine: Engine
  /** What every program of this service is asked to show and to check. */
  readonly instruments: Instruments
}

const border = <A>(body: () => A): Effect.Effect<A, BorderError> =>
  Effect.try({
    try: body,
    catch: (thrown) => (thrown instanceof BorderError ? thrown : new BorderError({ message: sentenceOf(thrown) }))
  })

const running = <A>(body: () => A): Effect.Effect<A, RunError> =>
  Effect.try({
    try: body,
    catch: (thrown) =>
      thrown instanceof BorderError ||
      thrown instanceof IndexError ||
      thrown instanceof NonFiniteError ||
      thrown instanceof ThreadError
        ? thrown
        : new BorderError({ message: sentenceOf(thrown) })
  })

/** The instruments among options, over those of the service. */
const instrumentsOf = (service: ComputeService, { checked, debug, taps }: Instruments): Instruments => ({
  ...service.instruments,
  ...(checked === undefined ? {} : { checked }),
  ...(debug === undefined ? {} : { debug }),
  ...(taps === undefined ? {} : { taps })
})

/** Shows what taps have shown to whoever looks. */
const tell = ({ taps }: Instruments, events: ReadonlyArray<TapEvent>): Effect.Effect<void> =>
  taps === undefined || events.length === 0 ? Effect.void : Effect.forEach(events, taps, { discard: true })

const compileError = (thrown: unknown): CompileError =>
  thrown instanceof CompileError ? thrown : new CompileError({ message: sentenceOf(thrown), cause: thrown })

const compiling = <A>(body: () => A): Effect.Effect<A, CompileError> => Effect.try({ try: body, catch: compileError })

/** Compiles and runs at once. */
const evaluating = <A>(body: () => A): Effect.Effect<A, CompileError | IndexError | NonFiniteError> =>
  Effect.try({
    try: body,
    catch: (thrown) =>
      thrown instanceof IndexError || thrown instanceof NonFiniteError ? thrown : compileError(thrown)
  })

/** Compiles and runs programs; provide `Compute.layer`, `Compute.wide` or `Compute.javascript`. */
export class Compute extends Context.Service<Compute, ComputeService>()("@cotangent/runtime/Compute") {
  /** WebAssembly, 128-bit vectors: runs everywhere, changes nothing outside itself. */
  static readonly layer: Layer.Layer<Compute> = Layer.sync(Compute, () => serviceOf({ target: "wasm", mode: "narrow" }))

  /** The JavaScript target: the same bits, slower; for machines without WebAssembly SIMD and for checking. */
  static readonly javascript: Layer.Layer<Compute> = Layer.sync(Compute, () =>
    serviceOf({ target: "js", mode: "narrow" })
  )

  /**
   * WebAssembly with 256-bit vectors where the engine has them: sets a V8 flag of the whole process, which is why a
   * library must not use it; falls back to `layer` where the flag is missing or a check of its bits fails.
   */
  static readonly wide: Layer.Layer<Compute> = Layer.effect(
    Compute,
    Effect.gen(function* () {
      const wide = yield* Effect.sync(enableWide)
      if (!wide) yield* Effect.logDebug("wide: this engine has no 256-bit mode; computing with 128 bits, the same bits")
      return serviceOf({ target: "wasm", mode: wide ? "wide" : "narrow" })
    })
  )

  /**
   * `wide`, and sums of products add every product without rounding it first (fused multiply-add) where the processor
   * can: faster, at least as exact, and not the same bits on every machine. Convolutions of 3 by 3 with enough channels,
   * and their gradients, take 16 products for every 36 (minimal filtering, Lavin and Gray 2016): nearly twice as fast, as
   * exact for the largest outputs of a tile of 2 by 2 and not for those that are far smaller, and a NaN or an infinity
   * reaches its whole tile ([numerics](../../../docs/numerics.md)). Falls back to `wide`, with a warning, where the engine has no
   * relaxed SIMD or computes a product wrong.
   */
  static readonly fast: Layer.Layer<Compute> = Layer.effect(
    Compute,
    Effect.gen(function* () {
      const wide = yield* Effect.sync(enableWide)
      const fused = yield* Effect.sync(canFuse)
      if (!fused) yield* Effect.logWarning("fast: this engine cannot fuse multiply-adds; computing as in the wide mode")
      return serviceOf({ target: "wasm", mode: fused ? "fast" : wide ? "wide" : "narrow" })
    })
  )

  /**
   * A layer whose programs are shared by some number of threads, this one among them:
   * `Compute.wide.pipe(Compute.threads(2))`.
   *
   * Kernels that take long enough are divided, the bits stay those of one thread. The others are workers that start with
   * the first program that wants them and end with the layer. If one of them fails, a step fails with a ThreadError.
   * Where the host has no threads, one does everything. Fails with an UnsupportedError unless 1 to 64 are asked for.
   */
  static readonly threads =
    (threads: number, options: Pick<EngineOptions, "patienceMillis"> = {}) =>
    <E, R>(layer: Layer.Layer<Compute, E, R>): Layer.Layer<Compute, E | UnsupportedError, R> =>
      Layer.effect(
        Compute,
        Effect.gen(function* () {
          const service = yield* Compute
          if (!Number.isInteger(threads) || threads < 1 || threads > 64)
            return yield* new UnsupportedError({
              message: `threads: ${threads} were asked for; a whole number from 1 to 64 is needed`
            })
          if (threads > 1 && !hasThreads())
            yield* Effect.logWarning("threads: this host has none; programs run in one thread")
          const engine = yield* Effect.acquireRelease(
            Effect.sync(() => makeEngine({ ...service.options, ...options, threads })),
            ({ close }) => Effect.sync(close)
          )
          return { ...service, options: engine.options, engine }
        })
      ).pipe(Layer.provide(layer))

  /**
   * A layer whose programs show taps and check themselves, whoever compiles them, a trainer too:
   * `Compute.wide.pipe(Compute.instrumented({ debug: true }))`.
   */
  static readonly instrumented =
    (instruments: Instruments) =>
    <E, R>(layer: Layer.Layer<Compute, E, R>): Layer.Layer<Compute, E, R> =>
      Layer.effect(
        Compute,
        Effect.map(Compute, (service) => ({ ...service, instruments: instrumentsOf(service, instruments) }))
      ).pipe(Layer.provide(layer))

  /** `layer` with checked indices: an index out of range fails with an IndexError instead of being moved into range. */
  static readonly checked: Layer.Layer<Compute> = Compute.instrumented({ checked: true })(Compute.layer)

  /** `layer` in debug mode: a NaN or an infinity in a result fails with a NonFiniteError that names where it came from. */
  static readonly debug: Layer.Layer<Compute> = Compute.instrumented({ debug: true })(Compute.layer)

  /** Compiles a function for arguments of the given specs. */
  static readonly compile = <A extends ReadonlyArray<unknown>, B>(
    f: (...args: A) => B,
    specs: { readonly [K in keyof A]: SpecOf<A[K]> },
    instruments: Instruments = {}
  ): Effect.Effect<Program<A, B>, CompileError, Compute> =>
    Effect.flatMap(Compute, (service) =>
      compiling(() => compileProgram(service.engine, f, specs, instrumentsOf(service, instruments)))
    )

  /**
   * What becomes of a function: passes, kernels, memory and cost, known before it runs. With a `machine` also what limits
   * each kernel, and how long it takes at least.
   *
   * ```ts
   * const account = Compute.explain((x: Tensor<[8]>) => T.exp(x), [spec([8])])   // printExplanation makes text of it
   * ```
   */
  static readonly explain = <A extends ReadonlyArray<unknown>, B>(
    f: (...args: A) => B,
    specs: { readonly [K in keyof A]: SpecOf<A[K]> },
    machine?: Machine
  ): Effect.Effect<Explanation, CompileError, Compute> =>
    Effect.flatMap(Compute, ({ engine }) =>
      compiling(() =>
        explain(trace(f, specs).graph, {
          ...engine.planning,
          ...(machine === undefined ? {} : { machine })
        })
      )
    )

  /** Evaluates a tensor, or a tree of tensors, compiled. */
  static readonly eval = <T>(
    tree: T,
    instruments: Instruments = {}
  ): Effect.Effect<ValuesOf<T>, CompileError | IndexError | NonFiniteError, Compute> =>
    Effect.gen(function* () {
      const service = yield* Compute
      const all = instrumentsOf(service, instruments)
      const { values, events } = yield* evaluating(() => evaluateObserved(service.engine, tree, all))
      yield* tell(all, events)
      // The values stand where their tensors stood.
      return Tree.rebuildWith(tree, values) as ValuesOf<T>
    })

  /**
   * Runs a function and names the first operation that made a NaN, or an infinity, of finite numbers, if it reached a
   * result; `undefined` when every result is finite. Arguments are trees of values or of tensors.
   *
   * `yield* Compute.firstNonFinite(grad(loss))(params, x)`. A masked NaN that reaches no result is not reported.
   */
  static readonly firstNonFinite =
    <A extends ReadonlyArray<unknown>, B>(f: (...args: A) => B, options: DebugOptions = {}) =>
    (
      ...args: { readonly [K in keyof A]: A[K] | HostOf<A[K]> }
    ): Effect.Effect<NonFiniteError | undefined, CompileError, Compute> =>
      Effect.flatMap(Compute, ({ engine }) =>
        compiling(() => {
          const runner = makeObservedRunner(engine, "run", f, args.map(specOf), { debug: options })
          try {
            runner.run(hostValues(engine, args))
            return undefined
          } catch (thrown) {
            if (thrown instanceof NonFiniteError) return thrown
            throw thrown
          }
        })
      )

  /** Opens a session: one memory, a resident state, and the programs that step over it. Closed with its scope. */
  static readonly session = <S, D, const P extends { readonly [name: string]: AnyStep<S, D> }>(
    options: SessionOptions<S, D, P>
  ): Effect.Effect<Session<S, P, D>, CompileError | BorderError, Compute | Scope.Scope> =>
    Effect.gen(function* () {
      const service = yield* Compute
      const instruments = instrumentsOf(service, options)
      const core = yield* Effect.acquireRelease(
        compiling(() => openSession(service.engine, options.state, options.data, options.programs, instruments)),
        (session) => Effect.sync(session.close)
      )
      return sessionOf<S, P, D>(core, yield* Semaphore.make(1), instruments)
    })
}

const serviceOf = (options: EngineOptions): ComputeService => ({
  options,
  engine: makeEngine(options),
  instruments: {}
})

const compileProgram = <A extends ReadonlyArray<unknown>, B>(
  engine: Engine,
  f: (...args: A) => B,
  specs: ReadonlyArray<unknown>,
  instruments: Instruments
): Program<A, B> => {
  const { cost, output, parameters, run } = makeObservedRunner(engine, "run", f, specs, instruments)
  return {
    cost,
    run: (...args) =>
      Effect.flatMap(
        running(() => run(checkLeaves("run", parameters, args))),
        // The results have the structure of what f returned.
        ({ values, events }) => Effect.as(tell(instruments, events), Tree.rebuildWith(output, values) as ValuesOf<B>)
      )
  }
}

const sessionOf = <S, P, D>(
  core: SessionCore,
  lock: Semaphore.Semaphore,
  instruments: Instruments
): Session<S, P, D> => {
  /** Steps of about one slice, by program. */
  const chunks = new Map<string, number>()
  let generation = 0
  /** Fibers that hold the session over several turns, or wait for it. */
  let queue = 0
  const withPermit = lock.withPermits(1)
  const guarded = <A, E>(use: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) => {
      queue++
      return Effect.onExitPrimitive(restore(withPermit(use)), () => {
        queue--
        return undefined
      })
    })
  /** What is done in one turn needs no place in the queue when nobody is in it. */
  const atOnce = <A, E>(use: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => (queue === 0 ? use : guarded(use)))
  const told = Effect.suspend(() => tell(instruments, core.takeEvents()))
  const typed = <A>(body: () => unknown): Effect.Effect<A, BorderError> => atOnce(border(() => body() as A))
  const selector = (select: (state: S) => unknown) => (state: unknown) => select(state as S)
  /** Runs steps of a program, and finds how many of them fill a slice. */
  const advance = (clock: Clock.Clock, program: string, count: number, sliceMillis: number): void => {
    const before = clock.currentTimeNanosUnsafe()
    core.run(program, count)
    const millis = Number(clock.currentTimeNanosUnsafe() - before) / 1e6
    generation += count
    // Aim for one slice per chunk, growing at most eightfold at a time.
    const most = core.isWatched(program) ? 1 : Math.floor((count * sliceMillis) / Math.max(millis, 1e-3))
    const known = chunks.get(program) ?? 1
    chunks.set(program, Math.max(1, Math.min(known * 8, most)))
  }
  const assertCount = (program: string, count: number): void => {
    if (!Number.isInteger(count) || count < 1)
      throw new BorderError({ message: `${program}: ${count} steps were asked for; 1 or more are needed` })
  }
  return {
    step: (program, ...[input]) => {
      const once = running(() => {
        const outputs = core.step(program, input ?? {})
        generation++
        return outputs as never
      })
      return instruments.taps === undefined ? atOnce(once) : guarded(Effect.tap(once, told))
    },
    loop: (program, { count, sliceMillis = 5, onChunk }) => {
      const slices = Effect.gen(function* () {
        yield* border(() => assertCount(program, count))
        const clock = yield* Clock.Clock
        for (let done = 0; done < count;) {
          // What the last loop of the program found: a short one need not feel its way again.
          const n = Math.min(chunks.get(program) ?? 1, count - done)
          yield* running(() => advance(clock, program, n, sliceMillis))
          yield* told
          done += n
          if (onChunk !== undefined) yield* onChunk(done)
          if (done < count) yield* Effect.yieldNow
        }
        return yield* border(() => core.outputs(program) as never)
      })
      const inOneSlice = Effect.flatMap(Clock.Clock, (clock) =>
        running(() => {
          advance(clock, program, count, sliceMillis)
          return core.outputs(program) as never
        })
      )
      const isPlain = onChunk === undefined && instruments.taps === undefined && Number.isInteger(count) && count > 0
      return Effect.suspend(() =>
        isPlain && queue === 0 && count <= (chunks.get(program) ?? 0) ? inOneSlice : guarded(slices)
      )
    },
    state: typed(() => core.read((state) => state)),
    read: (select) => typed(() => core.read(selector(select))),
    write: (select, data) =>
      typed(() => {
        core.write(selector(select), data)
        generation++
      }),
    load: (select, elements, at = 0) => typed(() => core.load((data) => select(data as D), elements, at)),
    generation: Effect.sync(() => generation),
    cost: core.cost,
    explain: core.explain,
    show: core.show,
    memoryBytes: core.memoryBytes
  }
}
