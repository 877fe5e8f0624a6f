import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import { T, type Tensor, type Value, Values } from "@cotangent/graph"
import { BorderError, CompileError, Compute, spec } from "./index.ts"
import { grad } from "@cotangent/autodiff"
import { perceptron } from "./perceptron.test.support.ts"

const layers = { layer: Compute.layer, javascript: Compute.javascript, wide: Compute.wide } as const

/** The error an effect fails with; a success or a defect fails the test. */
const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.flatMap(Effect.exit(effect), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.die(new Error("it succeeded and should have failed"))
    const error = exit.cause.reasons.find(Cause.isFailReason)
    return error === undefined ? Effect.die(exit.cause) : Effect.succeed(error.error)
  })

const affine = (p: { readonly w: Tensor<[3, 2]>; readonly b: Tensor<[2]> }, x: Tensor<["batch", 3]>) =>
  T.add(T.matmul(x, p.w), p.b)
const affineSpecs = [{ w: spec([3, 2]), b: spec([2]) }, spec(["batch", 3], { batch: 2 })] as const
const params = {
  w: Values.fromNested([
    [1, 2],
    [3, 4],
    [5, 6]
  ]),
  b: Values.fromNested([10, 20])
}
const x = Values.fromNested([
  [1, 0, 0],
  [0, 1, 1]
])

describe("Compute.compile", () => {
  it.effect("runs a function on values, as often as one likes", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile(affine, affineSpecs)
      const first = yield* program.run(params, x)
      assert.deepStrictEqual(Array.from(first.data), [11, 22, 18, 30])
      assert.deepStrictEqual(first.shape, [2, 2])
      const second = yield* program.run({ ...params, b: Values.fromNested([0, 0]) }, x)
      assert.deepStrictEqual(Array.from(second.data), [1, 2, 8, 10])
      assert.deepStrictEqual(Array.from(first.data), [11, 22, 18, 30])
      assert.strictEqual(program.cost.flops, 2 * 2 * 3 * 2 + 4)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("takes records in any order and gives trees back", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile(
        (p: { readonly a: Tensor<[]>; readonly b: Tensor<[]> }) => ({
          sum: T.add(p.a, p.b),
          parts: [p.a, p.b] as const
        }),
        [{ a: spec([]), b: spec([]) }]
      )
      const { sum, parts } = yield* program.run({ b: Values.fromNested(2), a: Values.fromNested(1) })
      assert.deepStrictEqual([sum, ...parts].map(Values.item), [3, 1, 2])
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("fails with the sentence of the function", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(
        Compute.compile((a: Tensor<[number]>, b: Tensor<[number]>) => T.add(a, b), [spec([3]), spec([4])])
      )
      assert.instanceOf(error, CompileError)
      assert.strictEqual(error._tag, "CompileError")
      assert.match(error.message, /add: cannot broadcast \[3\] with \[4\]: 3 and 4 differ/)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("fails when a tensor of an outer function is returned", () =>
    Effect.gen(function* () {
      let leaked: Tensor<[2]> | undefined
      yield* Compute.compile((a: Tensor<[2]>) => (leaked = a), [spec([2])])
      const error = yield* failureOf(Compute.compile((a: Tensor<[2]>) => T.add(a, leaked ?? a), [spec([2])]))
      assert.match(error.message, /the parameter 0 of shape \[2\] is used but is not among the arguments/)
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("keeps every value for itself: results are copies", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile((a: Tensor<[2]>) => T.mul(a, 2), [spec([2])])
      const input = Values.fromNested([1, 2])
      const first = yield* program.run(input)
      first.data.fill(99)
      assert.deepStrictEqual(Array.from(input.data), [1, 2])
      assert.deepStrictEqual(Array.from((yield* program.run(input)).data), [2, 4])
    }).pipe(Effect.provide(Compute.layer))
  )
})

describe("values at the border", () => {
  const untyped = (value: unknown) => value as Value<[2, 3], "f32">
  const cases: ReadonlyArray<readonly [string, unknown, RegExp]> = [
    ["another shape", Values.fromNested([[1, 2, 3]]), /run: 1 must be f32\[2, 3\], it is f32\[1, 3\]/],
    [
      "another element type",
      Values.fromNested(
        [
          [1, 2, 3],
          [1, 2, 3]
        ],
        "f64"
      ),
      /run: 1 must be f32\[2, 3\], it is f64\[2, 3\]/
    ],
    [
      "too few elements",
      { shape: [2, 3], dtype: "f32", data: new Float32Array(5) },
      /must hold 6 elements, it holds 5/
    ],
    [
      "too many elements",
      { shape: [2, 3], dtype: "f32", data: new Float32Array(7) },
      /must hold 6 elements, it holds 7/
    ],
    ["an expression", T.zeros([2, 3]), /run: 1 is an expression, not a value: evaluate it first/],
    ["a number", 1, /run: .*1, not a tensor; use T.constant/],
    ["nothing", undefined, /run: .*undefined, not a tensor/],
    [
      "another structure",
      {
        y: Values.fromNested([
          [1, 2, 3],
          [1, 2, 3]
        ])
      },
      /run: 1 is missing, f32\[2, 3\] is needed/
    ]
  ]
  for (const [name, value, sentence] of cases) {
    it.effect(`refuses ${name} with a sentence`, () =>
      Effect.gen(function* () {
        const program = yield* Compute.compile(affine, affineSpecs)
        const error = yield* failureOf(program.run(params, untyped(value)))
        assert.instanceOf(error, BorderError)
        assert.match(error.message, sentence)
      }).pipe(Effect.provide(Compute.layer))
    )
  }

  it.effect("refuses what was not asked for", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile(affine, affineSpecs)
      const surplus = { ...params, scale: Values.fromNested(1) }
      const error = yield* failureOf(program.run(surplus, x))
      assert.strictEqual(error.message, "run: 0.scale was given and is not expected")
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("takes any number but 0 as true", () =>
    Effect.gen(function* () {
      const program = yield* Compute.compile(
        (a: Tensor<[3], "bool">) => [T.not(a), T.cast(a, "i32"), T.and(a, T.constant([1, 1, 1], "bool"))] as const,
        [spec([3], {}, "bool")]
      )
      const results = yield* program.run({ shape: [3], dtype: "bool", data: Uint8Array.of(0, 1, 7) })
      assert.deepStrictEqual(
        results.map((v) => Array.from(v.data)),
        [
          [1, 0, 0],
          [0, 1, 1],
          [0, 1, 1]
        ]
      )
    }).pipe(Effect.provide(Compute.layer))
  )
})

describe("spec", () => {
  it("needs a size for every symbol", () => {
    assert.deepStrictEqual(spec(["batch", 3], { batch: 5 }), { shape: [5, 3], dtype: "f32" })
    assert.throws(() => spec(["batch", 3]), /batch needs a size/)
    assert.throws(() => spec([-1]), /-1 needs a size, a whole number of 0 or more/)
  })
})

describe("Compute.eval", () => {
  it.effect("evaluates trees, constants as they are", () =>
    Effect.gen(function* () {
      const a = T.constant([1, 2, 3])
      const tree = yield* Compute.eval({ a, doubled: T.mul(a, 2), sums: [T.sum(a), T.sum(T.mul(a, a))] })
      assert.deepStrictEqual(Array.from(tree.doubled.data), [2, 4, 6])
      assert.deepStrictEqual(Array.from(tree.a.data), [1, 2, 3])
      assert.deepStrictEqual(tree.sums.map(Values.item), [6, 14])
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("agrees with the reference interpreter", () =>
    Effect.gen(function* () {
      const y = T.softmax(T.reshape(T.cast(T.iota(24), "f32"), [4, 6]))
      const value = yield* Compute.eval(y)
      T.evaluate(y).data.forEach((expected, i) => assert.closeTo(value.data[i] ?? NaN, expected, 1e-6))
    }).pipe(Effect.provide(Compute.layer))
  )

  it.effect("gives a sentence for a parameter without a value", () =>
    Effect.gen(function* () {
      let leaked: Tensor<[2]> | undefined
      yield* Compute.compile((a: Tensor<[2]>) => (leaked = a), [spec([2])])
      const error = yield* failureOf(Compute.eval(T.mul(leaked ?? T.zeros([2]), 2)))
      assert.match(error.message, /the parameter 0 of shape \[2\]/)
    }).pipe(Effect.provide(Compute.layer))
  )
})

describe("Compute.layer, Compute.javascript and Compute.wide", () => {
  it.effect("give equal bits on a training step", () =>
    Effect.gen(function* () {
      const run = Effect.gen(function* () {
        const session = yield* Compute.session(perceptron(7, 19, 3, 40, 8))
        const { loss } = yield* session.loop("train", { count: 60 })
        const { velocity, ...weights } = yield* session.state
        return [loss, weights.hidden, weights.output, velocity.hidden, velocity.output].map((v) =>
          Array.from(new Uint32Array(v.data.buffer))
        )
      }).pipe(Effect.scoped)
      const narrow = yield* Effect.provide(run, layers.layer)
      assert.isAbove(new Set(narrow.flat()).size, 100)
      assert.deepStrictEqual(yield* Effect.provide(run, layers.javascript), narrow)
      assert.deepStrictEqual(yield* Effect.provide(run, layers.wide), narrow)
      // Once the process is wide, narrow programs are compiled for it too.
      assert.deepStrictEqual(yield* Effect.provide(run, layers.layer), narrow)
    })
  )
})

describe("Compute.fast", () => {
  it.effect("sums products without rounding them: other bits, the same numbers", () =>
    Effect.gen(function* () {
      const value = (n: number) =>
        Array.from({ length: n }, (_, i) => Math.fround((((i * 7919) % 1009) / 1009 - 0.5) * 2))
      const [a, b] = [value(40 * 50), value(50 * 30)]
      const matmul = (x: Tensor<[40, 50]>, y: Tensor<[50, 30]>) => T.matmul(x, y)
      const product = Effect.gen(function* () {
        const program = yield* Compute.compile(matmul, [spec([40, 50]), spec([50, 30])])
        const x: Value<[40, 50], "f32"> = { shape: [40, 50], dtype: "f32", data: Float32Array.from(a) }
        const y: Value<[50, 30], "f32"> = { shape: [50, 30], dtype: "f32", data: Float32Array.from(b) }
        return Array.from((yield* program.run(x, y)).data)
      })
      const wide = yield* Effect.provide(product, Compute.wide)
      const fast = yield* Effect.provide(product, Compute.fast)
      // Against the exact sums: no worse in the sum of squares.
      const exact = wide.map((_, i) => {
        const [row, column] = [Math.floor(i / 30), i % 30]
        return a.slice(row * 50, row * 50 + 50).reduce((sum, x, k) => sum + x * (b[k * 30 + column] ?? 0), 0)
      })
      const error = (xs: ReadonlyArray<number>) => xs.reduce((sum, x, i) => sum + (x - (exact[i] ?? 0)) ** 2, 0)
      assert.isAbove(error(wide), 0)
      assert.isAtMost(error(fast), error(wide))
      fast.forEach((x, i) => assert.closeTo(x, exact[i] ?? 0, 1e-5))
    })
  )

  it.effect("filters convolutions, with gradients and two threads too", () =>
    Effect.gen(function* () {
      type Images = Tensor<[number, number, number, number]>
      const [shape, kernel] = [
        [6, 12, 11, 16],
        [3, 3, 16, 24]
      ] as const
      const value = (sizes: ReadonlyArray<number>): Value<ReadonlyArray<number>, "f32"> => ({
        shape: sizes,
        dtype: "f32",
        data: Float32Array.from(
          { length: sizes.reduce((a, b) => a * b, 1) },
          (_, i) => (((i * 7919) % 1009) / 1009 - 0.5) * 2
        )
      })
      const f = (images: Images, w: Images) => {
        const loss = (p: { readonly images: Images; readonly w: Images }) =>
          T.sum(T.square(T.conv2d(p.images, p.w))) as Tensor<[]>
        return grad(loss)({ images, w })
      }
      const both = Effect.gen(function* () {
        const program = yield* Compute.compile(f, [spec(shape), spec(kernel)] as never)
        return yield* program.run(value(shape) as never, value(kernel) as never)
      })
      const wide = yield* Effect.provide(both, Compute.wide)
      const fast = yield* Effect.provide(both, Compute.fast)
      const shared = yield* Effect.provide(both, Compute.fast.pipe(Compute.threads(2)))
      assert.deepStrictEqual(shared, fast)
      for (const name of ["images", "w"] as const) {
        const [a, b] = [wide[name].data, fast[name].data]
        const size = Math.max(...a.map(Math.abs))
        a.forEach((x, i) => assert.closeTo((b[i] ?? 0) / size, x / size, 2e-6))
        assert.notDeepEqual(a, b)
      }
    })
  )
})
