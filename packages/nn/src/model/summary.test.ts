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
    const { rows, parameters, state } = Model.summary(model)
    assert.deepStrictEqual(rows, [
      { layer: "", kind: "Input", outputShape: ["batch", 8, 8], parameters: 0 },
      { layer: "", kind: "Flatten", outputShape: ["batch", 64], parameters: 0 },
      { layer: "hidden", kind: "Dense relu", outputShape: ["batch", 64], parameters: 4160 },
      { layer: "", kind: "Dropout 0.25", outputShape: ["batch", 64], parameters: 0 },
      { layer: "mix", kind: "Residual", outputShape: ["batch", 64], parameters: 0 },
      { layer: "mix.up", kind: "Dense gelu", outputShape: ["batch", 128], parameters: 8320 },
      { layer: "mix.norm", kind: "BatchNorm", outputShape: ["batch", 128], parameters: 256 },
      { layer: "mix.down", kind: "Dense", outputShape: ["batch", 64], parameters: 8256 },
      { layer: "logits", kind: "Dense", outputShape: ["batch", 10], parameters: 650 }
    ])
    assert.strictEqual(parameters, 21642)
    assert.strictEqual(
      parameters,
      rows.reduce((sum, row) => sum + row.parameters, 0)
    )
    assert.strictEqual(state, 256)
    assert.strictEqual(Model.parameterCount(model), parameters)
  })

  it("prints as a table", () => {
    assert.strictEqual(
      Model.summary(model).text,
      [
        "Layer     Kind          Output shape   Parameters",
        "-------------------------------------------------",
        "          Input         [batch, 8, 8]           0",
        "          Flatten       [batch, 64]             0",
        "hidden    Dense relu    [batch, 64]         4,160",
        "          Dropout 0.25  [batch, 64]             0",
        "mix       Residual      [batch, 64]             0",
        "mix.up    Dense gelu    [batch, 128]        8,320",
        "mix.norm  BatchNorm     [batch, 128]          256",
        "mix.down  Dense         [batch, 64]         8,256",
        "logits    Dense         [batch, 10]           650",
        "-------------------------------------------------",
        "Parameters: 21,642 (86,568 bytes)",
        "State: 256 (1,024 bytes)"
      ].join("\n")
    )
  })
})
