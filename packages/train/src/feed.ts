/** Brings the rows of a stream into a session, a window at a time. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type AnyDataset, Rows } from "@cotangent/data"
import type { BorderError } from "@cotangent/runtime"
import { FitError } from "./errors.ts"
import type { AnyRowStream, StreamPlan } from "./source.ts"

/** How rows are divided: passes of `size` rows, each in windows of `window` rows, the last of which may have fewer. */
export interface Windows {
  readonly size: number
  readonly window: number
}

/** Writes elements to the rows of a session, from element `at` of a part on. */
export type Load = (
  part: "x" | "y" | "weights",
  elements: ArrayLike<number>,
  at: number
) => Effect.Effect<void, BorderError>

/** Brings windows into a session. */
export interface Feed<out E> {
  /** Puts a window where steps look for rows, unless it is there. Windows are counted from 0, over all passes. */
  readonly bring: (window: number) => Effect.Effect<void, E | FitError | BorderError>
}

/** The feed of rows that are all in memory. */
export const resident: Feed<never> = { bring: () => Effect.void }

/** A pass over a stream that is under way. */
interface Pass<E> {
  readonly number: number
  readonly pull: Pull.Pull<ReadonlyArray<AnyDataset>, E>
  readonly close: Effect.Effect<void>
  /** How many rows were taken out of it. */
  taken: number
  /** Chunks that were read, and how many rows of the first were taken. */
  chunks: ReadonlyArray<AnyDataset>
  used: number
}

/** Rows `from` up to, not including, `to` of a chunk. */
interface Stretch {
  readonly chunk: AnyDataset
  readonly from: number
  readonly to: number
}

/** The feed of a stream, which is read pass after pass in the scope of the feed: when that closes, so does the pass. */
export const openFeed = <E, R>(
  stream: AnyRowStream<E, R>,
  { prefetch, problems, size, weigh, window }: StreamPlan,
  load: Load
): Effect.Effect<Feed<E>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>()
    const scope = yield* Effect.scope
    const chunks = prefetch === 0 ? stream.chunks : Stream.buffer(stream.chunks, { capacity: prefetch })
    const windows = Math.ceil(size / window)
    let pass: Pass<E> | undefined
    let there: number | undefined
    // Every pass gives the same rows: what was looked at once is not looked at again.
    let checked = 0

    const closePass = Effect.suspend(() => {
      const closing = pass
      pass = undefined
      return closing === undefined ? Effect.void : closing.close
    })
    const openPass = (number: number) =>
      Effect.gen(function* () {
        yield* closePass
        const own = yield* Scope.fork(scope)
        const pull = yield* Stream.toPull(chunks).pipe(Scope.provide(own))
        pass = { number, pull, close: Scope.close(own, Exit.void), taken: 0, chunks: [], used: 0 }
        return pass
      }).pipe(Effect.uninterruptible)

    const otherSize = (found: string) =>
      new FitError({
        problems: [
          `a pass over ${stream.name} has ${size} rows, this one has ${found}; every pass must give the same rows`
        ]
      })
    /** The next rows of a pass, `most` at most; none at its end. */
    const take = (from: Pass<E>, most: number): Effect.Effect<Stretch | undefined, E | FitError> =>
      Effect.gen(function* () {
        for (;;) {
          const [chunk, ...rest] = from.chunks
          if (chunk === undefined) {
            const pulled = yield* Pull.catchDone(from.pull, () => Effect.succeed(undefined))
            if (pulled === undefined) return undefined
            let first = from.taken
            for (const each of pulled) {
              const found = first + each.size > checked ? problems(each, first) : []
              if (found.length > 0) return yield* new FitError({ problems: found })
              first += each.size
              checked = Math.max(checked, first)
            }
            from.chunks = pulled
          } else if (from.used === chunk.size) {
            from.chunks = rest
            from.used = 0
          } else {
            const stretch = { chunk, from: from.used, to: Math.min(chunk.size, from.used + most) }
            from.used = stretch.to
            from.taken += stretch.to - stretch.from
            return stretch
          }
        }
      })
    const write = ({ chunk, from, to }: Stretch, at: number, first: number) =>
      Effect.gen(function* () {
        for (const part of ["x", "y"] as const) {
          const width = Rows.width(chunk[part])
          yield* load(part, chunk[part].data.subarray(from * width, to * width), at * width)
        }
        const weights = weigh?.(Rows.slice(chunk.y, from, to), first)
        if (weights !== undefined) yield* load("weights", weights, at)
      })
    const read = (number: number) =>
      Effect.gen(function* () {
        there = undefined
        const start = (number % windows) * window
        const rows = Math.min(window, size - start)
        const of = Math.floor(number / windows)
        const from = pass?.number === of && pass.taken <= start ? pass : yield* openPass(of)
        for (let at = from.taken - start; at < rows;) {
          const stretch = yield* take(from, at < 0 ? -at : rows - at)
          if (stretch === undefined) return yield* otherSize(String(from.taken))
          if (at >= 0) yield* write(stretch, at, start + at)
          at = from.taken - start
        }
        if (start + rows === size) {
          if ((yield* take(from, 1)) !== undefined) return yield* otherSize("more")
          yield* closePass
        }
        there = number
      })
    return {
      bring: (number) => (number === there ? Effect.void : Effect.provideContext(read(number), context))
    }
  })
