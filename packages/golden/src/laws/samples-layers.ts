/** Samples of layers: models of one layer, their inputs, parameters and state drawn at random. */
import { type AnyTensor, Key, type SampleOperand, type Shape, type Tensor, Tree } from "@cotangent/graph"
import { Model } from "@cotangent/nn"
import { pipe } from "effect/Function"
import { floats, value } from "./operands.ts"
import type { Subject } from "./subjects.ts"

const isDeep = process.env["COTANGENT_DEEP"] === "1"

interface Options {
  /** The input; random floats unless given. */
  readonly x?: SampleOperand
  /** Train mode, with a key that stays the same. */
  readonly train?: boolean
  /** Made of other layers, whose laws are checked by themselves. */
  readonly composed?: boolean
}

/** A model as a function of its input and of the leaves of its trees. */
const layer = <I extends Shape, O extends Shape, P, S>(
  name: string,
  typed: Model.Model<I, O, P, S>,
  { x, train = false, composed = false }: Options = {}
): Subject => {
  // What is drawn has the structure of the trees that `init` makes.
  const model = Model.forgetShapes(typed) as unknown as Model.AnyModel
  const variables = model.init(Key.key(0))
  const leaves = Tree.entries(variables)
  const mode = train ? Model.train(Key.key(7)) : Model.evaluate
  return {
    name: `Model.${name}`,
    operands: [
      x ?? floats(-1, 1, 2, ...model.inputShape),
      // Variances must be positive.
      ...leaves.map(({ path, leaf }) =>
        floats(path.endsWith("variance") ? 0.5 : -0.8, path.endsWith("variance") ? 2 : 0.8, ...leaf.shape)
      )
    ],
    apply: ([input, ...drawn]) => {
      const { params, state } = Tree.rebuildWith(variables, drawn) as typeof variables
      const { y } = model.apply(params, state, input as Tensor<Shape>, mode)
      return [y as AnyTensor]
    },
    only: composed && !isDeep ? ["differences", "targets"] : ["differences", "adjoint", "vmap", "targets"]
  }
}

const vector = Model.input([4])
const sequence = Model.input([4, 4])
const image = Model.input([5, 4, 4])

/** The samples of layers. */
export const layerSubjects: ReadonlyArray<Subject> = [
  layer("activation", pipe(vector, Model.activation("selu"))),
  layer(
    "add",
    pipe(
      vector,
      Model.add("b", (m) => [
        ["a", m],
        ["b", pipe(m, Model.dense("d", 4))]
      ])
    )
  ),
  layer(
    "average",
    pipe(
      vector,
      Model.average("b", (m) => [
        ["a", m],
        ["b", pipe(m, Model.tanh)]
      ])
    )
  ),
  layer("avgPool1d", pipe(sequence, Model.avgPool1d(3, { strides: 1 }))),
  layer("avgPool2d", pipe(image, Model.avgPool2d(3, { strides: 2, padding: "same" }))),
  layer("batchNorm", pipe(vector, Model.batchNorm("n"))),
  layer("batchNorm/train", pipe(vector, Model.batchNorm("n")), { train: true }),
  layer(
    "bidirectional",
    pipe(
      sequence,
      Model.bidirectional("b", (m) => pipe(m, Model.simpleRnn("r", 2)))
    )
  ),
  layer(
    "block",
    pipe(
      vector,
      Model.block("b", (m) => pipe(m, Model.dense("d", 2), Model.sigmoid))
    )
  ),
  layer(
    "concat",
    pipe(
      vector,
      Model.concat("b", (m) => [
        ["a", m],
        ["b", pipe(m, Model.dense("d", 2))]
      ])
    )
  ),
  layer("conv1d", pipe(sequence, Model.conv1d("c", 3, 2, { dilationRate: 2, activation: "tanh" }))),
  layer("conv1dTranspose", pipe(sequence, Model.conv1dTranspose("c", 3, 2, { strides: 2 }))),
  layer("conv2d", pipe(image, Model.conv2d("c", 4, [3, 2], { strides: 2, padding: "same", groups: 2 }))),
  layer("conv2dTranspose", pipe(image, Model.conv2dTranspose("c", 2, 3, { strides: 2, padding: "same" }))),
  layer("cropping1d", pipe(sequence, Model.cropping1d())),
  layer(
    "cropping2d",
    pipe(
      image,
      Model.cropping2d([
        [1, 2],
        [0, 1]
      ])
    )
  ),
  layer("dense", pipe(sequence, Model.dense("d", 3, { activation: "gelu" }))),
  layer("denseBlock", pipe(Model.input([3, 3, 2]), Model.denseBlock("d", 2, 2, { activation: "tanh" })), {
    composed: true
  }),
  layer("depthwiseConv1d", pipe(sequence, Model.depthwiseConv1d("c", 2, { depthMultiplier: 2 }))),
  layer("depthwiseConv2d", pipe(image, Model.depthwiseConv2d("c", 2, { padding: "same" }))),
  layer("dropout", pipe(sequence, Model.dropout(0.4)), { train: true }),
  layer("embedding", pipe(Model.input([3]), Model.embedding("e", 4, 2)), {
    x: value("i32", Int32Array.of(0, 3, 3, 1, 2, 0), [2, 3])
  }),
  layer("flatten", pipe(sequence, Model.flatten)),
  layer(
    "gate",
    pipe(
      vector,
      Model.gate("g", (m) => pipe(m, Model.dense("d", 1, { activation: "sigmoid" })))
    )
  ),
  layer("gaussianDropout", pipe(vector, Model.gaussianDropout(0.3)), { train: true }),
  layer("gaussianNoise", pipe(vector, Model.gaussianNoise(0.3)), { train: true }),
  layer("gelu", pipe(vector, Model.gelu)),
  layer("globalAvgPool", pipe(image, Model.globalAvgPool())),
  layer("globalMaxPool", pipe(sequence, Model.globalMaxPool({ keepDims: true }))),
  layer("groupNorm", pipe(image, Model.groupNorm("n", { groups: 2 }))),
  layer("gru", pipe(sequence, Model.gru("r", 3, { returnSequences: true }))),
  layer(
    "inception",
    pipe(
      Model.input([3, 3, 2]),
      Model.inception("i", { one: 1, threeReduce: 2, three: 1, fiveReduce: 1, five: 1, pool: 1 })
    ),
    { composed: true }
  ),
  layer("instanceNorm", pipe(image, Model.instanceNorm("n"))),
  layer("layerNorm", pipe(sequence, Model.layerNorm("n"))),
  layer("learnedPositions", pipe(sequence, Model.learnedPositions("p"))),
  layer("logSoftmax", pipe(vector, Model.logSoftmax)),
  layer("lstm", pipe(sequence, Model.lstm("r", 3, { reverse: true }))),
  layer(
    "maximum",
    pipe(
      vector,
      Model.maximum("b", (m) => [
        ["a", m],
        ["b", pipe(m, Model.dense("d", 4))]
      ])
    )
  ),
  layer("maxPool1d", pipe(sequence, Model.maxPool1d(2))),
  layer("maxPool2d", pipe(image, Model.maxPool2d(2, { padding: "same" }))),
  layer("multiHeadAttention", pipe(sequence, Model.multiHeadAttention("a", 2, 2, { causal: true, rotary: true })), {
    composed: true
  }),
  layer("multiHeadAttention/dropout", pipe(sequence, Model.multiHeadAttention("a", 2, 2, { dropout: 0.3 })), {
    train: true,
    composed: true
  }),
  layer(
    "multiply",
    pipe(
      vector,
      Model.multiply("b", (m) => [
        ["a", m],
        ["b", pipe(m, Model.dense("d", 4))]
      ])
    )
  ),
  layer("permute", pipe(image, Model.permute([3, 1, 2]))),
  layer("prelu", pipe(vector, Model.prelu("p"))),
  layer("relu", pipe(vector, Model.relu)),
  layer(
    "repeat",
    pipe(
      vector,
      Model.repeat("r", 3, (m) => pipe(m, Model.dense("d", 4, { activation: "tanh" })))
    )
  ),
  layer("reshape", pipe(sequence, Model.reshape([2, 8]))),
  layer(
    "residual",
    pipe(
      vector,
      Model.residual("r", (m) => pipe(m, Model.dense("d", 4), Model.tanh))
    )
  ),
  layer(
    "residualBlock",
    pipe(Model.input([4, 4, 2]), Model.residualBlock("r", 3, { strides: 2, activation: "tanh" })),
    { composed: true }
  ),
  layer("rmsNorm", pipe(sequence, Model.rmsNorm("n"))),
  layer("separableConv1d", pipe(sequence, Model.separableConv1d("c", 3, 2))),
  layer("separableConv2d", pipe(image, Model.separableConv2d("c", 3, 2, { strides: 2 }))),
  layer("sigmoid", pipe(vector, Model.sigmoid)),
  layer("silu", pipe(vector, Model.silu)),
  layer("simpleRnn", pipe(sequence, Model.simpleRnn("r", 3))),
  layer("sinusoidalPositions", pipe(sequence, Model.sinusoidalPositions())),
  layer("softmax", pipe(vector, Model.softmax)),
  layer("softplus", pipe(vector, Model.softplus)),
  layer("spatialDropout", pipe(sequence, Model.spatialDropout(0.4)), { train: true }),
  layer("squeezeExcitation", pipe(image, Model.squeezeExcitation("s", { ratio: 2 }))),
  layer("stochasticDepth", pipe(sequence, Model.stochasticDepth(0.4)), { train: true }),
  layer("tanh", pipe(vector, Model.tanh)),
  layer(
    "transformerDecoder",
    pipe(
      sequence,
      Model.transformerDecoder("t", { intermediateDim: 3, numHeads: 2, activation: "gelu", normalizeFirst: true })
    ),
    { composed: true }
  ),
  layer(
    "transformerEncoder",
    pipe(sequence, Model.transformerEncoder("t", { intermediateDim: 3, numHeads: 2, activation: "gelu" })),
    { composed: true }
  ),
  layer("upSampling1d", pipe(sequence, Model.upSampling1d(3))),
  layer("upSampling2d", pipe(image, Model.upSampling2d([2, 3]))),
  layer("zeroPadding1d", pipe(sequence, Model.zeroPadding1d([[2, 1]]))),
  layer("zeroPadding2d", pipe(image, Model.zeroPadding2d()))
]
