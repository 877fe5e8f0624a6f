import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { GruCell, NormState, RecurrentCell } from "../index.ts"
import * as Recurrent from "../recurrent/index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const key = Key.key(9)
const x = Key.normal(key, [2, 4, 3])
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))

describe("recurrent layers", () => {
  it("run an LSTM by its definition", () => {
    const model = pipe(Model.input([4, 3]), Model.lstm("cell", 2, { returnSequences: true }))
    same<Equal<typeof model, Model.Model<["batch", 4, 3], ["batch", 4, 2], { cell: RecurrentCell<3, 2, 4> }>>>()
    const { params } = model.init(key)
    // The gate that forgets starts open.
    assertClose(numbers(params.cell.bias), [0, 0, 1, 1, 0, 0, 0, 0], 0)
    const [w, u, b, data] = [params.cell.kernel, params.cell.recurrentKernel, params.cell.bias, x].map(numbers)
    const expected = range(2).flatMap((s) => {
      let [h, c]: [ReadonlyArray<number>, ReadonlyArray<number>] = [
        [0, 0],
        [0, 0]
      ]
      return range(4).flatMap((t) => {
        const gates = range(8).map(
          (g) =>
            (b?.[g] ?? 0) +
            range(3).reduce((sum, k) => sum + (data?.[(s * 4 + t) * 3 + k] ?? 0) * (w?.[k * 8 + g] ?? 0), 0) +
            range(2).reduce((sum, k) => sum + (h[k] ?? 0) * (u?.[k * 8 + g] ?? 0), 0)
        )
        const at = (g: number, j: number) => gates[g * 2 + j] ?? 0
        c = range(2).map((j) => sigmoid(at(1, j)) * (c[j] ?? 0) + sigmoid(at(0, j)) * Math.tanh(at(2, j)))
        h = range(2).map((j) => sigmoid(at(3, j)) * Math.tanh(c[j] ?? 0))
        return h
      })
    })
    assertClose(numbers(model.apply(params, {}, x, Model.evaluate).y), expected, 1e-9)
    const last = pipe(Model.input([4, 3]), Model.lstm("cell", 2))
    same<Equal<Model.Output<typeof last>, ["batch", 2]>>()
    assertClose(
      numbers(last.apply(params, {}, x, Model.evaluate).y),
      [...expected.slice(6, 8), ...expected.slice(14, 16)],
      1e-9
    )
    assertGradient((p) => T.sum(T.square(last.apply(p, {}, x, Model.evaluate).y)), params, 1e-5)
  })

  it("run the other cells as their functions do", () => {
    const gru = pipe(Model.input([4, 3]), Model.gru("cell", 2, { returnSequences: true, reverse: true }))
    same<Equal<Model.Params<typeof gru>, { cell: GruCell<3, 2> }>>()
    const { params } = gru.init(key)
    const { outputs } = Recurrent.gru(params.cell, T.transpose(x, [1, 0, 2]), { reverse: true })
    assertClose(
      numbers(gru.apply(params, {}, x, Model.evaluate).y),
      numbers(T.transpose(T.expect(T.dyn(outputs), [4, 2, 2]), [1, 0, 2])),
      1e-12
    )
    const before = pipe(Model.input([4, 3]), Model.gru("cell", 2, { returnSequences: true, resetAfter: false }))
    same<Equal<Model.Params<typeof before>, { cell: RecurrentCell<3, 2, 3> }>>()
    const one = before.init(key).params
    assert.notProperty(one.cell, "recurrentBias")
    const first = Recurrent.gru(one.cell, T.transpose(x, [1, 0, 2]), { resetAfter: false })
    assertClose(
      numbers(before.apply(one, {}, x, Model.evaluate).y),
      numbers(T.transpose(T.expect(T.dyn(first.outputs), [4, 2, 2]), [1, 0, 2])),
      1e-12
    )
    const rnn = pipe(Model.input([4, 3]), Model.simpleRnn("cell", 2, { activation: "relu", reverse: true }))
    const own = rnn.init(key).params
    const run = Recurrent.rnn(own.cell, T.transpose(x, [1, 0, 2]), { activation: "relu", reverse: true })
    // The last step that is run is the first in time.
    assertClose(numbers(rnn.apply(own, {}, x, Model.evaluate).y), numbers(run.state), 1e-12)
  })

  it("start from orthogonal recurrent kernels", () => {
    const { params } = pipe(Model.input([4, 3]), Model.simpleRnn("cell", 5)).init(key)
    const u = params.cell.recurrentKernel
    const gram = numbers(T.matmul(T.transpose(u), u))
    assertClose(
      gram,
      range(25).map((i) => (i % 6 === 0 ? 1 : 0)),
      1e-5
    )
  })

  it("say what does not fit", () => {
    // @ts-expect-error lstm: needs [batch, time, features], got [batch, 3]
    const flat = () => pipe(Model.input([3]), Model.lstm("cell", 2))
    assert.throws(flat, ShapeError, "lstm: needs [batch, time, features], got [batch, 3]")
    assert.throws(() => Model.gru("cell", 0), OptionError, "gru: the number of units")
  })
})

describe("bidirectional", () => {
  it("puts both directions side by side, at the times of their inputs", () => {
    const model = pipe(
      Model.input([4, 3]),
      Model.bidirectional("both", (m) => pipe(m, Model.gru("cell", 2, { returnSequences: true })))
    )
    same<Equal<Model.Output<typeof model>, ["batch", 4, 4]>>()
    const { params } = model.init(key)
    const one = (reverse: boolean) =>
      pipe(Model.input([4, 3]), Model.gru("cell", 2, { returnSequences: true, reverse }))
    const forward = one(false).apply(params.both.forward, {}, x, Model.evaluate).y
    const backward = one(true).apply(params.both.backward, {}, x, Model.evaluate).y
    assertClose(
      numbers(model.apply(params, {}, x, Model.evaluate).y),
      numbers(T.concatAll([T.dyn(forward), T.dyn(backward)], 2)),
      1e-12
    )
    assert.notDeepEqual(numbers(params.both.forward.cell.kernel), numbers(params.both.backward.cell.kernel))
  })

  it("merges vectors in other ways, and keeps state of both directions", () => {
    const model = pipe(
      Model.input([4, 3]),
      Model.bidirectional("both", (m) => pipe(m, Model.batchNorm("n"), Model.lstm("cell", 2)), { mergeMode: "sum" })
    )
    same<Equal<Model.Output<typeof model>, ["batch", 2]>>()
    same<
      Equal<
        Model.State<typeof model>,
        { both: { readonly forward: { n: NormState<3> }; readonly backward: { n: NormState<3> } } }
      >
    >()
    const { params, state } = model.init(key)
    const next = model.apply(params, state, x, Model.train(key)).state
    assertClose(numbers(next.both.backward.n.mean), numbers(next.both.forward.n.mean), 1e-7)
    const one = (reverse: boolean) =>
      pipe(Model.input([4, 3]), Model.batchNorm("n"), Model.lstm("cell", 2, { reverse }))
    const forward = one(false).apply(params.both.forward, state.both.forward, x, Model.evaluate).y
    const backward = one(true).apply(params.both.backward, state.both.backward, x, Model.evaluate).y
    assertClose(numbers(model.apply(params, state, x, Model.evaluate).y), numbers(T.add(forward, backward)), 1e-12)
  })
})
