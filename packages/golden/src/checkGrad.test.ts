import { assert, describe, it } from "@effect/vitest"
import { Key, type Shape, T, type Tensor } from "@cotangent/graph"
import { checkGrad, GradError, gradReport } from "./checkGrad.ts"

const w = Key.normal(Key.key(1), [3, 2])
const b = Key.normal(Key.key(2), [2])
const x = Key.normal(Key.key(3), [4, 3])

type Params = { readonly layer: { readonly w: Tensor<[3, 2]>; readonly b: Tensor<[2]> } }
const params: Params = { layer: { w, b } }
const mlp = (p: Params, input: Tensor<[4, 3]>) => T.mean(T.square(T.tanh(T.add(T.matmul(input, p.layer.w), p.layer.b))))

const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
  return "nothing was thrown"
}

describe("checkGrad", () => {
  it("passes right derivatives of f32 and f64 functions of trees, to the second order", () => {
    const report = checkGrad(mlp, [params, x], { order: 2 })
    assert.deepStrictEqual(
      [...new Set(report.findings.map(({ order, law, path }) => `${order} ${law} ${path}`))],
      [
        "1 forward 0.layer.w",
        "1 reverse 0.layer.w",
        "1 forward 0.layer.b",
        "1 reverse 0.layer.b",
        "1 forward 1",
        "1 reverse 1",
        "1 adjoint ",
        "2 forward 0.layer.w",
        "2 reverse 0.layer.w",
        "2 forward 0.layer.b",
        "2 reverse 0.layer.b",
        "2 forward 1",
        "2 reverse 1",
        "2 adjoint ",
        "2 symmetry "
      ]
    )
    assert.isBelow(report.worst, 1e-10)
    checkGrad(
      (y: Tensor<Shape, "f64">) => [T.softmax(y), T.logsumexp(y, { axis: 0 })],
      [
        T.constant(
          [
            [0.5, 1, -2],
            [1, 0, 3]
          ],
          "f64"
        )
      ],
      { order: 2, seed: 5 }
    )
  })

  it("skips integers", () => {
    const report = checkGrad(
      (table: Tensor<[3, 2]>, rows: Tensor<[4], "i32">) => T.sin(T.take(table, rows)),
      [w, T.constant([0, 2, 2, 1], "i32")]
    )
    assert.strictEqual(report.findings.length, 3)
  })

  it("throws a sentence that names the leaf and both numbers", () => {
    const wrong = (p: Params, input: Tensor<[4, 3]>) =>
      mlp({ layer: { w: p.layer.w, b: T.stopGradient(p.layer.b) } }, input)
    assert.match(
      messageOf(() => checkGrad(wrong, [params, x])),
      /^checkGrad: the tangent in forward mode at 0\.layer\.b is 0, differences give -?[\d.e-]+ \(relative error 1\.00e\+0\)\ncheckGrad: the gradient in reverse mode at 0\.layer\.b is 0, differences give /
    )
    const report = gradReport(wrong, [params, x])
    assert.isFalse(report.agrees)
    assert.deepStrictEqual(
      report.findings.flatMap(({ agrees, path }) => (agrees ? [] : [path])),
      ["0.layer.b", "0.layer.b"]
    )
    assert.throws(() => checkGrad(wrong, [params, x]), GradError)
  })

  it("finds small mistakes, also in functions of small values, and mistakes of the second order", () => {
    const scale = (factor: number) => (y: Tensor<[2]>) =>
      T.mul(T.sum(T.sub(T.exp(y), T.stopGradient(T.mul(T.exp(y), factor)))), 1e-6)
    assert.isTrue(gradReport(scale(0), [b]).agrees)
    assert.isFalse(gradReport(scale(1e-4), [b]).agrees)
    const halfStopped = (y: Tensor<[2]>) => T.sum(T.mul(T.stopGradient(y), y))
    assert.isFalse(gradReport(halfStopped, [b]).agrees)
    assert.deepStrictEqual(
      gradReport((y: Tensor<[2]>) => T.sum(T.square(y)), [b], { order: 2 })
        .findings.map(({ agrees }) => agrees)
        .includes(false),
      false
    )
  })

  it("refuses functions without float results", () => {
    assert.match(
      messageOf(() => checkGrad((y: Tensor<[2]>) => T.argmax(y), [b])),
      /^checkGrad: the function returns no float tensor/
    )
  })
})
