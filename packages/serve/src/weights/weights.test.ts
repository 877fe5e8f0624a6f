import { readFileSync } from "node:fs"
import { Npy } from "@cotangent/data"
import { Key, T, Tree, type Value, Values } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import * as Safetensors from "@cotangent/train/safetensors"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import * as Result from "effect/Result"
import * as Artifact from "../artifact-module.ts"
import { WeightsError } from "../errors.ts"
import * as Predictor from "../predictor-module.ts"
import * as Weights from "./index.ts"

const fixture = (name: string) => {
  const bytes = readFileSync(new URL(`../fixtures/torch-${name}.safetensors`, import.meta.url))
  const { "the input": x, "the output": y, ...tensors } = Effect.runSync(Safetensors.decode(bytes)).tensors
  return { x, y, tensors }
}

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string) => {
  assert.strictEqual(actual.length, expected.length, what)
  for (let i = 0; i < actual.length; i++)
    assert.closeTo(actual[i] ?? Number.NaN, expected[i] ?? Number.NaN, 2e-5, `${what}: ${i}`)
}

/** What a model puts out with weights, row by row. */
const outputs = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
  model: Model.Model<I, O, P, S>,
  weights: Artifact.TrainedWeights<P, S>,
  x: Value
): ReadonlyArray<number> => {
  const size = model.inputShape.reduce((n, d) => n * d, 1)
  const rows = Array.from({ length: x.shape[0] ?? 0 }, (_, i) => x.data.slice(i * size, (i + 1) * size))
  return Predictor.make(Artifact.make(model, weights))
    .predictBatch(rows)
    .flatMap((y) => [...y])
}

const epsilon = 1e-5
const images = pipe(
  Model.input([7, 6, 3]),
  Model.conv2d("first", 4, [3, 2]),
  Model.batchNorm("norm", { epsilon }),
  Model.relu,
  Model.depthwiseConv2d("depth", 2, { depthMultiplier: 2 }),
  Model.conv2d("grouped", 6, 1, { groups: 2, useBias: false }),
  Model.conv2dTranspose("up", 5, 3, { strides: 2 }),
  Model.groupNorm("groups", { groups: 1, epsilon }),
  Model.globalAvgPool(),
  Model.dense("label", 3)
)
const sequences = pipe(
  Model.input([6]),
  Model.embedding("tokens", 11, 6),
  Model.conv1d("conv", 5, 2),
  Model.bidirectional("both", (m) => pipe(m, Model.lstm("cell", 4, { returnSequences: true }))),
  Model.layerNorm("norm", { epsilon }),
  Model.gru("gru", 5, { returnSequences: true }),
  Model.simpleRnn("plain", 3)
)
const attention = pipe(
  Model.input([5, 8]),
  Model.transformerEncoder("first", { intermediateDim: 12, numHeads: 2 }),
  Model.multiHeadAttention("attend", 4, 2),
  Model.globalAvgPool(),
  Model.prelu("slopes"),
  Model.dense("last", 2, { useBias: false })
)

describe("weights of PyTorch", () => {
  /** Reads, compares what comes out, writes, and compares what was written. */
  const golden = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
    name: string,
    model: Model.Model<I, O, P, S>
  ) =>
    it(`give the outputs of PyTorch: ${name}`, () => {
      const { tensors, x, y } = fixture(name)
      assert.isDefined(x)
      assert.isDefined(y)
      const weights = Weights.fromTorch(model, tensors)
      close(outputs(model, weights, x), y.data, name)
      const written = Weights.toTorch(model, weights)
      assert.deepStrictEqual(Weights.fromTorch(model, written), weights)
      for (const [tensor, value] of Object.entries(written)) {
        assert.deepStrictEqual(value.shape, tensors[tensor]?.shape, tensor)
        if (!tensor.includes("both.bias") && !tensor.includes("plain.bias"))
          assert.deepStrictEqual(value.data, tensors[tensor]?.data, tensor)
      }
      const idle = Object.keys(tensors).filter((tensor) => !tensor.endsWith("num_batches_tracked"))
      assert.sameMembers(Object.keys(written), idle)
    })
  golden("images", images)
  golden("sequences", sequences)
  golden("attention", attention)

  it("go through npz, both ways", () => {
    const bytes = readFileSync(new URL("../fixtures/torch-images.npz", import.meta.url))
    const { "the input": x, "the output": y, ...tensors } = Result.getOrThrow(Npy.parseZip("images", bytes))
    assert.isDefined(x)
    const weights = Weights.fromTorch(images, tensors)
    close(outputs(images, weights, x), y?.data ?? [], "npz")
    const written = Result.getOrThrow(Npy.parseZip("again", Npy.encodeZip(Weights.toTorch(images, weights))))
    assert.deepStrictEqual(Weights.fromTorch(images, written), weights)
    // numpy computes in float64 by default.
    const wide = Object.fromEntries(
      Object.entries(written).map(([name, value]) => [
        name,
        Values.of(Float64Array.from(value.data), [...value.shape], "f64")
      ])
    )
    assert.deepStrictEqual(Weights.fromTorch(images, wide), weights)
  })

  it("come as half precision and as whole numbers", () => {
    const { tensors } = fixture("types")
    const x = [1, -2.5, 65504, 2 ** -24, -(2 ** -14), 0.0999755859375, Number.POSITIVE_INFINITY, -0]
    assert.deepStrictEqual([...(tensors["half"]?.data ?? [])], x)
    const brain = [1, -2.5, 65536, 2 ** -24, -(2 ** -14), 0.10009765625, Number.POSITIVE_INFINITY, -0]
    assert.deepStrictEqual([...(tensors["brain"]?.data ?? [])], brain)
    assert.deepStrictEqual([...(tensors["long"]?.data ?? [])], [1, -2, 2 ** 31 - 1])
  })

  it("name everything that does not fit", () => {
    const model = pipe(Model.input([2]), Model.dense("hidden", 3), Model.batchNorm("norm"))
    const zeros = (...shape: ReadonlyArray<number>) =>
      Values.of(new Float32Array(shape.reduce((n, d) => n * d, 1)), [...shape], "f32")
    const tensors = {
      "model.0.weight": zeros(2, 3),
      "model.1.weight": zeros(3),
      "model.1.bias": Values.of(new Int32Array(3), [3], "i32"),
      "model.1.running_mean": zeros(3),
      "model.1.num_batches_tracked": Values.of(new Int32Array(1), [], "i32"),
      "model.2.weight": zeros(1)
    }
    const options = { names: { hidden: "0", norm: "1" }, prefix: "model." }
    const problems = (extra?: "ignore"): ReadonlyArray<string> => {
      try {
        Weights.fromTorch(model, tensors, extra === undefined ? options : { ...options, extra })
      } catch (thrown) {
        if (thrown instanceof WeightsError) return thrown.problems
      }
      return []
    }
    const expected = [
      "model.0.weight is [2, 3], [3, 2] is needed for hidden.kernel",
      "there is no model.0.bias, [3] is needed for hidden.bias",
      "model.1.bias holds i32, floats are needed for norm.offset",
      "there is no model.1.running_var, [3] is needed for norm.variance",
      'model.2.weight is of no layer; leave it out, or say extra: "ignore"'
    ]
    assert.deepStrictEqual(problems(), expected)
    assert.deepStrictEqual(problems("ignore"), expected.slice(0, -1))
    const own = pipe(
      Model.input([2]),
      Model.custom("gain", { init: () => ({ gain: T.ones([2]) }), apply: ({ gain }, x) => T.mul(x, gain) })
    )
    assert.throws(() => Weights.fromTorch(own, {}), WeightsError, "weights: gain.gain has no counterpart in PyTorch")
    const weights = T.evaluate({ gain: { gain: T.ones([2]) } })
    assert.throws(
      () => Weights.toKeras(own, { params: weights, modelState: {} }),
      WeightsError,
      "no counterpart in Keras"
    )
  })
})

describe("weights of Keras", () => {
  const drawn = <A>(tree: A): A => {
    const values = Tree.entries<Value>(tree).map(({ leaf }, i) =>
      Values.of(T.evaluate(Key.uniform(Key.fold(Key.key(5), i), [leaf.data.length])).data, [...leaf.shape], "f32")
    )
    // The structure is that of the tree.
    return Tree.rebuildWith(tree, values) as A
  }

  it("have their names, gates and heads", () => {
    const { params, state } = T.evaluate(sequences.init(Key.key(1)))
    const weights = { params: drawn(params), modelState: state }
    const written = Weights.toKeras(sequences, weights)
    assert.sameMembers(Object.keys(written), [
      "tokens/embeddings",
      "conv/kernel",
      "conv/bias",
      ...["forward", "backward"].flatMap((side) =>
        ["kernel", "recurrent_kernel", "bias"].map((leaf) => `both/${side}_cell/lstm_cell/${leaf}`)
      ),
      "norm/gamma",
      "norm/beta",
      "gru/gru_cell/kernel",
      "gru/gru_cell/recurrent_kernel",
      "gru/gru_cell/bias",
      "plain/simple_rnn_cell/kernel",
      "plain/simple_rnn_cell/recurrent_kernel",
      "plain/simple_rnn_cell/bias"
    ])
    const bias = written["gru/gru_cell/bias"]
    const { bias: ours, recurrentBias } = weights.params.gru
    assert.deepStrictEqual(bias?.shape, [2, 15])
    // z, r, n for the input, then for the state.
    const order = [5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert.deepStrictEqual(
      [...(bias?.data ?? [])],
      [...order.map((i) => ours.data[i]), ...order.map((i) => recurrentBias.data[i])]
    )
    assert.deepStrictEqual(Weights.fromKeras(sequences, written), weights)
  })

  it("take kernels of attention in their three axes", () => {
    const model = pipe(Model.input([5, 8]), Model.multiHeadAttention("attend", 4, 2), Model.batchNorm("norm"))
    const { params, state } = T.evaluate(model.init(Key.key(1)))
    const weights = { params: drawn(params), modelState: state }
    const flat = Weights.toKeras(model, weights)
    const query = flat["attend/query/kernel"]
    const output = flat["attend/attention_output/kernel"]
    assert.isDefined(query)
    assert.isDefined(output)
    const keras = {
      ...flat,
      "attend/query/kernel": { ...query, shape: [8, 4, 2] },
      "attend/attention_output/kernel": { ...output, shape: [4, 2, 8] },
      "dropout/seed_generator/seed_generator_state": Values.of(new Uint32Array(2), [2], "u32")
    }
    assert.deepStrictEqual(Weights.fromKeras(model, keras), weights)
    assert.includeMembers(Object.keys(flat), ["norm/gamma", "norm/moving_mean", "norm/moving_variance"])
  })
})

describe("weights that cannot be read", () => {
  const model = pipe(Model.input([2]), Model.dense("hidden", 3), Model.batchNorm("norm"), Model.dense("out", 1))
  const { params, state } = T.evaluate(model.init(Key.key(1)))
  const there = Weights.toKeras(model, { params, modelState: state })
  const renamed = (change: (name: string) => string) =>
    Object.fromEntries(Object.entries(there).map(([name, value]) => [change(name), value]))
  const problems = (tensors: unknown, options?: Weights.ReadOptions): ReadonlyArray<string> => {
    try {
      // Whatever a file or a caller without types may give.
      Weights.fromKeras(model, tensors as Weights.Tensors, options)
    } catch (thrown) {
      if (thrown instanceof WeightsError) return thrown.problems
      throw thrown
    }
    return []
  }

  it("have numbers that are not finite", () => {
    const bias = (last: number, dtype: "f32" | "f64" = "f32") => ({
      ...there,
      "hidden/bias": Values.of(dtype === "f32" ? Float32Array.of(0, 0, last) : Float64Array.of(0, 0, last), [3], dtype)
    })
    for (const [tensors, shown] of [
      [bias(Number.NaN), "NaN"],
      [bias(Number.NEGATIVE_INFINITY), "-Infinity"],
      [bias(1e39, "f64"), "1e+39"]
    ] as const)
      assert.deepStrictEqual(problems(tensors), [
        `number 2 of hidden/bias is ${shown}; every one must be a finite float32 for hidden.bias`
      ])
    assert.deepStrictEqual(problems(bias(1e38, "f64")), [])
  })

  it("all stand behind a prefix, which is named", () => {
    const behind = renamed((name) => `sequential/${name}`)
    assert.deepStrictEqual(problems(behind), ['all names begin with sequential/ there; say prefix: "sequential/"'])
    assert.deepStrictEqual(problems(behind, { prefix: "sequential/" }), [])
    const twice = renamed((name) => `outer/sequential/${name}`)
    assert.deepStrictEqual(problems(twice, { prefix: "outer/" }), [
      'all names begin with outer/sequential/ there; say prefix: "outer/sequential/"'
    ])
    const { "sequential/out/bias": _, ...fewer } = behind
    assert.include(problems(fewer).join(), "there is no out/bias")
  })

  it("have other names, or are given names of layers that there are not", () => {
    const numbered = renamed((name) => name.replace(/^out/, "dense_1"))
    assert.deepStrictEqual(problems(numbered), [
      "there is no out/kernel, [3, 1] is needed for out.kernel",
      "there is no out/bias, [1] is needed for out.bias",
      'dense_1/kernel is of no layer; leave it out, or say extra: "ignore"',
      'dense_1/bias is of no layer; leave it out, or say extra: "ignore"',
      'nothing was found for out; layers with other names there are told with names: { "out": "their name" }'
    ])
    assert.deepStrictEqual(problems(numbered, { names: { out: "dense_1" } }), [])
    const stranger = "names: the model has no layer oput; it has hidden, norm, out"
    assert.deepStrictEqual(problems(there, { names: { oput: "dense_1" } }), [stranger])
    assert.throws(
      () => Weights.toTorch(model, { params, modelState: state }, { names: { oput: "2" } }),
      WeightsError,
      stranger
    )
  })

  it("are no tensors", () => {
    const none = ["no tensors were given; a record of them by name is needed"]
    assert.deepStrictEqual([problems(undefined), problems(null)], [none, none])
    assert.deepStrictEqual(problems({ ...there, "out/bias": [1] }), [
      "out/bias is no tensor, [1] is needed for out.bias"
    ])
  })
})

describe("weights under our own names", () => {
  const model = pipe(Model.input([2]), Model.dense("hidden", 3), Model.batchNorm("norm"))
  const { params, state } = T.evaluate(model.init(Key.key(1)))
  const weights = { params, modelState: state }

  it("go through safetensors", () => {
    const bytes = Safetensors.encode(Weights.toTensors(weights))
    const { tensors } = Effect.runSync(Safetensors.decode(bytes))
    assert.deepStrictEqual(Weights.fromTensors(model, tensors), weights)
  })

  it("are found in checkpoints, the best ones first", () => {
    const named = (parameters: string, modelState: string, values = weights) =>
      Object.fromEntries([
        ...Tree.entries<Value>(values.params).map(({ path, leaf }) => [`${parameters}.${path}`, leaf] as const),
        ...Tree.entries<Value>(values.modelState).map(({ path, leaf }) => [`${modelState}.${path}`, leaf] as const)
      ])
    const last = named("state.optimizer.params", "state.model")
    const more = { "state.key": Values.of(new Uint32Array(2), [2], "u32") }
    assert.deepStrictEqual(Weights.fromTensors(model, { ...last, ...more }), weights)
    const { params: others } = T.evaluate(model.init(Key.key(2)))
    const best = { params: others, modelState: state }
    assert.deepStrictEqual(
      Weights.fromTensors(model, { ...last, ...named("best.params", "best.modelState", best) }),
      best
    )
    const artifact = Artifact.make(model, weights)
    const later = Weights.into(artifact, { ...last, ...named("best.params", "best.modelState", best) })
    assert.deepStrictEqual(Artifact.encode(later), Artifact.encode(Artifact.make(model, best)))
    assert.throws(() => Weights.into(artifact, more), WeightsError, "there is no norm.variance, f32[3] is needed")
    assert.throws(
      () => Weights.fromTensors(model, more),
      WeightsError,
      "there is no hidden.kernel, f32[2, 3] is needed"
    )
  })
})
