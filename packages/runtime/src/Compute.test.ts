import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { grad } from "@cotangent/autodiff"
import { T, type Tensor, Values } from "@cotangent/graph"
import { Compute, step, stepWith } from "./Compute.ts"
import { type Spec, spec, specOf } from "./program.ts"

const layers = { wasm: Compute.layer, javascript: Compute.javascript, wide: Compute.wide }
const run = <A, E>(effect: Effect.Effect<A, E, Compute | Scope.Scope>, layer = Compute.layer): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.scoped(effect), layer))
const f32 = (...xs: ReadonlyArray<number>) => Values.of(Float32Array.of(...xs), [xs.length], "f32")

const affine = (w: Tensor<[3, 2]>, x: Tensor<["batch", 3]>) => ({ y: T.softmax(T.matmul(x, w)), sum: T.sum(w) })

describe("Compute.compile", () => {
  it("gives equal bits on every layer, and says what a run costs", async () => {
    const w = Values.of(
      Float32Array.from({ length: 6 }, (_, i) => Math.sin(i)),
      [3, 2],
      "f32"
    )
    const x = Values.of(
      Float32Array.from({ length: 15 }, (_, i) => Math.cos(i)),
      [5, 3],
      "f32"
    )
    const outputs = await Promise.all(
      Object.values(layers).map((layer) =>
        run(
          Effect.gen(function* () {
            const program = yield* Compute.compile(affine, [specOf(w), spec(["batch", 3], { batch: 5 })])
            assert.isAbove(program.cost.flops, 60)
            return yield* program.run(w, x)
          }),
          layer
        )
      )
    )
    for (const output of outputs) assert.deepStrictEqual(output, outputs[0])
    assert.deepStrictEqual(outputs[0]?.y.shape, [5, 2])
  })

  it("refuses arguments of another shape, type or structure, and keeps working", () =>
    run(
      Effect.gen(function* () {
        const program = yield* Compute.compile((p: { readonly a: Tensor<[2]> }) => T.mul(p.a, 2), [{ a: spec([2]) }])
        const wrong = yield* Effect.flip(program.run({ a: f32(1, 2, 3) }))
        assert.strictEqual(wrong.message, "run: argument 0.a must be f32[2], it is f32[3]")
        const missing = yield* Effect.flip(program.run({} as never))
        assert.include(missing.message, "lack 0.a")
        assert.deepStrictEqual(Array.from((yield* program.run({ a: f32(1, 2) })).data), [2, 4])
      })
    ))

  it("fails with the sentence of what the function throws", async () => {
    const error = await run(
      Effect.flip(Compute.compile((x: Tensor<["n"]>) => T.matmul(T.dyn(x), T.zeros([3, 4])), [spec(["n"], { n: 2 })]))
    )
    assert.strictEqual(error._tag, "CompileError")
    assert.include(error.message, "matmul: [2] x [3, 4]: inner dimensions 2 and 3 differ")
  })

  it("names a tensor that is not its own", async () => {
    let leaked: Tensor<[2]> = T.zeros([2])
    await run(
      Effect.gen(function* () {
        yield* Compute.compile((x: Tensor<[2]>) => ((leaked = x), x), [spec([2])])
        const error = yield* Effect.flip(Compute.eval(T.add(leaked, 1)))
        assert.include(error.message, "is used but is not among the arguments")
      })
    )
  })

  it("needs a size for every symbol", () => {
    assert.throws(() => spec(["batch", 3]), /spec: batch needs a size/)
    const known: Spec<["batch", 3], "i32"> = spec(["batch", 3], { batch: 2 }, "i32")
    assert.deepStrictEqual(known.shape, [2, 3])
  })
})

const counter = {
  state: { w: T.constant([1, 2, 3, 4]), n: T.constant(0, "i32") },
  data: { scale: T.constant(0.5) }
}
type State = typeof counter.state
type Data = typeof counter.data
const descend = step((s: State, d: Data) => {
  const g = grad((w: State["w"]) => T.sum(T.square(w)))(s.w)
  return [{ w: T.sub(s.w, T.mul(g, d.scale)), n: T.add(s.n, 1) }, { before: T.sum(s.w) }] as const
})
const shift = stepWith(
  { by: spec([]) },
  (s: State, _: Data, input: { readonly by: Tensor<[]> }) => [{ ...s, w: T.add(s.w, input.by) }, {}] as const
)
const open = Compute.session({ ...counter, programs: { descend, shift } })

describe("Compute.session", () => {
  it("advances the state, gives outputs, and counts generations", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        assert.deepStrictEqual(Array.from((yield* session.step("descend")).before.data), [10])
        yield* session.step("shift", { by: Values.of(Float32Array.of(3), [], "f32") })
        assert.deepStrictEqual(Array.from((yield* session.state).w.data), [3, 3, 3, 3])
        assert.deepStrictEqual(Array.from((yield* session.read((s) => s.n)).data), [1])
        yield* session.write((s) => s.w, [5, 6, 7, 8])
        assert.strictEqual(yield* session.generation, 3)
        assert.deepStrictEqual(Array.from((yield* session.step("descend")).before.data), [26])
      })
    ))

  it("loops, yielding and telling how far it is", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        const told: Array<number> = []
        yield* session.loop("descend", {
          count: 5000,
          sliceMillis: 0.05,
          onChunk: (done) => Effect.sync(() => told.push(done))
        })
        assert.strictEqual(told.at(-1), 5000)
        assert.isAbove(told.length, 1)
        assert.deepStrictEqual(Array.from((yield* session.read((s) => s.n)).data), [5000])
      })
    ))

  it("can be interrupted between chunks, and used on", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        const fiber = yield* Effect.forkChild(session.loop("descend", { count: 1e9 }))
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(fiber)
        const [n = 0] = (yield* session.read((s) => s.n)).data
        assert.isAbove(n, 0)
        assert.isBelow(n, 1e9)
        yield* session.step("descend")
        assert.deepStrictEqual(Array.from((yield* session.read((s) => s.n)).data), [n + 1])
      })
    ))

  it("lets two fibers queue", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        yield* Effect.all(
          [
            session.loop("descend", { count: 300, sliceMillis: 0.01 }),
            session.loop("descend", { count: 200, sliceMillis: 0.01 })
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(Array.from((yield* session.read((s) => s.n)).data), [500])
      })
    ))

  it("lends nothing: writing into what it gave changes nothing", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        const { w } = yield* session.state
        w.data.fill(99)
        assert.deepStrictEqual(Array.from((yield* session.state).w.data), [1, 2, 3, 4])
      })
    ))

  it("refuses what does not fit with a sentence", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        assert.include((yield* Effect.flip(session.write((s) => s.w, [1]))).message, "w has 4 elements, 1 were given")
        assert.include(
          (yield* Effect.flip(session.step("shift", { by: f32(1, 2) }))).message,
          "must be f32[], it is f32[2]"
        )
        assert.include((yield* Effect.flip(session.read(() => T.constant(1)))).message, "not a leaf of the state")
        assert.include(
          (yield* Effect.flip(session.step("nothing" as "descend"))).message,
          "there is no program nothing; there are descend, shift"
        )
        const error = yield* Effect.flip(
          Compute.session({
            ...counter,
            programs: { bad: step((s: State, _: Data) => [{ w: T.zeros([5]), n: s.n } as never as State, {}] as const) }
          })
        )
        assert.include(error.message, "bad: the state it returns")
      })
    ))

  it("is closed with its scope", async () => {
    const session = await run(open)
    const error = await run(Effect.flip(session.step("descend")))
    assert.include(error.message, "after the session was closed")
  })

  it("reuses code and memory: a thousand sessions make one memory", () =>
    run(
      Effect.gen(function* () {
        const { engine } = yield* Compute
        for (let i = 0; i < 1000; i++) yield* Effect.scoped(Effect.flatMap(open, (session) => session.step("descend")))
        const { made, free } = engine.pool.statistics()
        assert.deepStrictEqual({ made, free }, { made: 1, free: 1 })
        assert.strictEqual(engine.statistics().compiled, 2)
        assert.strictEqual(engine.statistics().reused, 1998)
      })
    ))

  it("gives its memory back when opening fails", () =>
    run(
      Effect.gen(function* () {
        const { engine } = yield* Compute
        const state = { w: T.fromArray(new Float32Array(4), [4]) }
        yield* Effect.flip(
          Compute.session({
            state,
            data: {},
            programs: {
              bad: step((s: typeof state, _: {}) => [s, { x: T.matmul(T.dyn(s.w), T.zeros([3, 3])) }] as const)
            }
          })
        )
        const { made, free } = engine.pool.statistics()
        assert.strictEqual(made, free)
      })
    ))

  it("runs a hundred thousand steps without growing the heap", () =>
    run(
      Effect.gen(function* () {
        const session = yield* open
        const used = () => {
          globalThis.gc?.()
          return process.memoryUsage().heapUsed
        }
        yield* session.loop("descend", { count: 1000 })
        const before = used()
        yield* session.loop("descend", { count: 100_000 })
        // Without a collection in between the bound is that of a few slices' garbage.
        assert.isBelow(used() - before, globalThis.gc === undefined ? 5_000_000 : 100_000)
      })
    ))
})
