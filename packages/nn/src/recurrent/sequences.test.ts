import { grad } from "@cotangent/autodiff"
import { DTypeError, Key, ShapeError, T, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Recurrent from "./index.ts"

const cell = (gates: 1 | 3 | 4) => {
  const draw = (k: number, shape: readonly [number, number]) => T.mul(Key.normal(Key.key(k), shape), 0.5)
  return {
    kernel: draw(1, [2, 3 * gates]),
    recurrentKernel: draw(2, [3, 3 * gates]),
    bias: T.mul(Key.normal(Key.key(3), [3 * gates]), 0.5),
    recurrentBias: T.mul(Key.normal(Key.key(4), [3 * gates]), 0.5)
  }
}
const x = T.constant([
  [
    [1, -1],
    [0, 2]
  ],
  [
    [0.5, 2],
    [1, 1]
  ],
  [
    [-1, 0],
    [3, -2]
  ]
])
const rowOf = (t: number): Tensor<[2, 2]> => T.reshape(T.dyn(T.slice(x, [{ start: t, end: t + 1 }])), [2, 2])
const zeros = T.zeros([2, 3])

describe("sequences", () => {
  it("are their cells one step after the other", () => {
    const params = cell(4)
    let state: Recurrent.LstmState<[2, 3]> = { h: zeros, c: zeros }
    const expected: Array<number> = []
    for (const t of [0, 1, 2]) {
      // The sizes of the parameters are unknown to the types.
      state = Recurrent.lstmCell(params, state, rowOf(t)) as Recurrent.LstmState<[2, 3]>
      expected.push(...numbers(state.h))
    }
    const whole = Recurrent.lstm(params, x)
    assertClose(numbers(whole.outputs), expected, 1e-12)
    assertClose(numbers(whole.state.h), expected.slice(12), 1e-12)
    assertClose(numbers(whole.state.c), numbers(state.c), 1e-12)
    const [, scanned] = T.scan(
      (s: Recurrent.LstmState<[2, 3]>, row: Tensor<[2, 2]>) => {
        const next = Recurrent.lstmCell(params, s, row) as Recurrent.LstmState<[2, 3]>
        return [next, next.h]
      },
      { h: zeros, c: zeros },
      x
    )
    assertClose(numbers(scanned), expected, 1e-12)
  })

  it("have outputs [time, ..., units]", () => {
    const params = { kernel: T.zeros([2, 9]), recurrentKernel: T.zeros([3, 9]) }
    const { outputs, state } = Recurrent.gru(params, T.expect(x, ["time", "batch", 2]))
    const typed: Tensor<["time", "batch", 3]> = outputs
    const last: Tensor<["batch", 3]> = state
    assert.deepStrictEqual(
      [typed.shape, last.shape],
      [
        [3, 2, 3],
        [2, 3]
      ]
    )
    const alone = Recurrent.gru(params, T.ones([4, 2]))
    const flat: Tensor<[4, 3]> = alone.outputs
    assert.deepStrictEqual(flat.shape, [4, 3])
  })

  it("run backward in time", () => {
    const params = cell(3)
    const forward = numbers(
      Recurrent.gru(params, T.concatAll([rowOf(2), rowOf(1), rowOf(0)].map((r) => T.expand(r, 0)))).outputs
    )
    const backward = numbers(Recurrent.gru(params, x, { reverse: true }).outputs)
    assertClose([...backward.slice(12), ...backward.slice(6, 12), ...backward.slice(0, 6)], forward, 1e-12)
  })

  it("begin with the state they are given", () => {
    const params = cell(1)
    const initial = T.mul(Key.normal(Key.key(7), [2, 3]), 1)
    const { outputs } = Recurrent.rnn(params, x, { initial, activation: "relu" })
    const first = Recurrent.rnnCell(params, initial, rowOf(0), { activation: "relu" })
    assertClose(numbers(outputs).slice(0, 6), numbers(first), 1e-12)
  })

  it("leave out the steps that a mask names", () => {
    const params = cell(4)
    const mask = T.greater(
      T.constant([
        [1, 1],
        [0, 1],
        [1, 0]
      ]),
      0
    )
    const { outputs, state } = Recurrent.lstm(params, x, { mask })
    const y = numbers(outputs)
    // The first sample skips the second step, the second sample the third.
    assertClose(y.slice(6, 9), y.slice(0, 3), 0)
    assertClose(y.slice(15, 18), y.slice(9, 12), 0)
    assertClose(numbers(state.h), [...y.slice(12, 15), ...y.slice(9, 12)], 0)
    const second = numbers(Recurrent.lstm(params, x).outputs)
    assertClose(y.slice(9, 12), second.slice(9, 12), 1e-12)
    // No derivative flows into a step that is left out.
    const slope = numbers(
      grad((v: typeof x) => T.sum(T.dyn(Recurrent.lstm(params, v, { mask }).outputs)) as Tensor<[]>)(x)
    )
    assertClose([...slope.slice(4, 6), ...slope.slice(10, 12)], [0, 0, 0, 0], 0)
  })

  it("have the derivatives of finite differences", () => {
    for (const [gates, run] of [
      [4, Recurrent.lstm],
      [3, Recurrent.gru],
      [1, Recurrent.rnn]
    ] as const)
      assertGradient(
        // One signature for three cells, whose sizes the types do not know.
        ([p, v]: readonly [ReturnType<typeof cell>, typeof x]) =>
          T.sum(T.square(T.dyn((run as typeof Recurrent.lstm)(p, v, { segments: 2 }).outputs))) as Tensor<[]>,
        [cell(gates), x] as const,
        1e-5
      )
  })

  it("are empty for no steps, and leave the state as it was", () => {
    const { outputs, state } = Recurrent.gru(cell(3), T.zeros([0, 2, 2]))
    assert.deepStrictEqual(outputs.shape, [0, 2, 3])
    assertClose(numbers(state), [0, 0, 0, 0, 0, 0], 0)
  })

  it("refuse what does not fit", () => {
    const params = { kernel: T.zeros([2, 9]), recurrentKernel: T.zeros([3, 9]) }
    // @ts-expect-error gru: needs a sequence [time, ..., inputs]
    const flat = () => Recurrent.gru(params, T.ones([2]))
    assert.throws(flat, ShapeError, "gru: needs a sequence [time, ..., inputs], got [2]")
    // @ts-expect-error gru: the mask must be [3, 2]
    const mask = () => Recurrent.gru(params, x, { mask: T.ones([3], "bool") })
    assert.throws(mask, ShapeError, "gru: the mask must be [3, 2], it is [3]")
    // @ts-expect-error a mask is bool
    assert.throws(() => Recurrent.gru(params, x, { mask: T.ones([3, 2]) }), DTypeError, "gru: the mask must be bool")
    // @ts-expect-error the initial state is [2, 3]
    const initial = () => Recurrent.gru(params, x, { initial: T.ones([3]) })
    assert.throws(initial, ShapeError, "gru: h must be [2, 3], it is [3]")
    // @ts-expect-error lstm: recurrentKernel must be [units, 4 units]
    const kernels = () => Recurrent.lstm(params, x)
    assert.throws(kernels, ShapeError, "lstm: recurrentKernel must be [units, 4 units], it is [3, 9]")
  })
})
