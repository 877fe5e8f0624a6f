import { assert, describe, it } from "@effect/vitest"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { T, type Tensor, type Value, Values } from "@cotangent/graph"
import { BorderError, CompileError, Compute, type RunError, type Session, spec, step, stepWith } from "./index.ts"
import { perceptron } from "./perceptron.test.support.ts"

interface Counter {
  readonly total: Tensor<[]>
  readonly steps: Tensor<[], "i32">
}

const start = (): Counter => ({ total: T.constant(0), steps: T.constant(0, "i32") })

const counter = {
  count: step((s: Counter) => [{ ...s, steps: T.add(s.steps, 1) }, { steps: s.steps }] as const),
  add: stepWith(
    { by: spec([]) },
    (s: Counter, _: {}, { by }: { readonly by: Tensor<[]> }) =>
      [{ total: T.add(s.total, by), steps: T.add(s.steps, 1) }, T.add(s.total, by)] as const
  )
}

const opened = Effect.suspend(() => Compute.session({ state: start(), data: {}, programs: counter }))

const inSession = <A, E>(
  body: (session: Session<Counter, typeof counter>) => Effect.Effect<A, E>
): Effect.Effect<A, E | CompileError | BorderError> =>
  Effect.flatMap(opened, body).pipe(Effect.scoped, Effect.provide(Compute.layer))

const by = (x: number) => ({ by: Values.fromNested(x) })
const number = (value: Value): number => Values.item(value)

/** The sentence of a BorderError. */
const sentence = <A>(effect: Effect.Effect<A, RunError>): Effect.Effect<string> =>
  Effect.map(Effect.result(effect), (result) =>
    Result.isFailure(result) ? result.failure.message : assert.fail("it should have failed")
  )

describe("a session", () => {
  it.effect("steps, reads, writes, and counts generations", () =>
    inSession((session) =>
      Effect.gen(function* () {
        assert.strictEqual(number(yield* session.step("add", by(2))), 2)
        assert.strictEqual(number(yield* session.step("add", by(3))), 5)
        assert.strictEqual(number((yield* session.step("count")).steps), 2)
        assert.strictEqual(yield* session.generation, 3)
        yield* session.write((s) => s.total, [40])
        assert.strictEqual(yield* session.generation, 4)
        assert.strictEqual(number(yield* session.read((s) => s.total)), 40)
        const { total, steps } = yield* session.state
        assert.deepStrictEqual([number(total), number(steps)], [40, 3])
        const picked = yield* session.read((s) => ({ again: [s.steps, s.steps] }))
        assert.deepStrictEqual(picked.again.map(number), [3, 3])
        assert.strictEqual(yield* session.generation, 4)
      })
    )
  )

  it.effect("tells cost and program before it runs", () =>
    inSession((session) =>
      Effect.sync(() => {
        assert.strictEqual(session.cost("count").kernels, 2)
        assert.match(session.show("add"), /add\(/)
        assert.strictEqual(session.memoryBytes, 65536)
      })
    )
  )

  it.effect("a failed step changes neither state nor generation", () =>
    inSession((session) =>
      Effect.gen(function* () {
        yield* session.step("add", by(2))
        const wrong = yield* sentence(session.step("add", { by: Values.fromNested([1, 2]) as Value<[], "f32"> }))
        assert.strictEqual(wrong, "add: by must be f32[], it is f32[2]")
        assert.strictEqual(yield* session.generation, 1)
        assert.strictEqual(number(yield* session.read((s) => s.total)), 2)
      })
    )
  )

  it.effect("answers mistakes with sentences", () =>
    inSession((session) =>
      Effect.gen(function* () {
        assert.strictEqual(
          yield* sentence(session.write((s) => s.total, [1, 2])),
          "session: total has 1 elements, 2 were given"
        )
        assert.strictEqual(
          yield* sentence(session.read((s) => T.mul(s.total, 2))),
          "session: the selection is not a leaf of the state"
        )
        assert.match(yield* sentence(session.loop("add", { count: 2 })), /add: it takes an input at each step/)
        assert.match(yield* sentence(session.loop("count", { count: 0 })), /count: 0 steps were asked for/)
        assert.match(yield* sentence(session.loop("count", { count: 1.5 })), /count: 1.5 steps were asked for/)
        const untyped: string = "subtract"
        assert.match(
          yield* sentence(session.step(untyped as "count")),
          /session: there is no program subtract; there are count, add/
        )
      })
    )
  )

  it.effect("writes a tree of leaves, all of them or none", () =>
    inSession((session) =>
      Effect.gen(function* () {
        yield* session.write(({ steps, total }) => ({ inner: [steps, total] as const }), { inner: [[3], [4]] })
        const { total, steps } = yield* session.state
        assert.deepStrictEqual([number(steps), number(total)], [3, 4])
        assert.strictEqual(yield* session.generation, 1)
        assert.strictEqual(
          yield* sentence(session.write((s) => s, { total: [5], steps: [6, 7] })),
          "session: steps has 1 elements, 2 were given"
        )
        const lacking: unknown = { total: [5] }
        assert.strictEqual(
          // As JavaScript would give it.
          yield* sentence(session.write((s) => s, lacking as { total: [number]; steps: [number] })),
          "session: steps has 1 elements, none were given"
        )
        assert.strictEqual(number(yield* session.read((s) => s.total)), 4)
      })
    )
  )

  it.effect("loads elements of its data, from anywhere in a leaf", () =>
    Effect.gen(function* () {
      const data = {
        rows: T.fromArray(Float32Array.of(1, 2, 3), [3]),
        flags: T.fromArray(Uint8Array.of(1, 0), [2], "bool")
      }
      const session = yield* Compute.session({
        state: T.constant(0),
        data,
        programs: {
          sum: step((s: Tensor<[]>, { rows }: { readonly rows: Tensor<[3]> }) => [s, T.sum(rows)] as const),
          flags: step((s: Tensor<[]>, { flags }: { readonly flags: Tensor<[2], "bool"> }) => [s, flags] as const)
        }
      })
      assert.strictEqual(number(yield* session.step("sum")), 6)
      yield* session.load((d) => d.rows, Float32Array.of(10, 20), 1)
      assert.strictEqual(number(yield* session.step("sum")), 31)
      yield* session.load((d) => d.rows, [7])
      assert.strictEqual(number(yield* session.step("sum")), 37)
      yield* session.load((d) => d.flags, [5], 1)
      assert.deepStrictEqual(Array.from((yield* session.step("flags")).data), [1, 1])
      for (const [elements, at] of [
        [[1, 2], 2],
        [[1], -1],
        [[1], 0.5]
      ] as const)
        assert.strictEqual(
          yield* sentence(session.load((d) => d.rows, elements, at)),
          `session: rows has 3 elements, ${elements.length} were given from element ${at} on`
        )
      assert.match(yield* sentence(session.load((d) => T.neg(d.rows), [1])), /is not a leaf of the data/)
    }).pipe(Effect.scoped, Effect.provide(Compute.layer))
  )

  it.effect("keeps places apart that start from one tensor", () =>
    Effect.gen(function* () {
      const zero = T.zeros([2])
      const session = yield* Compute.session({
        state: { a: zero, b: zero },
        data: {},
        programs: {
          move: step((s: { readonly a: Tensor<[2]>; readonly b: Tensor<[2]> }) => [
            { a: T.add(s.a, 1), b: T.add(s.b, 10) },
            {}
          ])
        }
      })
      yield* session.step("move")
      const { a, b } = yield* session.state
      assert.deepStrictEqual(
        [Array.from(a.data), Array.from(b.data)],
        [
          [1, 1],
          [10, 10]
        ]
      )
      assert.deepStrictEqual(Array.from((yield* session.read((s) => s.a)).data), [1, 1])
      yield* session.write((s) => s.a, [5, 6])
      assert.deepStrictEqual(Array.from((yield* session.read((s) => s.b)).data), [10, 10])
    }).pipe(Effect.scoped, Effect.provide(Compute.layer))
  )

  it.effect("gives copies: writing into them changes nothing", () =>
    inSession((session) =>
      Effect.gen(function* () {
        const output = yield* session.step("add", by(2))
        const state = yield* session.state
        output.data.fill(99)
        state.total.data.fill(99)
        assert.notStrictEqual(output.data.buffer.byteLength, session.memoryBytes)
        assert.strictEqual(number(yield* session.read((s) => s.total)), 2)
      })
    )
  )

  it.effect("computes its first state", () =>
    Effect.gen(function* () {
      const x: Tensor<[2]> = T.mul(T.constant([1, 2]), 3)
      const y: Tensor<[2]> = T.exp(T.zeros([2]))
      const session = yield* Compute.session({
        state: { x },
        data: { y },
        programs: {
          add: step((s: { readonly x: Tensor<[2]> }, d: { readonly y: Tensor<[2]> }) => [{ x: T.add(s.x, d.y) }, {}])
        }
      })
      yield* session.step("add")
      assert.deepStrictEqual(Array.from((yield* session.state).x.data), [4, 7])
    }).pipe(Effect.scoped, Effect.provide(Compute.layer))
  )

  it.effect("refuses programs that return another state, and passes on the sentences of shapes", () =>
    Effect.gen(function* () {
      const other = yield* Effect.result(
        Compute.session({
          state: start(),
          data: {},
          // The types refuse it; a program that was typed loosely does not.
          programs: { bad: step((s: Counter) => [{ ...s, total: T.zeros([2]) as unknown as Tensor<[]> }, {}]) }
        })
      )
      const shapes = yield* Effect.result(
        Compute.session({
          state: { x: T.zeros([3]) as Tensor<[number]> },
          data: { y: T.zeros([4]) as Tensor<[number]> },
          programs: {
            bad: step((s: { readonly x: Tensor<[number]> }, d: { readonly y: Tensor<[number]> }) => [
              { x: T.add(s.x, d.y) },
              {}
            ])
          }
        })
      )
      const show = <A>(r: Result.Result<A, CompileError | BorderError>): string =>
        Result.isFailure(r) ? `${r.failure._tag}: ${r.failure.message}` : ""
      assert.match(show(other), /CompileError: bad: the state it returns: total must be f32\[\], it is f32\[2\]/)
      assert.match(show(shapes), /CompileError: add: cannot broadcast \[3\] with \[4\]/)
    }).pipe(Effect.scoped, Effect.provide(Compute.layer))
  )
})

describe("a loop of steps", () => {
  it.effect("runs exactly so many steps and gives the last outputs", () =>
    inSession((session) =>
      Effect.gen(function* () {
        for (const count of [1, 2, 7, 1000]) {
          yield* session.write((s) => s.steps, [0])
          const { steps } = yield* session.loop("count", { count })
          assert.strictEqual(number(steps), count - 1)
          assert.strictEqual(number(yield* session.read((s) => s.steps)), count)
        }
        assert.strictEqual(yield* session.generation, 4 + 1010)
      })
    )
  )

  it.live("yields at chunk borders, tells how far it is, and lets others run", () =>
    inSession((session) =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        let turns = 0
        const other = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (;;) {
              turns++
              yield* Effect.yieldNow
            }
          })
        )
        yield* session.loop("count", {
          count: 50_000,
          sliceMillis: 0.2,
          onChunk: (done) => Effect.sync(() => void seen.push(done))
        })
        yield* Fiber.interrupt(other)
        assert.strictEqual(seen.at(-1), 50_000)
        assert.isAbove(seen.length, 3)
        assert.deepStrictEqual(
          seen,
          [...seen].sort((a, b) => a - b)
        )
        assert.isAbove(turns, seen.length / 2)
      })
    )
  )

  it.live("stops at a chunk border when interrupted, with a whole number of steps done", () =>
    inSession((session) =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<number>()
        const fiber = yield* Effect.forkChild(
          session.loop("count", {
            count: 1e9,
            sliceMillis: 1,
            onChunk: (done) => (done > 1000 ? Effect.asVoid(Deferred.succeed(reached, done)) : Effect.void)
          })
        )
        const least = yield* Deferred.await(reached)
        const before = performance.now()
        yield* Fiber.interrupt(fiber)
        assert.isBelow(performance.now() - before, 500)
        const done = number(yield* session.read((s) => s.steps))
        assert.isAtLeast(done, least)
        assert.strictEqual(yield* session.generation, done)
        // The lock was given back.
        yield* session.step("count")
      })
    )
  )
})

describe("two fibers", () => {
  it.live("queue on a session", () =>
    inSession((session) =>
      Effect.gen(function* () {
        const order: Array<string> = []
        const loop = yield* Effect.forkChild(
          session
            .loop("count", {
              count: 20_000,
              sliceMillis: 0.2,
              onChunk: () => Effect.sync(() => void order.push("chunk"))
            })
            .pipe(Effect.andThen(Effect.sync(() => order.push("loop"))))
        )
        while (order.length === 0) yield* Effect.yieldNow
        const step1 = yield* Effect.forkChild(
          session.step("add", by(1)).pipe(Effect.andThen(Effect.sync(() => order.push("step"))))
        )
        yield* Fiber.join(loop)
        yield* Fiber.join(step1)
        assert.deepStrictEqual(
          order.filter((what) => what !== "chunk"),
          ["loop", "step"]
        )
        assert.strictEqual(number((yield* session.state).steps), 20_001)
      })
    )
  )

  it.effect("lose no step", () =>
    inSession((session) =>
      Effect.gen(function* () {
        yield* Effect.all(
          Array.from({ length: 50 }, () => session.step("add", by(1))),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(number((yield* session.state).total), 50)
      })
    )
  )
})

describe("the end of a session", () => {
  it.effect("every use afterwards is a sentence", () =>
    Effect.gen(function* () {
      const session = yield* Effect.scoped(opened)
      const sentences = yield* Effect.all([
        sentence(session.step("count")),
        sentence(session.loop("count", { count: 1 })),
        sentence(session.state),
        sentence(session.read(() => ({}))),
        sentence(session.write((s) => s.total, [1]))
      ])
      assert.deepStrictEqual(
        new Set(sentences),
        new Set(["session: it was used after it was closed; its scope has ended"])
      )
      assert.strictEqual(session.cost("count").kernels, 2)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("memory goes back to the pool on success, failure and interruption", () =>
    Effect.gen(function* () {
      const { engine } = yield* Compute
      const inUse = () => engine.pool.statistics().made - engine.pool.statistics().free
      yield* Effect.scoped(opened)
      assert.strictEqual(inUse(), 0)
      yield* Effect.exit(Effect.scoped(Effect.andThen(opened, Effect.fail("no"))))
      assert.strictEqual(inUse(), 0)
      const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(opened, Effect.never)))
      yield* Effect.yieldNow
      assert.strictEqual(inUse(), 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(inUse(), 0)
      const defect = yield* Effect.exit(Effect.scoped(Effect.andThen(opened, Effect.die("bug"))))
      assert.isTrue(Exit.isFailure(defect))
      assert.strictEqual(inUse(), 0)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("a session that cannot be opened leaves no memory behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* Compute
      const bad = Compute.session({
        state: { x: T.zeros([2]) },
        data: {},
        programs: { bad: step((s: { readonly x: Tensor<[2]> }) => [s, { x: T.constant([1]), y: missing() }]) }
      })
      yield* Effect.exit(Effect.scoped(bad))
      const { made, free } = engine.pool.statistics()
      assert.strictEqual(made, free)
    }).pipe(Effect.provide(Compute.layer))
  )
})

const missing = (): Tensor<[1]> => {
  throw new RangeError("not today")
}

describe("sharing", () => {
  it.effect("a second session takes its programs from the cache, and a memory from the pool", () =>
    Effect.gen(function* () {
      const { engine } = yield* Compute
      yield* Effect.scoped(opened)
      const first = engine.statistics()
      yield* Effect.scoped(opened)
      const second = engine.statistics()
      assert.strictEqual(second.compiled, first.compiled)
      assert.strictEqual(second.reused, first.reused + 2)
      assert.strictEqual(engine.pool.statistics().made, 1)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("a memory that is handed out again holds nothing of the session before", () =>
    Effect.gen(function* () {
      const filled = Compute.session({ state: { x: T.full([4000], 7) }, data: {}, programs: {} })
      yield* Effect.scoped(filled)
      const { engine } = yield* Compute
      const memory = engine.pool.acquire(1)
      assert.isTrue(new Uint8Array(memory.buffer).every((byte) => byte === 0))
    }).pipe(Effect.provide(Compute.layer))
  )

  it.live("1,000 sessions one after another: one memory, resident size flat", () =>
    Effect.gen(function* () {
      const { engine } = yield* Compute
      const some = (n: number) =>
        Effect.gen(function* () {
          for (let i = 0; i < n; i++)
            yield* Effect.scoped(Effect.flatMap(opened, (session) => session.step("add", by(i))))
        })
      yield* some(200)
      const before = process.memoryUsage.rss()
      yield* some(800)
      const grown = process.memoryUsage.rss() - before
      assert.deepStrictEqual(engine.pool.statistics(), { made: 1, free: 1, bytes: 65536 })
      assert.strictEqual(engine.statistics().compiled, 2)
      assert.isBelow(grown, 150e6)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.live("many steps leave nothing on the heap", () =>
    Effect.gen(function* () {
      const session = yield* Compute.session(perceptron(16, 8, 2, 64, 32))
      setFlagsFromString("--expose-gc")
      const collect: unknown = runInNewContext("gc")
      const used = (): number => {
        for (let i = 0; i < 4; i++) if (typeof collect === "function") collect()
        return process.memoryUsage().heapUsed
      }
      yield* session.loop("train", { count: 20_000 })
      const before = used()
      yield* session.loop("train", { count: 80_000 })
      const grown = used() - before
      assert.isBelow(grown, 100_000)
      const { loss } = yield* session.step("train")
      assert.isTrue(Number.isFinite(number(loss)))
    }).pipe(Effect.scoped, Effect.provide(Compute.layer))
  )
})
