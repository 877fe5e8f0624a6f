import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

const x = T.constant([
  [1, -2],
  [0.5, 3]
])

describe("residual", () => {
  it("adds the block to its input", () => {
    const model = pipe(
      Model.input([2]),
      Model.residual("mix", (m) => pipe(m, Model.dense("up", 3, { activation: "tanh" }), Model.dense("down", 2)))
    )
    const block = pipe(Model.input([2]), Model.dense("up", 3, { activation: "tanh" }), Model.dense("down", 2))
    const { params, state } = model.init(Key.key(4))
    assert.deepStrictEqual(params.mix.up.kernel.shape, [2, 3])
    const sum = T.add(x, block.apply(params.mix, {}, x, Model.evaluate).y)
    assertClose(numbers(model.apply(params, state, x, Model.evaluate).y), numbers(sum), 1e-12)
    assertGradient((p) => T.mean(T.square(model.apply(p, state, x, Model.evaluate).y)), params)
  })

  it("nests, and passes keys and state through", () => {
    const model = pipe(
      Model.input([2]),
      Model.residual("outer", (m) =>
        pipe(
          m,
          Model.residual("inner", (n) => pipe(n, Model.batchNorm("norm"), Model.dropout(0.5)))
        )
      ),
      Model.residual("plain", (m) => pipe(m, Model.relu))
    )
    const { params, state } = model.init(Key.key(4))
    assert.deepStrictEqual(Object.keys(params), ["outer", "plain"])
    assert.deepStrictEqual(Object.keys(state), ["outer"])
    const applied = model.apply(params, state, x, Model.train(Key.key(1)))
    assertClose(numbers(applied.state.outer.inner.norm.mean), [0.0075, 0.005])
    assertClose(numbers(state.outer.inner.norm.mean), [0, 0])
    const run = (seed: number) => numbers(model.apply(params, state, x, Model.train(Key.key(seed))).y)
    assert.deepStrictEqual(run(1), run(1))
    assert.isTrue([2, 3, 4, 5, 6, 7].some((seed) => run(seed).join() !== run(1).join()))
  })

  it("draws independently in every block", () => {
    const noise = (m: Model.Model<["batch", 40], ["batch", 40]>) => pipe(m, Model.dropout(0.5))
    const model = pipe(Model.input([40]), Model.dropout(0.5), Model.residual("a", noise), Model.residual("b", noise))
    const ys = numbers(model.apply({ a: {}, b: {} }, {}, T.ones([20, 40]), Model.train(Key.key(9))).y)
    // The first mask doubles or drops, each block triples or keeps: equal masks would leave fewer of the four values.
    const share = (value: number) => ys.filter((y) => y === value).length / ys.length
    assert.approximately(share(0), 0.5, 0.06)
    assert.approximately(share(2), 0.125, 0.05)
    assert.approximately(share(6), 0.25, 0.06)
    assert.approximately(share(18), 0.125, 0.05)
  })

  it("takes one block for several places, generic in the sizes", () => {
    const block = <B extends string, K extends number>(m: Model.Model<[B, K], [B, K]>) =>
      pipe(m, Model.dense("up", 8, { activation: "gelu" }), Model.dense("down", 2))
    const model = pipe(Model.input([2]), Model.residual("a", block), Model.residual("b", block), Model.dense("out", 1))
    const { params } = model.init(Key.key(0))
    assert.deepStrictEqual(Object.keys(params), ["a", "b", "out"])
    assert.deepStrictEqual(params.b.up.kernel.shape, [2, 8])
    assert.notDeepEqual(numbers(params.a.up.kernel), numbers(params.b.up.kernel))
  })

  it("refuses a block that changes the shape, and names twice in one place", () => {
    const narrower = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error the block changes [batch, 2] to [batch, 3]
        Model.residual("r", (m) => pipe(m, Model.dense("d", 3)))
      )
    assert.throws(narrower, ShapeError, "residual: the block changes [batch, 2] to [batch, 3]")
    const twice = () =>
      pipe(
        Model.input([2]),
        // @ts-expect-error two layers are named "d"
        Model.residual("r", (m) => pipe(m, Model.dense("d", 2), Model.dense("d", 2)))
      )
    assert.throws(twice, ModelError)
    const outside = pipe(
      Model.input([2]),
      Model.dense("d", 2),
      Model.residual("r", (m) => pipe(m, Model.dense("d", 2)))
    )
    assert.deepStrictEqual(Object.keys(outside.init(Key.key(0)).params), ["d", "r"])
  })
})
