/** The programs of a training session: a step over a batch of shuffled rows, and the measurement of a run of rows. */
import { valueAndGradAux } from "@cotangent/autodiff"
import { type AnyTensor, Key, operations as ops, T, type Tensor, Tree } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import type { Optimizer, Rule } from "@cotangent/optim"

/** The trees of a model whose types are forgotten. */
export type Trees = Model.AnyModel extends { readonly apply: (params: infer P, ...rest: never) => unknown } ? P : never

/** Running sums over an epoch: of the loss, of the samples, and of every metric. */
export interface Sums {
  readonly loss: Tensor<[], "f64">
  readonly samples: Tensor<[], "f64">
  readonly metrics: { readonly [name: string]: Tree.Tree }
}

/** What stays in memory between steps. */
export interface TrainState {
  readonly optimizer: {
    readonly params: unknown
    readonly step: Tensor<[], "i32">
    readonly learningRate: Tensor<[], "f64">
  }
  readonly model: Trees
  readonly key: Key.Key
  /** The order of the training rows in this window: all rows of the data, or those of a stream that are in memory. */
  readonly order: Tensor<[number], "i32">
  /** The next row of `order` to look at. */
  readonly cursor: Tensor<[], "i32">
  readonly sums: Sums
  /** The measurement of the validation data, apart from the training of the epoch: either can stop and go on. */
  readonly evaluation: Measuring
  /** The gradients since the last update, when several batches make one; an empty record otherwise. */
  readonly accumulated: Accumulated | {}
}

/** Where a measurement is, and what it has seen. */
export interface Measuring {
  readonly cursor: Tensor<[], "i32">
  readonly sums: Sums
}

/** The gradient of the summed losses of some batches. */
export interface Accumulated {
  readonly gradients: Trees
  readonly batches: Tensor<[], "i32">
  /** How many samples they had; where targets are ignored, how many counted. */
  readonly samples: Tensor<[], "f32">
}

/** The rows in memory, all or a window of them: a batch is gathered from them, so that a step copies nothing in. */
export interface TrainData {
  readonly x: AnyTensor
  readonly y: AnyTensor
  /** Empty records when there is no validation. */
  readonly validation: { readonly x?: AnyTensor; readonly y?: AnyTensor }
  /** How much every sample counts, `[rows]`; empty when all count the same. */
  readonly weights: { readonly train?: AnyTensor; readonly validation?: AnyTensor }
}

/** Whether a step only adds up its gradient, or also updates with all that were added up. */
export interface Accumulation {
  readonly updates: boolean
}

/** What a session trains, shapes and trees forgotten: they were checked where the run was described. */
export interface Subject {
  readonly model: Model.AnyModel
  readonly loss: Loss.Loss<Loss.TargetKind>
  readonly optimizer: Optimizer<Rule>
  readonly metrics: { readonly [name: string]: Metrics.AnyMetric }
}

/** No sums yet. */
export const noSums = ({ metrics }: Pick<Subject, "metrics">): Sums => ({
  loss: T.zeros([], "f64"),
  samples: T.zeros([], "f64"),
  metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric.init()]))
})

/** The update of a metric whose state was made by its own `init`, as `noSums` does. */
const updateOf = (metric: Metrics.AnyMetric) =>
  metric.update as (state: Tree.Tree, output: AnyTensor, target: AnyTensor) => Tree.Tree

/** A number of samples to divide by: where none counts there is nothing to divide. */
const divisor = (samples: Tensor<[]>): Tensor<[]> => T.maximum(samples, 1e-12)

/** The mean of losses over the positions that count; 0 when none does. */
const meanLoss = (perSample: Tensor<[number]>, counts: Tensor<[number]> | undefined): Tensor<[]> =>
  counts === undefined ? T.mean(perSample) : T.div(T.sum(perSample), divisor(T.sum(counts)))

const addSums = (
  subject: Pick<Subject, "loss" | "metrics">,
  sums: Sums,
  perSample: Tensor<[number]>,
  output: AnyTensor,
  target: AnyTensor,
  penalty: Tensor<[]> | undefined
): Sums => {
  const losses = T.cast(T.sum(perSample), "f64")
  // Every sample of the batch counts with what the regularisers add to the mean.
  const counts = subject.loss.counts?.(target)
  const samples = counts === undefined ? (perSample.shape[0] ?? 0) : T.cast(T.sum(counts), "f64")
  const total = penalty === undefined ? losses : T.add(losses, T.mul(T.cast(penalty, "f64"), samples))
  return {
    loss: T.add(sums.loss, total),
    samples: T.add(sums.samples, samples),
    metrics: Object.fromEntries(
      Object.entries(subject.metrics).map(([name, metric]) => [
        name,
        updateOf(metric)(sums.metrics[name] ?? metric.init(), output, target)
      ])
    )
  }
}

/** Rows `cursor, cursor + 1, ...`, as many as `size`. */
const nextRows = (cursor: Tensor<[], "i32">, size: number): AnyTensor => ops.add(cursor, ops.iota([size], 0, "i32"))

/** Losses by the weights of their samples. As in Keras, the loss of a batch is the sum of these by the number of samples. */
const weighted = (perSample: Tensor<[number]>, weights: AnyTensor | undefined, rows: AnyTensor): Tensor<[number]> =>
  weights === undefined
    ? perSample
    : // The gathered weights have the shape of `perSample`.
      (ops.mul(perSample, ops.cast(ops.gather(weights, rows, 0), perSample.dtype)) as Tensor<[number]>)

const isAccumulated = (accumulated: TrainState["accumulated"]): accumulated is Accumulated => "batches" in accumulated

/** A scalar as often as a tensor has elements. */
const across = (scalar: AnyTensor, { dtype, shape }: AnyTensor): AnyTensor =>
  ops.broadcast(
    ops.reshape(
      ops.cast(scalar, dtype),
      shape.map(() => 1)
    ),
    shape
  )

/** A step of several that make one update: what it differentiates, and what becomes of the gradient. */
interface Group {
  /**
   * The losses of this batch, summed, and at the update the penalty as often as the group has samples. The gradients of
   * these add up to that of the mean over all samples of the group: batches with more samples that count weigh more.
   */
  readonly objective: (perSample: Tensor<[number]>, penalty: Tensor<[]> | undefined) => Tensor<[]>
  /** The gradient to update with, and what is remembered. */
  readonly gather: (gradients: Trees) => { readonly gradients: Trees; readonly accumulated: Accumulated }
}

/** The place of a batch in its group; `counted` is how many of its samples count. */
const groupOf = (
  { batches, gradients: sums, samples }: Accumulated,
  { updates }: Accumulation,
  counted: Tensor<[]> | number
): Group => {
  const all = T.add(samples, counted)
  return {
    objective: (perSample, penalty) =>
      penalty === undefined || !updates ? T.sum(perSample) : T.add(T.sum(perSample), T.mul(penalty, divisor(all))),
    gather: (own) => {
      const gradients = Tree.zip([sums, own], ([sum, gradient]) => {
        if (sum === undefined || gradient === undefined) throw new RangeError("two trees were zipped")
        return ops.add(sum, gradient)
      })
      return updates
        ? {
            gradients: Tree.map(gradients, (sum) => ops.div(sum, across(divisor(all), sum))),
            accumulated: {
              gradients: Tree.map(gradients, (sum) => ops.full(sum.shape, 0, sum.dtype)),
              batches: T.zeros([], "i32"),
              samples: T.zeros([])
            }
          }
        : { gradients, accumulated: { gradients, batches: T.add(batches, 1), samples: all } }
    }
  }
}

/** What no two steps share: random layers draw from it. */
const stepKey = ({ key, optimizer, accumulated }: TrainState): Key.Key => {
  const own = Key.fold(key, optimizer.step)
  return isAccumulated(accumulated) ? Key.fold(own, accumulated.batches) : own
}

/**
 * One step: gather a batch, loss and gradient, update, sums. The loss of the batch is the mean over its samples, and what the
 * regularisers of the model add. With `accumulation` the update waits for more batches, and is that of all their samples in
 * one batch.
 */
export const trainStep =
  (subject: Subject, size: number, accumulation?: Accumulation) =>
  (state: TrainState, data: TrainData): readonly [TrainState, {}] => {
    const { model, optimizer } = subject
    const rows = ops.gather(state.order, nextRows(state.cursor, size), 0)
    const x = ops.gather(data.x, rows, 0)
    const y = ops.gather(data.y, rows, 0)
    const key = stepKey(state)
    const counts = subject.loss.counts?.(y)
    const group =
      accumulation === undefined || !isAccumulated(state.accumulated)
        ? undefined
        : groupOf(state.accumulated, accumulation, counts === undefined ? size : T.sum(counts))
    const objective = (params: Trees) => {
      const { y: output, state: next } = model.apply(params, state.model, x, { mode: "train", key })
      const perSample = weighted(Loss.forgetShapes(subject.loss)(output, y), data.weights.train, rows)
      const penalty = model.penalty?.(params)
      const penalties = penalty === undefined ? [] : [penalty]
      const ofBatch = (): Tensor<[]> => penalties.reduce((sum, term) => T.add(sum, term), meanLoss(perSample, counts))
      const minimised = group === undefined ? ofBatch() : group.objective(perSample, penalty)
      return [minimised, { output, perSample, next, penalties }] as const
    }
    // The optimizer's parameters are the model's own tree.
    const [, grads, { output, perSample, next, penalties }] = valueAndGradAux(objective)(
      state.optimizer.params as Trees
    )
    const { gradients, accumulated } = group?.gather(grads) ?? { gradients: grads, accumulated: state.accumulated }
    const stepped = accumulation?.updates === false ? undefined : optimizer.step<unknown>(state.optimizer, gradients)
    return [
      {
        ...state,
        optimizer: { ...state.optimizer, ...stepped },
        model: next,
        cursor: T.add(state.cursor, size),
        sums: addSums(subject, state.sums, perSample, output, y, penalties[0]),
        accumulated
      },
      {}
    ]
  }

/** Rows to measure, and how much each counts. */
interface MeasuredRows {
  readonly x?: AnyTensor
  readonly y?: AnyTensor
  readonly weights: AnyTensor | undefined
}

/** Measures the next `size` rows with these parameters. */
export const measureRows = (
  subject: Omit<Subject, "optimizer">,
  variables: { readonly params: Trees; readonly state: Trees },
  { cursor, sums }: Measuring,
  { x, y, weights }: MeasuredRows,
  size: number
): Measuring => {
  if (x === undefined || y === undefined) throw new RangeError("there is nothing to measure")
  const rows = nextRows(cursor, size)
  const target = ops.gather(y, rows, 0)
  const applied = subject.model.apply(variables.params, variables.state, ops.gather(x, rows, 0), Model.evaluate)
  const perSample = weighted(Loss.forgetShapes(subject.loss)(applied.y, target), weights, rows)
  const penalty = subject.model.penalty?.(variables.params)
  return { cursor: T.add(cursor, size), sums: addSums(subject, sums, perSample, applied.y, target, penalty) }
}

/** Measures the next `size` validation rows with the parameters meant for evaluation. */
export const evaluateStep =
  (subject: Subject, size: number) =>
  (state: TrainState, { validation, weights }: TrainData): readonly [TrainState, {}] => {
    const params = subject.optimizer.evalParams<unknown>(state.optimizer) as Trees
    const rows = { ...validation, weights: weights.validation }
    const evaluation = measureRows(subject, { params, state: state.model }, state.evaluation, rows, size)
    return [{ ...state, evaluation }, {}]
  }
