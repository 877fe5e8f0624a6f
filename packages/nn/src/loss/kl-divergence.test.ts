import { grad } from "@cotangent/autodiff"
import { T, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, soft, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

describe("klDivergence", () => {
  const fromLogits = Loss.klDivergence({ fromLogits: true })

  it("is the divergence of rows, from logits, logarithms of probabilities, and probabilities", () => {
    assertClose(numbers(fromLogits(L, soft, none)), [0.049648013268, 3.065883903757])
    assertClose(numbers(fromLogits(T.logSoftmax(L), soft, none)), [0.049648013268, 3.065883903757])
    // Keras keeps targets at epsilon too: 0 contributes epsilon ln(epsilon / p).
    const fromProbabilities = Loss.klDivergence({ fromLogits: false })
    assertClose(numbers(fromProbabilities(T.softmax(L), soft, none)), [0.049648013268, 3.065883903757], 1e-5)
    assertClose(numbers(fromProbabilities(soft, soft, none)), [0, 0])
  })

  it("has the derivatives of finite differences", () => {
    assertGradient((x) => fromLogits(x, soft), L)
    assertSecondDerivative((x) => fromLogits(x, soft), L)
    assertGradient((p: typeof y) => fromLogits(L, p), T.softmax(y))
  })

  it("is the cross-entropy less the entropy", () => {
    const entropy = numbers(T.sum(T.mul(soft, T.log(T.maximum(soft, 1e-30))), { axis: -1 }))
    const crossentropy = numbers(Loss.categoricalCrossentropy({ fromLogits: true })(L, soft, none))
    assertClose(
      numbers(fromLogits(L, soft, none)),
      crossentropy.map((x, i) => x + (entropy[i] ?? NaN))
    )
  })

  it("takes distributions", () => {
    assert.include(fromLogits.validateTargets(Values.fromNested([[0.5, 0.6]]), [2]), "add up to 1.1")
  })
})

describe("relativeEntropy", () => {
  const loss = Loss.relativeEntropy()
  const logP = T.logSoftmax(L)

  it("is PyTorch's kl_div", () => {
    assertClose(
      numbers(loss(logP, soft, none)),
      [0.019518605747, -0.114389198226, 0.144518605747, 0, 3.065883903757, 0]
    )
    assertClose(numbers(loss(logP, soft, { reduction: "batchMean" })), [1.557765958513])
    const logTarget = Loss.relativeEntropy({ logTarget: true })
    assertClose(
      numbers(logTarget(logP, T.logSoftmax(y), none)),
      [0.464323537128, -0.229000422162, 0.155159249705, 0.34240150757, 0.930743796065, -0.33621259869]
    )
    assertGradient((t: typeof y) => logTarget(logP, t), T.logSoftmax(y))
    assertSecondDerivative((t) => logTarget(L, t), y)
  })

  it("is 0 where the target is 0, whatever the output, and infinite where only the output is 0", () => {
    const x = T.constant([-Infinity, -Infinity, -1])
    const t = T.constant([0, 1, 0])
    assertClose(numbers(loss(x, t, none)).slice(2), [0], 0)
    assert.deepStrictEqual(numbers(loss(x, t, none)).slice(0, 2), [0, Infinity])
    const finite = T.constant([-1, -2])
    const slopes = grad((p: typeof finite) => T.sum(loss(finite, p, none)))(T.constant([0, 0.5]))
    assertClose(numbers(slopes), [1, Math.log(0.5) + 1 + 2])
    assert.isTrue(numbers(grad((v: typeof x) => T.sum(loss(v, t, none)))(x)).every(Number.isFinite))
    const logTarget = Loss.relativeEntropy({ logTarget: true })
    const none2 = T.constant([-Infinity])
    assertClose(numbers(logTarget(T.constant([-1]), none2)), [0], 0)
    assertClose(numbers(grad((v: typeof none2) => logTarget(T.constant([-1]), v))(none2)), [0], 0)
  })
})
