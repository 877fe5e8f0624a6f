import { Key, ShapeError, T } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import { ModelError } from "../errors.ts"
import { assertClose, assertGradient, numbers } from "../gradients.test.support.ts"
import * as Model from "./index.ts"

describe("custom", () => {
  const model = pipe(
    Model.input([3]),
    Model.custom("gain", {
      init: (_, [features]) => ({ gain: T.full([features], 2) }),
      apply: ({ gain }, x) => T.mul(x, gain)
    }),
    Model.dense("out", 1)
  )

  it("is a layer like any other", () => {
    const { params, state } = model.init(Key.key(0))
    const gain: readonly number[] = params.gain.gain.shape
    assert.deepStrictEqual(gain, [3])
    const first = pipe(Model.input([3]), Model.custom("double", { init: () => ({}), apply: (_, x) => T.add(x, x) }))
    assertClose(numbers(first.apply({ double: {} }, {}, T.constant([[1, 2, 3]]), Model.evaluate).y), [2, 4, 6])
    assertGradient(
      (p) => T.sum(T.square(model.apply(p, state, T.constant([[1, -2, 3]]), Model.evaluate).y)),
      params,
      1e-4
    )
  })

  it("may change the shape, which is found by applying it", () => {
    const pooled = pipe(
      Model.input([4, 3]),
      Model.custom("pool", { kind: "Mean over rows", init: () => ({}), apply: (_, x) => T.mean(x, { axis: 1 }) }),
      Model.dense("d", 2)
    )
    assert.deepStrictEqual(
      pooled.layers.map(({ kind, outputShape }) => [kind, outputShape]),
      [
        ["Mean over rows", [3]],
        ["Dense", [2]]
      ]
    )
    const output: readonly ["batch", 2] = ["batch", 2] satisfies Model.Output<typeof pooled>
    assert.strictEqual(output[1], pooled.outputShape[0])
  })

  it("has a key of its own in train mode", () => {
    const noisy = pipe(
      Model.input([3]),
      Model.custom("noise", {
        init: () => ({}),
        apply: (_, x, mode) => (mode.mode === "train" ? T.add(x, Key.normal(mode.key, [3])) : x)
      })
    )
    const run = (mode: Model.Mode) => numbers(noisy.apply({ noise: {} }, {}, T.constant([[1, 2, 3]]), mode).y)
    assert.deepStrictEqual(run(Model.evaluate), [1, 2, 3])
    assert.deepStrictEqual(run(Model.train(Key.key(1))), run(Model.train(Key.key(1))))
    assert.notDeepEqual(run(Model.train(Key.key(1))), run(Model.train(Key.key(2))))
  })

  it("refuses layers that lose the batch, wrong shapes and names that are taken", () => {
    // @ts-expect-error the batch must stay in front
    const pooled = () => pipe(Model.input([3]), Model.custom("c", { init: () => ({}), apply: (_, x) => T.mean(x) }))
    assert.throws(pooled, ShapeError, "custom: the layer makes [batch, 3] into []; the batch must stay in front")
    const four = () => ({ gain: T.ones([4]) })
    const wider = () =>
      pipe(
        Model.input([3]),
        // @ts-expect-error mul: cannot broadcast [batch, 3] with [4]
        Model.custom("c", { init: four, apply: ({ gain }, x) => T.mul(x, gain) }),
        Model.relu
      )
    assert.throws(wider, ShapeError, "mul: cannot broadcast [batch, 3] with [4]")
    // @ts-expect-error two layers are named "gain"
    assert.throws(() => pipe(model, Model.custom("gain", { init: () => ({}), apply: (_, x) => x })), ModelError)
  })
})
