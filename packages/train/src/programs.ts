/** The programs of a training session: a step over a batch of shuffled rows, and the measurement of a run of rows. */
import { valueAndGradAux } from "@cotangent/autodiff"
import { type AnyTensor, Key, operations as ops, T, type Tensor, type Tree } from "@cotangent/graph"
import { Loss, Metrics, Model } from "@cotangent/nn"
import type { Optimizer, Rule } from "@cotangent/optim"

type Trees = Model.AnyModel extends { readonly apply: (params: infer P, ...rest: never) => unknown } ? P : never

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
  /** The order of the training rows in this epoch. */
  readonly order: Tensor<[number], "i32">
  /** The next row of `order`, or of the validation data, to look at. */
  readonly cursor: Tensor<[], "i32">
  readonly sums: Sums
}

/** The data, resident: a batch is gathered from it, so that an epoch copies nothing in. */
export interface TrainData {
  readonly x: AnyTensor
  readonly y: AnyTensor
  /** Empty records when there is no validation. */
  readonly validation: { readonly x?: AnyTensor; readonly y?: AnyTensor }
}

/** What a session trains, shapes and trees forgotten: they were checked where the run was described. */
export interface Subject {
  readonly model: Model.AnyModel
  readonly loss: Loss.Loss<Loss.TargetKind>
  readonly optimizer: Optimizer<Rule>
  readonly metrics: { readonly [name: string]: Metrics.AnyMetric }
}

/** No sums yet. */
export const noSums = ({ metrics }: Subject): Sums => ({
  loss: T.zeros([], "f64"),
  samples: T.zeros([], "f64"),
  metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric.init()]))
})

/** The update of a metric whose state was made by its own `init`, as `noSums` does. */
const updateOf = (metric: Metrics.AnyMetric) =>
  metric.update as (state: Tree.Tree, output: AnyTensor, target: AnyTensor) => Tree.Tree

const addSums = (
  subject: Subject,
  sums: Sums,
  perSample: Tensor<[number]>,
  output: AnyTensor,
  target: AnyTensor,
  penalty: Tensor<[]> | undefined
): Sums => {
  const losses = T.cast(T.sum(perSample), "f64")
  // Every sample of the batch counts with what the regularisers add to the mean.
  const total = penalty === undefined ? losses : T.add(losses, T.mul(T.cast(penalty, "f64"), perSample.shape[0] ?? 0))
  return {
    loss: T.add(sums.loss, total),
    samples: T.add(sums.samples, perSample.shape[0] ?? 0),
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

/**
 * One step: gather a batch, loss and gradient, update, sums. The loss of the batch is the mean over its samples, and what the
 * regularisers of the model add.
 */
export const trainStep =
  (subject: Subject, size: number) =>
  (state: TrainState, data: TrainData): readonly [TrainState, {}] => {
    const { model, optimizer } = subject
    const rows = ops.gather(state.order, nextRows(state.cursor, size), 0)
    const x = ops.gather(data.x, rows, 0)
    const y = ops.gather(data.y, rows, 0)
    const key = Key.fold(state.key, state.optimizer.step)
    const objective = (params: Trees) => {
      const { y: output, state: next } = model.apply(params, state.model, x, { mode: "train", key })
      const perSample = Loss.forgetShapes(subject.loss)(output, y)
      const penalty = model.penalty?.(params)
      const mean = T.mean(perSample)
      const penalties = penalty === undefined ? [] : [penalty]
      return [penalties.reduce((sum, term) => T.add(sum, term), mean), { output, perSample, next, penalties }] as const
    }
    // The optimizer's parameters are the model's own tree.
    const [, grads, { output, perSample, next, penalties }] = valueAndGradAux(objective)(
      state.optimizer.params as Trees
    )
    const stepped = optimizer.step<unknown>(state.optimizer, grads)
    return [
      {
        ...state,
        optimizer: { ...state.optimizer, ...stepped },
        model: next,
        cursor: T.add(state.cursor, size),
        sums: addSums(subject, state.sums, perSample, output, y, penalties[0])
      },
      {}
    ]
  }

/** Measures the next `size` validation rows with the parameters meant for evaluation. */
export const evaluateStep =
  (subject: Subject, size: number) =>
  (state: TrainState, { validation }: TrainData): readonly [TrainState, {}] => {
    if (validation.x === undefined || validation.y === undefined) throw new RangeError("there is no validation data")
    const rows = nextRows(state.cursor, size)
    const x = ops.gather(validation.x, rows, 0)
    const y = ops.gather(validation.y, rows, 0)
    const params = subject.optimizer.evalParams<unknown>(state.optimizer) as Trees
    const { y: output } = subject.model.apply(params, state.model, x, Model.evaluate)
    const perSample = Loss.forgetShapes(subject.loss)(output, y)
    const sums = addSums(subject, state.sums, perSample, output, y, subject.model.penalty?.(params))
    return [{ ...state, cursor: T.add(state.cursor, size), sums }, {}]
  }
