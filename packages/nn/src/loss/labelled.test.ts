import { grad } from "@cotangent/autodiff"
import { DTypeError, Key, ShapeError, T, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, soft, sum, t, w } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const sparse = (options: Omit<Loss.SparseCategoricalOptions, "fromLogits"> = {}) =>
  Loss.sparseCategoricalCrossentropy({ fromLogits: true, ...options })
const categorical = (options: Omit<Loss.CategoricalOptions, "fromLogits">) =>
  Loss.categoricalCrossentropy({ fromLogits: true, ...options })

const ignored = T.constant([0, -100], "i32")

describe("cross-entropy of class numbers", () => {
  it("is PyTorch's with smoothing, weights, and labels that are ignored", () => {
    assertClose(numbers(sparse({ labelSmoothing: 0.1 })(L, t, none)), [1.447702117441, 0.299217237091])
    assertClose(numbers(sparse({ classWeights: w })(L, t, none)), [1.464368784108, 0.032941951879])
    assertClose(numbers(sparse({ classWeights: w })(L, t)), [0.998207157324])
    const both = { classWeights: w, labelSmoothing: 0.3 }
    assertClose(numbers(sparse(both)(L, t, none)), [1.362587223313, 1.04611873263])
    assertClose(numbers(sparse(both)(L, t)), [1.605803970629])
    assertClose(numbers(sparse({ ignoreIndex: -100 })(L, ignored)), [1.464368784108])
    assertClose(numbers(sparse({ ignoreIndex: -100 })(L, ignored, none)), [1.464368784108, 0])
    assertClose(numbers(sparse({ ...both, ignoreIndex: 0 })(L, t)), [2.09223746526])
  })

  it("takes probabilities too", () => {
    const options = { fromLogits: false, classWeights: w, labelSmoothing: 0.3 }
    assertClose(
      numbers(Loss.sparseCategoricalCrossentropy(options)(T.softmax(L), t, none)),
      [1.362587223313, 1.04611873263]
    )
  })

  it("counts a label that is ignored in no mean, but as a sample", () => {
    const loss = sparse({ ignoreIndex: -100 })
    assertClose(numbers(loss.perSample(L, ignored)), [1.464368784108, 0])
    assert.isUndefined(loss.validateTargets(Values.of(Int32Array.of(0, -100), [2], "i32"), [3]))
    assert.strictEqual(
      loss.validateTargets(Values.of(Int32Array.of(0, 3), [2], "i32"), [3]),
      "sparseCategoricalCrossentropy: in the target of sample 1, 3 is not a class from 0 to 2, nor -100"
    )
  })

  it("finds labels that are no classes for a loss of one's own too, by the number of the sample", () => {
    const own = Loss.make({ name: "own", targets: "labels", elements: (x) => T.sum(x, { axis: -1 }) })
    const labels = Values.of(Int32Array.of(0, 2, 3), [3], "i32")
    assert.isUndefined(own.validateTargets(labels, [4]))
    assert.strictEqual(own.validateTargets(labels, [3]), "own: in the target of sample 2, 3 is not a class from 0 to 2")
    assert.include(own.validateTargets(labels, [3], 40), "sample 42, 3")
  })

  it("is NaN with derivative 0 when every label is ignored, and its sum is 0", () => {
    const loss = sparse({ ignoreIndex: -100, labelSmoothing: 0.1, classWeights: w })
    const all = T.constant([-100, -100], "i32")
    assert.deepStrictEqual(numbers(loss(L, all)), [NaN])
    assert.deepStrictEqual(numbers(loss(L, all, sum)), [0])
    assertClose(numbers(grad((x: typeof L) => loss(x, all))(L)), [0, 0, 0, 0, 0, 0], 0)
  })

  it("has the derivatives of finite differences, of both orders, with respect to weights too", () => {
    const loss = sparse({ classWeights: w, labelSmoothing: 0.3, ignoreIndex: -1 })
    assertGradient((x) => loss(x, t), L)
    assertSecondDerivative((x) => loss(x, t), L)
    assertGradient((classWeights) => sparse({ classWeights, labelSmoothing: 0.3 })(L, t), T.constant([1, 2, 0.5]))
  })

  it("is exact for logits of any size", () => {
    const large = T.constant([
      [1e30, 0, -1e30],
      [1e30, 0, -1e30]
    ])
    const at = T.constant([0, 2], "i32")
    assertClose(
      numbers(sparse()(large, at, none)).map((x) => x / Math.fround(1e30)),
      [0, 2],
      0
    )
    assertClose(numbers(grad((x: typeof large) => sparse()(x, at, sum))(large)), [0, 0, 0, 1, 0, -1], 0)
    const infinite = T.constant([
      [-Infinity, 0, 1],
      [-Infinity, -Infinity, 0]
    ])
    const found = T.constant([1, 2], "i32")
    assertClose(numbers(sparse()(infinite, found, none)), [Math.log(1 + Math.E), 0])
    const p = 1 / (1 + Math.E)
    assertClose(numbers(grad((x: typeof infinite) => sparse()(x, found, sum))(infinite)), [0, p - 1, 1 - p, 0, 0, 0])
    // A weight of 0 leaves out what is infinite.
    assertClose(numbers(sparse({ classWeights: [0, 1, 1], labelSmoothing: 0.3 })(infinite, found, none)).slice(0, 1), [
      0.8 * Math.log(1 + Math.E) + 0.1 * (Math.log(1 + Math.E) - 1)
    ])
  })

  it("refuses weights that are not one per class", () => {
    const loss = sparse({ classWeights: [1, 2] })
    assert.throws(
      () => loss(L, t),
      ShapeError,
      "sparseCategoricalCrossentropy: classWeights must be [3], one per class, they are [2]"
    )
    assert.throws(() => sparse({ classWeights: [] })(L, t), ShapeError, "one per class, they are [0]")
    assert.throws(
      () => sparse({ classWeights: T.ones([3], "f64") })(L, t),
      DTypeError,
      "sparseCategoricalCrossentropy: classWeights must be f32, they are f64; use T.cast"
    )
    assert.throws(
      () => sparse({ labelSmoothing: 1 }),
      OptionError,
      "labelSmoothing must be 0 or more and below 1, got 1"
    )
  })

  it("is NaN of a batch without samples", () => {
    assert.deepStrictEqual(numbers(sparse()(T.ones([0, 3]), T.zeros([0], "i32"))), [NaN])
    assert.deepStrictEqual(numbers(sparse({ classWeights: w })(T.ones([0, 3]), T.zeros([0], "i32"))), [NaN])
  })
})

describe("cross-entropy of distributions", () => {
  it("is PyTorch's with smoothing and weights", () => {
    assertClose(numbers(categorical({ classWeights: w })(L, soft)), [3.603887442832])
    const smooth = categorical({ classWeights: w, labelSmoothing: 0.2 })
    // The smoothing is a number of f32.
    assertClose(numbers(smooth(L, soft, none)), [1.085825045477, 5.587453823555], 1e-6)
    assertGradient((x) => smooth(x, soft), L)
    assertSecondDerivative((x) => smooth(x, soft), L)
  })
})

describe("nll", () => {
  it("is PyTorch's", () => {
    const logP = T.logSoftmax(L)
    assertClose(numbers(Loss.nll({ classWeights: w })(logP, t)), [0.998207157324])
    assertClose(numbers(Loss.nll({ classWeights: w })(logP, t, none)), [1.464368784108, 0.032941951879])
    assertClose(numbers(Loss.nll({ ignoreIndex: 0 })(logP, t)), [0.065883903758])
    assertGradient((x) => Loss.nll({ classWeights: w })(x, t), L)
  })

  it("is the cross-entropy of logits", () => {
    const x = Key.normal(Key.key(3), [2, 5, 3])
    const labels = T.constant(
      [
        [0, 4, 1],
        [2, 2, 3]
      ],
      "i32"
    )
    const options = { classWeights: [1, 2, 3, 4, 5], ignoreIndex: 2 }
    assertClose(
      numbers(Loss.nll(options)(T.logSoftmax(x, { axis: 1 }), labels, { axis: 1 })),
      numbers(sparse(options)(x, labels, { axis: 1 }))
    )
  })

  it("is infinite where the probability is 0, and for no other class", () => {
    const logP = T.constant([
      [-Infinity, 0],
      [-Infinity, 0]
    ])
    assert.deepStrictEqual(numbers(Loss.nll()(logP, T.constant([0, 1], "i32"), none)), [Infinity, -0])
  })
})
