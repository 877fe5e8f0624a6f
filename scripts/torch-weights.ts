/**
 * Writes models with random weights as PyTorch has them, and what they put out, for PyTorch to compare.
 *
 *     node --conditions=@cotangent/source scripts/torch-weights.ts FOLDER
 *     python3 packages/serve/generators/torch_weights.py check FOLDER
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pipe } from "effect/Function"
import { Artifact, Model, Npy, Predictor, RandomKey, T, TensorTree, type Value, Values, Weights } from "cotangent"

const [, , folder = "."] = process.argv
const epsilon = 1e-5
const key = RandomKey.key(3)

const uniform = <A>(tree: A, low: number, high: number): A => {
  const drawn = TensorTree.entries<Value>(tree).map(({ leaf }, i) =>
    T.evaluate(RandomKey.uniform(RandomKey.fold(key, i), [...leaf.shape], { low, high }))
  )
  // The structure is that of the tree.
  return TensorTree.rebuildWith(tree, drawn) as A
}

const write = <I extends ReadonlyArray<number | string>, O extends ReadonlyArray<number | string>, P, S>(
  name: string,
  model: Model.Model<I, O, P, S>,
  input: (x: number) => number
): void => {
  const { params, state } = T.evaluate(model.init(key))
  const weights = { params: uniform(params, -0.6, 0.6), modelState: uniform(state, 0.5, 1.5) }
  const size = model.inputShape.reduce((n, d) => n * d, 1)
  const data = T.evaluate(RandomKey.uniform(key, [3 * size])).data.map(input)
  const rows = [0, 1, 2].map((i) => data.slice(i * size, (i + 1) * size))
  const outputs = Predictor.make(Artifact.make(model, weights)).predictBatch(rows)
  const y = Float32Array.from(outputs.flatMap((output) => [...output]))
  const bytes = Npy.encodeZip({
    ...Weights.toTorch(model, weights),
    "the input": Values.of(data, [3, ...model.inputShape], "f32"),
    "the output": Values.of(y, [3, ...model.outputShape], "f32")
  })
  writeFileSync(join(folder, `${name}.npz`), bytes)
}

write(
  "images",
  pipe(
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
  ),
  (x) => 4 * x - 2
)
write(
  "sequences",
  pipe(
    Model.input([6]),
    Model.embedding("tokens", 11, 6),
    Model.conv1d("conv", 5, 2),
    Model.bidirectional("both", (m) => pipe(m, Model.lstm("cell", 4, { returnSequences: true }))),
    Model.layerNorm("norm", { epsilon }),
    Model.gru("gru", 5, { returnSequences: true }),
    Model.simpleRnn("plain", 3)
  ),
  (x) => Math.floor(11 * x)
)
write(
  "attention",
  pipe(
    Model.input([5, 8]),
    Model.transformerEncoder("first", { intermediateDim: 12, numHeads: 2 }),
    Model.multiHeadAttention("attend", 4, 2),
    Model.globalAvgPool(),
    Model.prelu("slopes"),
    Model.dense("last", 2, { useBias: false })
  ),
  (x) => 4 * x - 2
)
