import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { grad, valueAndGrad } from "@cotangent/autodiff"
import { T, type Tensor } from "@cotangent/graph"
import { Compute } from "./index.ts"
import { here, lineOf, type Matrix, reportOf, type Scalar, value, type Vector } from "./observed.test.support.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Compute>) => Effect.provide(effect, Compute.layer)

interface Params {
  readonly first: Matrix
  readonly second: Matrix
  readonly third: Matrix
}
const numbers = (rows: number, columns: number, seed: number): Matrix =>
  T.fromArray(
    Float32Array.from({ length: rows * columns }, (_, i) => ((i * 7 + seed * 5) % 11) / 11 + 0.1),
    [rows, columns]
  )
const params: Params = { first: numbers(3, 4, 1), second: numbers(4, 4, 2), third: numbers(4, 2, 3) }
const inputs = numbers(5, 3, 4)

type Layer = (h: Matrix) => Matrix

/** A perceptron of three layers; `inject` goes behind the layer of that number. */
const loss =
  (at: number, inject: Layer) =>
  (p: Params, x: Matrix): Scalar => {
    const behind = (layer: number, h: Matrix): Matrix => (layer === at ? inject(h) : h)
    const h1 = behind(1, T.tanh(T.matmul(x, p.first)))
    const h2 = behind(2, T.tanh(T.matmul(h1, p.second)))
    const h3 = behind(3, T.matmul(h2, p.third))
    return T.mean(T.square(h3))
  }

interface Trap {
  readonly inject: Layer
  /** The line of `inject`. */
  readonly line: number
  readonly primitive: string
  readonly value: string
  readonly phase?: "backward"
  readonly derivativeOf?: string
  /** What made NaN of the infinity. */
  readonly became?: string
}

/** The matrix with 0 in one column: by a product, which no derivative stops at. */
const withZero = (h: Matrix): Matrix =>
  T.mul(h, T.where(T.equal(T.iota(h.shape[1] ?? 0), 1), 0, T.ones([h.shape[1] ?? 0]))) as Matrix

const traps: Readonly<Record<string, Trap>> = {
  "log of a negative number": {
    inject: (h) => T.log(T.sub(h, 2)),
    line: here() - 1,
    primitive: "log",
    value: "NaN"
  },
  "0 / 0": { inject: (h) => T.div(withZero(h), withZero(h)), line: here(), primitive: "div", value: "NaN" },
  "overflow in exp": {
    inject: (h) => T.exp(T.mul(h, 1000)),
    line: here() - 1,
    primitive: "exp",
    value: "Infinity"
  },
  "overflow in a softmax without shift": {
    inject: (h) => {
      const e = T.exp(T.mul(h, 1000))
      return T.div(e, T.sum(e))
    },
    line: here() - 3,
    primitive: "exp",
    value: "Infinity",
    became: "div"
  },
  "sqrt at 0": {
    inject: (h) => T.sqrt(withZero(h)),
    line: here() - 1,
    primitive: "div",
    phase: "backward",
    derivativeOf: "sqrt",
    value: "Infinity",
    became: "mul"
  },
  "a root masked behind it": {
    inject: (h) => T.where(T.greater(T.square(h), -1), h, T.sqrt(T.mul(withZero(h), 0))) as Matrix,
    line: here() - 1,
    primitive: "div",
    phase: "backward",
    derivativeOf: "sqrt",
    value: "Infinity"
  },
  "a logarithm masked behind it": {
    inject: (h) => T.where(T.greater(withZero(h), 0), T.log(withZero(h)), 0) as Matrix,
    line: here() - 1,
    primitive: "div",
    phase: "backward",
    derivativeOf: "log",
    value: "Infinity",
    became: "mul"
  }
}

describe("Compute.firstNonFinite", () => {
  for (const [name, trap] of Object.entries(traps))
    for (const layer of [1, 2, 3])
      it.effect(`names ${name} behind layer ${layer}`, () =>
        run(
          Effect.gen(function* () {
            const f = loss(layer, trap.inject)
            const error = yield* reportOf(Compute.firstNonFinite(valueAndGrad(f))(params, inputs))
            const { operation } = error
            assert.isDefined(operation)
            assert.strictEqual(operation?.primitive, trap.primitive, error.message)
            assert.strictEqual(operation?.value, trap.value, error.message)
            assert.strictEqual(operation?.phase, trap.phase ?? "forward")
            assert.strictEqual(operation?.derivativeOf, trap.derivativeOf)
            assert.strictEqual(lineOf(operation?.position), trap.line, error.message)
            if (trap.became !== undefined) assert.strictEqual(error.became?.primitive, trap.became, error.message)
            // The weights of the layers before it, nearest first; the last ones have no part in a forward value.
            const weights = error.inputs.filter((input) => input.startsWith("argument 0."))
            const before = ["argument 0.first", "argument 0.second", "argument 0.third"].slice(0, layer).toReversed()
            if (trap.phase === undefined) assert.deepStrictEqual(weights, before)
            assert.strictEqual(operation?.shape.length, 2)
            assert.strictEqual(operation?.index.length, 2)
          })
        )
      )

  it.effect("says so in a sentence", () =>
    run(
      Effect.gen(function* () {
        const [x, line] = [(v: Vector) => T.mean(T.log(T.sub(v, 2))), here()]
        const error = yield* reportOf(Compute.firstNonFinite(x)(T.constant([3, 1, 4])))
        assert.strictEqual(
          error.message.replaceAll(/\/\S*\//g, ""),
          `run, step 1: log made NaN at [1] of f32[3] from -1, built at non-finite.test.ts:${line}:52. It depends on argument 0. It reached the result.`
        )
        assert.strictEqual(error._tag, "NonFiniteError")
        assert.deepStrictEqual(error.operation?.operands, [{ dtype: "f32", shape: [3], value: -1 }])
      })
    )
  )

  it.effect("says of a backward operation whose gradient it is part of", () =>
    run(
      Effect.gen(function* () {
        const f = (p: { readonly a: Vector; readonly b: Vector }) => T.sum(T.mul(T.sqrt(p.a), p.b))
        const error = yield* reportOf(Compute.firstNonFinite(grad(f))({ a: T.constant([4, 0]), b: T.constant([1, 1]) }))
        assert.deepStrictEqual(error.results, ["result a"])
        assert.deepStrictEqual(error.operation?.index, [1])
        assert.match(
          error.message,
          /div in the backward pass of sqrt made Infinity at \[1\] of f32\[2\] from 0.5 and 0/
        )
        assert.match(error.message, /It reached result a\.$/)
      })
    )
  )

  it.effect("takes values and tensors, and finds nothing where every result is finite", () =>
    run(
      Effect.gen(function* () {
        const f = (a: Vector, b: Vector) => T.div(a, b)
        const fine = T.constant([1, 2])
        assert.isUndefined(yield* Compute.firstNonFinite(f)(fine, value([3, 4])))
        const error = yield* reportOf(Compute.firstNonFinite(f)(fine, value([3, 0])))
        assert.deepStrictEqual(
          error.operation?.operands.map((o) => o.value),
          [2, 0]
        )
        assert.strictEqual(error.operation?.value, "Infinity")
        assert.deepStrictEqual(error.inputs, ["argument 0", "argument 1"])
        assert.isUndefined(yield* Compute.firstNonFinite(f, { infinities: false })(fine, value([3, 0])))
      })
    )
  )

  it.effect("reports inputs and constants that are not finite already as what they are", () =>
    run(
      Effect.gen(function* () {
        const double = (x: Matrix) => T.sum(T.mul(x, 2))
        const input = yield* reportOf(
          Compute.firstNonFinite(double)(
            value([
              [1, 2],
              [3, 4],
              [5, 6],
              [7, NaN]
            ])
          )
        )
        assert.isUndefined(input.operation)
        assert.deepStrictEqual(input.given, {
          source: "input",
          name: "argument 0",
          position: undefined,
          value: "NaN",
          index: [3, 1]
        })
        assert.match(
          input.message,
          /^run, step 1: the input argument 0 holds NaN at \[3, 1\]\. It reached the result\.$/
        )
        const [shift, line] = [(x: Vector) => T.add(x, T.constant([0, NaN])), here()]
        const constant = yield* reportOf(Compute.firstNonFinite(shift)(value([1, 2])))
        assert.strictEqual(constant.given?.source, "constant")
        assert.strictEqual(lineOf(constant.given?.position), line)
        assert.match(constant.message, /a constant built at \S+ holds NaN at \[1\]/)
      })
    )
  )

  it.effect("lets infinities be that are meant, and names what makes NaN of them", () =>
    run(
      Effect.gen(function* () {
        const masked = (x: Vector) => T.where(T.greater(x, 0), x, -Infinity) as Vector
        const x = value([3, -1, 2])
        assert.isUndefined(yield* Compute.firstNonFinite(masked)(x))
        assert.isUndefined(yield* Compute.firstNonFinite((v: Vector) => T.softmax(masked(v) as Tensor<[3]>))(x))
        assert.isUndefined(yield* Compute.firstNonFinite((v: Vector) => [v, T.full([3], Infinity)])(x))
        assert.isUndefined(yield* Compute.firstNonFinite((v: Vector) => T.neg(v))(value([1, Infinity])))
        const shifted = (v: Vector) => T.sub(masked(v), T.max(masked(v)))
        const error = yield* reportOf(Compute.firstNonFinite(shifted)(value([-3, -1])))
        assert.strictEqual(error.operation?.primitive, "sub")
        assert.deepStrictEqual(
          error.operation?.operands.map((o) => o.value),
          [-Infinity, -Infinity]
        )
        assert.strictEqual(error.given?.source, "constant")
        assert.match(
          error.message,
          /sub made NaN .* The infinity was there before: a constant built at \S+ holds -Infinity/
        )
        const difference = yield* reportOf(Compute.firstNonFinite((v: Vector) => T.sub(v, v))(value([1, Infinity])))
        assert.match(
          difference.message,
          /sub made NaN.*The infinity was there before: the input argument 0 holds Infinity at \[1\]/
        )
      })
    )
  )

  it.effect("does not blame what is masked", () =>
    run(
      Effect.gen(function* () {
        // The logarithm of a negative number comes first and is masked; the second one is not.
        const f = (x: Vector) => {
          const safe = T.where(T.greater(x, 0), T.log(x), 0) as Vector
          return T.sum(T.log(T.sub(safe, 1)))
        }
        const line = here() - 2
        const error = yield* reportOf(Compute.firstNonFinite(f)(value([-1, 20, 1])))
        assert.strictEqual(lineOf(error.operation?.position), line)
        assert.deepStrictEqual(error.operation?.index, [0])
        const fine = (x: Vector) => T.where(T.greater(x, 0), T.log(x), 0)
        assert.isUndefined(yield* Compute.firstNonFinite(fine)(value([-1, 20, 1])))
        const everywhere = yield* reportOf(Compute.firstNonFinite(fine, { everywhere: true })(value([-1, 20, 0])))
        assert.strictEqual(everywhere.operation?.primitive, "log")
        assert.deepStrictEqual(everywhere.operation?.index, [0])
        assert.isUndefined(everywhere.result)
        assert.isUndefined(
          yield* Compute.firstNonFinite(fine, { everywhere: true, infinities: false })(value([1, 20, 0]))
        )
      })
    )
  )

  it.effect("takes the first of several, as they are computed", () =>
    run(
      Effect.gen(function* () {
        const f = (x: Vector) => {
          const [a, b] = [T.sqrt(x), T.log(x)]
          return [b, a] as const
        }
        const error = yield* reportOf(Compute.firstNonFinite(f)(value([-1])))
        assert.strictEqual(error.operation?.primitive, "sqrt")
        assert.strictEqual(error.result, "result 1")
      })
    )
  )

  it.effect("on JavaScript finds the same", () =>
    Effect.gen(function* () {
      const f = loss(2, traps["overflow in a softmax without shift"]?.inject ?? ((h) => h))
      const found = Compute.firstNonFinite(grad(f))(params, inputs)
      const wasm = yield* reportOf(found).pipe(Effect.provide(Compute.layer))
      const js = yield* reportOf(found).pipe(Effect.provide(Compute.javascript))
      assert.strictEqual(wasm.message, js.message)
    })
  )
})

describe("in loops and branches", () => {
  const scanned = (x: Vector) =>
    T.scan((c: Scalar, row: Scalar) => [T.mul(c, T.log(row)), T.add(c, row)] as const, T.constant(1) as Scalar, x)

  it.effect("the step is named at which it happened", () =>
    run(
      Effect.gen(function* () {
        const error = yield* reportOf(Compute.firstNonFinite(scanned)(value([3, 2, -1, 2, 5])))
        assert.strictEqual(error.operation?.primitive, "log")
        assert.deepStrictEqual(error.operation?.loopSteps, [2])
        assert.match(error.message, /log made NaN from -1, at step 2 of the loop/)
        assert.deepStrictEqual(error.inputs, ["argument 0"])
      })
    )
  )

  it.effect("nested, and backwards", () =>
    run(
      Effect.gen(function* () {
        const sums = (x: Matrix) =>
          T.scan(
            (c: Scalar, row: Vector) => {
              const [s] = T.scan((d: Scalar, e: Scalar) => [T.add(d, T.sqrt(e)), {}] as const, c, row, {
                reverse: true
              })
              return [s, {}] as const
            },
            T.constant(0) as Scalar,
            x
          )[0]
        const x = value([
          [1, 2, 3],
          [4, -5, 6]
        ])
        const forward = yield* reportOf(Compute.firstNonFinite(sums)(x))
        assert.strictEqual(forward.operation?.primitive, "sqrt")
        assert.deepStrictEqual(forward.operation?.loopSteps, [1, 1])
        const zero = value([
          [1, 2, 3],
          [4, 5, 0]
        ])
        const backward = yield* reportOf(Compute.firstNonFinite(grad(sums))(zero))
        assert.strictEqual(backward.operation?.phase, "backward")
        assert.strictEqual(backward.operation?.derivativeOf, "sqrt")
        assert.deepStrictEqual(backward.operation?.loopSteps, [1, 2])
      })
    )
  )

  it.effect("an infinity is followed through the carries to the step that made it", () =>
    run(
      Effect.gen(function* () {
        const f = (x: Vector) =>
          T.scan((c: Scalar, row: Scalar) => [T.mul(c, row), T.sub(c, c)] as const, T.constant(1) as Scalar, x)[1]
        const error = yield* reportOf(Compute.firstNonFinite(f)(value([1e20, 1e30, 1, 1])))
        assert.strictEqual(error.operation?.primitive, "mul")
        assert.strictEqual(error.operation?.value, "Infinity")
        assert.deepStrictEqual(error.operation?.loopSteps, [1])
        assert.strictEqual(error.became?.primitive, "sub")
        assert.deepStrictEqual(error.became?.loopSteps, [2])
      })
    )
  )

  it.effect("of a whileLoop, and only of the branch that ran", () =>
    run(
      Effect.gen(function* () {
        const f = (x: Scalar) =>
          T.whileLoop(
            (c: Scalar) => T.less(c, 100) as Tensor<[], "bool">,
            (c: Scalar) =>
              T.cond(
                T.less(c, 10) as Tensor<[], "bool">,
                () => T.mul(c, 3),
                () => T.log(T.sub(c, 50))
              ),
            x
          )
        const error = yield* reportOf(Compute.firstNonFinite(f)(value(2)))
        // 2, 6, 18, log(-32)
        assert.strictEqual(error.operation?.primitive, "log")
        assert.deepStrictEqual(error.operation?.loopSteps, [2])
        assert.deepStrictEqual(error.operation?.operands[0]?.value, -32)
        assert.isUndefined(yield* Compute.firstNonFinite(f)(value(200)))
        const everywhere = yield* reportOf(Compute.firstNonFinite(f, { everywhere: true })(value(2)))
        assert.deepStrictEqual(everywhere.operation?.loopSteps, [2])
      })
    )
  )
})
