import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { T, Values } from "@cotangent/graph"
import { Compute, spec, step, stepWith } from "./index.ts"
import { nonFinite, type Scalar, value, type Vector } from "./observed.test.support.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>) => Effect.provide(effect, Compute.layer)

describe("a session in debug mode", () => {
  interface State {
    readonly w: Vector
    readonly best: Scalar
  }
  const state: State = { w: T.constant([1, 2, 3]) as Vector, best: T.constant(Infinity) as Scalar }
  const programs = {
    shrink: step((s: State) => [{ ...s, w: T.sqrt(T.sub(s.w, 0.75)) }, { sum: T.sum(s.w) }]),
    divide: stepWith({ by: spec([3]) }, (s: State, _: {}, { by }: { readonly by: Vector }) => [
      { ...s, w: T.div(s.w, by) },
      {}
    ])
  }

  it.effect("fails at the step, and keeps the state before it", () =>
    run(
      Effect.scoped(
        Effect.gen(function* () {
          const session = yield* Compute.session({ state, data: {}, programs, debug: true })
          const other = yield* Compute.session({ state, data: {}, programs })
          const error = yield* nonFinite(session.loop("shrink", { count: 20 }))
          assert.strictEqual(error.program, "shrink")
          // 1 -> 0.5 -> NaN
          assert.strictEqual(error.step, 2)
          assert.strictEqual(yield* session.generation, 1)
          assert.deepStrictEqual(error.operation?.index, [0])
          assert.deepStrictEqual(error.inputs, ["state.w"])
          assert.deepStrictEqual(error.results, ["state.w"])
          assert.match(error.message, /^shrink, step 2: sqrt made NaN at \[0\] of f32\[3\] from -0.25, built at/)
          yield* other.step("shrink")
          assert.deepStrictEqual(yield* session.state, yield* other.state)
          // It goes on from there.
          yield* session.step("divide", { by: value([1, 1, 1]) })
          assert.strictEqual(yield* session.generation, 2)
          const divided = yield* nonFinite(session.step("divide", { by: value([1, 0, 1]) }))
          assert.strictEqual(divided.step, 3)
          assert.deepStrictEqual([...divided.inputs].sort(), ["input.by", "state.w"])
        })
      )
    )
  )

  it.effect("leaves the program as it is", () =>
    run(
      Effect.scoped(
        Effect.gen(function* () {
          const session = yield* Compute.session({ state, data: {}, programs, debug: true })
          const plain = yield* Compute.session({ state, data: {}, programs })
          assert.strictEqual(session.show("shrink"), plain.show("shrink"))
          assert.deepStrictEqual(session.cost("shrink"), plain.cost("shrink"))
        })
      )
    )
  )

  it.effect("lets an infinity be that the state brought along", () =>
    run(
      Effect.scoped(
        Effect.gen(function* () {
          const session = yield* Compute.session({
            state,
            data: {},
            programs: { keep: step((s: State) => [{ ...s, best: T.minimum(s.best, Infinity) }, {}]) },
            debug: true
          })
          yield* session.loop("keep", { count: 3 })
          assert.strictEqual(Values.item((yield* session.state).best), Infinity)
        })
      )
    )
  )

  it.effect("by the layer, for whoever opens sessions", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile((x: Vector) => T.log(x), [spec([2])])
      const error = yield* nonFinite(program.run(value([1, -1])))
      assert.strictEqual(error.operation?.primitive, "log")
      const evaluated = yield* nonFinite(Compute.eval(T.sqrt(T.constant([-1]))))
      assert.strictEqual(evaluated.program, "eval")
      yield* Compute.eval(T.sqrt(T.constant([-1])), { debug: false })
    }).pipe(Effect.provide(Compute.debug))
  )
})
