/** Samples of normalisations, attention, distances and embeddings. */
import { T, type Tensor } from "@cotangent/graph"
import { type B, type F, type I, type OperationSample, sample } from "./operation-sample.ts"
import { bool, floats, i32, shaped } from "./operands.ts"

const lower = shaped(bool(1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0), 3, 4)
/** The second query may attend to nothing. */
const blind = shaped(bool(1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1), 3, 4)

/** The samples. */
export const normalizationSamples: ReadonlyArray<OperationSample> = [
  sample("layerNorm", "last", [floats(-2, 2, 3, 5)], (x: F) => T.layerNorm(x)),
  sample(
    "layerNorm",
    "axes",
    [floats(-2, 2, 2, 3, 4), floats(0.5, 1.5, 3, 4), floats(-1, 1, 3, 4)],
    (x: F, scale: F, offset: F) => T.layerNorm(x, { axis: [-2, -1], scale, offset, epsilon: 1e-3 })
  ),
  sample("layerNorm", "first and last", [floats(-2, 2, 2, 3, 4), floats(0.5, 1.5, 2, 4)], (x: F, scale: F) =>
    T.layerNorm(x, { axis: [2, 0], scale })
  ),
  sample("rmsNorm", "last", [floats(-2, 2, 3, 5), floats(0.5, 1.5, 5)], (x: F, scale: F) => T.rmsNorm(x, { scale })),
  sample(
    "groupNorm",
    "channels last",
    [floats(-2, 2, 2, 3, 6), floats(0.5, 1.5, 6), floats(-1, 1, 6)],
    (x: F, scale: F, offset: F) => T.groupNorm(x, { groups: 3, scale, offset })
  ),
  sample("groupNorm", "channels second", [floats(-2, 2, 2, 4, 3)], (x: F) => T.groupNorm(x, { groups: 2, axis: 1 })),
  sample("instanceNorm", "channels second", [floats(-2, 2, 2, 3, 4), floats(0.5, 1.5, 3)], (x: F, scale: F) =>
    T.instanceNorm(x, { axis: 1, scale })
  ),
  sample("instanceNorm", "channels last", [floats(-2, 2, 2, 3, 2)], (x: F) => T.instanceNorm(x)),
  sample(
    "batchNormInference",
    "channels second",
    [floats(-2, 2, 2, 3, 4), floats(-1, 1, 3), floats(0.5, 2, 3), floats(0.5, 1.5, 3), floats(-1, 1, 3)],
    (x: F, mean: F, variance: F, scale: F, offset: F) =>
      T.batchNormInference(x, { axis: 1, mean, variance, scale, offset })
  ),
  sample(
    "batchNormTraining",
    "output and statistics",
    [floats(-2, 2, 4, 3), floats(0.5, 1.5, 3), floats(-1, 1, 3)],
    (x: F, scale: F, offset: F) => {
      const { y, batch } = T.batchNormTraining(x, { scale, offset })
      return [y, batch]
    }
  ),
  sample(
    "batchNormTraining",
    "running statistics",
    [floats(-2, 2, 4, 3), floats(-1, 1, 3), floats(0.5, 2, 3)],
    (x: F, mean: F, variance: F) =>
      T.batchNormTraining(x, { running: { mean, variance }, momentum: 0.9, runningVariance: "unbiased" }).running,
    // No derivative flows from the batch, on purpose.
    { except: ["differences", "secondOrder"] }
  ),
  ...[1, 2, 3].map((p) => sample("normalize", `p ${p}`, [floats(0.5, 2, 3, 4)], (x: F) => T.normalize(x, { p }))),
  sample("normalize", "axes", [floats(-2, 2, 2, 3, 2)], (x: F) => T.normalize(x, { axis: [0, -1] })),
  sample("localResponseNorm", "odd", [floats(-2, 2, 2, 5)], (x: F) =>
    T.localResponseNorm(x, { size: 3, alpha: 0.5, beta: 0.6 })
  ),
  sample("localResponseNorm", "even, second axis", [floats(-2, 2, 2, 3, 2)], (x: F) =>
    T.localResponseNorm(x, { size: 4, alpha: 1, k: 2, axis: 1 })
  ),
  sample(
    "scaledDotProductAttention",
    "batches and heads",
    [floats(-1, 1, 2, 2, 3, 4), floats(-1, 1, 2, 2, 4, 4), floats(-1, 1, 2, 2, 4, 3)],
    (q: F, k: F, v: F) => T.scaledDotProductAttention(q, k, v)
  ),
  sample(
    "scaledDotProductAttention",
    "causal",
    [floats(-1, 1, 2, 4, 3), floats(-1, 1, 4, 3), floats(-1, 1, 2, 4, 3)],
    (q: F, k: F, v: F) => T.scaledDotProductAttention(q, k, v, { causal: true, scale: 0.7 })
  ),
  ...[lower, blind].map((mask, i) =>
    sample(
      "scaledDotProductAttention",
      i === 0 ? "mask" : "a query that sees nothing",
      [floats(-1, 1, 3, 2), floats(-1, 1, 4, 2), floats(-1, 1, 4, 2), mask],
      (q: F, k: F, v: F, allowed: B) => T.scaledDotProductAttention(q, k, v, { mask: allowed })
    )
  ),
  sample(
    "scaledDotProductAttention",
    "added mask",
    [floats(-1, 1, 2, 3, 2), floats(-1, 1, 2, 4, 2), floats(-1, 1, 2, 4, 2), floats(-2, 2, 3, 4)],
    (q: F, k: F, v: F, mask: F) => T.scaledDotProductAttention(q, k, v, { mask })
  ),
  sample("splitHeads", "batch", [floats(-1, 1, 2, 3, 8)], (x: F) => T.splitHeads(x, 2)),
  sample("mergeHeads", "batch", [floats(-1, 1, 2, 2, 3, 4)], (x: F) => T.mergeHeads(x)),
  sample("cosineSimilarity", "rows", [floats(-2, 2, 3, 4), floats(-2, 2, 3, 4)], (a: F, b: F) =>
    T.cosineSimilarity(a, b)
  ),
  sample("cosineSimilarity", "columns, broadcast", [floats(-2, 2, 3, 1), floats(-2, 2, 3, 4)], (a: F, b: F) =>
    T.cosineSimilarity(a, b, { axis: 0, keepDims: true })
  ),
  ...[1, 1.5, 2, 3, Infinity].map((p) =>
    sample("pairwiseDistance", `p ${p}`, [floats(0.5, 2, 3, 4), floats(-2, 0, 4)], (a: F, b: F) =>
      T.pairwiseDistance(a, b, { p })
    )
  ),
  sample("embedding", "rows", [floats(-1, 1, 4, 3), shaped(i32(0, 3, 3, 1, 9, -2), 2, 3)], (table: F, indices: I) =>
    T.embedding(table, indices)
  ),
  sample(
    "embedding",
    "padding",
    [floats(-1, 1, 4, 3), i32(0, 3, 2, 3)],
    (table: F, indices: I) => T.embedding(table as Tensor<[4, 3], "f64">, indices, { paddingIndex: 3 }),
    // No derivative flows into the row of padding, on purpose.
    { except: ["differences", "secondOrder"] }
  )
]
