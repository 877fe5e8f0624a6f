/** Threads: the same bits, errors instead of hangs, nothing left behind. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import process, { getActiveResourcesInfo } from "node:process"
import { MessageChannel } from "node:worker_threads"
import { grad } from "@cotangent/autodiff"
import { type Tensor, T } from "@cotangent/graph"
import { Compute, step } from "./index.ts"

interface Params {
  readonly a: Tensor<[256, 256]>
  readonly b: Tensor<[256, 10]>
}

const numbers = (n: number, scale: number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, i) => (((i * 7919) % 1009) / 1009 - 0.5) * scale)

const initial: Params = {
  a: T.reshape(T.constant(numbers(65536, 0.2)), [256, 256]),
  b: T.reshape(T.constant(numbers(2560, 0.2)), [256, 10])
}
const data = { x: T.reshape(T.constant(numbers(128 * 256, 2)), [128, 256]) }

const loss = (p: Params, x: Tensor<[128, 256]>) => T.mean(T.square(T.matmul(T.tanh(T.matmul(x, p.a)), p.b)))

const descend = step((p: Params, { x }: typeof data) => {
  const g = grad(loss)(p, x)
  const rate = 0.1
  return [{ a: T.sub(p.a, T.mul(g.a, rate)), b: T.sub(p.b, T.mul(g.b, rate)) }, { loss: loss(p, x) }]
})

const trained = Effect.scoped(
  Effect.gen(function* () {
    const session = yield* Compute.session({ state: initial, data, programs: { descend } })
    yield* session.loop("descend", { count: 20 })
    const { a, b } = yield* session.state
    return [Array.from(a.data), Array.from(b.data)]
  })
)

/** A worker that was started and does nothing, as one that died. */
class DeadWorker {
  readonly unref = (): void => {}
  readonly on = (): void => {}
  readonly terminate = (): Promise<number> => Promise.resolve(0)
}

const withDeadWorkers = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { getBuiltinModule } = process
      process.getBuiltinModule = ((name: string) =>
        name === "node:worker_threads"
          ? { MessageChannel, Worker: DeadWorker }
          : getBuiltinModule(name)) as typeof getBuiltinModule
      return getBuiltinModule
    }),
    () => effect,
    (original) => Effect.sync(() => void (process.getBuiltinModule = original))
  )

const on = (threads: number) => Effect.provide(Compute.layer.pipe(Compute.threads(threads)))

describe("threads", () => {
  it.effect("give the bits of one", () =>
    Effect.gen(function* () {
      const alone = yield* trained.pipe(Effect.provide(Compute.layer))
      for (const threads of [1, 2, 3, 4])
        assert.deepStrictEqual(yield* trained.pipe(on(threads)), alone, `${threads} threads`)
    })
  )

  it.effect("leave no worker behind, on success, error and interruption", () =>
    Effect.gen(function* () {
      const workers = () => getActiveResourcesInfo().filter((name) => name === "Worker").length
      yield* trained.pipe(on(2))
      const exit = yield* Effect.exit(
        Effect.scoped(
          Effect.gen(function* () {
            const session = yield* Compute.session({ state: initial, data, programs: { descend } })
            yield* session.loop("descend", { count: 3 })
            return yield* Effect.fail("enough")
          })
        ).pipe(on(2))
      )
      assert.isTrue(Exit.isFailure(exit))
      const running = yield* Effect.forkChild(
        Effect.scoped(
          Effect.gen(function* () {
            const session = yield* Compute.session({ state: initial, data, programs: { descend } })
            yield* session.loop("descend", { count: 1_000_000 })
          })
        ).pipe(on(2))
      )
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))
      yield* Fiber.interrupt(running)
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 200)))
      assert.strictEqual(workers(), 0)
    })
  )

  it.effect("fail with a typed error instead of hanging, and the session stays lost", () =>
    Effect.gen(function* () {
      const session = yield* Compute.session({ state: initial, data, programs: { descend } })
      const first = yield* Effect.flip(session.step("descend"))
      assert.deepStrictEqual(
        [first._tag, first.message],
        [
          "ThreadError",
          "threads: another thread failed, or did not answer for 40 ms; what this session had computed is lost, open a new one, which gets new threads"
        ]
      )
      const second = yield* Effect.flip(session.loop("descend", { count: 5 }))
      assert.include(second.message, "a thread failed in an earlier step")
    }).pipe(
      Effect.scoped,
      Effect.provide(Compute.layer.pipe(Compute.threads(2, { patienceMillis: 40 }))),
      withDeadWorkers
    )
  )

  it.effect("are a whole number from 1 to 64", () =>
    Effect.gen(function* () {
      for (const threads of [0, -1, 1.5, 65, Number.NaN]) {
        const error = yield* Effect.flip(trained.pipe(on(threads)))
        assert.deepStrictEqual(
          [error._tag, error.message],
          ["UnsupportedError", `threads: ${threads} were asked for; a whole number from 1 to 64 is needed`]
        )
      }
    })
  )
})
