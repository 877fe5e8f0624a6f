/**
 * Every layer of the map of Keras against TensorFlow.js Layers, an implementation of Keras that is not ours: its weights go
 * through `Weights.fromKeras`, and its inputs must give its outputs. The fixture: `packages/serve/generators/keras_layers.mjs`.
 */
import { readFileSync } from "node:fs"
import { type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import { pipe } from "effect/Function"
import * as Artifact from "../artifact-module.ts"
import * as Predictor from "../predictor-module.ts"
import * as Weights from "./index.ts"
import { keras } from "./keras.ts"

interface Plain {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}
interface Case {
  readonly weights: { readonly [path: string]: Plain }
  readonly x: Plain
  readonly y: Plain
}

const { cases }: { readonly cases: { readonly [name: string]: Case } } = JSON.parse(
  readFileSync(new URL("../fixtures/keras-layers.json", import.meta.url), "utf8")
)

const valueOf = ({ shape, data }: Plain): Value => Values.of(Float32Array.from(data), [...shape], "f32")

/** What every case of the fixture is in our layers. */
const models = new Set<string>()
const kinds = new Set<string>()

/** Every kind of layer in a model. */
const collect = (layers: Model.AnyModel["layers"]): void =>
  layers.forEach(({ kind, layers: inner }) => {
    kinds.add(/^\w+/.exec(kind)?.[0] ?? kind)
    collect(inner)
  })

const golden = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
  name: string,
  model: Model.Model<I, O, P, S>,
  options: { readonly names?: { readonly [layer: string]: string }; readonly within?: number } = {}
): void => {
  // Only for its layers and shapes.
  const any = Model.forgetShapes(model) as unknown as Model.AnyModel
  models.add(name)
  collect(any.layers)
  it(name, () => {
    const given = cases[name]
    assert.isDefined(given)
    const { weights, x, y } = given
    const { names = {}, within = 2e-6 } = options
    const tensors = Object.fromEntries(Object.entries(weights).map(([path, plain]) => [path, valueOf(plain)]))
    const read = Weights.fromKeras(model, tensors, { names })
    const [batch = 0, ...shape] = y.shape
    assert.deepStrictEqual(model.outputShape, shape, "the shape of the output")
    const size = x.data.length / batch
    const rows = Array.from({ length: batch }, (_, i) => x.data.slice(i * size, (i + 1) * size))
    const outputs = Predictor.make(Artifact.make(model, read))
      .predictBatch(rows)
      .flatMap((row) => [...row])
    assert.lengthOf(outputs, y.data.length)
    outputs.forEach((value, i) => assert.closeTo(value, y.data[i] ?? Number.NaN, within, `output ${i}`))
    // Written again they are the same, but for the axes of the kernels of attention.
    const written = Weights.toKeras(model, read, { names })
    assert.sameMembers(Object.keys(written), Object.keys(weights))
    for (const [path, { shape: theirs, data }] of Object.entries(weights)) {
      if (!name.startsWith("multiHeadAttention")) assert.deepStrictEqual(written[path]?.shape, theirs, path)
      assert.deepStrictEqual([...(written[path]?.data ?? [])], data, path)
    }
  })
}

describe("layers of Keras give what TensorFlow.js gives", () => {
  golden(
    "dense",
    pipe(Model.input([5]), Model.dense("hidden", 4, { activation: "tanh" }), Model.dense("last", 3, { useBias: false }))
  )
  golden("dense on sequences", pipe(Model.input([3, 4]), Model.dense("each", 2, { activation: "softmax" })))
  golden("flatten", pipe(Model.input([2, 3, 2]), Model.flatten, Model.dense("label", 2)))

  golden("conv1d valid", pipe(Model.input([9, 2]), Model.conv1d("conv", 3, 3, { strides: 2 })))
  golden("conv1d same", pipe(Model.input([8, 2]), Model.conv1d("conv", 3, 4, { strides: 3, padding: "same" })))
  golden("conv1d dilated", pipe(Model.input([9, 2]), Model.conv1d("conv", 3, 3, { dilationRate: 2, padding: "same" })))
  const image = Model.input([6, 7, 2])
  golden("conv2d valid", pipe(image, Model.conv2d("conv", 3, [2, 3], { strides: [2, 1], activation: "relu" })))
  golden("conv2d same", pipe(image, Model.conv2d("conv", 3, [2, 3], { strides: 2, padding: "same" })))
  golden("conv2d same, a large step", pipe(image, Model.conv2d("conv", 3, [2, 3], { strides: 4, padding: "same" })))
  golden(
    "conv2d dilated",
    pipe(image, Model.conv2d("conv", 3, [2, 3], { dilationRate: [1, 2], padding: "same", useBias: false }))
  )

  const small = Model.input([3, 4, 2])
  golden("conv2dTranspose valid", pipe(small, Model.conv2dTranspose("up", 3, 3, { strides: 2 })))
  golden("conv2dTranspose same", pipe(small, Model.conv2dTranspose("up", 3, 3, { strides: 2, padding: "same" })))
  golden(
    "conv2dTranspose same, an even kernel",
    pipe(small, Model.conv2dTranspose("up", 3, [4, 2], { strides: [3, 1], padding: "same" }))
  )
  golden(
    "conv2dTranspose same, a large step",
    pipe(small, Model.conv2dTranspose("up", 3, 2, { strides: 3, padding: "same" }))
  )
  // Keras adds the zeros by itself.
  golden(
    "conv2dTranspose valid, a large step",
    pipe(small, Model.conv2dTranspose("up", 3, 2, { strides: 3, outputPadding: 1 }))
  )
  golden("conv2dTranspose without steps", pipe(small, Model.conv2dTranspose("up", 3, 3)))
  golden("conv1dTranspose", pipe(Model.input([4, 2]), Model.conv1dTranspose("up", 3, 3, { strides: 2 })))
  golden(
    "conv1dTranspose same",
    pipe(Model.input([4, 2]), Model.conv1dTranspose("up", 3, 4, { strides: 3, padding: "same" }))
  )

  const picture = Model.input([5, 6, 2])
  golden("depthwiseConv2d valid", pipe(picture, Model.depthwiseConv2d("depth", [3, 2], { depthMultiplier: 2 })))
  golden(
    "depthwiseConv2d same",
    pipe(picture, Model.depthwiseConv2d("depth", [3, 2], { strides: 2, padding: "same", activation: "sigmoid" }))
  )
  golden(
    "depthwiseConv2d dilated",
    pipe(picture, Model.depthwiseConv2d("depth", [3, 2], { dilationRate: 2, useBias: false }))
  )
  golden(
    "depthwiseConv1d",
    pipe(Model.input([7, 2]), Model.depthwiseConv1d("depth", 3, { strides: 2, depthMultiplier: 2, padding: "same" }))
  )
  golden(
    "separableConv2d valid",
    pipe(picture, Model.separableConv2d("apart", 3, [3, 2], { depthMultiplier: 2, activation: "elu" })),
    { within: 4e-6 }
  )
  golden(
    "separableConv2d same",
    pipe(picture, Model.separableConv2d("apart", 3, [3, 2], { strides: 2, padding: "same" }))
  )
  golden(
    "separableConv2d dilated",
    pipe(picture, Model.separableConv2d("apart", 3, [3, 2], { dilationRate: 2, useBias: false }))
  )
  golden(
    "separableConv1d",
    pipe(Model.input([7, 2]), Model.separableConv1d("apart", 3, 3, { strides: 2, depthMultiplier: 2, padding: "same" }))
  )

  const line = Model.input([7, 2])
  golden("maxPool1d valid", pipe(line, Model.maxPool1d()))
  golden("maxPool1d same", pipe(line, Model.maxPool1d(3, { strides: 2, padding: "same" })))
  golden("maxPool2d valid", pipe(picture, Model.maxPool2d()))
  golden("maxPool2d same", pipe(picture, Model.maxPool2d([3, 2], { strides: [2, 3], padding: "same" })))
  golden("maxPool2d one step", pipe(picture, Model.maxPool2d(2, { strides: 1, padding: "same" })))
  golden("avgPool1d valid", pipe(line, Model.avgPool1d()))
  golden("avgPool1d same", pipe(line, Model.avgPool1d(3, { strides: 2, padding: "same" })))
  golden("avgPool2d valid", pipe(picture, Model.avgPool2d()))
  golden("avgPool2d same", pipe(picture, Model.avgPool2d([3, 2], { strides: [2, 3], padding: "same" })))
  golden("avgPool2d one step", pipe(picture, Model.avgPool2d(2, { strides: 1, padding: "same" })))
  golden("globalAvgPool", pipe(small, Model.globalAvgPool()))
  golden("globalMaxPool", pipe(Model.input([5, 2]), Model.globalMaxPool()))

  golden(
    "zeroPadding2d",
    pipe(
      Model.input([2, 3, 2]),
      Model.zeroPadding2d([
        [0, 1],
        [2, 0]
      ])
    )
  )
  golden(
    "cropping2d",
    pipe(
      Model.input([4, 5, 2]),
      Model.cropping2d([
        [0, 1],
        [2, 1]
      ])
    )
  )
  golden("upSampling2d", pipe(Model.input([2, 3, 2]), Model.upSampling2d([2, 3])))
  golden("permute", pipe(Model.input([2, 3, 4]), Model.permute([3, 1, 2])))

  golden("batchNorm", pipe(Model.input([2, 3, 4]), Model.batchNorm("norm")))
  golden("batchNorm of vectors", pipe(Model.input([5]), Model.batchNorm("norm", { epsilon: 0.25 })))
  golden("layerNorm", pipe(Model.input([3, 5]), Model.layerNorm("norm")))
  golden("groupNorm", pipe(Model.input([2, 3, 6]), Model.groupNorm("norm", { groups: 3 })))
  golden("instanceNorm", pipe(Model.input([2, 3, 4]), Model.instanceNorm("norm")))
  golden("rmsNorm", pipe(Model.input([3, 4]), Model.rmsNorm("norm")))

  golden("embedding", pipe(Model.input([4]), Model.embedding("tokens", 7, 3)))
  const sequence = Model.input([4, 2])
  const all = { returnSequences: true } as const
  const first = { resetAfter: false } as const
  golden("lstm last", pipe(sequence, Model.lstm("cell", 3)))
  golden("lstm all", pipe(sequence, Model.lstm("cell", 3, all)))
  golden("lstm backwards", pipe(sequence, Model.lstm("cell", 3, { reverse: true })))
  golden("gru last", pipe(sequence, Model.gru("cell", 3, first)))
  golden("gru all", pipe(sequence, Model.gru("cell", 3, { ...first, ...all })))
  golden("gru backwards", pipe(sequence, Model.gru("cell", 3, { ...first, reverse: true })))
  golden("simpleRnn last", pipe(sequence, Model.simpleRnn("cell", 3)))
  golden("simpleRnn all", pipe(sequence, Model.simpleRnn("cell", 3, all)))
  golden("simpleRnn backwards", pipe(sequence, Model.simpleRnn("cell", 3, { reverse: true })))
  golden("simpleRnn relu", pipe(sequence, Model.simpleRnn("cell", 3, { ...all, activation: "relu" })))
  for (const mergeMode of ["concat", "sum", "mul", "ave"] as const) {
    golden(
      `lstm both ways, ${mergeMode}`,
      pipe(
        sequence,
        Model.bidirectional("both", (m) => pipe(m, Model.lstm("cell", 3, all)), { mergeMode })
      )
    )
    golden(
      `gru both ways, ${mergeMode}`,
      pipe(
        sequence,
        Model.bidirectional("both", (m) => pipe(m, Model.gru("cell", 3, { ...first, ...all })), { mergeMode })
      )
    )
    golden(
      `simpleRnn both ways, ${mergeMode}`,
      pipe(
        sequence,
        Model.bidirectional("both", (m) => pipe(m, Model.simpleRnn("cell", 3, all)), { mergeMode })
      )
    )
  }
  golden(
    "lstm both ways, concat, last",
    pipe(
      sequence,
      Model.bidirectional("both", (m) => pipe(m, Model.lstm("cell", 3)))
    )
  )
  golden(
    "gru both ways, concat, last",
    pipe(
      sequence,
      Model.bidirectional("both", (m) => pipe(m, Model.gru("cell", 3, first)))
    )
  )
  golden(
    "simpleRnn both ways, concat, last",
    pipe(
      sequence,
      Model.bidirectional("both", (m) => pipe(m, Model.simpleRnn("cell", 3)))
    )
  )

  golden("multiHeadAttention", pipe(Model.input([4, 6]), Model.multiHeadAttention("attend", 2, 3)))
  golden(
    "multiHeadAttention causal",
    pipe(Model.input([4, 3]), Model.multiHeadAttention("attend", 2, 3, { valueDim: 2, causal: true }))
  )

  golden("prelu", pipe(Model.input([3, 2]), Model.prelu("slopes")))
  const vector = Model.input([4])
  const names = { "join.left.left": "left", "join.right.right": "right" }
  const { add, average, maximum, multiply } = Model
  for (const [name, join] of Object.entries({ add, average, maximum, multiply }))
    golden(
      name,
      pipe(
        vector,
        join("join", (m) => [
          ["left", pipe(m, Model.dense("left", 3))],
          ["right", pipe(m, Model.dense("right", 3))]
        ])
      ),
      { names }
    )
  golden(
    "concat",
    pipe(
      vector,
      Model.concat("join", (m) => [
        ["left", pipe(m, Model.dense("left", 3))],
        ["right", pipe(m, Model.dense("right", 3))]
      ])
    ),
    { names }
  )

  golden(
    "a network",
    pipe(
      Model.input([6, 6, 1]),
      Model.conv2d("first", 4, 3, { padding: "same", useBias: false }),
      Model.batchNorm("norm"),
      Model.relu,
      Model.maxPool2d(),
      Model.separableConv2d("second", 4, 2, { activation: "selu" }),
      Model.flatten,
      Model.dropout(0.5),
      Model.dense("label", 3, { activation: "softmax" })
    )
  )

  // keras/src/layers/rnn/gru_test.py: TensorFlow.js has no GRU with `reset_after`.
  it("runs a GRU as Keras's own tests do", () => {
    const full = (shape: ReadonlyArray<number>, value: number) =>
      valueOf({ shape, data: Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => value) })
    const weights = (shape: ReadonlyArray<number>) => ({
      "cell/gru_cell/kernel": full([4, 9], 0.01),
      "cell/gru_cell/recurrent_kernel": full([3, 9], 0.02),
      "cell/gru_cell/bias": full(shape, 0.03)
    })
    const samples = [0, 1, 2].map((i) => Array.from({ length: 24 }, (_, j) => 24 * i + j))
    const firsts = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
      model: Model.Model<I, O, P, S>,
      shape: ReadonlyArray<number>
    ) =>
      Predictor.make(Artifact.make(model, Weights.fromKeras(model, weights(shape))))
        .predictBatch(samples)
        .map(([y]) => y ?? Number.NaN)
    const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) =>
      actual.forEach((y, i) => assert.closeTo(y, expected[i] ?? Number.NaN, 1e-5))
    const input = Model.input([6, 4])
    close(firsts(pipe(input, Model.gru("cell", 3)), [2, 9]), [0.5217289, 0.6371659, 0.3938496])
    close(firsts(pipe(input, Model.gru("cell", 3, { reverse: true })), [2, 9]), [0.24406259, 0.611516, 0.3928808])
    close(firsts(pipe(input, Model.gru("cell", 3, first)), [9]), [0.51447755, 0.6426879, 0.40208298])
  })

  it("covers the map and the fixture", () => {
    assert.sameMembers([...models], Object.keys(cases))
    // Learned positions are of Keras Hub.
    assert.deepStrictEqual(
      Object.keys(keras.slots).filter((kind) => !kinds.has(kind)),
      ["Positions"]
    )
  })
})
