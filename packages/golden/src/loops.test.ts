import { assert, describe, it } from "@effect/vitest"
import { valueAndGrad } from "@cotangent/autodiff"
import { type AnyTensor, Graph, operations as ops, type Shape, T, type Tensor } from "@cotangent/graph"
import { plan, type Planned } from "@cotangent/compiler"

type F32 = Tensor<Shape>

/** Value and gradient of a recurrent loss over `length` steps of a batch, planned. */
const recurrent = (length: number, segments: number): Planned => {
  const [w, xs] = [ops.parameter("w", [16, 16], "f32"), ops.parameter("xs", [length, 64, 16], "f32")]
  const loss = (weights: F32): Tensor<[]> => {
    const [last] = T.scan(
      (c: F32, x: F32) => [T.tanh(T.add(T.matmul(c, weights), x)) as F32, {}] as const,
      T.zeros([64, 16]) as F32,
      xs as never,
      { segments }
    )
    return T.reshape(T.sum(T.square(last)), []) as Tensor<[]>
  }
  const [value, gradient] = valueAndGrad(loss as (w: AnyTensor) => Tensor<[]>)(w)
  return plan(
    Graph.make(
      [
        { name: "w", tensor: w },
        { name: "xs", tensor: xs }
      ],
      [value, gradient]
    )
  )
}

const loopsOf = (planned: Planned): number => planned.steps.filter(({ tag }) => tag === "repeat").length

describe("the gradient of a loop", () => {
  it("is one loop forwards, which keeps the carries, and one backwards", () => {
    assert.strictEqual(loopsOf(recurrent(20, 1)), 2)
  })

  it("compiles to as many kernels for any number of steps", () => {
    assert.strictEqual(recurrent(20, 1).kernels.length, recurrent(2000, 1).kernels.length)
  })

  it("needs memory for the carries of all steps, or of one segment and of the borders between segments", () => {
    const carry = 64 * 16 * 4
    const [whole, parts] = [recurrent(400, 1), recurrent(400, 20)].map(({ cost }) => cost.scratchBytes / carry)
    assert.isAbove(whole ?? 0, 400)
    assert.isBelow(parts ?? Infinity, 60)
  })
})
