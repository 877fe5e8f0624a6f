import { grad } from "@cotangent/autodiff"
import { ShapeError, T, type Tensor, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import { L, none, s, sum, t, w, y } from "./examples.test.support.ts"
import * as Loss from "./index.ts"

type Vector = Tensor<[number]>

describe("smoothL1", () => {
  it("is PyTorch's, and the absolute error for beta 0", () => {
    assertClose(numbers(Loss.smoothL1({ beta: 0.5 })(L, y, none)), [0, 1.75, 0.0625, 0.75, 0.75, 1.75])
    assertClose(numbers(Loss.smoothL1({ beta: 0 })(L, y, none)), [0, 2, 0.25, 1, 1, 2])
    assertGradient((x) => Loss.smoothL1({ beta: 0.6 })(x, y), L)
    const slope = (beta: number) => grad((x: Vector) => Loss.smoothL1({ beta })(x, T.zerosLike(x), sum))
    assertClose(numbers(slope(0)(T.constant([0, -3]))), [0, -1], 0)
    // The parabola and the line have one slope where they meet.
    assertClose(numbers(slope(0.5)(T.constant([0.5, -0.5, 0]))), [1, -1, 0], 0)
    assert.throws(() => Loss.smoothL1({ beta: -1 }), OptionError, "smoothL1: beta must be 0 or more, got -1")
  })

  it("is the Huber loss divided by beta", () => {
    const huber = numbers(Loss.huber({ delta: 0.5 })(L, y, none))
    assertClose(
      numbers(Loss.smoothL1({ beta: 0.5 })(L, y, none)),
      huber.map((x) => x / 0.5)
    )
  })
})

describe("softMargin", () => {
  it("is PyTorch's, and exact for outputs of any size", () => {
    assertClose(
      numbers(Loss.softMargin(L, s, none)),
      [0.313261687518, 2.126928011043, 0.47407698418, 0.313261687518, 0.69314718056, 0.048587351574]
    )
    assertSecondDerivative((x) => Loss.softMargin(x, s), L)
    assertGradient((x) => Loss.softMargin(x, s), L)
    const large = T.constant([1e30, -1e30])
    assert.deepStrictEqual(numbers(Loss.softMargin(large, T.constant([1, 1]), none)), [0, Math.fround(1e30)])
    assert.include(Loss.softMargin.validateTargets(Values.fromNested([1, 0]), []), "0 is not -1 or 1")
  })
})

describe("hingeEmbedding", () => {
  it("is PyTorch's, with slope -1 at the margin", () => {
    assertClose(numbers(Loss.hingeEmbedding({ margin: 1.5 })(L, s, none)), [1, 0, 0.5, 2.5, 1.5, 3])
    assertGradient((x) => Loss.hingeEmbedding()(x, s), L)
    const x = T.constant([1, 1, 3, NaN])
    const targets = T.constant([1, -1, -1, -1])
    assertClose(numbers(grad((v: Vector) => Loss.hingeEmbedding()(v, targets, sum))(x)).slice(0, 3), [1, -1, 0], 0)
    assert.isNaN(numbers(Loss.hingeEmbedding()(x, targets, none))[3])
  })
})

describe("multiMargin", () => {
  it("is PyTorch's", () => {
    assertClose(numbers(Loss.multiMargin()(L, t, none)), [0.833333333333, 0])
    const squared = Loss.multiMargin({ p: 2, margin: 2, classWeights: w })
    assertClose(numbers(squared(L, t, none)), [3.75, 0])
    assertGradient((x) => squared(x, t), L)
    assertGradient((x) => Loss.multiMargin()(x, t), L)
    assertSecondDerivative((x) => squared(x, t), L)
    // F.multi_margin_loss(tensor([[1., 0, 2], [1, 1, 0]]), tensor([0, 2])): a margin of exactly 0 has no slope.
    const x = T.constant([
      [1, 0, 2],
      [1, 1, 0]
    ])
    assertClose(numbers(grad((v: typeof x) => Loss.multiMargin()(v, t, sum))(x)), [
      -1 / 3,
      0,
      1 / 3,
      1 / 3,
      1 / 3,
      -2 / 3
    ])
  })

  it("refuses another power", () => {
    // @ts-expect-error p is 1 or 2
    assert.throws(() => Loss.multiMargin({ p: 3 }), OptionError, "multiMargin: p must be 1 or 2, got 3")
  })
})

describe("multiLabelMargin", () => {
  const labels = T.constant(
    [
      [2, 0, -1],
      [1, -1, 0]
    ],
    "i32"
  )

  it("is PyTorch's", () => {
    const losses: Tensor<[2]> = Loss.multiLabelMargin(L, labels, none)
    assertClose(numbers(losses), [1.5, 1.333333333333])
    assertGradient((x: typeof L) => Loss.multiLabelMargin(x, labels), T.mul(L, 0.75))
    // F.multilabel_margin_loss of no label, and of one that is listed twice
    const x = T.constant([
      [1, 1, 0, 2],
      [0, 1, 2, 3]
    ])
    const lists = T.constant(
      [
        [-1, 0, 0, 0],
        [1, 1, -1, -1]
      ],
      "i32"
    )
    assertClose(numbers(Loss.multiLabelMargin(x, lists, none)), [0, 2.5])
    const slopes = numbers(grad((v: typeof x) => Loss.multiLabelMargin(v, lists, sum))(x))
    assertClose(slopes, [0, 0, 0, 0, 0, -1, 0.5, 0.5])
    assertClose(numbers(Loss.multiLabelMargin(T.constant([0, 0]), T.constant([1, -1], "i32"))), [0.5])
  })

  it("refuses what are not lists of labels", () => {
    // @ts-expect-error needs i32 lists of labels [2, 3]
    const wrong = () => Loss.multiLabelMargin(L, t)
    const sentence = "multiLabelMargin: the output [2, 3] needs i32 lists of labels [2, 3], got i32 [2]"
    assert.throws(wrong, ShapeError, sentence)
    // @ts-expect-error needs i32 lists of labels [2, 3]
    assert.throws(() => Loss.multiLabelMargin(L, y), ShapeError, "got f32 [2, 3]")
  })
})

describe("multiLabelSoftMargin", () => {
  it("is PyTorch's", () => {
    assertClose(numbers(Loss.multiLabelSoftMargin()(L, y, none)), [1.09642222758, 0.351665406551])
    const weighted = Loss.multiLabelSoftMargin({ classWeights: w })
    assertClose(numbers(weighted(L, y, none)), [1.663885400565, 0.574616574808])
    assertGradient((x) => weighted(x, y), L)
    assertSecondDerivative((x) => weighted(x, y), L)
  })
})

describe("marginRanking", () => {
  it("is PyTorch's, and moves equal operands", () => {
    const loss = Loss.marginRanking({ margin: 0.5 })
    const losses: Tensor<[2, 3]> = loss(L, y, s, none)
    assertClose(numbers(losses), [0.5, 2.5, 0.25, 0, 0, 0])
    assertGradient(([a, b]) => loss(a, b, s), [L, y] as const)
    const x = T.constant([0, 1, -2])
    const targets = T.constant([1, 1, -1])
    const slope = grad((v: Vector) => Loss.marginRanking()(v, T.zerosLike(v), targets, sum))
    assertClose(numbers(slope(x)), [-1, 0, 0], 0)
  })

  it("refuses operands that do not fit", () => {
    // @ts-expect-error marginRanking: the second operand must be f32 [2, 3]
    const second = () => Loss.marginRanking()(L, T.ones([3]), s)
    assert.throws(second, ShapeError, "marginRanking: the second operand must be f32 [2, 3], got f32 [3]")
    // @ts-expect-error marginRanking: the target must be f32 [2, 3]
    const target = () => Loss.marginRanking()(L, y, T.ones([3]))
    assert.throws(target, ShapeError, "marginRanking: the target must be f32 [2, 3], got f32 [3]")
  })
})
