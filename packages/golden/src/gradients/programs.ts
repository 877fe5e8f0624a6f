/**
 * The cases that are not one call of literals and inputs: short programs, known by id and written again here with public
 * operations. A program that is made of an operation which does not exist here says its name.
 */
import { type AnyTensor, type Shape, T, type Tensor } from "@cotangent/graph"
import { Loss, Recurrent } from "@cotangent/nn"
import type { F64 } from "../targets.ts"
import type { Built } from "./call.ts"
import { cellParameters } from "./cells.ts"

/** A program: gives its outputs from its inputs by name. */
export type Program = (x: (name: string) => F64) => Built

/** Indices among the inputs of a program. */
const indices = (x: AnyTensor): Tensor<Shape, "i32"> => {
  if (x.dtype !== "i32") throw new TypeError(`a program needs indices, not ${x.dtype}`)
  return x as Tensor<Shape, "i32">
}

const constants = (...numbers: ReadonlyArray<number>): F64 =>
  T.fromArray(Float64Array.from(numbers), [numbers.length], "f64")

/** Targets -1 and 1 of the losses of margins. */
const signs = constants(1, -1, 1, -1)

const cell = (x: (name: string) => F64) => cellParameters(x("wi"), x("wh"), x("bi"), x("bh"))

const lstmCell: Program = (x) => {
  const { h, c } = Recurrent.lstmCell(cell(x), { h: x("h"), c: x("c") }, x("x"))
  return [h, c]
}

const loop = (a: F64): F64 => {
  let x = a
  for (let i = 0; i < 5; i++) x = T.add(T.mul(T.tanh(x), 1.1), 0.1)
  return x
}

const running: Program = (x) => {
  const { y, running: next } = T.batchNormTraining(x("x"), {
    scale: x("w"),
    offset: x("b"),
    momentum: 0.9,
    runningVariance: "unbiased"
  })
  return [y, next.mean, next.variance]
}

/** Every program by the id of its case. */
export const programs: { readonly [id: string]: Program } = {
  "act.relu6": (x) => T.relu6(T.mul(x("a"), 4)),
  "max.dim": (x) => T.max(x("a"), { axis: 1, ties: "first" }),
  logcumsumexp: (x) => T.log(T.cumsum(T.exp(x("a")), { axis: 1 })),
  cummax: (x) => T.cummax(x("a"), { axis: 1 }),
  "matmul.transposed": (x) => T.matmul(T.transpose(x("a")), T.transpose(x("b"))),
  reshape: (x) => T.mul(T.reshape(x("a"), [2, 6]), T.reshape(T.iota(6, "f64"), [1, 6])),
  "slice.basic": (x) => T.slice(x("a"), [{ start: 1, end: 3 }, { end: 2 }]),
  "slice.step": (x) => T.slice(x("a"), [{ step: 2 }, { start: 1, step: 3 }]),
  "slice.neg": (x) => T.slice(x("a"), [{ start: -2 }, { end: -1 }]),
  "slice.int_index": (x) => T.at(x("a"), [1, {}, -1]),
  "slice.empty": (x) => T.slice(x("a"), [{ start: 2, end: 2 }]),
  "slice.newaxis": (x) => T.at(x("a"), [{}, null, { start: 1 }]),
  "adv_index.pairs": (x) => T.at(x("a"), [indices(x("i")), indices(x("j"))]),
  "stack.neg1": (x) => T.stack([x("a"), x("b"), T.mul(x("a"), x("b"))], { axis: -1 }),
  sort: (x) => T.sort(x("a"), { descending: true }),
  topk: (x) => T.topK(x("a"), 2).values,
  cholesky: (x) => {
    const a = x("a")
    const twice: F64 = T.constant(
      [
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 2]
      ],
      "f64"
    )
    return T.cholesky(T.add(T.matmul(a, T.transpose(a)), twice) as F64)
  },
  slogdet: (x) => T.slogdet(x("a")).logabsdet,
  "rms_norm.written": (x) => T.rmsNorm(x("x"), { scale: x("w"), epsilon: 1e-6 }),
  bn_running: running,
  "cross_entropy.weight": (x) =>
    Loss.sparseCategoricalCrossentropy({ fromLogits: true, classWeights: [1, 2, 0.5, 1, 3] })(x("x"), indices(x("t"))),
  nll: (x) => Loss.nll()(T.logSoftmax(x("x")), indices(x("t"))),
  bce: (x) => Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0, leastLog: -100 })(T.sigmoid(x("x")), x("y")),
  "bce_logits.pos_weight": (x) => Loss.binaryCrossentropy({ fromLogits: true, posWeight: [2, 0.5] })(x("x"), x("y")),
  "kl_div.batchmean": (x) =>
    Loss.relativeEntropy()(T.logSoftmax(x("x")), T.softmax(x("y")), { reduction: "batchMean" }),
  "kl_div.log_target": (x) =>
    Loss.relativeEntropy({ logTarget: true })(T.logSoftmax(x("x")), T.logSoftmax(x("y")), { reduction: "sum" }),
  cosine_embedding: (x) => Loss.cosineEmbedding({ margin: 0.1 })(x("x"), x("y"), constants(1, -1, 1)),
  hinge: (x) => Loss.hingeEmbedding()(x("x"), signs),
  margin_ranking: (x) => Loss.marginRanking({ margin: 0.3 })(x("x"), x("y"), signs),
  soft_margin: (x) => Loss.softMargin(x("x"), signs),
  attention: (x) => T.scaledDotProductAttention(x("q"), x("k"), x("v")),
  "attention.causal": (x) => T.scaledDotProductAttention(x("q"), x("k"), x("v"), { causal: true }),
  lstm_cell: lstmCell,
  gru_cell: (x) => Recurrent.gruCell(cell(x), x("h"), x("x")),
  rnn_cell: (x) => Recurrent.rnnCell(cell(x), x("h"), x("x")),
  "graph.fanout": (x) => {
    const y: F64 = T.square(x("a"))
    return T.add(T.mul(y, T.exp(T.neg(y))), T.mul(x("a"), T.sum(y)))
  },
  "graph.detach": (x) => T.mul(x("a"), T.stopGradient(T.square(x("a")))),
  "graph.unused": (x) => T.mul(x("a"), 2),
  "graph.while_loop": (x) => loop(x("a")),
  "graph.branch": (x) => T.where(T.greater(x("a"), 0), T.square(x("a")), T.mul(x("a"), -3))
}
