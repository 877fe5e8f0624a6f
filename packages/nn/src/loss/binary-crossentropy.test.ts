import { grad, hessian } from "@cotangent/autodiff"
import { DTypeError, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, sum, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const logits = (options: Omit<Loss.BinaryCrossentropyOptions, "fromLogits"> = {}) =>
  Loss.binaryCrossentropy({ fromLogits: true, ...options })

describe("binaryCrossentropy", () => {
  it("is PyTorch's with posWeight and with weights of elements", () => {
    const expected = [0.626523375036, 2.126928011043, 1.08611547627, 0.313261687518, 0.34657359028, 0.145762054721]
    assertClose(numbers(logits({ posWeight: [2, 0.5, 3] })(L, y, none)), expected)
    assertClose(numbers(logits({ posWeight: T.constant([[2, 0.5, 3]]) })(L, y, none)), expected)
    const probabilities = Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0, posWeight: [2, 0.5, 3] })
    assertClose(numbers(probabilities(T.sigmoid(L), y, none)), expected)
    const sampleWeight = T.constant([
      [1, 2, 3],
      [4, 5, 6]
    ])
    assertClose(numbers(logits()(L, y, { sampleWeight, reduction: "meanOfWeighted" })), [2.020775904077])
    assertClose(numbers(logits({ posWeight: 2 })(T.constant([0]), T.constant([1]))), [2 * Math.LN2])
  })

  it("smooths targets as Keras does", () => {
    const smooth = T.constant([
      [0.9, 0.1, 0.3],
      [0.1, 0.9, 0.9]
    ])
    assertClose(numbers(logits({ labelSmoothing: 0.2 })(L, y, none)), numbers(logits()(L, smooth, none)), 1e-6)
  })

  it("has the derivatives of finite differences, of both orders", () => {
    const loss = logits({ posWeight: [2, 0.5, 3] })
    assertGradient((x) => loss(x, y), L)
    assertGradient((targets) => loss(L, targets), y)
    assertSecondDerivative((x) => loss(x, y), L)
    assertGradient((posWeight) => logits({ posWeight })(L, y), T.constant([2, 0.5, 3]))
    const probabilities = Loss.binaryCrossentropy({ fromLogits: false })
    assertSecondDerivative((x) => probabilities(T.sigmoid(x), y), L)
  })

  it("curves at 0 as everywhere else", () => {
    const zero = T.constant([0])
    const curvature = numbers(hessian((x: typeof zero) => logits()(x, T.constant([0.25])))(zero))
    assertClose(curvature, [0.25], 1e-12)
  })

  it("is exact for logits of any size", () => {
    const x = T.constant([1e30, -1e30, 1e30, -1e30, Infinity, -Infinity])
    const targets = T.constant([1, 0, 0, 1, 1, 0])
    assert.deepStrictEqual(numbers(logits()(x, targets, none)), [0, 0, 1e30, 1e30, 0, 0].map(Math.fround))
    assertClose(numbers(grad((v: typeof x) => logits()(v, targets, sum))(x)), [0, 0, 1, -1, 0, 0], 0)
  })

  it("is infinite where a probability of 0 or 1 is wrong, or as large as it may be", () => {
    const p = T.constant([0, 1, 0, 1])
    const targets = T.constant([0, 1, 1, 0])
    const exact = Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0 })
    assertClose(numbers(exact(p, targets, none)).slice(0, 2), [0, 0], 0)
    assert.deepStrictEqual(numbers(exact(p, targets, none)).slice(2), [Infinity, Infinity])
    // torch.nn.functional.binary_cross_entropy
    const torch = Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0, leastLog: -100 })
    assertClose(numbers(torch(p, targets, none)), [0, 0, 100, 100], 0)
    assert.isTrue(numbers(grad((v: typeof p) => torch(v, targets, sum))(p)).every(Number.isFinite))
    assertClose(
      numbers(torch(T.sigmoid(L), y, none)),
      [0.313261687518, 2.126928011043, 0.84907698418, 0.313261687518, 0.69314718056, 0.048587351574]
    )
    assertGradient((v) => torch(T.sigmoid(v), y), L)
  })

  it("does not hide NaN", () => {
    assert.deepStrictEqual(numbers(logits()(T.constant([NaN]), T.constant([1]), none)), [NaN])
    assert.deepStrictEqual(numbers(logits()(T.constant([1]), T.constant([NaN]), none)), [NaN])
  })

  it("refuses options out of range", () => {
    const wrong = logits({ posWeight: [1, 2] })
    assert.throws(
      () => wrong(L, y),
      ShapeError,
      "binaryCrossentropy: posWeight [2] does not broadcast to the output [2, 3]"
    )
    assert.throws(() => logits({ posWeight: T.ones([3], "f64") })(L, y), DTypeError, "posWeight must be f32")
    assert.throws(() => logits({ leastLog: 1 }), OptionError, "binaryCrossentropy: leastLog must be below 0, got 1")
    assert.throws(() => logits({ labelSmoothing: -0.1 }), OptionError)
  })
})
