import { assert, describe, it } from "@effect/vitest"
import { evaluateAll, T, type Tensor, TreeError } from "@cotangent/graph"
import { OptimizerError } from "../errors.ts"
import { presets, Schedule } from "../index.ts"
import { lbfgs } from "./lbfgs.ts"
import { minimize } from "./minimize.ts"
import { reasonOf } from "./reason.ts"

interface Params {
  readonly a: Tensor<[2]>
  readonly b: Tensor<[]>
}

const start: Params = { a: T.constant([3, -1]), b: T.constant(2) }
const bowl = ({ a, b }: Params): Tensor<[]> => T.add(T.sum(T.square(T.sub(a, 1))), T.mul(T.square(T.add(b, 4)), 3))
const number = (x: Tensor<[], "f64"> | Tensor<[], "i32">): number => Number(T.evaluate(x as Tensor<[], "f64">).data[0])

describe("lbfgs", () => {
  it("moves trees of f32, and counts over steps", () => {
    const solver = lbfgs({ maxIterations: 6, lineSearch: "strongWolfe" })
    const once = solver.step<Params>(solver.init(start), bowl)
    const twice = solver.step<Params>(once, bowl)
    const [a, b] = evaluateAll([twice.params.a, twice.params.b])
    assert.closeTo(Number(a?.data[0]), 1, 1e-5)
    assert.closeTo(Number(a?.data[1]), 1, 1e-5)
    assert.closeTo(Number(b?.data[0]), -4, 1e-5)
    assert.strictEqual(number(twice.step as Tensor<[], "i32">), 2)
    assert.isAbove(number(twice.evaluations), number(once.evaluations))
  })

  it("its first step is along the gradient, no longer than the rate in the 1-norm", () => {
    const solver = lbfgs({ learningRate: 0.5, maxIterations: 1 })
    const { params } = solver.step<Params>(solver.init(start), bowl)
    // The gradient is [4, -4] and 36, its 1-norm 44.
    const [a, b] = evaluateAll([params.a, params.b])
    assert.closeTo(Number(a?.data[0]), 3 - (0.5 * 4) / 44, 1e-6)
    assert.closeTo(Number(a?.data[1]), -1 + (0.5 * 4) / 44, 1e-6)
    assert.closeTo(Number(b?.data[0]), 2 - (0.5 * 36) / 44, 1e-6)
  })

  it("stays at a minimum, after one evaluation", () => {
    const found = minimize(bowl, { a: T.constant([1, 1]), b: T.constant(-4) })
    assert.strictEqual(reasonOf(number(found.reason)), "gradient")
    assert.strictEqual(number(found.iterations), 0)
    assert.strictEqual(number(found.evaluations), 1)
  })

  it("ends where the value is not finite", () => {
    const solver = lbfgs()
    const state = solver.step<Params>(solver.init(start), ({ b }) => T.log(T.sub(b, 5)))
    assert.strictEqual(reasonOf(number(state.reason)), "not finite")
  })

  it("comes nearer where the line search finds nothing finite, and says where all of it is so", () => {
    type Scalar = Tensor<[], "f64">
    const solver = lbfgs({ lineSearch: "strongWolfe", maxIterations: 60 })
    const from = (x: number, f: (x: Scalar) => Scalar) => {
      const start = T.constant(x, "f64")
      const { params, reason } = solver.step<Scalar>(solver.init<Scalar>(start), f)
      return [Number(T.evaluate(params).data[0]), reasonOf(number(reason as Tensor<[], "i32">))] as const
    }
    const [least, reason] = from(20, (x) => T.mul(T.sub(x, T.log(x)), 1e3))
    assert.closeTo(least, 1, 1e-6)
    assert.notStrictEqual(reason, "not finite")
    // Finite at 1 alone, with a slope there; then without one.
    assert.deepStrictEqual(
      from(1, (x) => T.add(T.stopGradient(T.sqrt(T.neg(T.square(T.sub(x, 1))))), x)),
      [1, "not finite"]
    )
  })

  it("has PyTorch's defaults as a preset", () => {
    const { options } = lbfgs(presets.torch.lbfgs)
    assert.deepStrictEqual(options, { ...lbfgs().options, historySize: 100 })
  })

  it("collects every mistake in the options", () => {
    try {
      lbfgs({ historySize: 0, learningRate: -1, sufficientDecrease: 0.9, curvature: 0.1 })
      assert.fail("no error was thrown")
    } catch (thrown) {
      assert.instanceOf(thrown, OptimizerError)
      assert.strictEqual((thrown as OptimizerError).mistakes.length, 3)
    }
    assert.throws(() => minimize(bowl, start, { maxIterations: 0.5 }), OptimizerError, "minimize: maxIterations")
  })

  it("refuses parameters of several element types, by name", () => {
    const mixed = { a: T.constant([1, 2]), b: T.constant(1, "f64") }
    assert.throws(() => lbfgs().init(mixed), TreeError, "all f32, or all f64, they are f32, f64")
  })
})

describe("minimize", () => {
  it("says that it has not converged when iterations run out", () => {
    const stretched = (x: Tensor<[2], "f64">) =>
      T.sum(T.mul(T.square(x), T.constant([1, 1000], "f64"))) as Tensor<[], "f64">
    const { converged, reason } = minimize(stretched, T.constant([1, 1], "f64"), { maxIterations: 1 })
    assert.strictEqual(T.evaluate(converged).data[0], 0)
    assert.strictEqual(reasonOf(number(reason)), "iterations")
  })
})

describe("reasonOf", () => {
  it("reads values", () => assert.strictEqual(reasonOf(T.evaluate(minimize(bowl, start).reason)), "gradient"))
  it("refuses what is no code", () => assert.throws(() => reasonOf(99), RangeError, "a whole number from 0 to 7"))
})

describe("Schedule.multiplicative", () => {
  it("is exponential for a constant factor", () => {
    const powers = Schedule.sample(Schedule.exponential({ from: 0.1, factor: 0.9 }), 20)
    const products = Schedule.sample(Schedule.multiplicative({ from: 0.1, factor: Schedule.constant(0.9) }), 20)
    products.forEach((rate, k) => assert.closeTo(rate, powers[k] ?? NaN, 1e-15))
  })
  it("needs a factor", () =>
    assert.throws(() => Schedule.multiplicative({ from: 1, factor: 2 as never }), OptimizerError, "a schedule"))
})
