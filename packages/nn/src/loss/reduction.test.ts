import { grad } from "@cotangent/autodiff"
import { DTypeError, ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import { L, none, sum, t, w, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

const squares = [0, 4, 0.0625, 1, 1, 4]
const mse = Loss.meanSquaredError

describe("reductions", () => {
  it("are means, sums, means per batch, or all losses", () => {
    const all: Tensor<[2, 3]> = mse(L, y, none)
    const total: Tensor<[]> = mse(L, y, sum)
    const mean: Tensor<[]> = mse(L, y)
    assertClose(numbers(all), squares)
    assertClose(numbers(total), [10.0625])
    assertClose(numbers(mean), [10.0625 / 6])
    assertClose(numbers(mse(L, y, { reduction: "batchMean" })), [10.0625 / 2])
    assertClose(numbers(mse(T.constant(3), T.constant(1))), [4])
    assert.throws(
      () => mse(T.constant(3), T.constant(1), { reduction: "batchMean" }),
      ShapeError,
      "loss: batchMean needs losses [batch, ...], got []"
    )
  })

  it("know no shape where the reduction is not known", () => {
    const reduction = "none" as Loss.Reduction
    const any = mse(L, y, { reduction })
    // @ts-expect-error its shape is unknown to the types
    const known: Tensor<[]> = any
    assert.deepStrictEqual(known.shape, [2, 3])
  })

  it("weigh losses, by samples or one by one, and divide means by the weights", () => {
    const perSample = { sampleWeight: T.constant([3, 1]) }
    assertClose(numbers(mse(L, y, { ...perSample, ...none })), [0, 12, 0.1875, 1, 1, 4])
    assertClose(numbers(mse(L, y, { ...perSample, ...sum })), [18.1875])
    assertClose(numbers(mse(L, y, perSample)), [18.1875 / 12])
    assertClose(numbers(mse(L, y, { ...perSample, reduction: "meanOfWeighted" })), [18.1875 / 6])
    assertClose(numbers(mse(L, y, { ...perSample, reduction: "batchMean" })), [18.1875 / 2])
    const each = T.constant([
      [0, 1, 0],
      [1, 0, 0]
    ])
    assertClose(numbers(mse(L, y, { sampleWeight: each })), [2.5])
    assertGradient((v) => mse(L, y, { sampleWeight: v }), each)
    assertGradient((v) => mse(v, y, { sampleWeight: each }), L)
  })

  it("multiply weights of samples and of classes", () => {
    // F.cross_entropy(L, t, weight=w, reduction="none") is [1.464368784108, 0.032941951879]
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true, classWeights: w })
    const sampleWeight = T.constant([3, 1])
    assertClose(numbers(loss(L, t, { sampleWeight })), [(3 * 1.464368784108 + 0.032941951879) / (3 + 0.5)])
  })

  it("leave out what has weight 0, though it be infinite", () => {
    const masked = T.constant([
      [-Infinity, 1],
      [0, 1]
    ])
    const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
    const labels = T.constant([0, 1], "i32")
    assertClose(numbers(loss(masked, labels, { sampleWeight: T.constant([0, 1]) })), [Math.log(1 + Math.exp(-1))])
    assert.deepStrictEqual(numbers(loss(masked, labels, sum)), [Infinity])
  })

  it("give NaN for a mean over no weight at all, and no derivative; a sum is 0", () => {
    const zero = { sampleWeight: T.constant([0, 0]) }
    assert.deepStrictEqual(numbers(mse(L, y, zero)), [NaN])
    assert.deepStrictEqual(numbers(mse(L, y, { ...zero, ...sum })), [0])
    assertClose(numbers(grad((v: typeof L) => mse(v, y, zero))(L)), [0, 0, 0, 0, 0, 0], 0)
  })

  it("refuse weights of another shape or element type", () => {
    // @ts-expect-error loss: the sampleWeight of losses [2, 3] ...
    const wrong = () => mse(L, y, { sampleWeight: T.constant([1, 2, 3]) })
    const sentence = "loss: the sampleWeight of losses [2, 3] has their shape or that of their first axes, it is [3]"
    assert.throws(wrong, ShapeError, sentence)
    // @ts-expect-error loss: f32 with f64; cast one side with T.cast
    const mixed = () => mse(L, y, { sampleWeight: T.constant([1, 2], "f64") })
    assert.throws(mixed, DTypeError, "loss: f32 with f64; cast one side with T.cast")
    // @ts-expect-error the losses of rows are [2]
    const rows = () => Loss.cosineSimilarity(L, y, { sampleWeight: T.ones([2, 3]) })
    assert.throws(rows, ShapeError, "of losses [2]")
    // @ts-expect-error there is no such reduction
    assert.throws(() => mse(L, y, { reduction: "median" }))
  })
})

describe("losses of rows", () => {
  const loss = Loss.sparseCategoricalCrossentropy({ fromLogits: true })
  // sp = torch.arange(12.).reshape(2, 3, 2) / 4; F.cross_entropy(sp, tensor([[0, 1], [2, 2]]), reduction="none")
  const images = T.constant([
    [
      [0, 0.25],
      [0.5, 0.75],
      [1, 1.25]
    ],
    [
      [1.5, 1.75],
      [2, 2.25],
      [2.5, 2.75]
    ]
  ])
  const labels = T.constant(
    [
      [0, 1],
      [2, 2]
    ],
    "i32"
  )
  const expected = [1.680269670642, 1.180269670642, 0.680269670642, 0.680269670642]

  it("have their classes on any axis", () => {
    const losses: Tensor<[2, 2]> = loss(images, labels, { ...none, axis: 1 })
    assertClose(numbers(losses), expected)
    assertClose(numbers(loss(T.transpose(images), labels, none)), expected)
    assertClose(numbers(loss(T.transpose(images, [1, 0, 2]), labels, { ...none, axis: -3 })), expected)
    assertGradient((v) => loss(v, labels, { axis: 1 }), images)
    const single: Tensor<[]> = loss(T.constant([0, 0]), T.constant(1, "i32"), none)
    assertClose(numbers(single), [Math.LN2])
  })

  it("have rows of targets along the same axis", () => {
    const p = T.softmax(images, { axis: 1 })
    const categorical = Loss.categoricalCrossentropy({ fromLogits: true })
    assertClose(
      numbers(categorical(images, p, { ...none, axis: 1 })),
      numbers(categorical(T.transpose(images), T.transpose(p), none))
    )
  })

  it("refuse an axis that does not exist, and labels for another axis", () => {
    // @ts-expect-error loss: axis 3 does not exist in [2, 3, 2]
    const axis = () => loss(images, labels, { axis: 3 })
    assert.throws(axis, ShapeError, "loss: axis 3 does not exist in [2, 3, 2]")
    // @ts-expect-error needs i32 labels [2, 3]
    const last = () => loss(images, labels)
    assert.throws(last, ShapeError, "loss: the output [2, 3, 2] needs i32 labels [2, 3], got i32 [2, 2]")
    // @ts-expect-error losses of elements have no axis
    assert.isDefined(() => mse(L, y, { axis: 1 }))
  })

  it("are still what a trainer asks for", () => {
    const asked = <K extends Loss.TargetKind>(given: Loss.Loss<K>): string => `${given.name} ${given.targets}`
    assert.strictEqual(asked(loss), "sparseCategoricalCrossentropy labels")
    assert.strictEqual(asked(mse), "meanSquaredError values")
    assert.deepStrictEqual(Object.keys(mse), ["name", "targets", "perSample", "validateTargets"])
  })
})
