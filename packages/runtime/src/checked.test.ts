import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { grad, vmap } from "@cotangent/autodiff"
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { Compute, IndexError, spec, stepWith } from "./index.ts"
import {
  here,
  indices,
  lineOf,
  type Matrix,
  outOfRange,
  type Scalar,
  value,
  type Vector
} from "./observed.test.support.ts"

type Indices = Tensor<[number], "i32">
type Index = Tensor<[], "i32">

const run = <A, E>(effect: Effect.Effect<A, E, Compute>) => Effect.provide(effect, Compute.layer)
const i32 = (shape: ReadonlyArray<number>) => spec(shape, {}, "i32") as never
const table = value([
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8]
])
const checked = { checked: true }

describe("checked mode", () => {
  it.effect("names the operation, the line, the index and the range", () =>
    run(
      Effect.gen(function* () {
        const [f, line] = [(x: Matrix, i: Indices) => T.take(x, i), here()]
        const program = yield* Compute.compile(f, [spec([4, 2]), i32([3])], checked)
        const fine = yield* program.run(table, indices([1, 3, -4]))
        assert.deepStrictEqual(Array.from(fine.data), [3, 4, 7, 8, 1, 2])
        const error = yield* outOfRange(program.run(table, indices([1, 5, -9])))
        assert.instanceOf(error, IndexError)
        assert.strictEqual(error._tag, "IndexError")
        const { at, index, primitive, program: name, range, shape, step } = error
        assert.deepStrictEqual(
          { at, index, primitive, name, range, shape, step },
          { at: [1], index: 5, primitive: "gather", name: "run", range: [-4, 3], shape: [3], step: 2 }
        )
        assert.strictEqual(lineOf(error.position), line)
        assert.match(
          error.message,
          /^run, step 2: gather: the index at \[1\] of i32\[3\] is 5, it must lie from -4 to 3, built at .*:\d+:\d+\.$/
        )
        const back = yield* outOfRange(program.run(table, indices([1, 0, -5])))
        assert.deepStrictEqual([back.index, back.at], [-5, [2]])
      })
    )
  )

  it.effect("without it an index out of range takes the nearest row", () =>
    run(
      Effect.gen(function* () {
        const program = yield* Compute.compile((x: Matrix, i: Indices) => T.take(x, i), [spec([4, 2]), i32([3])])
        const { data } = yield* program.run(table, indices([1, 5, -9]))
        assert.deepStrictEqual(Array.from(data), [3, 4, 7, 8, 1, 2])
      })
    )
  )

  it.effect("looks at what is written, and at derivatives", () =>
    run(
      Effect.gen(function* () {
        const write = yield* Compute.compile(
          (x: Vector, i: Indices, u: Vector) => ops.scatterAdd(x, i, u, 0) as Vector,
          [spec([3]), i32([2]), spec([2])],
          checked
        )
        const error = yield* outOfRange(write.run(value([1, 2, 3]), indices([0, 3]), value([1, 1])))
        assert.strictEqual(error.primitive, "scatterAdd")
        // The value is not needed, its gradient is: the same indices, used backwards.
        const gradient = yield* Compute.compile(
          (x: Vector, i: Indices) => grad((v: Vector) => T.sum(T.mul(T.take(v, i), 2)))(x),
          [spec([3]), i32([1])],
          checked
        )
        const backward = yield* outOfRange(gradient.run(value([1, 2, 3]), indices([7])))
        assert.deepStrictEqual([backward.primitive, backward.phase, backward.index], ["scatterAdd", "backward", 7])
      })
    )
  )

  it.effect("looks at the indices of a batch, which index a flat table", () =>
    run(
      Effect.gen(function* () {
        const rows = vmap((x: Vector, i: Index) => T.take(x, i))
        const program = yield* Compute.compile((x: Matrix, i: Indices) => rows(x, i), [spec([4, 2]), i32([4])], checked)
        yield* program.run(table, indices([0, 1, 0, -2]))
        const error = yield* outOfRange(program.run(table, indices([0, 1, 2, 0])))
        assert.deepStrictEqual([error.index, error.at, error.range], [2, [2], [-2, 1]])
        assert.match(error.message, /^run, step 2: the index at \[2\] of i32\[4\] is 2, it must lie from -2 to 1/)
      })
    )
  )

  it.effect("names the step of a loop, and lets branches be that are not taken", () =>
    run(
      Effect.gen(function* () {
        const walk = (x: Vector, i: Indices) =>
          T.scan(
            (c: Scalar, k: Index) =>
              [
                T.cond(
                  T.less(k, 100) as Tensor<[], "bool">,
                  () => T.add(c, T.take(x, k) as Scalar),
                  () => c
                ),
                {}
              ] as const,
            T.constant(0) as Scalar,
            i
          )[0]
        const program = yield* Compute.compile(walk, [spec([4]), i32([3])], checked)
        const sum = yield* program.run(value([1, 2, 3, 4]), indices([0, 300, 3]))
        assert.strictEqual(sum.data[0], 5)
        const error = yield* outOfRange(program.run(value([1, 2, 3, 4]), indices([0, 300, 4])))
        assert.deepStrictEqual([error.index, error.loopSteps], [4, [2]])
        assert.match(error.message, /it must lie from -4 to 3, at step 2 of the loop, built at/)
      })
    )
  )

  it.effect("finds an index at any step of a whileLoop", () =>
    run(
      Effect.gen(function* () {
        const follow = (next: Indices, start: Index) =>
          T.whileLoop(
            (c: readonly [Index, Index]) => T.less(c[1], 6) as Tensor<[], "bool">,
            (c: readonly [Index, Index]) => [T.take(next, c[0]) as Index, T.add(c[1], 1)] as const,
            [start, T.constant(0, "i32") as Index] as const
          )[0]
        const program = yield* Compute.compile(follow, [i32([4]), i32([])] as never, checked)
        yield* program.run(indices([1, 2, 3, 0]), indices(0))
        // 0, 1, 9: the third look-up is out of range, clamped to 3, and all that follow are fine.
        const error = yield* outOfRange(program.run(indices([1, 9, 3, 0]), indices(0)))
        assert.deepStrictEqual([error.index, error.loopSteps], [9, [2]])
      })
    )
  )

  it.effect("a step that fails leaves the state and the generation as they were", () =>
    Effect.gen(function* () {
      const state = { counts: T.zeros([3]) as Vector }
      const session = yield* Compute.session({
        state,
        data: {},
        programs: {
          count: stepWith({ at: i32([2]) as never }, (s: typeof state, _: {}, { at }: { readonly at: Indices }) => {
            const counts = ops.scatterAdd(s.counts, at, ops.full([2], 1, "f32"), 0) as Vector
            return [{ counts }, { total: T.sum(counts) }]
          })
        }
      })
      yield* session.step("count", { at: indices([0, 2]) } as never)
      const error = yield* outOfRange(session.step("count", { at: indices([1, 3]) } as never))
      assert.deepStrictEqual([error.program, error.step, error.index], ["count", 2, 3])
      assert.deepStrictEqual(Array.from((yield* session.state).counts.data), [1, 0, 1])
      assert.strictEqual(yield* session.generation, 1)
      yield* session.step("count", { at: indices([1, 1]) } as never)
      assert.deepStrictEqual(Array.from((yield* session.state).counts.data), [1, 2, 1])
    }).pipe(Effect.scoped, Effect.provide(Compute.checked))
  )

  it.effect("costs no kernel where there is no index", () =>
    run(
      Effect.gen(function* () {
        const f = (x: Vector) => T.exp(x)
        const [plain, looked] = [
          yield* Compute.compile(f, [spec([3])]),
          yield* Compute.compile(f, [spec([3])], { checked: true, debug: true })
        ]
        assert.deepStrictEqual(looked.cost, plain.cost)
      })
    )
  )
})
