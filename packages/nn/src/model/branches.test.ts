import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError, OptionError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import type { Dense, Norm, NormState } from "../index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

const x = T.constant([
  [1, -2],
  [0.5, 3]
])
const key = Key.key(3)

describe("concat", () => {
  const model = pipe(
    Model.input([2]),
    Model.concat("mixed", (m) => [
      ["as is", m],
      ["wide", pipe(m, Model.dense("d", 3), Model.batchNorm("n"))],
      ["narrow", pipe(m, Model.dense("d", 1))]
    ]),
    Model.dense("out", 1)
  )

  it("puts the outputs of its branches side by side, parameters and state under their names", () => {
    same<
      Equal<
        typeof model,
        Model.Model<
          ["batch", 2],
          ["batch", 1],
          {
            mixed: { "as is": {}; wide: { d: Dense<2, 3>; n: Norm<3> }; narrow: { d: Dense<2, 1> } }
            out: Dense<6, 1>
          },
          { mixed: { wide: { n: NormState<3> } } }
        >
      >
    >()
    const { params, state } = model.init(key)
    assert.deepStrictEqual(Object.keys(params.mixed), ["as is", "wide", "narrow"])
    assert.deepStrictEqual(Object.keys(state.mixed), ["wide"])
    const only = pipe(Model.input([2]), Model.dense("d", 1))
    const head = pipe(
      Model.input([2]),
      Model.concat("mixed", (m) => [
        ["a", pipe(m, Model.dense("d", 1))],
        ["b", m]
      ])
    )
    const { y } = head.apply({ mixed: { a: params.mixed.narrow, b: {} } }, {}, x, Model.evaluate)
    const [a, b] = numbers(only.apply(params.mixed.narrow, {}, x, Model.evaluate).y)
    assertClose(numbers(y), [a ?? NaN, 1, -2, b ?? NaN, 0.5, 3])
    assertGradient((p) => T.mean(T.square(model.apply(p, state, x, Model.evaluate).y)), params, 1e-4)
  })

  it("moves the state of its branches in train mode only", () => {
    const { params, state } = model.init(key)
    assert.strictEqual(model.apply(params, state, x, Model.evaluate).state.mixed, state.mixed)
    const after = model.apply(params, state, x, Model.train(key)).state
    assert.notDeepEqual(numbers(after.mixed.wide.n.mean), numbers(state.mixed.wide.n.mean))
  })

  it("refuses outputs that differ before the last axis, and one name twice", () => {
    const shapes = () =>
      pipe(
        Model.input([2, 2]),
        // @ts-expect-error concat: branches give [batch, 4] and [batch, 2, 2], which differ before the last axis
        Model.concat("c", (m) => [
          ["flat", pipe(m, Model.flatten)],
          ["as is", m]
        ])
      )
    assert.throws(shapes, ShapeError, "concat: branches give [batch, 4] and [batch, 2, 2]")
    const twice = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error model: two layers are named "a"
        Model.concat("c", (m) => [
          ["a", m],
          ["a", m]
        ])
      )
    assert.throws(twice, ModelError, 'two layers are named "a"')
  })
})

describe("branches of one shape", () => {
  const two = (m: Model.Model<["batch", 2], ["batch", 2]>) =>
    [
      ["a", m],
      ["b", pipe(m, Model.relu)]
    ] as const

  it("are added, multiplied, averaged, compared", () => {
    const run = (layer: Model.Model<["batch", 2], ["batch", 2], { j: { a: {}; b: {} } }>) =>
      numbers(layer.apply({ j: { a: {}, b: {} } }, {}, x, Model.evaluate).y)
    assertClose(run(pipe(Model.input([2]), Model.add("j", two))), [2, -2, 1, 6])
    assertClose(run(pipe(Model.input([2]), Model.multiply("j", two))), [1, 0, 0.25, 9])
    assertClose(run(pipe(Model.input([2]), Model.average("j", two))), [1, -1, 0.5, 3])
    assertClose(run(pipe(Model.input([2]), Model.maximum("j", two))), [1, 0, 0.5, 3])
  })

  it("must agree", () => {
    const shapes = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error add: branches give [batch, 2] and [batch, 3]; all must agree
        Model.add("j", (m) => [
          ["a", m],
          ["b", pipe(m, Model.dense("d", 3))]
        ]),
        Model.relu
      )
    assert.throws(shapes, ShapeError, "add: branches give [batch, 2] and [batch, 3]; all must agree")
  })

  it("draw their own masks", () => {
    const noisy = pipe(
      Model.input([400]),
      Model.concat("j", (m) => [
        ["a", pipe(m, Model.dropout(0.5))],
        ["b", pipe(m, Model.dropout(0.5))]
      ])
    )
    const ys = numbers(noisy.apply({ j: { a: {}, b: {} } }, {}, T.ones([1, 400]), Model.train(key)).y)
    assert.notDeepEqual(ys.slice(0, 400), ys.slice(400))
  })
})

describe("gate", () => {
  it("multiplies its input, sizes of 1 standing for all places", () => {
    const model = pipe(
      Model.input([2]),
      Model.gate("g", (m) => pipe(m, Model.dense("d", 1, { activation: "sigmoid" })))
    )
    same<Equal<typeof model, Model.Model<["batch", 2], ["batch", 2], { g: { d: Dense<2, 1> } }>>>()
    const params = { g: { d: { kernel: T.zeros([2, 1]), bias: T.zeros([1]) } } }
    assertClose(numbers(model.apply(params, {}, x, Model.evaluate).y), [0.5, -1, 0.25, 1.5])
    const wrong = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error gate: the block makes [batch, 3] of [batch, 2]; every size must be that of the input, or 1
        Model.gate("g", (m) => pipe(m, Model.dense("d", 3)))
      )
    assert.throws(wrong, ShapeError, "gate: the block makes [batch, 3] of [batch, 2]")
  })
})

describe("repeat", () => {
  const model = pipe(
    Model.input([2]),
    Model.repeat("stack", 3, (m) => pipe(m, Model.dense("d", 2, { activation: "tanh" }), Model.batchNorm("n"))),
    Model.dense("out", 1)
  )

  it("is the block written out, each with its own parameters and state", () => {
    same<
      Equal<Model.Params<typeof model>, { stack: ReadonlyArray<{ d: Dense<2, 2>; n: Norm<2> }>; out: Dense<2, 1> }>
    >()
    same<Equal<Model.State<typeof model>, { stack: ReadonlyArray<{ n: NormState<2> }> }>>()
    const { params, state } = model.init(key)
    assert.deepStrictEqual([params.stack.length, state.stack.length], [3, 3])
    assert.notDeepEqual(numbers(params.stack[0]?.d.kernel ?? x), numbers(params.stack[1]?.d.kernel ?? x))
    const block = pipe(Model.input([2]), Model.dense("d", 2, { activation: "tanh" }), Model.batchNorm("n"))
    let y = x
    for (const [i, own] of params.stack.entries())
      y = block.apply(own, state.stack[i] ?? assert.fail(), y, Model.evaluate).y
    const inner = pipe(
      Model.input([2]),
      Model.repeat("stack", 3, (m) => pipe(m, Model.dense("d", 2, { activation: "tanh" }), Model.batchNorm("n")))
    )
    assertClose(numbers(inner.apply({ stack: params.stack }, state, x, Model.evaluate).y), numbers(y), 1e-12)
    const moved = model.apply(params, state, x, Model.train(key)).state
    assert.notDeepEqual(numbers(moved.stack[2]?.n.variance ?? x), numbers(state.stack[2]?.n.variance ?? x))
  })

  it("has a state only when the block has one", () => {
    const plain = pipe(
      Model.input([2]),
      Model.repeat("r", 2, (m) => pipe(m, Model.dense("d", 2)))
    )
    same<Equal<Model.State<typeof plain>, {}>>()
    assert.deepStrictEqual(plain.init(key).state, {})
  })

  it("refuses a block that changes the shape and counts below 1", () => {
    const wider = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error repeat: the block changes [batch, 2] to [batch, 3]
        Model.repeat("r", 2, (m) => pipe(m, Model.dense("d", 3)))
      )
    assert.throws(wider, ShapeError, "repeat: the block changes [batch, 2] to [batch, 3]")
    assert.throws(() => pipe(Model.input([2]), Model.repeat("r", 0, Model.relu)), OptionError)
  })
})

describe("block", () => {
  it("puts layers under a name", () => {
    const model = pipe(
      Model.input([2]),
      Model.block("stem", (m) => pipe(m, Model.dense("d", 4), Model.relu)),
      Model.dense("d", 1)
    )
    same<Equal<typeof model, Model.Model<["batch", 2], ["batch", 1], { stem: { d: Dense<2, 4> }; d: Dense<4, 1> }>>>()
    assert.deepStrictEqual(Object.keys(model.init(key).params.stem), ["d"])
    assert.deepStrictEqual(
      Model.summary(model).rows.map(({ layer }) => layer),
      ["", "stem", "stem.d", "", "d"]
    )
  })
})

describe("stateful", () => {
  it("threads its state", () => {
    const model = pipe(
      Model.input([2]),
      Model.stateful("count", {
        init: () => ({ params: {}, state: { batches: T.zeros([]) } }),
        apply: ({ state }, x, mode) => ({
          y: x,
          state: mode.mode === "train" ? { batches: T.add(state.batches, 1) } : state
        })
      }),
      Model.dense("out", 1)
    )
    const { params, state } = model.init(key)
    const after = model.apply(params, state, x, Model.train(key)).state
    assert.deepStrictEqual(numbers(after.count.batches), [1])
    assert.strictEqual(model.apply(params, state, x, Model.evaluate).state, state)
  })
})
