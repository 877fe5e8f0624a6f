import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { grad, jvp, valueAndGrad, vmap } from "@cotangent/autodiff"
import { T, type Tensor, Values } from "@cotangent/graph"
import { Compute, spec, step, stepWith } from "./index.ts"
import { collector, type Matrix, type Scalar, value, type Vector } from "./observed.test.support.ts"
import { perceptron } from "./perceptron.test.support.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>) => Effect.provide(effect, Compute.layer)

describe("taps of a compiled function", () => {
  it.effect("show values and cotangents, in the order in which they were built", () =>
    run(
      Effect.gen(function* () {
        const { events, instruments, shown } = collector()
        const f = (x: Vector) => {
          const y = T.tap(T.square(T.tapGradient(x, "x")), "y")
          return T.sum(T.tap(T.mul(T.tapGradient(y, "y"), 3), "3y"))
        }
        const program = yield* Compute.compile((x: Vector) => valueAndGrad(f)(x), [spec([2])], instruments)
        const [y, g] = yield* program.run(value([1, 2]))
        assert.deepStrictEqual([Values.item(y), ...g.data], [15, 6, 12])
        assert.deepStrictEqual(
          events.map(({ label, observes, program: name, step: run_ }) => [label, observes, name, run_]),
          [
            ["y", "value", "run", 1],
            ["3y", "value", "run", 1],
            ["y", "gradient", "run", 1],
            ["x", "gradient", "run", 1]
          ]
        )
        assert.deepStrictEqual(shown(), [
          ["y", 1, 4],
          ["3y", 3, 12],
          ["y", 3, 3],
          ["x", 6, 12]
        ])
        yield* program.run(value([0, 1]))
        assert.deepStrictEqual(
          events.map((event) => event.step),
          [2, 2, 2, 2]
        )
        assert.strictEqual(events[0]?.ran, undefined)
      })
    )
  )

  it.effect("of one label are two events", () =>
    run(
      Effect.gen(function* () {
        const { instruments, shown } = collector()
        const twice = (x: Vector) => T.add(T.tap(x, "x"), T.tap(T.tap(T.neg(x), "x"), "x"))
        yield* Effect.flatMap(Compute.compile(twice, [spec([1])], instruments), (p) => p.run(value([5])))
        assert.deepStrictEqual(shown(), [
          ["x", 5],
          ["x", -5],
          ["x", -5]
        ])
      })
    )
  )

  it.effect("show what a loop did at each step, once, also when its derivative computes it again", () =>
    run(
      Effect.gen(function* () {
        const { events, instruments, shown } = collector()
        const product = (x: Vector): Scalar =>
          T.scan(
            (c: Scalar, row: Scalar) => [T.tap(T.mul(c, T.tapGradient(row, "row")), "c"), {}] as const,
            T.constant(1) as Scalar,
            x
          )[0]
        const expected = [
          ["c", 2, 6, 24],
          ["row", 12, 8, 6]
        ]
        const functions: ReadonlyArray<(x: Vector) => unknown> = [valueAndGrad(product), grad(product)]
        for (const f of functions) {
          const program = yield* Compute.compile(f, [spec([3])], instruments)
          yield* program.run(value([2, 3, 4]))
          assert.deepStrictEqual(events[0]?.value.shape, [3])
          assert.deepStrictEqual(shown(), expected)
        }
        yield* Effect.flatMap(
          Compute.compile((x: Vector, t: Vector) => jvp(product, x, t), [spec([3]), spec([3])], instruments),
          (p) => p.run(value([2, 3, 4]), value([1, 0, 0]))
        )
        assert.deepStrictEqual(shown(), expected.slice(0, 1))
      })
    )
  )

  it.effect("show the whole batch under vmap", () =>
    run(
      Effect.gen(function* () {
        const { events, instruments, shown } = collector()
        const each = vmap((x: Vector) => T.tap(T.sum(x), "sum"))
        const program = yield* Compute.compile((x: Matrix) => each(x), [spec([3, 2])], instruments)
        yield* program.run(
          value([
            [1, 2],
            [3, 4],
            [5, 6]
          ])
        )
        assert.deepStrictEqual(events[0]?.value.shape, [3])
        assert.deepStrictEqual(shown(), [["sum", 3, 7, 11]])
      })
    )
  )

  it.effect("show every cotangent of higher derivatives", () =>
    run(
      Effect.gen(function* () {
        const { instruments, shown } = collector()
        const cube = (x: Scalar): Scalar => T.mul(T.square(x), T.tapGradient(x, "x"))
        const both = (x: Scalar) => valueAndGrad(grad(cube))(x)
        yield* Effect.flatMap(Compute.compile(both, [spec([])], instruments), (p) => p.run(value(3)))
        // The cotangent of the first pass is x^2; that of the second, to the same factor x, is 2 x.
        assert.deepStrictEqual(shown(), [
          ["x", 9],
          ["x", 6]
        ])
      })
    )
  )

  it.effect("of branches are shown where they are taken", () =>
    run(
      Effect.gen(function* () {
        const { events, instruments, shown } = collector()
        const f = (x: Scalar) =>
          T.cond(
            T.greater(x, 0) as Tensor<[], "bool">,
            () => T.tap(T.log(x), "log"),
            () => T.tap(T.neg(x), "minus")
          )
        const program = yield* Compute.compile(f, [spec([])], instruments)
        yield* program.run(value(1))
        yield* program.run(value(-2))
        assert.deepStrictEqual(shown(), [
          ["log", 0],
          ["minus", 2]
        ])
        const rows = yield* Compute.compile((x: Vector) => T.map((row: Scalar) => f(row), x), [spec([3])], instruments)
        yield* rows.run(value([1, -2, -3]))
        const [log, minus] = events
        assert.deepStrictEqual([...(log?.ran?.data ?? [])], [1, 0, 0])
        assert.strictEqual(log?.ran?.dtype, "bool")
        assert.deepStrictEqual([...(minus?.value.data ?? []), ...(minus?.ran?.data ?? [])], [0, 2, 3, 0, 1, 1])
        events.splice(0)
        yield* rows.run(value([1, 1, 1]))
        assert.deepStrictEqual(shown(), [["log", 0, 0, 0]])
      })
    )
  )
})

describe("taps of a session", () => {
  const state = { total: T.constant(0) as Scalar }
  const programs = {
    add: stepWith({ by: spec([]) }, (s: typeof state, _: {}, { by }: { readonly by: Scalar }) => {
      const total = T.tap(T.add(s.total, by), "total")
      return [{ total }, {}] as const
    }),
    double: step((s: typeof state) => [{ total: T.tap(T.mul(s.total, 2), "double") }, {}])
  }

  it.effect("are shown after each step, in loops too", () =>
    run(
      Effect.scoped(
        Effect.gen(function* () {
          const { events, instruments } = collector()
          const session = yield* Compute.session({ state, data: {}, programs, ...instruments })
          yield* session.step("add", { by: value(3) })
          yield* session.loop("double", { count: 3 })
          assert.deepStrictEqual(
            events.map(({ label, program, step: n, value: { data } }) => [label, program, n, data[0]]),
            [
              ["total", "add", 1, 3],
              ["double", "double", 2, 6],
              ["double", "double", 3, 12],
              ["double", "double", 4, 24]
            ]
          )
          assert.strictEqual(yield* session.generation, 4)
        })
      )
    )
  )

  it.effect("change no bit of the state, on no target", () =>
    Effect.gen(function* () {
      const { data, programs: plain, state: start } = perceptron(7, 19, 3, 40, 8)
      const train = step((s: typeof start, d: typeof data) => {
        const [next, outputs] = plain.train.step(s, d, {})
        return [{ ...next, hidden: T.tap(next.hidden, "hidden") }, { loss: T.tap(outputs.loss, "loss") }] as const
      })
      const { events, instruments } = collector()
      const bits = (options: typeof instruments, program: typeof train) =>
        Effect.gen(function* () {
          const session = yield* Compute.session({ state: start, data, programs: { train: program }, ...options })
          yield* session.loop("train", { count: 30 })
          const { hidden, output, velocity } = yield* session.state
          return [hidden, output, velocity.hidden, velocity.output].map((v) => [...new Uint32Array(v.data.buffer)])
        }).pipe(Effect.scoped)
      for (const layer of [Compute.layer, Compute.javascript]) {
        const expected = yield* Effect.provide(bits({}, plain.train), layer)
        assert.deepStrictEqual(yield* Effect.provide(bits(instruments, train), layer), expected)
        const looked = { ...instruments, debug: { everywhere: true }, checked: true }
        assert.deepStrictEqual(yield* Effect.provide(bits(looked, train), layer), expected)
      }
      assert.strictEqual(events.length, 2 * 2 * 30 * 2)
    })
  )

  it.effect("cost nothing when nobody looks: the program is the one without them", () =>
    run(
      Effect.scoped(
        Effect.gen(function* () {
          const plain = yield* Compute.session({
            state,
            data: {},
            programs: { double: step((s: typeof state) => [{ total: T.mul(s.total, 2) }, {}]) }
          })
          const tapped = yield* Compute.session({ state, data: {}, programs: { double: programs.double } })
          assert.strictEqual(tapped.show("double"), plain.show("double"))
          assert.deepStrictEqual(tapped.cost("double"), plain.cost("double"))
        })
      )
    )
  )
})

describe("observers", () => {
  it.effect("of a layer look at everything that is compiled with it; options go before it", () =>
    Effect.gen(function* () {
      const [outer, inner] = [collector(), collector()]
      const x = T.constant([1, 2])
      yield* Effect.gen(function* () {
        const sum = yield* Compute.eval(T.sum(T.tap(T.exp(T.mul(x, 0)), "exp")))
        assert.strictEqual(Values.item(sum), 2)
        assert.deepStrictEqual(outer.shown(), [["exp", 1, 1]])
        yield* Compute.eval(T.tap(T.neg(x), "neg"), inner.instruments)
      }).pipe(Effect.provide(Compute.layer.pipe(Compute.instrumented(outer.instruments))))
      assert.deepStrictEqual(inner.shown(), [["neg", -1, -2]])
      assert.deepStrictEqual(outer.shown(), [])
    })
  )
})
