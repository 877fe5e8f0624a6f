import { grad } from "@cotangent/autodiff"
import { Graph, type Nested, Key, print, ShapeError, T, type Tensor, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Loss from "./index.ts"

const sparse = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
const sparseP = Loss.sparseCategoricalCrossentropy({ fromLogits: false })
const categorical = Loss.categoricalCrossentropy({ fromLogits: true })
const binary = Loss.binaryCrossentropy({ fromLogits: true })
const binaryP = Loss.binaryCrossentropy({ fromLogits: false })

// L = torch.tensor([[1, 2, .5], [-1, 0, 3]]).double(); labels torch.tensor([0, 2])
const logits = T.constant([
  [1, 2, 0.5],
  [-1, 0, 3]
])
const labels = T.constant([0, 2], "i32")
const oneHot = T.constant([
  [1, 0, 0],
  [0, 0, 1]
])
const soft = T.constant([
  [0.25, 0.5, 0.25],
  [0, 1, 0]
])
const targets = T.constant([
  [1, 0, 0.25],
  [0, 1, 1]
])

const infinities = [Infinity, -Infinity]
const value = (nested: Nested) => Values.fromNested(nested)

describe("sparseCategoricalCrossentropy", () => {
  it("has PyTorch's values per sample", () => {
    // F.cross_entropy(L, labels, reduction="none")
    const losses: Tensor<[2]> = sparse.perSample(logits, labels)
    assertClose(numbers(losses), [1.464368784107945, 0.06588390375742911])
    assertClose(numbers(sparseP.perSample(T.softmax(logits), labels)), [1.464368784107945, 0.06588390375742911])
  })

  it("has PyTorch's gradient", () => {
    // F.cross_entropy(L, labels).backward(); L.grad
    const slope = grad((x: typeof logits) => T.mean(sparse.perSample(x, labels)))(logits)
    assertClose(numbers(slope), [-0.384388051, 0.31426586, 0.070122192, 0.008573913, 0.023306311, -0.031880224])
    assertGradient((x) => T.mean(sparseP.perSample(T.softmax(x), labels)), logits)
  })

  it("is the naive formula on random logits", () => {
    const x = Key.normal(Key.key(2), [5, 4])
    const rows = numbers(x)
    const naive = [3, 0, 1, 2, 0].map((label, i) => {
      const row = rows.slice(4 * i, 4 * i + 4)
      return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - (row[label] ?? NaN)
    })
    assertClose(numbers(sparse.perSample(x, T.constant([3, 0, 1, 2, 0], "i32"))), naive, 1e-12)
  })

  it("is exact for logits of any size", () => {
    const large = T.constant([
      [1e4, 0, -1e4],
      [1e4, 0, -1e4],
      [-1e4, -1e4, -1e4]
    ])
    assertClose(numbers(sparse.perSample(large, T.constant([0, 2, 1], "i32"))), [0, 2e4, Math.log(3)], 1e-9)
    assertClose(
      numbers(grad((x: typeof large) => T.sum(sparse.perSample(x, T.constant([0, 2, 1], "i32"))))(large)),
      [0, 0, 0, 1, 0, -1, 1 / 3, -2 / 3, 1 / 3],
      1e-9
    )
  })

  it("gives a class of logit -Infinity probability 0", () => {
    const masked = T.constant([
      [1, 2, -Infinity],
      [1, 2, -Infinity]
    ])
    const expected = Math.log(Math.E + Math.E ** 2)
    const losses = numbers(sparse.perSample(masked, T.constant([0, 2], "i32")))
    assert.approximately(losses[0] ?? NaN, expected - 1, 1e-12)
    assert.strictEqual(losses[1], Infinity)
    const slope = numbers(grad((x: typeof masked) => T.sum(sparse.perSample(x, T.constant([0, 0], "i32"))))(masked))
    assert.isTrue(slope.every(Number.isFinite), slope.join(", "))
  })

  it("is the mean over positions for sequences", () => {
    const x = T.constant([
      [
        [1, 2, 0.5],
        [-1, 0, 3]
      ]
    ])
    assertClose(numbers(sparse.perSample(x, T.constant([[0, 2]], "i32"))), [
      (1.464368784107945 + 0.06588390375742911) / 2
    ])
  })

  it("keeps probabilities away from 0 and divides by their sum", () => {
    assertClose(numbers(sparseP.perSample(T.constant([[0, 1]]), T.constant([0], "i32"))), [-Math.log(1e-7)], 1e-6)
    assertClose(numbers(sparseP.perSample(T.constant([[2, 6]]), T.constant([0], "i32"))), [Math.log(4)], 1e-12)
    assertClose(numbers(sparseP.perSample(T.constant([[0, 0.5]]), T.constant([0], "i32"))), [-Math.log(1e-7)], 1e-6)
  })

  it("is one pass over rows: a mask and reductions over the last axis, no gather and no matrix", () => {
    const x = T.ones([2, 3])
    const text = print(Graph.make([], [sparse.perSample(x, labels)]))
    assert.notInclude(text, "gather")
    assert.notInclude(text, "dot")
    assert.include(text, "select")
  })
})

describe("categoricalCrossentropy", () => {
  it("is the sparse form for one-hot targets, and PyTorch's for soft ones and with label smoothing", () => {
    assertClose(numbers(categorical.perSample(logits, oneHot)), [1.464368784107945, 0.06588390375742911])
    // F.cross_entropy(L, labels, reduction="none", label_smoothing=0.1)
    const smooth = Loss.categoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1 })
    assertClose(numbers(smooth.perSample(logits, oneHot)), [1.447702117441278, 0.2992172370907624])
    const logP = numbers(T.logSoftmax(logits))
    const naive = [-(0.25 * (logP[0] ?? 0) + 0.5 * (logP[1] ?? 0) + 0.25 * (logP[2] ?? 0)), -(logP[4] ?? 0)]
    assertClose(numbers(categorical.perSample(logits, soft)), naive)
  })

  it("has the gradient of finite differences, also with respect to soft targets", () => {
    assertGradient((x) => T.mean(categorical.perSample(x, soft)), logits)
    assertGradient(
      (t) => T.mean(categorical.perSample(logits, t)),
      T.constant([
        [0.25, 0.5, 0.25],
        [0.125, 0.5, 0.375]
      ])
    )
  })

  it("takes 0 times an infinite logarithm as 0", () => {
    const masked = T.constant([[1, 2, -Infinity]])
    const losses = numbers(categorical.perSample(masked, T.constant([[1, 0, 0]])))
    assertClose(losses, [Math.log(1 + Math.E)], 1e-12)
    assert.isTrue(
      numbers(grad((x: typeof masked) => T.sum(categorical.perSample(x, T.constant([[1, 0, 0]]))))(masked)).every(
        Number.isFinite
      )
    )
    assertClose(numbers(categorical.perSample(T.constant([[1e4, -1e4]]), T.constant([[0.5, 0.5]]))), [1e4], 1e-9)
  })

  it("does not hide NaN", () => {
    assert.deepStrictEqual(
      numbers(categorical.perSample(T.constant([[NaN, 1]]), T.constant([[0, 1]]))).map(Number.isNaN),
      [true]
    )
  })
})

describe("binaryCrossentropy", () => {
  it("has PyTorch's values per sample, from logits and from probabilities", () => {
    // F.binary_cross_entropy_with_logits(L, t, reduction="none").mean(-1)
    assertClose(numbers(binary.perSample(logits, targets)), [1.096422227580434, 0.35166540655063677])
    assertClose(numbers(binaryP.perSample(T.sigmoid(logits), targets)), [1.096422227580434, 0.35166540655063677])
  })

  it("has the slope sigmoid(x) - t, at 0 and at infinity too", () => {
    const x = T.constant([
      [0, 0, -2, 1e4],
      [0, 3, ...infinities]
    ])
    const t = T.constant([
      [0, 1, 0.25, 1],
      [0.5, 0, 1, 0]
    ])
    const expected = [0.5, -0.5, 1 / (1 + Math.E ** 2) - 0.25, 0, 0, 1 / (1 + Math.E ** -3), 0, 0]
    assertClose(numbers(grad((v: typeof x) => T.mul(T.sum(binary.perSample(v, t)), 4))(x)), expected, 1e-9)
    assertGradient((v) => T.mean(binaryP.perSample(T.sigmoid(v), targets)), logits)
  })

  it("is exact for logits of any size", () => {
    const x = T.constant([[1e4, -1e4, 1e4, -1e4]])
    assertClose(numbers(binary.perSample(x, T.constant([[1, 0, 0, 1]]))), [5e3], 1e-9)
    assert.deepStrictEqual(numbers(binary.perSample(T.constant([infinities]), T.constant([[1, 0]]))), [0])
    assert.deepStrictEqual(numbers(binary.perSample(T.constant([infinities]), T.constant([[0, 0]]))), [Infinity])
    // The loss of a small logit must not vanish: ln(1 + e^-30) is 9.4e-14.
    assert.approximately(
      (numbers(binary.perSample(T.constant([[30]]), T.constant([[1]])))[0] ?? 0) / Math.log1p(Math.exp(-30)),
      1,
      1e-9
    )
  })

  it("takes one number per sample", () => {
    assertClose(numbers(binary.perSample(T.constant([0, 0]), T.constant([0, 1]))), [Math.LN2, Math.LN2])
  })
})

describe("cross-entropies", () => {
  it("refuse targets of another shape or element type", () => {
    // @ts-expect-error needs i32 labels [2]
    const valuesForLabels = () => sparse.perSample(logits, oneHot)
    assert.throws(valuesForLabels, ShapeError, "loss: the output [2, 3] needs i32 labels [2], got f32 [2, 3]")
    // @ts-expect-error needs i32 labels [2]
    assert.throws(() => sparse.perSample(logits, T.constant([0, 1])), ShapeError)
    // @ts-expect-error labels need an output [batch, ..., classes]
    const noClasses = () => sparse.perSample(T.constant([1, 2]), labels)
    assert.throws(noClasses, ShapeError, "loss: labels need an output [batch, ..., classes], got [2]")
    // @ts-expect-error needs f32 values [2, 3]
    const labelsForValues = () => categorical.perSample(logits, labels)
    assert.throws(labelsForValues, ShapeError, "loss: the output [2, 3] needs f32 values [2, 3], got i32 [2]")
    // @ts-expect-error the classic silent bug: [2, 1] with [2]
    assert.throws(() => binary.perSample(T.constant([[1], [2]]), T.constant([0, 1])), ShapeError)
    const batch = (y: Tensor<["batch", 10]>, t: Tensor<["batch"], "i32">): Tensor<["batch"]> => sparse.perSample(y, t)
    // @ts-expect-error the labels are of another batch
    const mixed = (y: Tensor<["batch", 10]>, t: Tensor<["other"], "i32">) => sparse.perSample(y, t)
    assert.deepStrictEqual([batch.length, mixed.length], [2, 2])
  })

  it("refuse options out of range", () => {
    // @ts-expect-error whether the output holds logits must be said
    assert.isDefined(Loss.sparseCategoricalCrossentropy({}))
    assert.throws(
      () => Loss.categoricalCrossentropy({ fromLogits: true, labelSmoothing: 1 }),
      OptionError,
      "labelSmoothing must be 0 or more and below 1, got 1"
    )
    assert.throws(() => Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0.5 }), OptionError)
  })

  it("find wrong targets before training", () => {
    const label = (data: ReadonlyArray<number>) => Values.of(Int32Array.from(data), [data.length], "i32")
    assert.isUndefined(sparse.validateTargets(label([0, 9, 3]), [10]))
    assert.strictEqual(
      sparse.validateTargets(label([0, 9, 10]), [10]),
      "sparseCategoricalCrossentropy: in the target of sample 2, 10 is not a class from 0 to 9"
    )
    assert.include(sparse.validateTargets(label([0, -1]), [10]), "-1 is not a class from 0 to 9")
    assert.strictEqual(
      sparse.validateTargets(value([0, 1]), [10]),
      "sparseCategoricalCrossentropy: labels must be i32, got f32"
    )
    assert.strictEqual(
      sparse.validateTargets(value([[0, 1]]), [10]),
      "sparseCategoricalCrossentropy: the output [batch, 10] needs labels [batch], got [1, 2]"
    )
    assert.include(
      sparse.validateTargets(Values.of(Int32Array.of(0, 1, 1, 3, 0, 5), [3, 2], "i32"), [2, 4]),
      "in the target of sample 2, 5 is not"
    )
    assert.isUndefined(
      categorical.validateTargets(
        value([
          [0.25, 0.75],
          [0, 1]
        ]),
        [2]
      )
    )
    assert.strictEqual(
      categorical.validateTargets(
        value([
          [0.25, 0.75],
          [1, 1]
        ]),
        [2]
      ),
      "categoricalCrossentropy: in the target of sample 1, the probabilities add up to 2, not to 1"
    )
    assert.include(categorical.validateTargets(value([[1.5, -0.5]]), [2]), "1.5 is not a probability")
    assert.isUndefined(binary.validateTargets(value([0, 1, 0.5]), []))
    assert.strictEqual(
      binary.validateTargets(value([0, 2]), []),
      "binaryCrossentropy: in the target of sample 1, 2 is not a probability, from 0 to 1"
    )
    assert.include(binary.validateTargets(value([NaN]), []), "NaN is not a probability")
    assert.isUndefined(sparse.validateTargets(label([]), [10]))
  })
})
