/** The training runs again, their models put together from layers: the same losses, gradients and parameters. */
import { readFileSync } from "node:fs"
import { type AnyTensor, Key, type Shape, T, type Tensor } from "@cotangent/graph"
import { Loss, Model } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import { parseDocument } from "../forms/document.ts"
import type { F64 } from "../targets.ts"
import { targetNames, targetOf } from "../targets.ts"
import { checkTrainingRun } from "./check.ts"
import { type Batch, type Params, type RunProgram, runs } from "./runs.ts"

const document = Effect.runSync(
  parseDocument("training", readFileSync(new URL("../../fixtures/training.json", import.meta.url), "utf8"))
)

/** The sparse cross-entropy of logits, averaged over rows. */
const crossentropy = (labelSmoothing: number, logits: F64, { y }: Batch) =>
  Loss.sparseCategoricalCrossentropy({ fromLogits: true, labelSmoothing })(logits, y)

const floats = (x: Batch["x"]): F64 => (x.dtype === "i32" ? T.cast(x, "f64") : x)
const turned = (x: AnyTensor, axes: ReadonlyArray<number>): F64 => T.transpose(x as F64, axes)

/** A model whose parameters are of f64, which its types do not say. */
const forgotten = <I extends Shape, O extends Shape, P, S>(model: Model.Model<I, O, P, S>): Model.AnyModel =>
  Model.forgetShapes(model) as unknown as Model.AnyModel

/** The output of a model with trees of f64 that have the structure of its own. */
const applied = (model: Model.AnyModel, params: object, x: F64, state: object = {}) =>
  // Evaluated in f64, which layers leave as it is; no layer of these draws.
  model.apply(params as never, state as never, x, Model.train(Key.key(0)))

const at = (params: Params, name: string): F64 => params[name] ?? assert.fail(`there is no parameter ${name}`)

const program = (of: RunProgram | undefined, loss: RunProgram["loss"]): RunProgram => ({
  ...(of ?? assert.fail("there is such a run")),
  loss
})

const mlp = forgotten(
  pipe(Model.input([20]), Model.dense("hidden", 64, { activation: "relu" }), Model.dense("logits", 10))
)

const cnn = forgotten(
  pipe(
    Model.input([10, 10, 1]),
    Model.conv2d("first", 4, 3, { padding: "same" }),
    Model.batchNorm("norm", { momentum: 0.9, epsilon: 1e-5, runningVariance: "unbiased" }),
    Model.relu,
    Model.maxPool2d(),
    Model.conv2d("second", 6, 3, { activation: "gelu" }),
    Model.avgPool2d(2, { strides: 1 }),
    Model.reshape([4, 6]),
    Model.concat("features", (m) => [
      ["mean", pipe(m, Model.globalAvgPool())],
      ["max", pipe(m, Model.globalMaxPool())],
      [
        "deviation",
        pipe(
          m,
          Model.custom("of", {
            init: () => ({}),
            apply: (_, x) => T.sqrt(T.mul(T.variance(x, { axis: 1 }), 4 / 3))
          })
        )
      ],
      [
        "first",
        pipe(m, Model.permute([2, 1]), Model.custom("of", { init: () => ({}), apply: (_, x) => T.at(x, [{}, {}, 0]) }))
      ]
    ]),
    Model.dense("out", 5)
  )
)

const decoder = forgotten(
  pipe(
    Model.input([12]),
    Model.embedding("tokens", 17, 16),
    Model.learnedPositions("at"),
    Model.transformerDecoder("block", {
      intermediateDim: 64,
      numHeads: 2,
      activation: "geluTanh",
      normalizeFirst: true
    }),
    Model.layerNorm("norm", { epsilon: 1e-5 })
  )
)

const memory = forgotten(
  pipe(
    Model.input([10]),
    Model.embedding("tokens", 11, 8),
    Model.lstm("cell", 12, { returnSequences: true }),
    Model.dense("out", 11)
  )
)

const programs: { readonly [name: string]: RunProgram } = {
  mlp_adam: program(runs["mlp_adam"], (_, params, batch) => {
    const p = (name: string) => at(params, name)
    const tree = { hidden: { kernel: p("W1"), bias: p("b1") }, logits: { kernel: p("W2"), bias: p("b2") } }
    return { loss: crossentropy(0, applied(mlp, tree, floats(batch.x)).y as F64, batch), statistics: {} }
  }),
  conv_sgd_nesterov: program(runs["conv_sgd_nesterov"], (_, params, batch, statistics) => {
    const p = (name: string) => at(params, name)
    const kernel = (name: string) => turned(p(name), [2, 3, 1, 0])
    const tree = {
      first: { kernel: kernel("K1"), bias: p("c1") },
      norm: { scale: p("gamma"), offset: p("beta") },
      second: { kernel: kernel("K2"), bias: p("c2") },
      features: { mean: {}, max: {}, deviation: { of: {} }, first: { of: {} } },
      out: { kernel: p("W"), bias: p("b") }
    }
    const { y, state } = applied(cnn, tree, turned(floats(batch.x), [0, 2, 3, 1]), { norm: statistics })
    return { loss: crossentropy(0.1, y as F64, batch), statistics: state["norm"] as unknown as Params }
  }),
  transformer_adamw: program(runs["transformer_adamw"], (_, params, batch) => {
    const p = (name: string) => at(params, name)
    const plain = (name: string) => ({ kernel: p(name), bias: T.zeros([16], "f64") })
    const tree = {
      tokens: { embeddings: p("E") },
      at: { embeddings: p("Pos") },
      block: {
        attentionNorm: { scale: p("g1"), offset: p("n1") },
        attention: { query: plain("Wq"), key: plain("Wk"), value: plain("Wv"), output: plain("Wo") },
        denseNorm: { scale: p("g2"), offset: p("n2") },
        inner: { kernel: p("F1"), bias: p("f1") },
        outer: { kernel: p("F2"), bias: p("f2") }
      },
      norm: { scale: p("g3"), offset: p("n3") }
    }
    const { y } = applied(decoder, tree, floats(batch.x))
    // The logits share the table of the tokens.
    const logits: Tensor<Shape, "f64"> = T.matmul(y as F64, T.transpose(p("E")))
    return { loss: crossentropy(0, logits, batch), statistics: {} }
  }),
  lstm_rmsprop: program(runs["lstm_rmsprop"], (_, params, batch) => {
    const p = (name: string) => at(params, name)
    const tree = {
      tokens: { embeddings: p("E") },
      cell: {
        kernel: turned(p("Wi"), [1, 0]),
        recurrentKernel: turned(p("Wh"), [1, 0]),
        bias: T.add(p("bi"), p("bh"))
      },
      out: { kernel: p("Wo"), bias: p("bo") }
    }
    return { loss: crossentropy(0, applied(memory, tree, floats(batch.x)).y as F64, batch), statistics: {} }
  })
}

describe("models of layers", () => {
  const golden = document.form === "training" ? document.content.runs : assert.fail("training.json holds runs")
  it.each(golden)("$name trains as torch does", (run) => {
    const outcome = checkTrainingRun(run, targetNames.map(targetOf), programs)
    assert.deepStrictEqual([outcome.tag, outcome], ["passed", outcome])
  })
})
