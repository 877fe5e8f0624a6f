/** Every rule with sample options: what laws are checked on, and what a page of documentation lists. */
import { chain } from "../chain.ts"
import type { OptimizerDocument, Traits } from "../document.ts"
import { fromTransform, fromTransformDocument } from "../fromTransform.ts"
import type { Optimizer, Rule } from "../optimizer.ts"
import * as presets from "../presets.ts"
import { cosine } from "../schedule/decay.ts"
import { addDecayedWeights } from "../transforms/addDecayedWeights.ts"
import { clipByGlobalNorm } from "../transforms/clipByGlobalNorm.ts"
import { clipByValue } from "../transforms/clipByValue.ts"
import { scale } from "../transforms/scale.ts"
import { scaleByAdam } from "../transforms/scaleByAdam.ts"
import { trace } from "../transforms/trace.ts"
import { adabelief, adabeliefDocument } from "./adabelief.ts"
import { adadelta, adadeltaDocument } from "./adadelta.ts"
import { adafactor, adafactorDocument } from "./adafactor.ts"
import { adagrad, adagradDocument } from "./adagrad.ts"
import { adam, adamDocument } from "./adam.ts"
import { adamAsPrinted, adamAsPrintedDocument } from "./adamAsPrinted.ts"
import { adamax, adamaxDocument } from "./adamax.ts"
import { adamw, adamwDocument } from "./adamw.ts"
import { adan, adanDocument } from "./adan.ts"
import { asgd, asgdDocument } from "./asgd.ts"
import { gradientDescent, gradientDescentDocument } from "./gradientDescent.ts"
import { lamb, lambDocument } from "./lamb.ts"
import { lars, larsDocument } from "./lars.ts"
import { lion, lionDocument } from "./lion.ts"
import { lookahead, lookaheadDocument } from "./lookahead.ts"
import { muon, muonDocument } from "./muon.ts"
import { nadam, nadamDocument } from "./nadam.ts"
import { byRank, partitioned, partitionedDocument } from "./partitioned.ts"
import { prodigy, prodigyDocument } from "./prodigy.ts"
import { radam, radamDocument } from "./radam.ts"
import { rmsprop, rmspropDocument } from "./rmsprop.ts"
import { rprop, rpropDocument } from "./rprop.ts"
import { samDocument } from "./sam.ts"
import { scheduleFree, scheduleFreeDocument } from "./scheduleFree.ts"
import { sgd, sgdDocument } from "./sgd.ts"
import { shampoo, shampooDocument } from "./shampoo.ts"
import { soap, soapDocument } from "./soap.ts"
import { sparseRows, sparseRowsDocument } from "./sparseRows.ts"

/** A row of the table. The optimizer's rule is its own affair: `use` gives it to a function that works for every rule. */
export interface OptimizerSample extends Traits {
  /** The rule, and what is special about the options. */
  readonly name: string
  /** The rule in words and formulas. */
  readonly document: OptimizerDocument
  readonly use: <R>(law: <F extends Rule>(optimizer: Optimizer<F>) => R) => R
}

/** A row; the traits are those of the document but for those that the options change. */
const row = <F extends Rule>(
  document: OptimizerDocument,
  options: string,
  optimizer: Optimizer<F>,
  traits: Partial<Traits> = {}
): OptimizerSample => ({
  name: options === "" ? document.name : `${document.name}, ${options}`,
  document,
  use: (law) => law(optimizer),
  ...document.traits,
  ...traits
})

const learningRate = 0.05

const muonForMatrices = partitioned(
  { matrices: muon({ learningRate, weightDecay: 0.01 }), others: adamw({ learningRate }) },
  byRank
)

/** Every rule and every convention, with options under which 200 steps on a parabola come close to its minimum. */
export const optimizers: ReadonlyArray<OptimizerSample> = [
  row(gradientDescentDocument, "", gradientDescent({ learningRate })),
  row(
    gradientDescentDocument,
    "cosine schedule",
    gradientDescent({ learningRate: cosine({ from: 0.2, to: 0.01, steps: 100 }) })
  ),
  row(sgdDocument, "", sgd({ learningRate })),
  row(sgdDocument, "momentum", sgd({ learningRate, momentum: 0.9 })),
  row(sgdDocument, "nesterov", sgd({ learningRate, momentum: 0.9, nesterov: true })),
  row(sgdDocument, "dampening", sgd({ learningRate, momentum: 0.8, dampening: 0.3 })),
  row(sgdDocument, "L2", sgd({ learningRate, weightDecay: 0.01 }), { rests: false }),
  row(
    sgdDocument,
    "keras",
    sgd({ ...presets.keras.sgd, learningRate, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    {
      rests: false
    }
  ),
  row(sgdDocument, "maximize", sgd({ learningRate, momentum: 0.5, maximize: true }), { ascends: true }),
  row(rmspropDocument, "", rmsprop({ learningRate })),
  row(rmspropDocument, "keras", rmsprop({ ...presets.keras.rmsprop, learningRate }), { scaleInvariant: false }),
  row(rmspropDocument, "centered", rmsprop({ learningRate: 0.01, centered: true, epsilon: 1e-3 }), {
    scaleInvariant: false
  }),
  row(rmspropDocument, "momentum", rmsprop({ learningRate: 0.01, momentum: 0.5 })),
  row(
    rmspropDocument,
    "centered, momentum, optax",
    rmsprop({ ...presets.optax.rmsprop, learningRate: 0.01, centered: true, momentum: 0.5, epsilon: 1e-3 }),
    { scaleInvariant: false }
  ),
  row(adamDocument, "", adam({ learningRate })),
  row(adamDocument, "hat", adam({ ...presets.keras.adam, learningRate })),
  row(adamDocument, "inside", adam({ learningRate, epsilon: 1e-6, epsilonMode: "inside" }), { scaleInvariant: false }),
  row(adamDocument, "two epsilons", adam({ learningRate, epsilonRoot: 1e-6 }), { scaleInvariant: false }),
  row(adamDocument, "L2", adam({ learningRate, weightDecay: 0.01 }), { rests: false, scaleInvariant: false }),
  row(adamDocument, "tiny moments flushed", adam({ learningRate, flushTiny: true })),
  row(adamDocument, "amsgrad raw", adam({ ...presets.torch.amsgrad, learningRate })),
  row(adamDocument, "amsgrad corrected", adam({ ...presets.optax.amsgrad, learningRate })),
  row(adamwDocument, "", adamw({ learningRate }), { rests: false }),
  row(adamwDocument, "amsgrad", adamw({ learningRate, amsgrad: "raw" }), { rests: false }),
  row(adamaxDocument, "", adamax({ learningRate })),
  row(adamaxDocument, "keras", adamax({ ...presets.keras.adamax, learningRate })),
  row(nadamDocument, "", nadam({ learningRate })),
  row(nadamDocument, "optax", nadam({ ...presets.optax.nadam, learningRate })),
  row(radamDocument, "", radam({ learningRate: 0.2 })),
  row(radamDocument, "optax", radam({ ...presets.optax.radam, learningRate, beta2: 0.9 })),
  row(adagradDocument, "", adagrad({ learningRate: 0.5 })),
  row(adagradDocument, "keras", adagrad({ ...presets.keras.adagrad, learningRate: 0.5 }), { scaleInvariant: false }),
  row(adadeltaDocument, "", adadelta({ learningRate: 1, epsilon: 1e-2 })),
  row(rpropDocument, "", rprop({ learningRate })),
  row(asgdDocument, "", asgd({ learningRate, averageAfter: 50 }), { rests: false }),
  row(adamAsPrintedDocument, "", adamAsPrinted({ learningRate: 0.5 })),
  row(
    fromTransformDocument,
    "clipped adam",
    fromTransform(chain({ clip: clipByGlobalNorm(1), adam: scaleByAdam() }), { learningRate })
  ),
  row(
    fromTransformDocument,
    "adamw",
    fromTransform(chain({ adam: scaleByAdam(), decay: addDecayedWeights(0.01), rate: scale(-learningRate) })),
    { rests: false }
  ),
  row(
    fromTransformDocument,
    "clipped momentum",
    fromTransform(chain({ clip: clipByValue(0.5), trace: trace(0.9, { nesterov: true }) }), { learningRate: 0.02 })
  ),
  row(lionDocument, "", lion({ learningRate })),
  row(lionDocument, "decoupled decay", lion({ learningRate, weightDecay: 0.1 }), { rests: false }),
  row(adabeliefDocument, "", adabelief({ learningRate })),
  row(
    adabeliefDocument,
    "decoupled decay",
    adabelief({ learningRate, weightDecay: 0.1, weightDecayMode: "decoupled" }),
    {
      rests: false
    }
  ),
  row(adabeliefDocument, "optax", adabelief({ ...presets.optax.adabelief, learningRate })),
  row(adanDocument, "", adan({ learningRate })),
  row(adanDocument, "proximal decay", adan({ learningRate, weightDecay: 0.02 }), { rests: false }),
  row(lambDocument, "", lamb({ learningRate })),
  row(lambDocument, "decay", lamb({ learningRate, weightDecay: 0.01 }), { rests: false }),
  row(larsDocument, "", lars({ learningRate, trustCoefficient: 0.1 })),
  row(
    larsDocument,
    "nesterov, gradients",
    lars({ learningRate, trustCoefficient: 0.1, nesterov: true, velocityMode: "gradients" })
  ),
  row(scheduleFreeDocument, "", scheduleFree({ learningRate: 0.2 })),
  row(scheduleFreeDocument, "decay", scheduleFree({ learningRate: 0.2, weightDecay: 0.01 }), { rests: false }),
  row(prodigyDocument, "", prodigy()),
  row(prodigyDocument, "bias corrections", prodigy({ biasCorrection: true })),
  row(adafactorDocument, "", adafactor({ learningRate })),
  row(adafactorDocument, "not factored", adafactor({ learningRate, factored: false }), { symmetry: "elements" }),
  row(partitionedDocument, "muon for matrices, adamw for others", muonForMatrices, {
    ...muonDocument.traits,
    rests: false
  }),
  row(shampooDocument, "", shampoo({ learningRate: 0.5 })),
  row(shampooDocument, "every third step", shampoo({ learningRate: 0.5, refreshEvery: 3 })),
  row(soapDocument, "", soap({ learningRate, refreshEvery: 3 })),
  row(soapDocument, "no decay", soap({ learningRate, refreshEvery: 2, weightDecay: 0 }), { rests: true }),
  row(lookaheadDocument, "adam", lookahead(adam({ learningRate: 0.1 })), { scaleInvariant: true }),
  row(lookaheadDocument, "momentum, fast", lookahead(sgd({ learningRate, momentum: 0.9 }), { evaluate: "fast" }), {
    firstStep: "elementwise"
  }),
  row(sparseRowsDocument, "adam", sparseRows(adam({ learningRate })), { scaleInvariant: true }),
  row(
    sparseRowsDocument,
    "adamw",
    sparseRows(adamw({ learningRate }), () => true),
    { scaleInvariant: true }
  )
]

/** What is said about every rule, solvers that wrap one among them: each document once. */
export const optimizerDocuments: ReadonlyArray<OptimizerDocument> = [
  ...new Set([...optimizers.map(({ document }) => document), muonDocument, samDocument])
]
