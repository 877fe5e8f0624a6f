import { grad } from "@cotangent/autodiff"
import { ShapeError, T, type Tensor, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { none } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const mean = T.constant([
  [1, 2],
  [0, -1]
])
const target = T.constant([
  [0, 2],
  [1, 1]
])
const variance = T.constant([
  [0.5, 2],
  [1, 4]
])
const counts = T.constant([
  [0, 1],
  [3, 2]
])

describe("gaussianNll", () => {
  const loss = Loss.gaussianNll()

  it("is PyTorch's", () => {
    const losses: Tensor<[2, 2]> = loss(mean, target, variance, none)
    assertClose(numbers(losses), [0.65342640972, 0.34657359028, 0.5, 1.19314718056])
    assertClose(numbers(loss(mean, target, variance)), [0.67328679514])
    assertClose(
      numbers(Loss.gaussianNll({ full: true })(mean, target, variance, none)),
      [1.572364942925, 1.265512123485, 1.418938533205, 2.112085713765]
    )
  })

  it("takes one variance per row", () => {
    const expected = [0.65342640972, -0.34657359028, 0.81814718056, 1.19314718056]
    assertClose(numbers(loss(mean, target, T.constant([[0.5], [4]]), none)), expected)
    assertClose(numbers(loss(mean, target, T.constant([0.5, 4]), none)), expected)
    assertClose(numbers(loss(T.constant(1), T.constant(0), T.constant(1))), [0.5])
  })

  it("has the derivatives of finite differences, of both orders", () => {
    assertGradient(([m, v]) => loss(m, target, v), [mean, variance] as const)
    assertSecondDerivative((v) => loss(mean, target, v), variance)
    assertSecondDerivative((m) => loss(m, target, variance), mean)
  })

  it("keeps a variance at epsilon, with the derivative that it has there", () => {
    const below = T.constant([-3, 0, 1e-9])
    const one = T.constant([1, 1, 1])
    const losses = numbers(Loss.gaussianNll({ epsilon: 0.5 })(one, T.zerosLike(one), below, none))
    assertClose(
      losses,
      [1, 1, 1].map((d) => 0.5 * (Math.log(0.5) + d / 0.5))
    )
    const slope = grad((v: typeof below) => T.sum(Loss.gaussianNll({ epsilon: 0.5 })(one, T.zerosLike(one), v, none)))
    // d/dv (ln v + 1 / v) / 2 at 1/2
    assertClose(numbers(slope(below)), [-1, -1, -1])
  })

  it("refuses operands that do not fit", () => {
    // @ts-expect-error gaussianNll: the target must be f32 [2, 2]
    assert.throws(() => loss(mean, T.ones([2]), variance), ShapeError, "the target must be f32 [2, 2], got f32 [2]")
    // @ts-expect-error gaussianNll: the variance must be f32 [2, 2], [2, 1] or [2]
    const wrong = () => loss(mean, target, T.ones([3]))
    assert.throws(wrong, ShapeError, "the variance must be f32 [2, 2], [2, 1] or [2], got f32 [3]")
    assert.throws(() => Loss.gaussianNll({ epsilon: 0 }), OptionError, "gaussianNll: epsilon must be a positive number")
  })
})

describe("poissonNll", () => {
  it("is PyTorch's", () => {
    assertClose(numbers(Loss.poissonNll()(mean, counts, none)), [2.718281828459, 5.389056098931, 1, 2.367879441171])
    assertClose(
      numbers(Loss.poissonNll({ full: true })(mean, counts, none)),
      [2.718281828459, 5.389056098931, 2.764081543543, 3.019685925776]
    )
    assertClose(
      numbers(Loss.poissonNll({ logInput: false })(variance, counts, none)),
      [0.5, 1.30685281444, 0.99999997, 1.22741127276]
    )
  })

  it("has the derivatives of finite differences, of both orders, with respect to counts too", () => {
    for (const full of [false, true]) {
      assertGradient((x) => Loss.poissonNll({ full })(x, counts), mean)
      assertSecondDerivative((x) => Loss.poissonNll({ logInput: false, full })(x, counts), variance)
      assertGradient(
        (t) => Loss.poissonNll({ full })(mean, t),
        T.constant([
          [0.5, 1.5],
          [3, 0]
        ])
      )
    }
  })

  it("is finite for a count of 0 and a rate of 0", () => {
    const rate = T.constant([0])
    const exact = Loss.poissonNll({ logInput: false })
    assertClose(numbers(exact(rate, T.constant([0]))), [0])
    assertClose(numbers(grad((r: typeof rate) => exact(r, T.constant([0])))(rate)), [1])
    assert.throws(() => Loss.poissonNll({ epsilon: -1 }), OptionError, "poissonNll: epsilon must be 0 or more, got -1")
    assert.include(Loss.poissonNll().validateTargets(Values.fromNested([1, -1]), []), "-1 is not a count, 0 or more")
  })
})
