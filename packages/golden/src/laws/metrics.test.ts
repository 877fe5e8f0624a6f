/** Metrics on compiled targets: the same bits on all of them, and those of the interpreter but for rounding. */
import { type AnyTensor, type SampleOperand, type Value } from "@cotangent/graph"
import { Metrics } from "@cotangent/nn"
import { assert, describe, it } from "@effect/vitest"
import { floats, i32, value } from "./operands.ts"
import type { Subject } from "./subjects.ts"
import { checksOf } from "./table.ts"

const labels = i32(2, 0, 1, 2, 1, 0)
const yes: Value = value("f32", Float32Array.of(1, 0, 0, 1, 0, 1), [6])

type AnyMetric = Metrics.AnyMetric<"labels" | "values", ReadonlyArray<number>>

/** Two batches and what comes out, with weights for the second. */
const subject = (name: string, metric: unknown, x: SampleOperand, t: Value): Subject => {
  // A metric takes the states that it makes.
  const { init, update, result } = metric as AnyMetric
  const next = update as unknown as (...operands: ReadonlyArray<unknown>) => never
  return {
    name: `Metrics.${name}`,
    operands: [x, t, floats(0.1, 1, 6)],
    apply: ([output, target, weights]): ReadonlyArray<AnyTensor> => [
      result(next(next(init(), output, target), output, target, weights))
    ],
    only: ["targets"],
    floats: ["f32"]
  }
}

const rows = floats(0.05, 0.95, 6, 3)
const scores = floats(0.05, 0.95, 6)

const byLabel = (name: string, metric: unknown): Subject => subject(name, metric, rows, labels)
const byValue = (name: string, metric: unknown): Subject => subject(name, metric, scores, yes)
const ofRows = (name: string, metric: unknown): Subject =>
  subject(
    name,
    metric,
    rows,
    value(
      "f32",
      Float32Array.from({ length: 18 }, (_, i) => (i % 5) / 4 + 0.1),
      [6, 3]
    )
  )

const subjects: ReadonlyArray<Subject> = [
  byValue("auc", Metrics.auc()),
  byValue("auc/pr", Metrics.auc({ curve: "pr", numThresholds: 20 })),
  byValue("binaryAccuracy", Metrics.binaryAccuracy),
  byValue("binaryAccuracyWith", Metrics.binaryAccuracyWith({ threshold: 0.4 })),
  byValue("binaryIoU", Metrics.binaryIoU()),
  byLabel("calibrationError", Metrics.calibrationError({ fromLogits: true })),
  ofRows("categoricalAccuracy", Metrics.categoricalAccuracy),
  byLabel("cohenKappa", Metrics.cohenKappa({ classes: 3 })),
  byLabel("confusionMatrix", Metrics.confusionMatrix({ classes: 3 })),
  ofRows("cosineSimilarity", Metrics.cosineSimilarity),
  byValue("f1", Metrics.f1()),
  byValue("fBeta", Metrics.fBeta({ beta: 0.5 })),
  byLabel("ignoring", Metrics.ignoring(1, Metrics.sparseCategoricalAccuracy)),
  ofRows("logCosh", Metrics.logCosh),
  byLabel("meanIoU", Metrics.meanIoU({ classes: 3 })),
  ofRows("meanAbsoluteError", Metrics.meanAbsoluteError),
  ofRows("meanAbsolutePercentageError", Metrics.meanAbsolutePercentageError),
  ofRows("meanSquaredError", Metrics.meanSquaredError),
  ofRows("meanSquaredLogarithmicError", Metrics.meanSquaredLogarithmicError),
  byValue("pearsonCorrelation", Metrics.pearsonCorrelation),
  byValue("precision", Metrics.precision()),
  byValue("prevalence", Metrics.prevalence),
  byValue("r2Score", Metrics.r2Score()),
  byValue("recall", Metrics.recall()),
  ofRows("rootMeanSquaredError", Metrics.rootMeanSquaredError),
  byLabel("sparseCategoricalAccuracy", Metrics.sparseCategoricalAccuracy),
  byLabel("sparseFBeta", Metrics.sparseFBeta({ classes: 3 })),
  byLabel("sparsePrecision", Metrics.sparsePrecision({ classes: 3 })),
  byLabel("sparseRecall", Metrics.sparseRecall({ classes: 3, average: "weighted" })),
  byLabel("sparseTopKCategoricalAccuracy", Metrics.sparseTopKCategoricalAccuracy({ k: 2 })),
  byValue("specificity", Metrics.specificity()),
  ofRows("topKCategoricalAccuracy", Metrics.topKCategoricalAccuracy({ k: 2 }))
]

describe("metrics on compiled targets", () => {
  for (const each of subjects)
    it(each.name, () =>
      assert.deepStrictEqual(
        checksOf(each.name, each).flatMap(({ law, run }) => {
          const sentence = run(1)
          return sentence === undefined ? [] : [`${law}: ${sentence}`]
        }),
        []
      )
    )
})

it("every metric has a sample", () => {
  const sampled = new Set(subjects.map(({ name }) => name.split("/")[0]))
  // What makes metrics, and what looks at them, is no metric.
  const tools = new Set(["forgetShapes", "fromLoss", "mean", "sums"].map((name) => `Metrics.${name}`))
  assert.deepStrictEqual(
    Object.keys(Metrics)
      .map((name) => `Metrics.${name}`)
      .filter((name) => !tools.has(name) && !sampled.has(name)),
    []
  )
})
