import { type AnyTensor, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertGradient, numbers } from "../gradients.test.support.ts"
import * as Loss from "./index.ts"

const near = (actual: AnyTensor, expected: number) =>
  assert.approximately(numbers(actual)[0] ?? Number.NaN, expected, 3e-7 * Math.max(1, expected))

// The example of Keras's documentation of its losses.
const t = T.constant([
  [0, 1],
  [0, 0]
])
const y = T.constant([
  [0.6, 0.4],
  [0.4, 0.6]
])
const z = T.constant([
  [1, 1],
  [0, 0]
])

describe("losses of Keras", () => {
  it("have the values in its documentation", () => {
    near(Loss.hinge(y, t), 1.3)
    near(Loss.squaredHinge(y, t), 1.86)
    near(Loss.categoricalHinge(y, t), 1.4)
    near(Loss.logCosh(z, t), 0.10844523)
    near(Loss.meanSquaredLogarithmicError(z, t), 0.12011322)
    near(Loss.meanAbsolutePercentageError(z, t), 250000000)
    near(Loss.poisson(z, t), 0.49999997)
    near(Loss.mse(z, t), 0.25)
    near(Loss.mae(z, t), 0.25)
  })

  it("say it for targets of -1 too, and for logarithms far away", () => {
    near(
      Loss.hinge(
        y,
        T.constant([
          [-1, 1],
          [-1, -1]
        ])
      ),
      1.3
    )
    near(Loss.logCosh(T.constant([100]), T.constant([0])), 100 - Math.LN2)
    near(Loss.logCosh(T.constant([-100]), T.constant([0])), 100 - Math.LN2)
  })

  it("of regions count what overlaps in every sample", () => {
    const target = T.constant([
      [1, 1, 0, 0],
      [1, 0, 0, 0]
    ])
    const output = T.constant([
      [0.5, 1, 0.5, 0],
      [0, 0, 0, 1]
    ])
    const each = numbers(Loss.dice.perSample(output, target))
    assert.approximately(each[0] ?? Number.NaN, 1 - (2 * 1.5) / (2 + 2), 1e-6)
    assert.approximately(each[1] ?? Number.NaN, 1, 1e-6)
    const tversky = numbers(Loss.tversky({ alpha: 1, beta: 0.25 }).perSample(output, target))
    assert.approximately(tversky[0] ?? Number.NaN, 1 - 1.5 / (1.5 + 0.5 + 0.25 * 0.5), 1e-6)
  })

  it("have the derivatives of finite differences", () => {
    const at = T.constant([
      [0.3, -0.4],
      [1.7, 0.6]
    ])
    const target = T.constant([
      [1, 0],
      [1, 0]
    ])
    for (const loss of [Loss.hinge, Loss.squaredHinge, Loss.logCosh, Loss.dice, Loss.tversky()])
      assertGradient((x: typeof at) => T.sum(loss.perSample(x, target)), at, 1e-5)
    const positive = T.add(T.abs(at), 0.2)
    for (const loss of [Loss.poisson, Loss.meanSquaredLogarithmicError, Loss.meanAbsolutePercentageError])
      assertGradient((x: typeof at) => T.sum(loss.perSample(x, T.add(target, 0.5))), positive, 2e-3)
  })

  it("look at targets", () => {
    const values = (data: ReadonlyArray<number>) =>
      ({ shape: [1, 2], dtype: "f32", data: Float32Array.from(data) }) as const
    assert.isUndefined(Loss.hinge.validateTargets(values([-1, 1]), [2]))
    assert.include(Loss.hinge.validateTargets(values([2, 1]), [2]) ?? "", "2 is not -1 or 1")
    assert.include(Loss.poisson.validateTargets(values([-2, 1]), [2]) ?? "", "-2 is not a count")
  })
})
