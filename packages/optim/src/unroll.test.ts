/** Gradients of whole runs against finite differences, for every rule of the table. */
import { assert, describe, it } from "@effect/vitest"
import { grad, jvp } from "@cotangent/autodiff"
import { T, type Tensor, Tree } from "@cotangent/graph"
import {
  adam,
  chain,
  clipByGlobalNorm,
  fromTransform,
  gradientDescent,
  OptimizerError,
  scaleByAdam,
  Schedule,
  sgd,
  trace,
  unroll
} from "./index.ts"
import type { Optimizer, Rule } from "./optimizer.ts"
import { optimizers as rules } from "./optimizers/table.ts"
import { wrappedOptimizers } from "./transforms/table.ts"

const optimizers = [...rules, ...wrappedOptimizers]

type Scalar = Tensor<[], "f64">
interface Params {
  readonly w: Tensor<[2, 3], "f64">
  readonly b: Tensor<[3], "f64">
}
const params: Params = {
  w: T.constant(
    [
      [0.5, -1.25, 2],
      [-0.75, 0.125, 1.5]
    ],
    "f64"
  ),
  b: T.constant([1, -2, 0.25], "f64")
}
const inputs = T.constant(
  [
    [1, 0.5],
    [-0.5, 2],
    [0.25, -1]
  ],
  "f64"
)
/** A loss that is not quadratic, so that second derivatives change along the way. */
const loss = ({ w, b }: Params): Scalar => T.mean(T.square(T.sub(T.tanh(T.add(T.matmul(inputs, w), b)), 0.3))) as Scalar
const f64 = (x: number): Scalar => T.constant(x, "f64")
const numberOf = (x: Scalar): number => T.evaluate(x).data[0] ?? Number.NaN

/** The loss after some steps, as a function of the rate. */
const afterSteps =
  <F extends Rule>(optimizer: Optimizer<F>, steps = 4) =>
  (learningRate: Scalar): Scalar => {
    const start = { ...optimizer.init(params), learningRate }
    return loss(optimizer.evalParams<Params>(unroll(optimizer)<Params>(start, (p) => grad(loss)(p), steps)))
  }

const close = (actual: number, expected: number, relative: number): void =>
  assert.approximately(actual, expected, relative * Math.max(1e-3, Math.abs(expected)))

/** The slope by central differences with two widths, the error of the second order removed (Richardson 1911). */
const difference = (f: (x: Scalar) => Scalar, at: number, h = 2e-5): number => {
  const central = (width: number): number => (numberOf(f(f64(at + width))) - numberOf(f(f64(at - width)))) / (2 * width)
  return (4 * central(h / 2) - central(h)) / 3
}

describe("unroll", () => {
  it("is so many steps", () => {
    const optimizer = adam({ learningRate: 0.1 })
    let state = optimizer.init(params)
    for (let k = 0; k < 5; k++) state = T.realize(optimizer.step(state, grad(loss)(state.params)))
    const looped = unroll(optimizer)(optimizer.init(params), (p: Params) => grad(loss)(p), 5)
    const expected = T.evaluate(Tree.leaves(state))
    T.evaluate(Tree.leaves(looped)).forEach(({ data }, i) =>
      data.forEach((x, j) => assert.approximately(x, expected[i]?.data[j] ?? Number.NaN, 1e-15))
    )
  })

  it("tells the number of the step, for gradients that differ from step to step", () => {
    const optimizer = gradientDescent({ learningRate: 1 })
    const state = unroll(optimizer)<Scalar>(optimizer.init(f64(0)), (_, k) => T.cast(k, "f64"), 5)
    assert.strictEqual(numberOf(state.params), -(0 + 1 + 2 + 3 + 4))
  })

  it("refuses a number of steps that is none", () =>
    assert.throws(
      () => unroll(adam())(adam().init(params), (p) => p, 0),
      OptimizerError,
      "unroll: steps must be a whole number, 1 or more, it is 0"
    ))

  it("by hand: two steps down a parabola", () => {
    const optimizer = gradientDescent({ learningRate: 0.1 })
    const parabola = (p: Scalar): Scalar => T.square(p)
    const after = (learningRate: Scalar): Scalar =>
      parabola(
        unroll(optimizer)<Scalar>({ ...optimizer.init(f64(1)), learningRate }, (p) => grad(parabola)(p), 2).params
      )
    assert.approximately(numberOf(grad(after)(f64(0.1))), -8 * 0.8 ** 3, 1e-14)
    assert.approximately(numberOf(grad(grad(after))(f64(0.1))), 48 * 0.8 ** 2, 1e-13)
  })
})

describe("gradients with respect to the rate", () => {
  for (const { name, use } of optimizers) {
    it(name, () =>
      use((optimizer) => {
        const rate = numberOf(optimizer.init(params).learningRate)
        const f = afterSteps(optimizer)
        const slope = numberOf(grad(f)(f64(rate)))
        close(slope, difference(f, rate), 1e-5)
      })
    )
  }

  it("agree in forward and reverse mode", () => {
    for (const optimizer of [adam({ learningRate: 0.05 }), adam({ learningRate: 0.05, epsilonRoot: 1e-8 })]) {
      const f = afterSteps(optimizer, 8)
      const [, tangent] = jvp(f, f64(0.05), f64(1))
      close(numberOf(tangent), numberOf(grad(f)(f64(0.05))), 1e-11)
    }
  })
})

describe("gradients with respect to other hyper-parameters", () => {
  const run = <F extends Rule>(optimizer: Optimizer<F>): Scalar =>
    loss(unroll(optimizer)<Params>(optimizer.init(params), (p) => grad(loss)(p), 6).params as Params)
  const cases: ReadonlyArray<{ readonly name: string; readonly at: number; readonly f: (x: Scalar) => Scalar }> = [
    { name: "momentum", at: 0.7, f: (mu) => run(fromTransform(trace(mu), { learningRate: 0.2 })) },
    { name: "beta1", at: 0.8, f: (beta1) => run(fromTransform(scaleByAdam({ beta1 }), { learningRate: 0.05 })) },
    { name: "beta2", at: 0.9, f: (beta2) => run(fromTransform(scaleByAdam({ beta2 }), { learningRate: 0.05 })) },
    { name: "epsilon", at: 0.1, f: (epsilon) => run(fromTransform(scaleByAdam({ epsilon }), { learningRate: 0.05 })) },
    {
      name: "the limit of clipping",
      at: 0.05,
      f: (limit) =>
        run(fromTransform(chain({ clip: clipByGlobalNorm(limit), trace: trace(0.5) }), { learningRate: 0.5 }))
    },
    {
      name: "the decay of a schedule, of any rule",
      at: 0.8,
      f: (decay) => run(adam({ learningRate: (k) => T.mul(T.pow(decay, k), 0.1) }))
    },
    {
      name: "the peak of a schedule of momentum",
      at: 0.6,
      f: (peak) =>
        run(
          fromTransform(
            trace((k) => T.mul(Schedule.cosine({ from: 1, steps: 10 })(k), peak)),
            { learningRate: 0.2 }
          )
        )
    }
  ]
  for (const { name, at, f } of cases) it(name, () => close(numberOf(grad(f)(f64(at))), difference(f, at), 1e-5))

  it("and to the first parameters", () => {
    const optimizer = sgd({ learningRate: 0.2, momentum: 0.9 })
    const f = (p: Params): Scalar => loss(unroll(optimizer)(optimizer.init(p), (q: Params) => grad(loss)(q), 3).params)
    const slope = T.evaluate(grad(f)(params).b).data[1] ?? Number.NaN
    const moved = (by: Scalar): Scalar =>
      f({ ...params, b: T.add(params.b, T.mul(T.constant([0, 1, 0], "f64"), by)) as Params["b"] })
    close(slope, difference(moved, 0), 1e-6)
  })
})
