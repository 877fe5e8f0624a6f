/** What holds for every metric: batches of any sizes give the same, weights count, masks leave out. */
import { type AnyTensor, Key, operations as ops, type Shape, ShapeError, T, type Tensor, Tree } from "@cotangent/graph"
import { assert, describe, it } from "@effect/vitest"
import { numbers } from "../gradients.test.support.ts"
import * as Loss from "../loss/index.ts"
import type { TargetKind } from "../targets.ts"
import * as Metrics from "./index.ts"

const size = 23
const classes = 4
const outputs = T.softmax(T.mul(Key.normal(Key.key(1), [size, classes]), 2))
const labels = Key.randint(Key.key(2), [size], 0, classes)
const values = T.cast(T.oneHot(labels, classes, "bool"), "f32")
const weights = Key.uniform(Key.key(3), [size])
const mask = T.greater(weights, 0.4)

const metrics: ReadonlyArray<Metrics.AnyMetric<TargetKind, ReadonlyArray<number>>> = [
  Metrics.sparseCategoricalAccuracy,
  Metrics.categoricalAccuracy,
  Metrics.binaryAccuracy,
  Metrics.sparseTopKCategoricalAccuracy({ k: 2 }),
  Metrics.topKCategoricalAccuracy({ k: 2 }),
  Metrics.precision(),
  Metrics.recall({ threshold: 0.3 }),
  Metrics.specificity(),
  Metrics.fBeta({ beta: 2 }),
  Metrics.f1(),
  Metrics.binaryIoU(),
  Metrics.prevalence,
  Metrics.auc(),
  Metrics.auc({ curve: "pr", numThresholds: 50 }),
  Metrics.confusionMatrix({ classes }),
  Metrics.sparsePrecision({ classes }),
  Metrics.sparseRecall({ classes, average: "weighted" }),
  Metrics.sparseFBeta({ classes }),
  Metrics.meanIoU({ classes }),
  Metrics.cohenKappa({ classes }),
  Metrics.calibrationError({ fromLogits: false }),
  Metrics.meanSquaredError,
  Metrics.meanAbsoluteError,
  Metrics.rootMeanSquaredError,
  Metrics.meanAbsolutePercentageError,
  Metrics.meanSquaredLogarithmicError,
  Metrics.logCosh,
  Metrics.cosineSimilarity,
  Metrics.r2Score(),
  Metrics.r2Score({ outputs: classes }),
  Metrics.pearsonCorrelation,
  Metrics.fromLoss(Loss.categoricalCrossentropy({ fromLogits: false }))
].map((metric) => metric as Metrics.AnyMetric<TargetKind, ReadonlyArray<number>>)

type Untyped = (state: unknown, output: AnyTensor, target: AnyTensor, weights?: AnyTensor) => unknown

const rows = (x: AnyTensor, start: number, end: number): AnyTensor =>
  ops.slice(x, {
    start: x.shape.map((_, d) => (d === 0 ? start : 0)),
    limit: x.shape.map((n, d) => (d === 0 ? end : n)),
    step: x.shape.map(() => 1)
  })

/** The metric over batches that end at these rows. */
const over = (
  metric: Metrics.AnyMetric<TargetKind, ReadonlyArray<number>>,
  ends: ReadonlyArray<number>,
  weight?: AnyTensor
): ReadonlyArray<number> => {
  const target: AnyTensor = metric.targets === "labels" ? labels : values
  const update = metric.update as unknown as Untyped
  let state: unknown = metric.init()
  let start = 0
  for (const end of ends) {
    state = update(state, rows(outputs, start, end), rows(target, start, end), weight && rows(weight, start, end))
    start = end
  }
  return numbers(metric.result(state as never))
}

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  assert.strictEqual(actual.length, expected.length)
  actual.forEach((x, i) => {
    const e = expected[i] ?? Number.NaN
    assert.isTrue(Number.isFinite(x))
    assert.approximately(x / (Math.abs(e) || 1), e / (Math.abs(e) || 1), 1e-9)
  })
}

/** The rows that a mask keeps, of a tensor. */
const kept = (x: AnyTensor): AnyTensor => {
  const flags = numbers(ops.cast(mask, "f32"))
  const at = flags.flatMap((flag, i) => (flag === 1 ? [i] : []))
  return ops.gather(x, T.fromArray(Int32Array.from(at), [at.length], "i32"), 0)
}

describe("every metric", () => {
  it.each(metrics)("$name over batches of any sizes is that of one", (metric) => {
    const whole = over(metric, [size])
    for (const ends of [
      [1, 2, size],
      [10, size],
      [3, 3 + 8, 3 + 8 + 11, size]
    ])
      close(over(metric, ends), whole)
    const weighted = over(metric, [size], weights)
    close(over(metric, [5, 6, 20, size], weights), weighted)
  })

  it.each(metrics)("$name with weights of 1 is that without, and with a mask that of the rows left", (metric) => {
    close(over(metric, [size], T.ones([size])), over(metric, [size]))
    const target: AnyTensor = metric.targets === "labels" ? labels : values
    const update = metric.update as unknown as Untyped
    const left = numbers(metric.result(update(metric.init(), kept(outputs), kept(target)) as never))
    close(over(metric, [size], mask), left)
    // A row left out may hold anything.
    const broken = T.where(T.reshape(mask, [size, 1]), outputs, Number.NaN)
    const state = update(metric.init(), broken, target, mask)
    close(numbers(metric.result(state as never)), left)
  })

  it.each(metrics)("$name has a state of f64, and refuses weights of another shape", (metric) => {
    for (const leaf of Tree.leaves(metric.init())) assert.strictEqual(leaf.dtype, "f64")
    const target: AnyTensor = metric.targets === "labels" ? labels : values
    const update = metric.update as unknown as Untyped
    assert.throws(() => update(metric.init(), outputs, target, T.ones([3])), ShapeError, "metric: the weights of")
  })
})

describe("metrics", () => {
  const run = <S, R extends Shape>(
    metric: Metrics.Metric<"values", S, R>,
    target: AnyTensor,
    output: AnyTensor,
    weight?: AnyTensor
  ) => numbers(metric.result(Metrics.forgetShapes(metric)(metric.init(), output, target, weight)))
  const sparse = <S, R extends Shape>(
    metric: Metrics.Metric<"labels", S, R>,
    target: ReadonlyArray<number>,
    taken: ReadonlyArray<number>,
    count: number,
    weight?: AnyTensor
  ) => {
    const output = T.cast(T.oneHot(T.fromArray(Int32Array.from(taken), [taken.length], "i32"), count, "bool"), "f32")
    const t = T.fromArray(Int32Array.from(target), [target.length], "i32")
    return numbers(metric.result(Metrics.forgetShapes(metric)(metric.init(), output, t, weight)))
  }
  const near = (actual: ReadonlyArray<number>, expected: number) => {
    assert.strictEqual(actual.length, 1)
    assert.approximately(actual[0] ?? Number.NaN, expected, 2e-7 * Math.max(1, expected))
  }
  const row = (...xs: ReadonlyArray<number>): Tensor<Shape> => T.fromArray(Float32Array.from(xs), [xs.length])

  it("of yes and no have the values in Keras's documentation", () => {
    const [t, y] = [row(0, 1, 1, 1), row(1, 0, 1, 1)]
    near(run(Metrics.precision(), t, y), 2 / 3)
    near(run(Metrics.precision(), t, y, row(0, 0, 1, 0)), 1)
    near(run(Metrics.recall(), t, y), 2 / 3)
    const [labels2, scores] = [row(0, 0, 1, 1), row(0, 0.5, 0.3, 0.9)]
    near(run(Metrics.auc({ numThresholds: 3 }), labels2, scores), 0.75)
    near(run(Metrics.auc({ numThresholds: 3 }), labels2, scores, row(1, 0, 0, 1)), 1)
    // F1 of the three columns of Keras's example, each on its own.
    const columns: ReadonlyArray<readonly [Tensor<Shape>, Tensor<Shape>, number]> = [
      [row(1, 1, 1), row(0.2, 0.2, 0.6), 0.5],
      [row(1, 0, 1), row(0.6, 0.6, 0.8), 0.8],
      [row(1, 0, 0), row(0.7, 0.6, 0), 2 / 3]
    ]
    for (const [target, output, expected] of columns) near(run(Metrics.f1(), target, output), expected)
  })

  it("the area under true over false positives is the share of pairs in the right order", () => {
    const [t, y] = [row(0, 1, 0, 1, 1, 0, 1), row(0.1, 0.35, 0.4, 0.8, 0.2, 0.3, 0.9)]
    const [ts, ys] = [numbers(t), numbers(y)]
    const pairs = ts.flatMap((a, i) => ts.flatMap((b, j) => (a === 1 && b === 0 ? [(ys[i] ?? 0) > (ys[j] ?? 0)] : [])))
    near(run(Metrics.auc(), t, y), pairs.filter(Boolean).length / pairs.length)
    const logits = T.log(T.div(y, T.add(T.neg(y), 1)))
    near(run(Metrics.auc({ fromLogits: true }), t, logits), pairs.filter(Boolean).length / pairs.length)
    near(run(Metrics.auc({ curve: "pr" }), row(0, 0, 1, 1), row(0.1, 0.2, 0.8, 0.9)), 1)
  })

  it("of classes have the values in Keras's documentation, and of their definitions", () => {
    near(sparse(Metrics.meanIoU({ classes: 2 }), [0, 0, 1, 1], [0, 1, 0, 1], 2), 1 / 3)
    near(sparse(Metrics.meanIoU({ classes: 2 }), [0, 0, 1, 1], [0, 1, 0, 1], 2, row(0.3, 0.3, 0.3, 0.1)), 0.23809525)
    const [t, y] = [
      [0, 0, 0, 1, 1, 2],
      [0, 0, 1, 1, 2, 2]
    ]
    assert.deepStrictEqual(sparse(Metrics.confusionMatrix({ classes: 3 }), t, y, 3), [2, 1, 0, 0, 1, 1, 0, 0, 1])
    near(sparse(Metrics.sparsePrecision({ classes: 3 }), t, y, 3), (1 + 1 / 2 + 1 / 2) / 3)
    near(sparse(Metrics.sparseRecall({ classes: 3 }), t, y, 3), (2 / 3 + 1 / 2 + 1) / 3)
    near(sparse(Metrics.sparseRecall({ classes: 3, average: "weighted" }), t, y, 3), 4 / 6)
    near(sparse(Metrics.sparseFBeta({ classes: 3 }), t, y, 3), (4 / 5 + 2 / 4 + 2 / 3) / 3)
    const chance = (3 * 2 + 2 * 2 + 1 * 2) / 36
    near(sparse(Metrics.cohenKappa({ classes: 3 }), t, y, 3), (4 / 6 - chance) / (1 - chance))
  })

  it("of the first k count ties for the class", () => {
    const t = T.constant([
      [0, 0, 1],
      [0, 1, 0]
    ])
    const y = T.constant([
      [0.1, 0.9, 0.8],
      [0.05, 0.95, 0]
    ])
    near(run(Metrics.topKCategoricalAccuracy({ k: 1 }), t, y), 0.5)
    near(run(Metrics.topKCategoricalAccuracy({ k: 1 }), t, y, row(0.7, 0.3)), 0.3)
    near(run(Metrics.topKCategoricalAccuracy({ k: 2 }), t, y), 1)
    near(sparse(Metrics.sparseTopKCategoricalAccuracy({ k: 1 }), [1, 0], [1, 1], 2), 0.5)
  })

  it("of numbers have the values in Keras's documentation", () => {
    const t = T.constant([
      [0, 1],
      [0, 0]
    ])
    const y = T.constant([
      [1, 1],
      [0, 0]
    ])
    near(run(Metrics.rootMeanSquaredError, t, y), 0.5)
    near(run(Metrics.rootMeanSquaredError, t, y, row(1, 0)), 0.70710677)
    near(run(Metrics.logCosh, t, y), 0.10844523)
    near(run(Metrics.meanSquaredLogarithmicError, t, y), 0.12011322)
    near(run(Metrics.meanAbsolutePercentageError, t, y), 250000000)
    const [a, b] = [
      T.constant([
        [0, 1],
        [1, 1]
      ]),
      T.constant([
        [1, 0],
        [1, 1]
      ])
    ]
    near(run(Metrics.cosineSimilarity, a, b), 0.5)
    near(run(Metrics.cosineSimilarity, a, b, row(0.3, 0.7)), 0.7)
    near(run(Metrics.r2Score(), T.constant([[1], [4], [3]]), T.constant([[2], [4], [4]])), 0.57142857)
    near(run(Metrics.pearsonCorrelation, row(1, 2, 3), row(2, 4, 6)), 1)
    near(run(Metrics.pearsonCorrelation, row(1, 2, 3), row(-2, -4, -6)), -1)
  })

  it("of calibration compare shares of right answers with what was said", () => {
    const output = T.constant([
      [0.9, 0.1],
      [0.75, 0.25],
      [0.45, 0.55],
      [0.42, 0.58]
    ])
    const metric = Metrics.calibrationError({ fromLogits: false, bins: 5 })
    const state = metric.update(metric.init(), output, T.constant([0, 1, 1, 1], "i32"))
    // The bins above 0.8, above 0.6, above 0.4.
    const expected = (Math.abs(1 - 0.9) + Math.abs(0 - 0.75) + Math.abs(2 - 1.13)) / 4
    near(numbers(metric.result(state)), expected)
  })
})
