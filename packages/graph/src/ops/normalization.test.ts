import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { DTypeError, OptionError, ShapeError } from "../errors.ts"
import { evaluateExact } from "../interpreter.ts"
import type { AnyTensor, Tensor } from "../tensor.ts"
import * as T from "./index.ts"

const numbers = (x: AnyTensor): ReadonlyArray<number> => Array.from(evaluateExact([x])[0]?.data ?? [])

const assertClose = (x: AnyTensor, expected: ReadonlyArray<number>): void => {
  const actual = numbers(x)
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((v, i) => assert.closeTo(v, expected[i] ?? NaN, 1e-9, `element ${i}`))
}

// torch.tensor([[[1., 2, 6], [0, 1, 5]], [[2, 2, 3], [9, 8, 1]]])
const x = T.constant(
  [
    [
      [1, 2, 6],
      [0, 1, 5]
    ],
    [
      [2, 2, 3],
      [9, 8, 1]
    ]
  ],
  "f64"
)

/** F.layer_norm(x, (3,)), which is F.instance_norm(x) as well. */
const byRows = [
  -0.9258191078, -0.4629095539, 1.3887286617, -0.9258191078, -0.4629095539, 1.3887286617, -0.7070908718, -0.7070908718,
  1.4141817436, 0.8429268977, 0.5619512651, -1.4048781628
]

describe("layerNorm", () => {
  it("is PyTorch's over one axis or several, and in pipes", () => {
    const rows: Tensor<[2, 2, 3], "f64"> = T.layerNorm(x)
    assertClose(rows, byRows)
    assertClose(pipe(x, T.layerNorm()), byRows)
    const scale = T.constant(
      [
        [1, 2, 3],
        [4, 5, 6]
      ],
      "f64"
    )
    const offset = T.constant(
      [
        [1, 0, 0],
        [0, 1, 0]
      ],
      "f64"
    )
    const expected = [
      0.3235192627, -0.4509871582, 4.7353651608, -4.5098715817, -2.3824036863, 6.7648073726, 0.3080801688,
      -1.3838396624, -1.1177166504, 6.1740538785, 7.1208292761, -6.0676046737
    ]
    assertClose(T.layerNorm(x, { axis: [-2, -1], scale, offset }), expected)
    // The order in which axes are named does not matter.
    assertClose(pipe(x, T.layerNorm({ axis: [2, 1], scale, offset })), expected)
    assertClose(
      T.layerNorm(T.transpose(x, [2, 1, 0]), { axis: [0, 1], scale: T.transpose(scale), offset: T.transpose(offset) }),
      numbers(T.transpose(T.layerNorm(x, { axis: [1, 2], scale, offset }), [2, 1, 0]))
    )
  })

  it("gives the offset where all elements are equal, NaN without epsilon", () => {
    const same = T.full([2, 3], 7, "f64")
    assertClose(T.layerNorm(same, { offset: T.constant([1, 2, 3], "f64") }), [1, 2, 3, 1, 2, 3])
    assert.deepStrictEqual(numbers(T.layerNorm(same, { epsilon: 0 })), new Array(6).fill(NaN))
  })

  it("refuses parameters of another shape or element type, and a negative epsilon", () => {
    // The types say the same: see the fixtures of messages.
    const wrong = T.ones([4], "f64") as AnyTensor as Tensor<[3], "f64">
    assert.throws(() => T.layerNorm(x, { scale: wrong }), ShapeError, "layerNorm: scale must be [3], it is [4]")
    assert.throws(() => T.layerNorm(x, { offset: wrong }), ShapeError, "layerNorm: offset must be [3], it is [4]")
    const single = T.ones([3]) as AnyTensor as Tensor<[3], "f64">
    assert.throws(
      () => T.layerNorm(x, { scale: single }),
      DTypeError,
      "layerNorm: f64 with f32; cast one side with T.cast"
    )
    assert.throws(() => T.layerNorm(x, { epsilon: -1 }), OptionError, "layerNorm: epsilon must be 0 or more, got -1")
  })
})

describe("rmsNorm", () => {
  it("divides by the root of the mean square", () => {
    assertClose(
      T.rmsNorm(x, { epsilon: 1e-6 }),
      [
        0.2705008805, 0.541001761, 1.623005283, 0, 0.3396830906, 1.6984154532, 0.8401679763, 0.8401679763, 1.2602519644,
        1.2901098897, 1.1467643464, 0.1433455433
      ]
    )
    assertClose(T.rmsNorm(T.zeros([2], "f64")), [0, 0])
  })
})

describe("groupNorm", () => {
  it("is PyTorch's, channels on any axis", () => {
    // F.group_norm(torch.arange(12.).reshape(1, 4, 3) ** 2, 2, tensor([1, 2, 3, 4]))
    const squares = T.square(T.reshape(T.iota(12, "f64"), [1, 4, 3]))
    const scale = T.constant([1, 2, 3, 4], "f64")
    const expected = [
      -1.0304251198, -0.9180151068, -0.5807850675, -0.0374700044, 1.5362701787, 3.559650414, -4.0322597292,
      -2.6938926701, -1.1496229866, 0.8007324285, 3.4088323384, 6.291469081
    ]
    assertClose(T.groupNorm(squares, { groups: 2, scale, axis: 1 }), expected)
    const last: Tensor<[1, 3, 4], "f64"> = T.groupNorm(T.transpose(squares), { groups: 2, scale })
    assertClose(T.transpose(last), expected)
  })

  it("is layerNorm for one group, instanceNorm for as many as channels", () => {
    assertClose(T.groupNorm(x, { groups: 1 }), numbers(T.layerNorm(x, { axis: [1, 2] })))
    assertClose(pipe(x, T.groupNorm({ groups: 3 })), numbers(T.instanceNorm(x)))
  })

  it("refuses groups that do not divide the channels, and the batch as channels", () => {
    const three: number = 3
    const sentence = "groupNorm: 2 channels do not divide into 3 groups"
    assert.throws(() => T.groupNorm(x, { groups: three, axis: 1 }), ShapeError, sentence)
    const none: number = 0
    assert.throws(() => T.groupNorm(x, { groups: none }), ShapeError, "groups must be a whole number, 1 or more, got 0")
    assert.throws(
      () => T.groupNorm(x, { groups: 1, axis: 0 }),
      ShapeError,
      "groupNorm: axis 0 of [2, 2, 3] is the batch"
    )
  })
})

describe("instanceNorm", () => {
  it("is PyTorch's", () => {
    assertClose(T.instanceNorm(x, { axis: 1 }), byRows)
    assertClose(pipe(T.transpose(x), T.instanceNorm(), T.transpose), byRows)
  })

  it("needs something to normalise over", () => {
    assert.throws(
      () => T.instanceNorm(T.ones([2, 3])),
      ShapeError,
      "instanceNorm: [2, 3] has no axis beside the batch and the channels to normalise over"
    )
  })
})

describe("batch normalisation", () => {
  it("is PyTorch's in training, with its running statistics", () => {
    const { y, batch, running } = T.batchNormTraining(x, { axis: 1, momentum: 0.9, runningVariance: "unbiased" })
    const typed: Tensor<[2], "f64"> = running.mean
    assertClose(
      y,
      [
        -1.0425700305, -0.4170280122, 2.085140061, -1.1239025303, -0.8429268977, 0.2809756326, -0.4170280122,
        -0.4170280122, 0.2085140061, 1.4048781628, 1.1239025303, -0.8429268977
      ]
    )
    assertClose(typed, [0.2666666667, 0.4])
    assertClose(running.variance, [1.2066666667, 2.42])
    assertClose(batch.mean, [16 / 6, 4])
  })

  it("moves the running statistics it is given, with Keras's convention unless told otherwise", () => {
    const start = { mean: T.constant([1, 2], "f64"), variance: T.constant([3, 4], "f64") }
    const { batch, running } = T.batchNormTraining(x, { axis: -2, running: start })
    const moved = (old: AnyTensor, next: AnyTensor) =>
      numbers(old).map((v, i) => 0.99 * v + 0.01 * (numbers(next)[i] ?? NaN))
    assertClose(running.mean, moved(start.mean, batch.mean))
    assertClose(running.variance, moved(start.variance, batch.variance))
    assertClose(T.batchNormTraining(x, { momentum: 1 }).running.mean, [0, 0, 0])
  })

  it("is PyTorch's in evaluation", () => {
    const statistics = { mean: T.constant([1, 2], "f64"), variance: T.constant([4, 9], "f64") }
    const affine = { scale: T.constant([2, 3], "f64"), offset: T.constant([0, 1], "f64") }
    const expected = [
      0, 0.99999875, 4.99999375, -0.9999988889, 5.556e-7, 3.9999983333, 0.99999875, 0.99999875, 1.9999975, 7.9999961111,
      6.9999966667, 5.556e-7
    ]
    assertClose(T.batchNormInference(x, { ...statistics, ...affine, axis: 1 }), expected)
    assertClose(pipe(x, T.batchNormInference({ ...statistics, ...affine, axis: 1 })), expected)
  })

  it("has the spread of one element per channel as 0", () => {
    const { y, running } = T.batchNormTraining(T.constant([[3, 4]], "f64"), {
      runningVariance: "unbiased",
      momentum: 0
    })
    assertClose(y, [0, 0])
    assertClose(running.variance, [0, 0])
  })

  it("refuses options out of range", () => {
    assert.throws(() => T.batchNormTraining(x, { momentum: 2 }), OptionError, "momentum must be from 0 to 1, got 2")
    const wrong = T.ones([4], "f64") as AnyTensor as Tensor<[3], "f64">
    assert.throws(
      () => T.batchNormInference(x, { mean: wrong, variance: wrong }),
      ShapeError,
      "batchNormInference: mean must be [3], it is [4]"
    )
  })
})

describe("localResponseNorm", () => {
  it("is PyTorch's for windows of any size", () => {
    // F.local_response_norm(x.transpose(1, 2), 2, alpha=0.5, beta=0.6, k=2) and (..., 3, alpha=1)
    const images = T.transpose(x)
    const even = [
      0.6147386077, 0, 0.986052365, 0.6147386077, 1.3509600385, 1.3845818966, 1.0345637159, 1.3990862881, 0.8705505633,
      0.8984856046, 1.1092403844, 0.1750823143
    ]
    const odd = [
      0.4792073282, 0, 0.2668587389, 0.1824073956, 0.8144995519, 0.9120369781, 0.7547904956, 0.4834896303, 0.4820570514,
      0.4276034758, 0.8548151464, 0.0962629699
    ]
    assertClose(T.localResponseNorm(images, { size: 2, alpha: 0.5, beta: 0.6, k: 2, axis: 1 }), even)
    assertClose(pipe(images, T.localResponseNorm({ size: 3, alpha: 1, axis: -2 })), odd)
    assertClose(T.transpose(T.localResponseNorm(x, { size: 3, alpha: 1 })), odd)
    assert.throws(
      () => T.localResponseNorm(x, { size: 0 }),
      OptionError,
      "localResponseNorm: size must be a whole number, 1 or more, got 0"
    )
  })
})
