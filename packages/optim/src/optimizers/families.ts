/** The rules in groups that a reader compares: what a page of documentation and its pictures are ordered by. */
import type { OptimizerDocument } from "../document.ts"
import { adabeliefDocument } from "./adabelief.ts"
import { adadeltaDocument } from "./adadelta.ts"
import { adafactorDocument } from "./adafactor.ts"
import { adagradDocument } from "./adagrad.ts"
import { adamDocument } from "./adam.ts"
import { adamAsPrintedDocument } from "./adamAsPrinted.ts"
import { adamaxDocument } from "./adamax.ts"
import { adamwDocument } from "./adamw.ts"
import { adanDocument } from "./adan.ts"
import { asgdDocument } from "./asgd.ts"
import { fromTransformDocument } from "../fromTransform.ts"
import { gradientDescentDocument } from "./gradientDescent.ts"
import { lambDocument } from "./lamb.ts"
import { larsDocument } from "./lars.ts"
import { lionDocument } from "./lion.ts"
import { lookaheadDocument } from "./lookahead.ts"
import { muonDocument } from "./muon.ts"
import { nadamDocument } from "./nadam.ts"
import { partitionedDocument } from "./partitioned.ts"
import { prodigyDocument } from "./prodigy.ts"
import { radamDocument } from "./radam.ts"
import { rmspropDocument } from "./rmsprop.ts"
import { rpropDocument } from "./rprop.ts"
import { samDocument } from "./sam.ts"
import { scheduleFreeDocument } from "./scheduleFree.ts"
import { sgdDocument } from "./sgd.ts"
import { shampooDocument } from "./shampoo.ts"
import { soapDocument } from "./soap.ts"
import { sparseRowsDocument } from "./sparseRows.ts"

/** Rules that a reader compares. */
export interface OptimizerFamily {
  /** One word, for links and names of files. */
  readonly name: string
  readonly title: string
  /** What they have in common, a sentence or two. */
  readonly summary: string
  readonly documents: ReadonlyArray<OptimizerDocument>
  /** The rows of the table of rules whose paths are drawn, by name. */
  readonly pictured: ReadonlyArray<string>
}

/** Every rule is in one family. */
export const optimizerFamilies: ReadonlyArray<OptimizerFamily> = [
  {
    name: "descent",
    title: "Descent and momentum",
    summary: "One rate for all elements. A velocity remembers earlier gradients; an average forgives noise.",
    documents: [gradientDescentDocument, sgdDocument, asgdDocument],
    pictured: ["gradientDescent", "sgd, momentum", "sgd, nesterov", "asgd"]
  },
  {
    name: "scales",
    title: "A scale for every element",
    summary: "Each element has a step size of its own, made of the sizes or the signs of its gradients.",
    documents: [adagradDocument, rmspropDocument, adadeltaDocument, rpropDocument],
    pictured: ["adagrad", "rmsprop", "rmsprop, momentum", "adadelta", "rprop"]
  },
  {
    name: "adam",
    title: "Adam and its relatives",
    summary: "Momentum divided by a scale, both averages that are corrected for their start from zero.",
    documents: [
      adamDocument,
      adamwDocument,
      adamaxDocument,
      nadamDocument,
      radamDocument,
      adabeliefDocument,
      adanDocument,
      adamAsPrintedDocument
    ],
    pictured: ["adam", "adamax", "nadam", "radam", "adabelief", "adan"]
  },
  {
    name: "layers",
    title: "Signs and layers",
    summary: "The direction keeps less than its elements: a sign, or a length that is set for a tensor as a whole.",
    documents: [lionDocument, larsDocument, lambDocument, adafactorDocument],
    pictured: ["lion", "lars", "lamb", "adafactor"]
  },
  {
    name: "matrices",
    title: "Matrices",
    summary: "Tensors are seen as matrices, and steps are scaled along directions rather than along elements.",
    documents: [muonDocument, shampooDocument, soapDocument],
    pictured: ["partitioned, muon for matrices, adamw for others", "shampoo", "soap"]
  },
  {
    name: "free",
    title: "Without a schedule, or without a rate",
    summary: "An average takes the place of a falling rate, or the distance to the solution is found on the way.",
    documents: [scheduleFreeDocument, prodigyDocument],
    pictured: ["scheduleFree", "prodigy", "adam"]
  },
  {
    name: "around",
    title: "Around another rule",
    summary: "Rules and transforms made of others: what they wrap is a rule of the other families.",
    documents: [lookaheadDocument, samDocument, sparseRowsDocument, partitionedDocument, fromTransformDocument],
    pictured: ["lookahead, adam", "lookahead, momentum, fast", "fromTransform, clipped adam"]
  }
]
