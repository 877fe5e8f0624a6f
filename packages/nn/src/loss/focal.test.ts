import { grad } from "@cotangent/autodiff"
import { T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, soft, sum, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const oneHot = T.constant([
  [1, 0, 0],
  [0, 0, 1]
])

describe("binaryFocalCrossentropy", () => {
  const focal = (options: Partial<Loss.BinaryFocalOptions> = {}) =>
    Loss.binaryFocalCrossentropy({ fromLogits: true, ...options })

  it("is torchvision's and Keras's, from logits and from probabilities", () => {
    // ce (1 - p_t)^gamma, and times alpha t + (1 - alpha)(1 - t)
    const plain = [0.022658057508, 1.650078179421, 0.26744119656, 0.022658057508, 0.17328679514, 0.000109283324]
    const weighted = [0.010922796324, 1.318644877508, 0.223119749934, 0.032768388973, 0.061266133967, 0.000125454499]
    assertClose(numbers(focal()(L, y, none)), plain)
    assertClose(numbers(focal({ fromLogits: false })(T.sigmoid(L), y, none)), plain, 1e-6)
    assertClose(numbers(focal({ alpha: 0.25, gamma: 1.5 })(L, y, none)), weighted)
  })

  it("is the cross-entropy for gamma 0", () => {
    assertClose(numbers(focal({ gamma: 0 })(L, y)), numbers(Loss.binaryCrossentropy({ fromLogits: true })(L, y)))
  })

  it("has the derivatives of finite differences, and finite ones for logits of any size", () => {
    for (const gamma of [0, 0.5, 1, 2, 3.5]) {
      assertGradient((x) => focal({ gamma, alpha: 0.25 })(x, y), L)
      assertSecondDerivative((x) => focal({ gamma })(x, y), L)
      const x = T.constant([1e30, -1e30, 1e30, -1e30])
      const t = T.constant([1, 0, 0, 1])
      assertClose(
        numbers(focal({ gamma })(x, t, none)).map((v) => v / Math.fround(1e30)),
        [0, 0, 1, 1],
        0
      )
      assertClose(numbers(grad((v: typeof x) => focal({ gamma })(v, t, sum))(x)), [0, 0, 1, -1], 0)
    }
  })

  it("refuses options out of range", () => {
    assert.throws(() => focal({ gamma: -1 }), OptionError, "binaryFocalCrossentropy: gamma must be 0 or more, got -1")
    assert.throws(() => focal({ alpha: 2 }), OptionError, "alpha must be from 0 to 1, got 2")
  })
})

describe("categoricalFocalCrossentropy", () => {
  const focal = (options: Partial<Loss.CategoricalFocalOptions> = {}) =>
    Loss.categoricalFocalCrossentropy({ fromLogits: true, ...options })

  it("is Keras's", () => {
    assertClose(numbers(focal()(L, oneHot, none)), [0.216366599976, 0.000066961019])
    assertClose(numbers(focal({ fromLogits: false })(T.softmax(L), oneHot, none)), [0.216366599976, 0.000066961019])
    const classes = { alpha: [0.1, 0.2, 0.3], gamma: 1.5 }
    assertClose(numbers(focal(classes)(L, soft, none)), [0.152638663877, 0.57080766659], 1e-6)
  })

  it("has the derivatives of finite differences, and finite ones where a class is certain", () => {
    assertGradient((x) => focal()(x, soft), L)
    assertSecondDerivative((x) => focal({ gamma: 1.5 })(x, soft), L)
    const certain = T.constant([[0, -Infinity, -Infinity]])
    const t = T.constant([[1, 0, 0]])
    assertClose(numbers(focal()(certain, t, none)), [0], 0)
    assert.isTrue(numbers(grad((x: typeof certain) => focal()(x, t))(certain)).every(Number.isFinite))
  })
})
