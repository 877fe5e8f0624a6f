import { grad } from "@cotangent/autodiff"
import { ShapeError, T, type Tensor, Values } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Loss from "./index.ts"

const y = T.constant([
  [1, 2, 0.5],
  [-1, 0, 3]
])
const t = T.constant([
  [1, 0, 0.25],
  [0, 1, 1]
])

describe("regression losses", () => {
  it("have PyTorch's values per sample", () => {
    // ((y - t) ** 2).mean(-1), (y - t).abs().mean(-1), F.huber_loss(y, t, delta=..., reduction="none").mean(-1)
    assertClose(numbers(Loss.meanSquaredError.perSample(y, t)), [1.354166667, 2])
    assertClose(numbers(Loss.meanAbsoluteError.perSample(y, t)), [0.75, 1.333333333])
    assertClose(numbers(Loss.huber().perSample(y, t)), [0.510416667, 0.833333333])
    assertClose(numbers(Loss.huber({ delta: 0.5 }).perSample(y, t)), [0.302083333, 0.541666667])
  })

  it("have the gradients of finite differences away from their corners", () => {
    const other = T.constant([
      [1.5, 0.25, 0.75],
      [0.5, 4, 1.25]
    ])
    for (const loss of [Loss.meanSquaredError, Loss.meanAbsoluteError, Loss.huber(), Loss.huber({ delta: 0.4 })])
      assertGradient((v) => T.mean(loss.perSample(v, other)), y)
  })

  it("have slope 0 where output and target agree, and the line's slope at huber's corner", () => {
    const slope = (loss: Loss.Loss<"values">, at: number) =>
      numbers(grad((v: Tensor<[1]>) => T.sum(loss.perSample(v, T.constant([0]))))(T.constant([at])))[0]
    assert.strictEqual(slope(Loss.meanAbsoluteError, 0), 0)
    assertClose(numbers(Loss.huber({ delta: 2 }).perSample(T.constant([2, 3, -3]), T.constant([0, 0, 0]))), [2, 4, 4])
    assert.strictEqual(slope(Loss.huber({ delta: 2 }), 2), 2)
    assert.strictEqual(slope(Loss.huber({ delta: 2 }), -5), -2)
  })

  it("are per sample for samples of any rank, in the element type of the output", () => {
    assertClose(
      numbers(
        Loss.meanSquaredError.perSample(
          T.constant([
            [
              [1, 2],
              [3, 4]
            ]
          ]),
          T.constant([
            [
              [0, 0],
              [0, 0]
            ]
          ])
        )
      ),
      [7.5]
    )
    const single: Tensor<[2]> = Loss.meanSquaredError.perSample(T.constant([1, 2]), T.constant([0, 0]))
    assertClose(numbers(single), [1, 4])
    const double: Tensor<[1], "f64"> = Loss.meanSquaredError.perSample(
      T.constant([[0.1]], "f64"),
      T.constant([[0]], "f64")
    )
    assertClose(numbers(double), [0.1 ** 2], 1e-17)
  })

  it("refuse targets of another shape or element type, and options out of range", () => {
    // @ts-expect-error the classic silent bug: [2, 1] with [2]
    const silentBroadcast = () => Loss.meanSquaredError.perSample(T.constant([[1], [2]]), T.constant([1, 2]))
    assert.throws(silentBroadcast, ShapeError, "loss: the output [2, 1] needs f32 values [2, 1], got f32 [2]")
    // @ts-expect-error f32 with f64
    assert.throws(() => Loss.meanSquaredError.perSample(T.constant([1]), T.constant([1], "f64")), ShapeError)
    assert.throws(() => Loss.huber({ delta: 0 }), OptionError, "huber: delta must be a positive number, got 0")
    assert.isUndefined(Loss.huber().validateTargets(Values.fromNested([[1, 2]]), [2]))
    assert.strictEqual(
      Loss.huber().validateTargets(
        Values.fromNested([
          [1, 2],
          [Infinity, 0]
        ]),
        [2]
      ),
      "huber: in the target of sample 1, Infinity is not a finite number"
    )
  })
})

describe("make", () => {
  it("makes a loss from the loss of elements", () => {
    const logCosh = Loss.make({
      name: "logCosh",
      targets: "values",
      elements: (output, target) => {
        const d = T.abs(T.sub(output, target))
        return T.sub(T.add(d, T.softplus(T.mul(d, -2))), Math.LN2)
      }
    })
    assertClose(numbers(logCosh.perSample(y, t)), [
      (Math.log(Math.cosh(0)) + Math.log(Math.cosh(2)) + Math.log(Math.cosh(0.25))) / 3,
      (2 * Math.log(Math.cosh(1)) + Math.log(Math.cosh(2))) / 3
    ])
    const total: Tensor<[]> = logCosh(y, t, { reduction: "sum" })
    assertClose(numbers(total), [2 * Math.log(Math.cosh(2)) + Math.log(Math.cosh(0.25)) + 2 * Math.log(Math.cosh(1))])
    assert.deepStrictEqual(logCosh(y, t, { reduction: "none" }).shape, [2, 3])
  })

  it("makes a loss with weights of its own, which means divide by", () => {
    const twice = Loss.make({
      name: "twice",
      targets: "values",
      elements: (output, target) => ({
        losses: T.mul(T.abs(T.sub(output, target)), 2),
        weights: T.mul(T.onesLike(output), 2)
      })
    })
    assertClose(numbers(twice(y, t)), [6.25 / 6])
    assertClose(numbers(twice(y, t, { reduction: "sum" })), [12.5])
  })

  it("refuses elements that lose the batch", () => {
    const total = Loss.make({ name: "total", targets: "values", elements: (output) => T.sum(output) })
    assert.throws(
      () => total.perSample(y, t),
      ShapeError,
      "total: the elements [] of the output [2, 3] must keep the batch in front"
    )
  })
})
