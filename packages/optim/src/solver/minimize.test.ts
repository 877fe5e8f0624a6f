import { assert, describe, it } from "@effect/vitest"
import { DTypeError, evaluateAll, type Shape, ShapeError, T, type Tensor, TreeError } from "@cotangent/graph"
import { OptimizerError } from "../errors.ts"
import { minimize, type Minimized, type MinimizeMethod, type MinimizeOptions } from "./minimize.ts"
import { type Reason, reasonOf } from "./reason.ts"

type Scalar = Tensor<[], "f64">
type Plane = Tensor<[2], "f64">

interface Params {
  readonly a: Plane
  readonly b: Scalar
}

const methods: ReadonlyArray<MinimizeMethod> = ["lbfgs", "newtonCG", "gradientDescent"]
const at = (a: number, b: number): Plane => T.constant([a, b], "f64")
const one = (x: number): Scalar => T.constant(x, "f64")
const start: Params = { a: at(3, -1), b: one(2) }
const bowl = ({ a, b }: Params): Scalar => T.add(T.sum(T.square(T.sub(a, 1))), T.mul(T.square(T.add(b, 4)), 3))

interface Found {
  readonly reason: Reason
  readonly converged: boolean
  readonly value: number
  readonly norm: number
  readonly iterations: number
  readonly evaluations: number
}

const found = ({ reason, converged, value, gradientNorm, iterations, evaluations }: Minimized<unknown>): Found => {
  const [code = NaN, done, f = NaN, norm = NaN, k = NaN, n = NaN] = evaluateAll([
    reason,
    converged,
    value,
    gradientNorm,
    iterations,
    evaluations
  ]).map(({ data }) => Number(data[0]))
  return { reason: reasonOf(code), converged: done === 1, value: f, norm, iterations: k, evaluations: n }
}
const numbers = (x: Tensor<Shape, "f64">): ReadonlyArray<number> => Array.from(T.evaluate(x).data)

const mistakesOf = (f: () => unknown): ReadonlyArray<string> => {
  try {
    f()
  } catch (thrown) {
    assert.instanceOf(thrown, OptimizerError)
    return (thrown as OptimizerError).mistakes
  }
  return assert.fail("no error was thrown")
}

describe("minimize", () => {
  for (const method of methods) {
    it(`${method}: trees in, trees out`, () => {
      const { x, ...rest } = minimize(bowl, start, { method })
      assert.isTrue(found({ x, ...rest }).converged)
      numbers(x.a).forEach((y) => assert.closeTo(y, 1, 1e-8))
      assert.closeTo(numbers(x.b)[0] ?? NaN, -4, 1e-8)
    })

    it(`${method}: bounds by tree, and by number`, () => {
      const lower: Params = { a: at(-Infinity, 2), b: one(-1) }
      const { x, ...rest } = minimize(bowl, start, { method, lower, upper: 2.5 })
      assert.strictEqual(found({ x, ...rest }).reason, "gradient")
      assert.closeTo(numbers(x.a)[0] ?? NaN, 1, 1e-8)
      assert.deepStrictEqual([numbers(x.a)[1], numbers(x.b)[0]], [2, -1])
    })

    it(`${method}: a start outside of the bounds is projected, a point that bounds hold has converged at once`, () => {
      const { x, ...rest } = minimize((p: Plane) => T.sum(p), at(7, -7), { method, lower: 0, upper: 0 })
      const { reason, evaluations, norm } = found({ x, ...rest })
      assert.deepStrictEqual([reason, evaluations, norm], ["gradient", 1, 0])
      assert.deepStrictEqual(numbers(x), [0, 0])
    })

    for (const bounds of [{}, { lower: -100, upper: 100 }] satisfies ReadonlyArray<MinimizeOptions>) {
      const where = `${method}${"lower" in bounds ? " between bounds" : ""}`

      it(`${where}: comes nearer where the value is not finite`, () => {
        // x - log(x) with its minimum at 1 and no value below 0; from 20, where the slope is flat, a step of 1e3 leads there.
        const steep = (x: Scalar): Scalar => T.mul(T.sub(x, T.log(x)), 1e3)
        const { x, ...rest } = minimize(steep, one(20), { method, toleranceGradient: 1e-6, ...bounds })
        assert.strictEqual(found({ x, ...rest }).reason, "gradient")
        assert.closeTo(numbers(x)[0] ?? NaN, 1, 1e-6)
      })

      it(`${where}: says where nothing is finite, and ends`, () => {
        const nowhere = found(minimize((x: Scalar) => T.log(T.neg(T.square(x))), one(1), { method, ...bounds }))
        assert.deepStrictEqual([nowhere.reason, nowhere.converged, nowhere.evaluations], ["not finite", false, 1])
        // Finite at the start alone, with a slope there.
        const pole = (x: Scalar): Scalar => T.add(T.stopGradient(T.sqrt(T.neg(T.square(T.sub(x, 1))))), x)
        assert.strictEqual(found(minimize(pole, one(1), { method, ...bounds })).reason, "not finite")
      })

      it(`${where}: stops where there is no minimum`, () => {
        const cliff = found(minimize((p: Plane) => T.sum(p), at(0, 0), { method, maxIterations: 30, ...bounds }))
        assert.isFalse(cliff.converged && !("lower" in bounds))
        assert.isTrue(["iterations", "not finite", "no descent", "gradient"].includes(cliff.reason), cliff.reason)
        assert.isAtMost(cliff.iterations, 30)
      })

      it(`${where}: a slope that is wrong is no convergence`, () => {
        // The gradient is that of -x, because the rest is hidden from it.
        const lies = (x: Scalar): Scalar => T.sub(T.stopGradient(T.mul(x, 3)), x)
        const { reason, converged } = found(minimize(lies, one(1), { method, ...bounds }))
        assert.deepStrictEqual([reason, converged], ["no descent", false])
      })
    }

    it(`${method}: ends by iterations, by evaluations, and by changes`, () => {
      const rosenbrock = (p: Plane): Scalar => {
        const [x, y] = [T.slice(p, [{ end: 1 }]), T.slice(p, [{ start: 1 }])]
        return T.sum(T.add(T.mul(T.square(T.sub(y, T.square(x))), 100), T.square(T.sub(x, 1))))
      }
      const by = (options: MinimizeOptions<Plane>) => found(minimize(rosenbrock, at(-1.2, 1), { method, ...options }))
      const three = by({ maxIterations: 3 })
      assert.deepStrictEqual([three.reason, three.iterations, three.converged], ["iterations", 3, false])
      const few = by({ maxEvaluations: 7 })
      assert.deepStrictEqual([few.reason, few.converged], ["evaluations", false])
      assert.isAtLeast(few.evaluations, 7)
      const loose = by({ toleranceChange: 0.5 })
      assert.isTrue(loose.converged)
      assert.isTrue(["point", "value"].includes(loose.reason))
    })

    it(`${method}: in f32`, () => {
      const f = (x: Tensor<[2]>): Tensor<[]> => T.sum(T.mul(T.square(T.sub(x, 3)), T.constant([1, 10])))
      const { x, ...rest } = minimize(f, T.constant([0, 1]), { method })
      assert.isTrue(found({ x, ...rest }).converged)
      for (const y of T.evaluate(x).data) assert.closeTo(y, 3, 1e-4)
    })
  }

  it("Newton-CG goes down from a saddle's ridge, where the Hessian has a negative eigenvalue", () => {
    const saddle = (p: Plane): Scalar =>
      T.sum(T.mul(T.sub(T.mul(T.square(T.square(p)), 0.25), T.mul(T.square(p), 0.5)), 1))
    const { x, ...rest } = minimize(saddle, at(1e-3, 1.5), { method: "newtonCG" })
    assert.strictEqual(found({ x, ...rest }).reason, "gradient")
    numbers(x).forEach((y) => assert.closeTo(y, 1, 1e-6))
  })

  it("says that it has not converged when iterations run out", () => {
    const stretched = (x: Plane) => T.sum(T.mul(T.square(x), at(1, 1000)))
    const { converged, reason } = found(minimize(stretched, at(1, 1), { maxIterations: 1 }))
    assert.deepStrictEqual([converged, reason], [false, "iterations"])
  })
})

describe("minimize refuses", () => {
  it("every mistake of options, bounds and start at once", () => {
    const mistakes = mistakesOf(() =>
      minimize(bowl, { a: at(1, NaN), b: one(0) }, {
        method: "simplex" as never,
        maxIterations: 0.15,
        toleranceGradient: -1,
        historySize: 0,
        sufficientDecrease: 0.95,
        lower: NaN,
        upper: { a: at(1, 1) } as never,
        steps: 3
      } as never)
    )
    const sentences = mistakes.join("\n")
    for (const part of [
      'method must be "lbfgs" or "gradientDescent" or "newtonCG", it is "simplex"',
      "maxIterations must be a whole number, 1 or more, it is 0.15",
      "toleranceGradient must be a finite number, 0 or more, it is -1",
      "historySize must be",
      "there is no option steps",
      "sufficientDecrease must be below curvature",
      "x0 must be finite, element 1 of a is NaN",
      "lower must be a number or a tree like x0, it is NaN",
      "upper lacks b"
    ])
      assert.include(sentences, part)
    assert.strictEqual(mistakes.length, 9, sentences)
  })

  it("bounds of another shape or type, bounds that cross, and what is no bound", () => {
    const bounds = (options: object) => mistakesOf(() => minimize(bowl, start, options))
    assert.deepStrictEqual(bounds({ lower: { a: one(0), b: one(0) } }), ["lower: a must be f64[2], it is f64[]"])
    assert.deepStrictEqual(bounds({ upper: { a: T.constant([1, 1]), b: one(0) } }), [
      "upper: a must be f64[2], it is f32[2]"
    ])
    assert.deepStrictEqual(bounds({ lower: { a: at(0, 3), b: one(0) }, upper: 2 }), [
      "lower must not be above upper, at element 1 of a they are 3 and 2"
    ])
    assert.deepStrictEqual(bounds({ lower: { a: at(0, NaN), b: one(0) } }), [
      "lower must be no NaN, element 1 of a is NaN"
    ])
    assert.deepStrictEqual(bounds({ lower: "0" }), ["lower must be a number or a tree like x0, it is string"])
  })

  it("a start that turns out not to be finite, when the program runs", () => {
    const unknown = T.div(one(0), one(0))
    const { reason, evaluations } = found(minimize((x: Scalar) => T.square(T.stopGradient(x)), unknown))
    assert.deepStrictEqual([reason, evaluations], ["not finite", 1])
  })

  it("objectives that are no scalars, in a sentence", () => {
    const sentence =
      "minimize: the objective must return a scalar, it returns [2]; use T.sum or T.mean, or leastSquares for residuals"
    assert.throws(() => minimize((p: Plane) => T.square(p) as never, at(1, 1)), ShapeError, sentence)
    assert.throws(
      () => minimize((p: Plane) => T.cast(T.sum(p), "i32") as never, at(1, 1)),
      DTypeError,
      "minimize: the objective must return f32 or f64, it returns i32; use T.cast"
    )
    assert.throws(() => minimize((() => 3) as never, at(1, 1)), ShapeError, "a scalar tensor, it returns number")
  })

  it("parameters of several element types, and none", () => {
    assert.throws(() => minimize(() => one(1), { a: T.constant([1, 2]), b: one(1) }), TreeError, "all f32, or all f64")
    assert.throws(() => minimize(() => one(1), {}), TreeError, "they are none")
  })
})

describe("the types of minimize", () => {
  it("x has the type of x0, and options are checked", () => {
    const x: Params = minimize(bowl, start, { lower: start, upper: 3 }).x
    assert.deepStrictEqual(Object.keys(x), ["a", "b"])
    const mistakes = (parameter: Plane): ReadonlyArray<unknown> => [
      // @ts-expect-error the objective must return a scalar
      minimize((p: Plane) => T.square(p), parameter),
      // @ts-expect-error there is no such method
      minimize((p: Plane) => T.sum(p), parameter, { method: "simplex" }),
      // @ts-expect-error a bound is a number or a tree like x0
      minimize(bowl, start, { lower: parameter })
    ]
    assert.strictEqual(mistakes.length, 1)
  })
})
