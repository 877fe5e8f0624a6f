/** Metrics of classes, from the matrix of what was taken for what. */
import { type AnyTensor, operations as ops, T, type Tensor } from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type Metric, type MetricWeights, type Number64, ratioOrZero, sums, weighed } from "./metric.ts"

/** How often (by weight) a row of class i was taken for class j: `matrix[i, j]`. */
export type Confusion<C extends number = number> = { readonly matrix: Tensor<[C, C], "f64"> }

/** Options of metrics of classes. */
export interface ClassesOptions<C extends number = number> {
  /** How many classes there are. */
  readonly classes: C
}

const checkClasses = (name: string, classes: number): void => {
  if (!Number.isInteger(classes) || classes < 1)
    throw optionError(`${name}: classes`, "a whole number above 0", classes)
}

/** One row per label: weights at the class. A label that is no class is in no row. */
const spread = (labels: AnyTensor, classes: number, weights: MetricWeights): AnyTensor => {
  const flat = labels.shape.reduce((product, size) => product * size, 1)
  // Labels are i32, and so is argmax.
  const isClass = ops.cast(T.oneHot(labels as Tensor<ReadonlyArray<number>, "i32">, classes, "bool"), "f64")
  const by = weights === undefined ? isClass : weighed(isClass, weights)
  return ops.reshape(by, [flat, classes])
}

const matrixOf = (output: AnyTensor, labels: AnyTensor, classes: number, weights: MetricWeights): AnyTensor => {
  const taken = ops.argmax(output, output.shape.length - 1)
  const [are, were] = [spread(labels, classes, weights), spread(taken, classes, undefined)]
  return ops.dot(are, were, { batch: [[], []], contract: [[0], [0]] })
}

const fromMatrix = <C extends number, R extends ReadonlyArray<number> = []>(
  name: string,
  { classes }: ClassesOptions<C>,
  result: (matrix: AnyTensor) => AnyTensor
): Metric<"labels", Confusion<C>, R> => {
  checkClasses(name, classes)
  return sums<"labels", Confusion<C>, R>({
    name,
    targets: "labels",
    init: () => ({ matrix: T.zeros([classes, classes], "f64") }),
    batch: (output, labels, weights) => ({ matrix: matrixOf(output, labels, classes, weights) }),
    // Every result below has the shape that its metric names.
    result: ({ matrix }) => result(matrix) as Tensor<R, "f64">
  })
}

/**
 * How often a row of class i was taken for class j, `[i, j]`; of equal outputs the first counts.
 *
 * ```ts
 * const metric = Metrics.confusionMatrix({ classes: 3 })
 * const state = metric.update(metric.init(), T.constant([[1, 0, 0], [0, 1, 2]]), T.constant([0, 1], "i32"))
 * const matrix = metric.result(state) // [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
 * ```
 *
 * Throws OptionError unless `classes` is a whole number above 0, as all metrics of classes do.
 */
export const confusionMatrix = <C extends number>(options: ClassesOptions<C>): Metric<"labels", Confusion<C>, [C, C]> =>
  fromMatrix<C, [C, C]>("confusionMatrix", options, (matrix) => matrix)

const diagonal = (matrix: AnyTensor): AnyTensor => {
  const n = matrix.shape[0] ?? 1
  const same = ops.eq(ops.iota([n, n], 0, "i32"), ops.iota([n, n], 1, "i32"))
  return ops.reduceSum(ops.select(same, matrix, 0), [1])
}
/** How often each class was there, and how often it was said. */
const rows = (matrix: AnyTensor): AnyTensor => ops.reduceSum(matrix, [1])
const columns = (matrix: AnyTensor): AnyTensor => ops.reduceSum(matrix, [0])
const sum = (x: AnyTensor): AnyTensor => ops.reduceSum(x, [0])

/** The mean over classes: of all alike, of those that `counts` at all, or weighed by how often each is there. */
const averages: Readonly<Record<Average, (score: AnyTensor, matrix: AnyTensor) => AnyTensor>> = {
  macro: (score) => ops.div(sum(score), score.shape[0] ?? 1),
  weighted: (score, matrix) => ratioOrZero(sum(ops.mul(score, rows(matrix))), sum(rows(matrix)))
}

/** How the scores of classes become one: `"macro"` counts all classes alike, `"weighted"` each as often as it is there. */
export type Average = "macro" | "weighted"

/** Options of scores of classes. */
export interface AverageOptions<C extends number = number> extends ClassesOptions<C> {
  /** `"macro"` unless given. */
  readonly average?: Average
}

/** The mean over classes of `hits / said`; a class that was never said has 0. sklearn's `precision_score`. */
export const sparsePrecision = <C extends number>(options: AverageOptions<C>): Metric<"labels", Confusion<C>> =>
  fromMatrix("sparsePrecision", options, (matrix) =>
    averages[options.average ?? "macro"](ratioOrZero(diagonal(matrix), columns(matrix)), matrix)
  )

/**
 * The mean over classes of `hits / there`; a class that is never there has 0. With `"macro"` it is the balanced accuracy, when
 * all classes are there. sklearn's `recall_score`.
 */
export const sparseRecall = <C extends number>(options: AverageOptions<C>): Metric<"labels", Confusion<C>> =>
  fromMatrix("sparseRecall", options, (matrix) =>
    averages[options.average ?? "macro"](ratioOrZero(diagonal(matrix), rows(matrix)), matrix)
  )

/** Options of sparseFBeta. */
export interface SparseFBetaOptions<C extends number = number> extends AverageOptions<C> {
  /** How many times more recall counts than precision; 1 unless given. */
  readonly beta?: number
}

/** The mean over classes of their F score; see `fBeta`. Keras's `FBetaScore(average)`. Throws OptionError unless `beta > 0`. */
export const sparseFBeta = <C extends number>(options: SparseFBetaOptions<C>): Metric<"labels", Confusion<C>> => {
  const { beta = 1, average = "macro" } = options
  if (!(beta > 0 && Number.isFinite(beta))) throw optionError("sparseFBeta: beta", "a positive number", beta)
  const square = beta * beta
  return fromMatrix("sparseFBeta", options, (matrix) => {
    const all = ops.add(ops.mul(rows(matrix), square), columns(matrix))
    return averages[average](ratioOrZero(ops.mul(diagonal(matrix), 1 + square), all), matrix)
  })
}

/** The mean over classes that were there or said of `hits / (there + said - hits)`. Keras's `MeanIoU`. */
export const meanIoU = <C extends number>(options: ClassesOptions<C>): Metric<"labels", Confusion<C>> =>
  fromMatrix("meanIoU", options, (matrix) => {
    const hits = diagonal(matrix)
    const union = ops.sub(ops.add(rows(matrix), columns(matrix)), hits)
    const counts = ops.cast(ops.lt(ops.full(union.shape, 0, "f64"), union), "f64")
    return ratioOrZero(sum(ratioOrZero(hits, union)), sum(counts))
  })

/** `(p - e) / (1 - e)`: accuracy p beyond e, that of answers drawn by their frequencies. Cohen 1960. */
export const cohenKappa = <C extends number>(options: ClassesOptions<C>): Metric<"labels", Confusion<C>> =>
  fromMatrix("cohenKappa", options, (matrix) => {
    const all = sum(rows(matrix))
    const p = ratioOrZero(sum(diagonal(matrix)), all)
    const e = ratioOrZero(sum(ops.mul(rows(matrix), columns(matrix))), ops.mul(all, all))
    // Made of scalars.
    return ratioOrZero(ops.sub(p, e), ops.sub(ops.full([], 1, "f64"), e)) as Number64
  })
