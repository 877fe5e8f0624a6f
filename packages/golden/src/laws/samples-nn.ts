/** Samples of losses and recurrent cells: what the laws are checked on beside the operations of T. */
import { type AnyTensor, type SampleOperand, T, Tree } from "@cotangent/graph"
import { Loss, Recurrent } from "@cotangent/nn"
import type { B, F, I } from "./operation-sample.ts"
import { bool, floats, i32, shaped } from "./operands.ts"
import type { Subject } from "./subjects.ts"

const subject = (
  name: string,
  operands: ReadonlyArray<SampleOperand>,
  f: (...operands: ReadonlyArray<never>) => unknown
): Subject => ({
  name,
  operands,
  // The function's parameters have the types of the operands that stand beside it.
  apply: (xs: ReadonlyArray<AnyTensor>) => Tree.leaves(f(...(xs as ReadonlyArray<never>)))
})

const logits = floats(-2, 2, 3, 4)
const shares = floats(0.1, 0.9, 3, 4)
const labels = i32(3, 0, 2)
const signs = shaped(bool(1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0), 3, 4)
const weights = floats(0.5, 2, 4)

/** `-1` and `1` of a mask. */
const signed = (mask: B, like: F): F => T.where(mask, T.onesLike(like), -1)

const none = { reduction: "none" } as const

const byLabel = (name: string, loss: (w: F) => Loss.RowLoss<"labels">): Subject =>
  subject(`Loss.${name}`, [logits, labels, weights, floats(0.5, 2, 3)], (x: F, t: I, w: F, sampleWeight: F) =>
    loss(w)(x, t, { sampleWeight })
  )

const ofValues = (name: string, loss: (output: F, target: F) => unknown, x = logits, y = shares): Subject =>
  subject(`Loss.${name}`, [x, y], (output: F, target: F) => loss(output, target))

const ofSigns = (name: string, loss: Loss.ElementLoss): Subject =>
  subject(`Loss.${name}`, [logits, signs], (x: F, t: B) => loss(x, signed(t, x), none))

/** The samples of losses. */
export const lossSubjects: ReadonlyArray<Subject> = [
  byLabel("sparseCategoricalCrossentropy", (classWeights) =>
    Loss.sparseCategoricalCrossentropy({ fromLogits: true, classWeights, labelSmoothing: 0.2, ignoreIndex: 0 })
  ),
  byLabel("nll", (classWeights) => Loss.nll({ classWeights, ignoreIndex: 2 })),
  byLabel("multiMargin", (classWeights) => Loss.multiMargin({ classWeights, p: 2 })),
  subject(
    "Loss.sparseCategoricalCrossentropy/images",
    [floats(-2, 2, 2, 3, 2), shaped(i32(2, 1, 0, 2), 2, 2)],
    (x: F, t: I) => Loss.sparseCategoricalCrossentropy({ fromLogits: true })(x, t, { axis: 1 })
  ),
  ofValues("categoricalCrossentropy", Loss.categoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.1 })),
  ofValues("categoricalCrossentropy/probabilities", Loss.categoricalCrossentropy({ fromLogits: false }), shares),
  subject("Loss.binaryCrossentropy", [logits, shares, weights], (x: F, t: F, posWeight: F) =>
    Loss.binaryCrossentropy({ fromLogits: true, posWeight, labelSmoothing: 0.1 })(x, t, none)
  ),
  ofValues("binaryCrossentropy/probabilities", Loss.binaryCrossentropy({ fromLogits: false, leastLog: -100 }), shares),
  ofValues("binaryFocalCrossentropy", Loss.binaryFocalCrossentropy({ fromLogits: true, alpha: 0.3, gamma: 1.5 })),
  ofValues("categoricalFocalCrossentropy", Loss.categoricalFocalCrossentropy({ fromLogits: true })),
  ofValues("klDivergence", Loss.klDivergence({ fromLogits: true })),
  ofValues("relativeEntropy", Loss.relativeEntropy()),
  ofValues("relativeEntropy/logTarget", Loss.relativeEntropy({ logTarget: true }), logits, logits),
  ofValues("poissonNll", Loss.poissonNll({ full: true }), logits, floats(1.1, 4, 3, 4)),
  ofValues("poissonNll/rates", Loss.poissonNll({ logInput: false }), shares, floats(0.1, 4, 3, 4)),
  subject("Loss.gaussianNll", [logits, shares, floats(0.5, 2, 3, 1)], (m: F, t: F, v: F) =>
    Loss.gaussianNll({ full: true })(m, t, v, none)
  ),
  ofValues("meanSquaredError", Loss.meanSquaredError),
  ofValues("meanAbsoluteError", Loss.meanAbsoluteError, floats(1, 2, 3, 4), shares),
  ofValues("huber", Loss.huber({ delta: 0.1 }), floats(1.2, 2, 3, 4), shares),
  ofValues("huber/near", Loss.huber({ delta: 4 })),
  ofValues("smoothL1", Loss.smoothL1({ beta: 4 })),
  ofSigns("softMargin", Loss.softMargin),
  ofSigns("hingeEmbedding", Loss.hingeEmbedding({ margin: 3 })),
  ofValues("multiLabelSoftMargin", Loss.multiLabelSoftMargin({ classWeights: [1, 2, 3, 4] })),
  subject("Loss.multiLabelMargin", [floats(-0.4, 0.4, 2, 3), shaped(i32(2, 0, -1, 1, -1, 0), 2, 3)], (x: F, t: I) =>
    Loss.multiLabelMargin(x, t, none)
  ),
  subject("Loss.marginRanking", [floats(0.5, 1, 3, 4), floats(-1, 0, 3, 4), signs], (a: F, b: F, t: B) =>
    Loss.marginRanking({ margin: 0.25 })(a, b, signed(t, a), none)
  ),
  ofValues("logCosh", Loss.logCosh),
  ofValues("meanAbsolutePercentageError", Loss.meanAbsolutePercentageError, floats(1, 2, 3, 4), shares),
  ofValues("meanSquaredLogarithmicError", Loss.meanSquaredLogarithmicError, shares, floats(1, 2, 3, 4)),
  ofValues("poisson", Loss.poisson, shares, floats(0.1, 4, 3, 4)),
  ofSigns("hinge", Loss.hinge),
  ofSigns("squaredHinge", Loss.squaredHinge),
  ofValues("categoricalHinge", Loss.categoricalHinge),
  ofValues("dice", Loss.dice, shares, shares),
  ofValues("tversky", Loss.tversky({ alpha: 0.3, beta: 0.7 }), shares, shares),
  ofValues("cosineSimilarity", Loss.cosineSimilarity),
  subject("Loss.cosineEmbedding", [logits, shares, bool(1, 0, 1)], (a: F, b: F, t: B) =>
    Loss.cosineEmbedding({ margin: -2 })(a, b, signed(t, T.sum(a, { axis: -1 })), none)
  ),
  subject("Loss.tripletMargin", [logits, floats(2.5, 3, 3, 4), floats(-4, -3, 3, 4)], (a: F, p: F, n: F) =>
    Loss.tripletMargin({ margin: 20, swap: true })(a, p, n, none)
  )
]

const steps = floats(-1, 1, 3, 2, 2)
const kernels = (gates: number): ReadonlyArray<SampleOperand> => [
  floats(-1, 1, 2, 2 * gates),
  floats(-1, 1, 2, 2 * gates),
  floats(-1, 1, 2 * gates),
  floats(-1, 1, 2 * gates)
]
const cell = (kernel: F, recurrentKernel: F, bias: F, recurrentBias: F) => ({
  kernel,
  recurrentKernel,
  bias,
  recurrentBias
})
const mask = shaped(bool(1, 1, 0, 1, 1, 0), 3, 2)

/** The samples of recurrent cells. */
export const recurrentSubjects: ReadonlyArray<Subject> = [
  subject(
    "Recurrent.lstmCell",
    [...kernels(4), floats(-1, 1, 3, 2), floats(-1, 1, 3, 2), floats(-1, 1, 3, 2)],
    (wi: F, wh: F, bi: F, bh: F, h: F, c: F, x: F) => Recurrent.lstmCell(cell(wi, wh, bi, bh), { h, c }, x)
  ),
  ...[true, false].map((resetAfter) =>
    subject(
      `Recurrent.gruCell/reset ${resetAfter ? "after" : "before"}`,
      [...kernels(3), floats(-1, 1, 3, 2), floats(-1, 1, 3, 2)],
      (wi: F, wh: F, bi: F, bh: F, h: F, x: F) => Recurrent.gruCell(cell(wi, wh, bi, bh), h, x, { resetAfter })
    )
  ),
  subject(
    "Recurrent.rnnCell",
    [...kernels(1), floats(-1, 1, 3, 2), floats(-1, 1, 3, 2)],
    (wi: F, wh: F, bi: F, bh: F, h: F, x: F) => Recurrent.rnnCell(cell(wi, wh, bi, bh), h, x)
  ),
  subject("Recurrent.lstm", [...kernels(4), steps], (wi: F, wh: F, bi: F, bh: F, x: F) =>
    Recurrent.lstm(cell(wi, wh, bi, bh), x)
  ),
  subject("Recurrent.gru/reverse, masked", [...kernels(3), steps, mask], (wi: F, wh: F, bi: F, bh: F, x: F, on: B) =>
    Recurrent.gru(cell(wi, wh, bi, bh), x, { reverse: true, mask: on })
  ),
  subject(
    "Recurrent.rnn/initial",
    [...kernels(1), steps, floats(-1, 1, 2, 2)],
    (wi: F, wh: F, bi: F, bh: F, x: F, initial: F) => Recurrent.rnn(cell(wi, wh, bi, bh), x, { initial })
  )
]
