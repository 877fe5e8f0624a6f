/**
 * The cases that are not one call of literals and inputs: short programs, known by id and written again here with public
 * operations. A program that is made of an operation which does not exist here says its name.
 */
import { type AnyTensor, T } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import { Missing } from "../outcome.ts"
import type { F64 } from "../targets.ts"
import type { Built } from "./call.ts"
import { batchNorm, freshStatistics } from "./normalizations.ts"

/** A program: gives its outputs from its inputs by name. */
export type Program = (x: (name: string) => F64) => Built

const missing =
  (operation: string): Program =>
  () =>
    new Missing(operation)

const softmaxAttention = (q: F64, k: F64, v: F64, mask: (scores: F64) => F64): F64 => {
  const scores: F64 = T.div(T.matmul(q, T.transpose(k)), Math.sqrt(q.shape.at(-1) ?? 1))
  return T.matmul(T.softmax(mask(scores), { axis: -1 }), v)
}

/** Scores with -Infinity where the key comes after the query. */
const causal = (scores: F64): F64 => {
  const [rows = 0, columns = 0] = scores.shape.slice(-2)
  const position = (count: number) => T.iota(count)
  return T.where(
    T.less(T.expand(position(rows), 1), T.expand(position(columns), 0)),
    T.full([], -Infinity, "f64"),
    scores
  )
}

/** `x weight^T + bias`, of the four vectors that a recurrent cell's weights hold. */
const gates = (x: F64, weight: F64, bias: F64): F64 => T.add(T.matmul(x, T.transpose(weight)), bias)

/** The columns of a matrix in `count` equal parts. */
const chunks = (x: F64, count: number): ReadonlyArray<F64> => {
  const size = (x.shape.at(-1) ?? 0) / count
  return Array.from({ length: count }, (_, i) => T.slice(x, [{}, { start: i * size, end: (i + 1) * size }]))
}

const lstmCell: Program = (x) => {
  const [i, f, g, o] = chunks(T.add(gates(x("x"), x("wi"), x("bi")), gates(x("h"), x("wh"), x("bh"))), 4)
  if (i === undefined || f === undefined || g === undefined || o === undefined)
    throw new RangeError("lstm_cell: four gates")
  const c = T.add(T.mul(T.sigmoid(f), x("c")), T.mul(T.sigmoid(i), T.tanh(g)))
  return [T.mul(T.sigmoid(o), T.tanh(c)), c]
}

const gruCell: Program = (x) => {
  const [ir, iz, inn] = chunks(gates(x("x"), x("wi"), x("bi")), 3)
  const [hr, hz, hn] = chunks(gates(x("h"), x("wh"), x("bh")), 3)
  if (
    ir === undefined ||
    iz === undefined ||
    inn === undefined ||
    hr === undefined ||
    hz === undefined ||
    hn === undefined
  )
    throw new RangeError("gru_cell: three gates")
  const r = T.sigmoid(T.add(ir, hr))
  const z = T.sigmoid(T.add(iz, hz))
  const n: F64 = T.tanh(T.add(inn, T.mul(r, hn)))
  return T.add(T.mul(T.sub(T.full([], 1, "f64"), z), n), T.mul(z, x("h")))
}

const loop = (a: F64): F64 => {
  let x = a
  for (let i = 0; i < 5; i++) x = T.add(T.mul(T.tanh(x), 1.1), 0.1)
  return x
}

const running: Program = (x) => {
  const state = freshStatistics(x("w").shape[0] ?? 1)
  const { y, mean, variance } = batchNorm(x("x"), { scale: x("w"), offset: x("b") }, state, {
    momentum: 0.1,
    epsilon: 1e-5,
    training: true
  })
  return [y, mean, variance]
}

/** The binary cross-entropy of probabilities; torch keeps logarithms above -100, which matters at 0 and 1 only. */
const bce: Program = (x) => {
  const perSample: AnyTensor = Loss.forgetShapes(Loss.binaryCrossentropy({ fromLogits: false, epsilon: 0 }))(
    T.sigmoid(x("x")),
    x("y")
  )
  return T.mean(perSample)
}

/** Every program by the id of its case. */
export const programs: { readonly [id: string]: Program } = {
  "act.relu6": missing("torch.nn.functional.relu6"),
  "max.dim": (x) => T.max(x("a"), { axis: 1 }),
  logcumsumexp: missing("torch.cumsum"),
  cummax: missing("torch.cummax"),
  "matmul.transposed": (x) => T.matmul(T.transpose(x("a")), T.transpose(x("b"))),
  reshape: (x) => T.mul(T.reshape(x("a"), [2, 6]), T.reshape(T.iota(6, "f64"), [1, 6])),
  "slice.basic": (x) => T.slice(x("a"), [{ start: 1, end: 3 }, { end: 2 }]),
  "slice.step": (x) => T.slice(x("a"), [{ step: 2 }, { start: 1, step: 3 }]),
  "slice.neg": (x) => T.slice(x("a"), [{ start: -2 }, { end: -1 }]),
  "slice.int_index": (x) =>
    T.reshape(T.slice(x("a"), [{ start: 1, end: 2 }, {}, { start: -1 }]), [x("a").shape[1] ?? 0]),
  "slice.empty": (x) => T.slice(x("a"), [{ start: 2, end: 2 }]),
  "slice.newaxis": (x) => T.expand(T.slice(x("a"), [{}, { start: 1 }]), 1),
  "adv_index.pairs": missing("Tensor.__getitem__ with two index tensors"),
  "stack.neg1": missing("torch.stack along an axis other than the first"),
  sort: missing("torch.sort"),
  topk: missing("torch.topk"),
  cholesky: missing("torch.linalg.cholesky"),
  slogdet: missing("torch.linalg.slogdet"),
  "rms_norm.written": (x) => {
    const meanSquare: F64 = T.mean(T.square(x("x")), { axis: -1, keepDims: true })
    return T.mul(T.mul(x("x"), T.rsqrt(T.add(meanSquare, 1e-6))), x("w"))
  },
  bn_running: running,
  "cross_entropy.weight": missing("torch.nn.functional.cross_entropy with weight"),
  nll: missing("torch.nn.functional.nll_loss"),
  bce,
  "bce_logits.pos_weight": missing("torch.nn.functional.binary_cross_entropy_with_logits with pos_weight"),
  "kl_div.batchmean": missing("torch.nn.functional.kl_div"),
  "kl_div.log_target": missing("torch.nn.functional.kl_div"),
  cosine_embedding: missing("torch.nn.functional.cosine_embedding_loss"),
  hinge: missing("torch.nn.functional.hinge_embedding_loss"),
  margin_ranking: missing("torch.nn.functional.margin_ranking_loss"),
  soft_margin: missing("torch.nn.functional.soft_margin_loss"),
  attention: (x) => softmaxAttention(x("q"), x("k"), x("v"), (scores) => scores),
  "attention.causal": (x) => softmaxAttention(x("q"), x("k"), x("v"), causal),
  lstm_cell: lstmCell,
  gru_cell: gruCell,
  rnn_cell: (x) => T.tanh(T.add(gates(x("x"), x("wi"), x("bi")), gates(x("h"), x("wh"), x("bh")))),
  "graph.fanout": (x) => {
    const y: F64 = T.square(x("a"))
    return T.add(T.mul(y, T.exp(T.neg(y))), T.mul(x("a"), T.sum(y)))
  },
  "graph.detach": (x) => T.mul(x("a"), T.stopGradient(T.square(x("a")))),
  "graph.unused": (x) => T.mul(x("a"), 2),
  "graph.while_loop": (x) => loop(x("a")),
  "graph.branch": (x) => T.where(T.greater(x("a"), 0), T.square(x("a")), T.mul(x("a"), -3))
}
