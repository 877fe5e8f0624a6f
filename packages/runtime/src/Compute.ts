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
import type { Cost } from "@cotangent/compiler"
import type { DType, Shape, Tensor, Value, ValuesOf } from "@cotangent/graph"
import { Tree } from "@cotangent/graph"
import { type Engine, type EngineOptions, makeEngine } from "./engine.ts"
import { BorderError, CompileError, sentenceOf } from "./errors.ts"
import { checkLeaves } from "./border.ts"
import { type SpecOf, trace } from "./program.ts"
import { evaluateTree, makeRunner } from "./run-once.ts"
import { openSession, type SessionCore } from "./session.ts"
import { enableWide } from "./wide.ts"

/** The values a function takes: a value where it takes a tensor. */
export type HostOf<T> =
  T extends Tensor<infer S, infer D> ? Value<S, D> | Value<Shape, D> : { readonly [K in keyof T]: HostOf<T[K]> }

/** A compiled function. Immutable and shareable: every call runs on a memory of its own. */
export interface Program<A extends ReadonlyArray<unknown>, B> {
  /** Runs the function on values; the inputs are copied in and the results copied out. */
  readonly run: (...args: { readonly [K in keyof A]: HostOf<A[K]> }) => Effect.Effect<ValuesOf<B>, BorderError>
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

/** Programs over one resident state. A session is not re-entrant: two fibers queue on it. */
export interface Session<S, P> {
  /** Advances the state by one step of a program and gives its outputs. */
  readonly step: <K extends keyof P & string>(
    program: K,
    ...input: {} extends InputOf<P[K]> ? [input?: HostOf<InputOf<P[K]>>] : [input: HostOf<InputOf<P[K]>>]
  ) => Effect.Effect<ValuesOf<OutputOf<P[K]>>, BorderError>
  /** Runs many steps of a program that takes no input, yielding at chunk borders; gives the outputs of the last step. */
  readonly loop: <K extends keyof P & string>(
    program: K,
    options: LoopOptions
  ) => Effect.Effect<ValuesOf<OutputOf<P[K]>>, BorderError>
  /** A copy of the state, or of the part of it that `select` picks. */
  readonly state: Effect.Effect<ValuesOf<S>, BorderError>
  readonly read: <T>(select: (state: S) => T) => Effect.Effect<ValuesOf<T>, BorderError>
  /** Overwrites one leaf of the state. */
  readonly write: <D extends DType>(
    select: (state: S) => Tensor<Shape, D>,
    data: ArrayLike<number>
  ) => Effect.Effect<void, BorderError>
  /** How many times the state was advanced or written. */
  readonly generation: Effect.Effect<number>
  readonly cost: (program: keyof P & string) => Cost
  /** The canonical graph of a program as text. */
  readonly show: (program: keyof P & string) => string
  readonly memoryBytes: number
}

/** What a session is made of: the state and data it starts from, as trees of tensors, and its programs. */
export interface SessionOptions<S, D, P> {
  readonly state: S
  readonly data: D
  readonly programs: P
}

/** The service. */
export interface ComputeService {
  readonly options: EngineOptions
  readonly engine: Engine
}

const border = <A>(body: () => A): Effect.Effect<A, BorderError> =>
  Effect.try({
    try: body,
    catch: (thrown) => (thrown instanceof BorderError ? thrown : new BorderError({ message: sentenceOf(thrown) }))
  })

const compiling = <A>(body: () => A): Effect.Effect<A, CompileError> =>
  Effect.try({
    try: body,
    catch: (thrown) =>
      thrown instanceof CompileError ? thrown : new CompileError({ message: sentenceOf(thrown), cause: thrown })
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
    Effect.sync(() => serviceOf({ target: "wasm", mode: enableWide() ? "wide" : "narrow" }))
  )

  /** Compiles a function for arguments of the given specs. */
  static readonly compile = <A extends ReadonlyArray<unknown>, B>(
    f: (...args: A) => B,
    specs: { readonly [K in keyof A]: SpecOf<A[K]> }
  ): Effect.Effect<Program<A, B>, CompileError, Compute> =>
    Effect.flatMap(Compute, ({ engine }) => compiling(() => compileProgram(engine, f, specs)))

  /** Evaluates a tensor, or a tree of tensors, compiled. */
  static readonly eval = <T>(tree: T): Effect.Effect<ValuesOf<T>, CompileError, Compute> =>
    // The values stand where their tensors stood.
    Effect.flatMap(Compute, ({ engine }) =>
      compiling(() => Tree.rebuildWith(tree, evaluateTree(engine, tree)) as ValuesOf<T>)
    )

  /** Opens a session: one memory, a resident state, and the programs that step over it. Closed with its scope. */
  static readonly session = <S, D, const P extends { readonly [name: string]: AnyStep<S, D> }>(
    options: SessionOptions<S, D, P>
  ): Effect.Effect<Session<S, P>, CompileError | BorderError, Compute | Scope.Scope> =>
    Effect.gen(function* () {
      const { engine } = yield* Compute
      const core = yield* Effect.acquireRelease(
        compiling(() => openSession(engine, options.state, options.data, options.programs)),
        (session) => Effect.sync(session.close)
      )
      return sessionOf<S, P>(core, yield* Semaphore.make(1))
    })
}

const serviceOf = (options: EngineOptions): ComputeService => ({ options, engine: makeEngine(options) })

const compileProgram = <A extends ReadonlyArray<unknown>, B>(
  engine: Engine,
  f: (...args: A) => B,
  specs: ReadonlyArray<unknown>
): Program<A, B> => {
  const traced = trace(f, specs)
  const { cost, parameters, run } = makeRunner(engine, traced)
  return {
    cost,
    // The results have the structure of what f returned.
    run: (...args) =>
      border(() => Tree.rebuildWith(traced.output, run(checkLeaves("run", parameters, args))) as ValuesOf<B>)
  }
}

const sessionOf = <S, P>(core: SessionCore, lock: Semaphore.Semaphore): Session<S, P> => {
  let generation = 0
  const guarded = lock.withPermits(1)
  const typed = <A>(body: () => unknown): Effect.Effect<A, BorderError> => guarded(border(() => body() as A))
  const selector = (select: (state: S) => unknown) => (state: unknown) => select(state as S)
  return {
    step: (program, ...[input]) =>
      typed(() => {
        const outputs = core.step(program, input ?? {})
        generation++
        return outputs
      }),
    loop: (program, { count, sliceMillis = 5, onChunk }) =>
      guarded(
        Effect.gen(function* () {
          if (!Number.isInteger(count) || count < 1)
            return yield* new BorderError({
              message: `${program}: ${count} steps were asked for; 1 or more are needed`
            })
          const clock = yield* Clock.Clock
          let chunk = 1
          for (let done = 0; done < count;) {
            const n = Math.min(chunk, count - done)
            const before = clock.currentTimeNanosUnsafe()
            yield* border(() => core.run(program, n))
            generation += n
            const millis = Number(clock.currentTimeNanosUnsafe() - before) / 1e6
            done += n
            // Aim for one slice per chunk, growing at most eightfold at a time.
            chunk = Math.max(1, Math.min(chunk * 8, Math.floor((n * sliceMillis) / Math.max(millis, 1e-3))))
            if (onChunk !== undefined) yield* onChunk(done)
            if (done < count) yield* Effect.yieldNow
          }
          return yield* border(() => core.outputs(program) as never)
        })
      ),
    state: typed(() => core.read((state) => state)),
    read: (select) => typed(() => core.read(selector(select))),
    write: (select, data) =>
      typed(() => {
        core.write(selector(select), data)
        generation++
      }),
    generation: Effect.sync(() => generation),
    cost: core.cost,
    show: core.show,
    memoryBytes: core.memoryBytes
  }
}
