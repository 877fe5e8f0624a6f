import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as Model from "./index.ts"

const model = pipe(
  Model.input([8, 8]),
  Model.flatten,
  Model.dense("hidden", 64, { activation: "relu" }),
  Model.dropout(0.25),
  Model.residual("mix", (m) =>
    pipe(m, Model.dense("up", 128, { activation: "gelu" }), Model.batchNorm("norm"), Model.dense("down", 64))
  ),
  Model.dense("logits", 10)
)

describe("summary", () => {
  it("has a row per layer, blocks opened", () => {
    const { rows, parameters, state, flops, activations } = Model.summary(model)
    assert.deepStrictEqual(rows, [
      { layer: "", kind: "Input", outputShape: ["batch", 8, 8], parameters: 0, flops: 0 },
      { layer: "", kind: "Flatten", outputShape: ["batch", 64], parameters: 0, flops: 0 },
      { layer: "hidden", kind: "Dense relu", outputShape: ["batch", 64], parameters: 4160, flops: 8320 },
      { layer: "", kind: "Dropout 0.25", outputShape: ["batch", 64], parameters: 0, flops: 0 },
      { layer: "mix", kind: "Residual", outputShape: ["batch", 64], parameters: 0, flops: 64 },
      { layer: "mix.up", kind: "Dense gelu", outputShape: ["batch", 128], parameters: 8320, flops: 20096 },
      { layer: "mix.norm", kind: "BatchNorm", outputShape: ["batch", 128], parameters: 256, flops: 768 },
      { layer: "mix.down", kind: "Dense", outputShape: ["batch", 64], parameters: 8256, flops: 16448 },
      { layer: "logits", kind: "Dense", outputShape: ["batch", 10], parameters: 650, flops: 1290 }
    ])
    assert.strictEqual(parameters, 21642)
    assert.strictEqual(
      parameters,
      rows.reduce((sum, row) => sum + row.parameters, 0)
    )
    assert.strictEqual(state, 256)
    assert.strictEqual(
      flops,
      rows.reduce((sum, row) => sum + row.flops, 0)
    )
    // 64 flattened, 64 hidden, 64 dropped, 64 mixed and 128, 128, 64 inside, 10 logits.
    assert.strictEqual(activations, 586)
    assert.strictEqual(Model.parameterCount(model), parameters)
  })

  it("prints as a table", () => {
    assert.strictEqual(
      Model.summary(model).text,
      [
        "Layer     Kind          Output shape   Parameters   FLOPs",
        "---------------------------------------------------------",
        "          Input         [batch, 8, 8]           0       0",
        "          Flatten       [batch, 64]             0       0",
        "hidden    Dense relu    [batch, 64]         4,160   8,320",
        "          Dropout 0.25  [batch, 64]             0       0",
        "mix       Residual      [batch, 64]             0      64",
        "mix.up    Dense gelu    [batch, 128]        8,320  20,096",
        "mix.norm  BatchNorm     [batch, 128]          256     768",
        "mix.down  Dense         [batch, 64]         8,256  16,448",
        "logits    Dense         [batch, 10]           650   1,290",
        "---------------------------------------------------------",
        "Parameters: 21,642 (86,568 bytes)",
        "State: 256 (1,024 bytes)",
        "FLOPs per sample: 46,986",
        "Activations per sample: 586 (2,344 bytes)"
      ].join("\n")
    )
  })

  it("counts convolutions, loops and what stands in branches", () => {
    const conv = Model.summary(pipe(Model.input([8, 8, 3]), Model.conv2d("c", 16, 3, { useBias: false })))
    assert.strictEqual(conv.flops, 2 * 6 * 6 * 16 * 3 * 3 * 3)
    const grouped = Model.summary(pipe(Model.input([8, 8, 4]), Model.depthwiseConv2d("c", 3, { useBias: false })))
    assert.strictEqual(grouped.flops, 2 * 6 * 6 * 4 * 3 * 3)
    const run = (steps: number) => Model.summary(pipe(Model.input([steps, 4]), Model.simpleRnn("r", 5))).flops
    // Each step: the product with the input, its bias, the product with the state, their sum and tanh.
    assert.strictEqual((run(9) - run(4)) / 5, (run(8) - run(4)) / 4)
    assert.isAbove((run(9) - run(4)) / 5, 2 * 5 * (4 + 5))
    const { rows } = Model.summary(
      pipe(
        Model.input([4]),
        Model.concat("c", (m) => [
          ["a", pipe(m, Model.dense("d", 3, { useBias: false }))],
          ["b", m]
        ]),
        Model.repeat("r", 2, (m) => pipe(m, Model.dense("d", 7, { useBias: false })))
      )
    )
    assert.deepStrictEqual(
      rows.map(({ layer, flops }) => [layer, flops]),
      [
        ["", 0],
        ["c", 0],
        ["c.a", 0],
        ["c.a.d", 24],
        ["c.b", 0],
        ["r", 0],
        ["r.0", 0],
        ["r.0.d", 98],
        ["r.1", 0],
        ["r.1.d", 98]
      ]
    )
  })
})
