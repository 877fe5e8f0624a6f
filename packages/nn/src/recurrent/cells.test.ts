import { type AnyTensor, DTypeError, ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, assertGradient, assertSecondDerivative, numbers } from "../gradients.test.support.ts"
import * as Recurrent from "./index.ts"

/** `(torch.arange(2 n).reshape(n, 2) - from) / by`, transposed; and `torch.arange(n) / by - less`. */
const kernel = <N extends number>(n: N, from: number, by: number): Tensor<[2, N]> =>
  T.expect(T.transpose(T.div(T.sub(T.reshape(T.dyn(T.iota(2 * n, "f32")), [n, 2]), from), by)), [
    2,
    n
  ]) as AnyTensor as Tensor<[2, N]>
const bias = <N extends number>(n: N, by: number, less: number): Tensor<[N]> => T.sub(T.div(T.iota(n, "f32"), by), less)

const lstm = {
  kernel: kernel(8, 8, 8),
  recurrentKernel: kernel(8, 7, 10),
  bias: bias(8, 4, 0.5),
  recurrentBias: bias(8, 5, 0.4)
}
const gru = {
  kernel: kernel(6, 6, 8),
  recurrentKernel: kernel(6, 5, 10),
  bias: bias(6, 4, 0.5),
  recurrentBias: bias(6, 5, 0.4)
}
const first = <N extends number>(x: Tensor<[2, N]>): Tensor<[2, 2]> =>
  T.expect(T.slice(T.dyn(x), [{}, { end: 2 }]), [2, 2])
const two = (x: Tensor<[6]>): Tensor<[2]> => T.expect(T.slice(T.dyn(x), [{ end: 2 }]), [2])
const rnn = {
  kernel: first(gru.kernel),
  recurrentKernel: first(gru.recurrentKernel),
  bias: two(gru.bias),
  recurrentBias: two(gru.recurrentBias)
}

const x = T.constant([[1, -1]])
const h = T.constant([[0.5, -0.25]])
const c = T.constant([[0.25, 1]])

describe("lstmCell", () => {
  it("is PyTorch's", () => {
    const next: Recurrent.LstmState<[1, 2]> = Recurrent.lstmCell(lstm, { h, c }, x)
    assertClose(numbers(next.h), [0.2162784004, 0.6253931814], 1e-6)
    assertClose(numbers(next.c), [0.258544883, 0.8473483881], 1e-6)
  })

  it("needs no bias, and adds two", () => {
    const { recurrentBias: _, ...once } = { ...lstm, bias: T.add(lstm.bias, lstm.recurrentBias) }
    assertClose(numbers(Recurrent.lstmCell(once, { h, c }, x).h), [0.2162784004, 0.6253931814], 1e-6)
    const none = { kernel: lstm.kernel, recurrentKernel: lstm.recurrentKernel }
    const zeros = { ...none, bias: T.zeros([8]), recurrentBias: T.zeros([8]) }
    assertClose(numbers(Recurrent.lstmCell(none, { h, c }, x).c), numbers(Recurrent.lstmCell(zeros, { h, c }, x).c), 0)
  })

  it("has the derivatives of finite differences", () => {
    assertGradient((p: typeof lstm) => T.sum(Recurrent.lstmCell(p, { h, c }, x).h), lstm)
    assertGradient((s: { h: Tensor<[1, 2]>; c: Tensor<[1, 2]> }) => T.sum(Recurrent.lstmCell(lstm, s, x).h), { h, c })
    assertSecondDerivative((v) => T.sum(Recurrent.lstmCell(lstm, { h, c }, v).h), x)
  })

  it("takes an input of any rank", () => {
    const flat: Recurrent.LstmState<[2]> = Recurrent.lstmCell(
      lstm,
      { h: T.reshape(h, [2]), c: T.reshape(c, [2]) },
      T.reshape(x, [2])
    )
    assertClose(numbers(flat.h), [0.2162784004, 0.6253931814], 1e-6)
  })

  it("refuses what does not fit", () => {
    // @ts-expect-error lstmCell: the input must be [..., 2]
    const input = () => Recurrent.lstmCell(lstm, { h, c }, T.ones([1, 3]))
    assert.throws(input, ShapeError, "lstmCell: the input must be [..., 2], it is [1, 3]")
    // @ts-expect-error lstmCell: c must be [1, 2]
    const state = () => Recurrent.lstmCell(lstm, { h, c: T.ones([2]) }, x)
    assert.throws(state, ShapeError, "lstmCell: c must be [1, 2], it is [2]")
    // @ts-expect-error lstmCell: recurrentKernel must be [units, 4 units]
    const kernels = () => Recurrent.lstmCell(gru, { h, c }, x)
    assert.throws(kernels, ShapeError, "lstmCell: recurrentKernel must be [units, 4 units], it is [2, 6]")
    // @ts-expect-error lstmCell: kernel must be [inputs, 8]
    const kernelOnly = () => Recurrent.lstmCell({ ...lstm, kernel: gru.kernel }, { h, c }, x)
    assert.throws(kernelOnly, ShapeError, "lstmCell: kernel must be [inputs, 8], it is [2, 6]")
    // @ts-expect-error lstmCell: bias must be [8]
    const biases = () => Recurrent.lstmCell({ ...lstm, bias: gru.bias }, { h, c }, x)
    assert.throws(biases, ShapeError, "lstmCell: bias must be [8], it is [6]")
    // @ts-expect-error lstmCell: f32 with f64
    const types = () => Recurrent.lstmCell(lstm, { h, c }, T.ones([1, 2], "f64"))
    assert.throws(types, DTypeError, "lstmCell: f32 with f64; cast one side with T.cast")
  })
})

describe("gruCell", () => {
  it("is PyTorch's", () => {
    const next: Tensor<[1, 2]> = Recurrent.gruCell(gru, h, x)
    assertClose(numbers(next), [0.4712888095, 0.1471665708], 1e-6)
    assertGradient((p: typeof gru) => T.sum(Recurrent.gruCell(p, h, x)), gru)
  })

  it("resets before the product when it is told so", () => {
    const before = { resetAfter: false } as const
    const y = numbers(Recurrent.gruCell(gru, h, x, before))
    // The formula with plain numbers.
    const [wi, wh, bi, bh] = [gru.kernel, gru.recurrentKernel, gru.bias, gru.recurrentBias].map(numbers) as [
      ReadonlyArray<number>,
      ReadonlyArray<number>,
      ReadonlyArray<number>,
      ReadonlyArray<number>
    ]
    const row = (m: ReadonlyArray<number>, v: ReadonlyArray<number>, j: number) =>
      (v[0] ?? 0) * (m[j] ?? 0) + (v[1] ?? 0) * (m[6 + j] ?? 0)
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))
    const [xs, hs] = [
      [1, -1],
      [0.5, -0.25]
    ]
    const gate = (j: number) => sigmoid(row(wi, xs ?? [], j) + (bi[j] ?? 0) + row(wh, hs ?? [], j) + (bh[j] ?? 0))
    const reset = (hs ?? []).map((v, j) => gate(j) * v)
    const expected = [0, 1].map((j) => {
      const n = Math.tanh(row(wi, xs ?? [], 4 + j) + (bi[4 + j] ?? 0) + row(wh, reset, 4 + j) + (bh[4 + j] ?? 0))
      return (1 - gate(2 + j)) * n + gate(2 + j) * (hs?.[j] ?? 0)
    })
    assertClose(y, expected, 1e-12)
    assertGradient((p: typeof gru) => T.sum(Recurrent.gruCell(p, h, x, before)), gru)
  })
})

describe("rnnCell", () => {
  it("is PyTorch's, with tanh and relu", () => {
    assertClose(numbers(Recurrent.rnnCell(rnn, h, x)), [-0.8258684551, -0.5882592564], 1e-6)
    assertClose(numbers(Recurrent.rnnCell(rnn, h, x, { activation: "relu" })), [0, 0], 0)
    assertGradient((p: typeof rnn) => T.sum(Recurrent.rnnCell(p, h, x)), rnn)
  })
})
