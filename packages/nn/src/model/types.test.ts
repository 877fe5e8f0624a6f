/** What the types of models are, exactly. Nothing runs here but one model of sixty layers. */
import { Key, type Tensor } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import type { Dense, DenseKernel, Norm, NormState } from "../index.ts"
import * as Model from "./index.ts"
import { type Equal, same } from "./types.test.support.ts"

describe("types of models", () => {
  it("are the shapes and the trees", () => {
    const start = Model.input([64])
    same<Equal<typeof start, Model.Model<["batch", 64], ["batch", 64]>>>()
    const mlp = pipe(start, Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10))
    same<
      Equal<typeof mlp, Model.Model<["batch", 64], ["batch", 10], { hidden: Dense<64, 64>; logits: Dense<64, 10> }>>
    >()
    same<Equal<Model.Params<typeof mlp>["logits"]["kernel"], Tensor<[64, 10]>>>()
    same<Equal<Model.State<typeof mlp>, {}>>()
    same<Equal<Model.Input<typeof mlp>, ["batch", 64]>>()
    same<Equal<Model.Output<typeof mlp>, ["batch", 10]>>()
    assert.deepStrictEqual([mlp.inputShape, mlp.outputShape], [[64], [10]])
  })

  it("follow every layer", () => {
    const image = pipe(
      Model.input([8, 8, 3]),
      Model.dense("pixels", 5, { useBias: false }),
      Model.layerNorm("rows"),
      Model.flatten,
      Model.batchNorm("columns"),
      Model.silu,
      Model.dropout(0.1),
      Model.residual("mix", (m) => pipe(m, Model.dense("up", 400), Model.batchNorm("norm"), Model.dense("down", 320))),
      Model.dense("out", 7)
    )
    type Params = {
      pixels: DenseKernel<3, 5>
      rows: Norm<5>
      columns: Norm<320>
      mix: { up: Dense<320, 400>; norm: Norm<400>; down: Dense<400, 320> }
      out: Dense<320, 7>
    }
    same<
      Equal<
        typeof image,
        Model.Model<
          ["batch", 8, 8, 3],
          ["batch", 7],
          Params,
          { columns: NormState<320>; mix: { norm: NormState<400> } }
        >
      >
    >()
    assert.strictEqual(image.layers.length, 8)
  })

  it("leave sizes unknown that are known only at run time", () => {
    const sized = (features: number) => pipe(Model.input([features]), Model.dense("a", 3), Model.dense("b", features))
    same<
      Equal<
        ReturnType<typeof sized>,
        Model.Model<["batch", number], ["batch", number], { a: Dense<number, 3>; b: Dense<3, number> }>
      >
    >()
    assert.deepStrictEqual(sized(9).outputShape, [9])
  })

  it("follow layers and blocks written by users, generic in names, sizes and shapes", () => {
    const wide = <L extends string>(name: L) => Model.dense(name, 256, { activation: "relu" })
    const quiet = <O extends Array<string | number>>(m: Model.Model<O, O>) => pipe(m, Model.relu, Model.dropout(0.1))
    const model = pipe(Model.input([4]), wide("first"), Model.residual("quiet", quiet), wide("second"))
    same<
      Equal<
        typeof model,
        Model.Model<["batch", 4], ["batch", 256], { first: Dense<4, 256>; quiet: {}; second: Dense<256, 256> }>
      >
    >()
    assert.deepStrictEqual(Object.keys(model.init(Key.key(0)).params), ["first", "quiet", "second"])
  })

  it("give one error for one mistake, at the layer that is wrong", () => {
    const build = () =>
      pipe(
        Model.input([3]),
        Model.dense("a", 4),
        // @ts-expect-error two layers are named "a"; the layers after it are fine
        Model.dense("a", 5),
        Model.relu,
        Model.dense("b", 6),
        Model.flatten
      )
    assert.throws(build)
    const scalar = () =>
      pipe(
        Model.input([]),
        // @ts-expect-error needs [batch, ..., features], got [batch]; the layers after it are fine
        Model.dense("a", 4),
        Model.dense("b", 4)
      )
    assert.throws(scalar)
  })

  it("hold for sixty layers", () => {
    const ten = pipe(
      Model.input([16]),
      Model.dense("a0", 16, { activation: "relu" }),
      Model.dense("a1", 16),
      Model.dense("a2", 16),
      Model.dense("a3", 16),
      Model.dense("a4", 16),
      Model.dense("a5", 16),
      Model.dense("a6", 16),
      Model.dense("a7", 16),
      Model.dense("a8", 16),
      Model.dense("a9", 16)
    )
    const thirty = pipe(
      ten,
      Model.dense("b0", 16),
      Model.dense("b1", 16),
      Model.dense("b2", 16),
      Model.dense("b3", 16),
      Model.dense("b4", 16),
      Model.dense("b5", 16),
      Model.dense("b6", 16),
      Model.dense("b7", 16),
      Model.dense("b8", 16),
      Model.dense("b9", 16)
    )
    const more = pipe(
      thirty,
      Model.batchNorm("c0"),
      Model.dense("c1", 17),
      Model.batchNorm("c2"),
      Model.dense("c3", 18),
      Model.batchNorm("c4"),
      Model.dense("c5", 19),
      Model.batchNorm("c6"),
      Model.dense("c7", 20),
      Model.batchNorm("c8"),
      Model.dense("c9", 21)
    )
    const fifty = pipe(
      more,
      Model.dense("d0", 16),
      Model.dense("d1", 16),
      Model.dense("d2", 16),
      Model.dense("d3", 16),
      Model.dense("d4", 16),
      Model.layerNorm("d5"),
      Model.layerNorm("d6"),
      Model.layerNorm("d7"),
      Model.layerNorm("d8"),
      Model.layerNorm("d9"),
      Model.dense("e0", 16),
      Model.dense("e1", 16),
      Model.dense("e2", 16),
      Model.dense("e3", 16),
      Model.dense("e4", 16)
    )
    const sixty = pipe(
      fifty,
      Model.dense("e5", 16),
      Model.dense("e6", 16),
      Model.dense("e7", 16),
      Model.dense("e8", 16),
      Model.dense("e9", 16),
      Model.dense("f0", 16),
      Model.dense("f1", 16),
      Model.dense("f2", 16),
      Model.dense("f3", 16),
      Model.dense("f4", 16),
      Model.dense("f5", 16),
      Model.dense("f6", 16),
      Model.dense("f7", 16),
      Model.dense("f8", 16),
      Model.dense("f9", 10)
    )
    same<Equal<Model.Params<typeof sixty>["f9"], Dense<16, 10>>>()
    same<Equal<Model.State<typeof sixty>["c8"], NormState<20>>>()
    same<Equal<Model.Output<typeof sixty>, ["batch", 10]>>()
    assert.strictEqual(sixty.layers.length, 60)
    assert.strictEqual(Object.keys(sixty.init(Key.key(0)).params).length, 60)
  })
})
