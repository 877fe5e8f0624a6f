/** The runs of training files, by name: what a step is given, and the loss it descends. */
import { T, type Tensor, type Value, type ValuesOf } from "@cotangent/graph"
import { Loss, Recurrent } from "@cotangent/nn"
import { cellParameters } from "../gradients/cells.ts"
import { tensorValue, valueOf } from "../forms/tensors.ts"
import type { TrainingRun } from "../forms/training.ts"
import type { F64 } from "../targets.ts"

/** Parameters by name. */
export type Params = { readonly [name: string]: F64 }

/** A batch: inputs and labels. */
export interface Batch {
  readonly x: F64 | Indices
  readonly y: Indices
}

type Indices = Tensor<ReadonlyArray<number>, "i32">

/** What a run keeps beside its parameters: the running statistics of batch normalisation. */
export type Statistics = Params

/** What a run does at each step. */
export interface RunProgram {
  readonly batch: (run: TrainingRun, step: number) => ValuesOf<Batch>
  /** The statistics before the first step, of a run that has some. */
  readonly statistics?: (run: TrainingRun) => Statistics
  readonly loss: (run: TrainingRun, params: Params, batch: Batch, statistics: Statistics) => RunLoss
}

/** The loss, and the next statistics. */
export interface RunLoss {
  readonly loss: Tensor<[], "f64">
  readonly statistics: Statistics
}

const dataOf = (run: TrainingRun, name: string): Value => {
  const tensor = run.data[name]
  if (tensor === undefined || typeof tensor === "number")
    throw new TypeError(`${run.name}: the data has no tensor ${name}`)
  return tensorValue(tensor)
}

/** A number that the definition gives in words: `heads 2`. */
const stated = ({ name, definition }: TrainingRun, word: string): number => {
  const found = new RegExp(`\\b${word} (\\d*\\.?\\d+(?:e-?\\d+)?)`).exec(definition)
  if (found === null) throw new TypeError(`${name}: the definition does not say ${word}`)
  return Number(found[1])
}

const parameter = (params: Params, name: string): F64 => {
  const p = params[name]
  if (p === undefined) throw new TypeError(`there is no parameter ${name}; there are ${Object.keys(params).join(", ")}`)
  return p
}

/** Mean cross-entropy of logits `[..., classes]`. */
const crossentropy = Loss.sparseCategoricalCrossentropy({ fromLogits: true })

/** A run without statistics. */
const plain = (
  batch: RunProgram["batch"],
  loss: (run: TrainingRun, params: Params, batch: Batch) => Tensor<[], "f64">
): RunProgram => ({ batch, loss: (run, params, at) => ({ loss: loss(run, params, at), statistics: {} }) })

const product = (a: F64, b: F64): F64 => T.matmul(a, b)
const isIndices = (x: F64 | Indices): x is Indices => x.dtype === "i32"

/** Rows `batch k, batch k + 1, ...` of the data, around the end. */
const rowsAt = (run: TrainingRun, step: number): ValuesOf<Batch> => {
  const [x, y] = [dataOf(run, "X"), dataOf(run, "Y")]
  const size = Number(run.data["batch"])
  const width = x.data.length / (x.shape[0] ?? 1)
  const batches = Math.floor((x.shape[0] ?? 0) / size)
  const start = (step % batches) * size
  const values = {
    x: valueOf([size, ...x.shape.slice(1)], x.data.slice(start * width, (start + size) * width)),
    y: valueOf([size], y.data.slice(start, start + size), "i32")
  }
  // Values of the types that the forms give.
  return values as ValuesOf<Batch>
}

/** Windows of a sequence, and the same one place further on. */
const windowsAt = (run: TrainingRun, step: number): ValuesOf<Batch> => {
  const sequence = dataOf(run, "seq").data
  const [count, length] = [stated(run, "B"), stated(run, "T")]
  const window = (shift: number) =>
    valueOf(
      [count, length],
      Array.from(
        { length: count * length },
        (_, i) => sequence[step * count + Math.floor(i / length) + (i % length) + shift] ?? 0
      ),
      "i32"
    )
  // Values of the types that the forms give.
  return { x: window(0), y: window(1) } as ValuesOf<Batch>
}

const mlp = plain(rowsAt, (_, params, { x, y }) => {
  if (isIndices(x)) throw new TypeError("mlp: x must hold floats")
  const p = (name: string) => parameter(params, name)
  const hidden = T.relu(T.add(product(x, p("W1")), p("b1")))
  return crossentropy(T.add(product(hidden, p("W2")), p("b2")), y)
})

/** The square root of the variance that divides by n - 1, along the last axis. */
const deviation = (x: F64): F64 => {
  const n = x.shape.at(-1) ?? 0
  const variance: F64 = T.variance(x, { axis: -1 })
  return T.sqrt(T.mul(variance, n / (n - 1)))
}

const conv: RunProgram = {
  batch: rowsAt,
  statistics: (run) => {
    const channels = run.initial["gamma"]?.shape ?? []
    return { mean: T.zeros(channels, "f64"), variance: T.ones(channels, "f64") }
  },
  loss: (run, params, { x, y }, statistics) => {
    if (isIndices(x)) throw new TypeError("conv: x must hold floats")
    const p = (name: string) => parameter(params, name)
    const layout = "channelsFirst"
    const first: F64 = T.conv2d(x, p("K1"), { bias: p("c1"), padding: stated(run, "pad"), layout })
    const { y: normalized, running } = T.batchNormTraining(first, {
      axis: 1,
      scale: p("gamma"),
      offset: p("beta"),
      epsilon: stated(run, "eps"),
      running: { mean: parameter(statistics, "mean"), variance: parameter(statistics, "variance") },
      momentum: 1 - stated(run, "momentum"),
      runningVariance: "unbiased"
    })
    const pooled: F64 = T.maxPool2d(T.relu(normalized), 2, { layout })
    const second: F64 = T.conv2d(pooled, p("K2"), { bias: p("c2"), layout })
    const smooth: F64 = T.avgPool2d(T.gelu(second), 2, { stride: stated(run, "stride"), layout })
    const h: F64 = T.reshape(smooth, [...smooth.shape.slice(0, 2), smooth.shape.slice(2).reduce((a, n) => a * n, 1)])
    const corner: F64 = T.reshape(T.slice(h, [{}, {}, { end: 1 }]), h.shape.slice(0, 2))
    const features: F64 = T.concatAll([T.mean(h, { axis: 2 }), T.max(h, { axis: 2 }), deviation(h), corner], 1)
    const smoothed = Loss.sparseCategoricalCrossentropy({
      fromLogits: true,
      labelSmoothing: stated(run, "label_smoothing")
    })
    return {
      loss: smoothed(T.add(product(features, p("W")), p("b")), y),
      statistics: { mean: running.mean, variance: running.variance }
    }
  }
}

const embed = (table: F64, indices: F64 | Indices): F64 => {
  if (!isIndices(indices)) throw new TypeError("embed: x must hold indices")
  return T.embedding(table, indices)
}

const attend = (a: F64, params: Params, heads: number): F64 => {
  const split = (weight: string): F64 => T.splitHeads(product(a, parameter(params, weight)), heads)
  const attended: F64 = T.scaledDotProductAttention(split("Wq"), split("Wk"), split("Wv"), { causal: true })
  return product(T.mergeHeads(attended), parameter(params, "Wo"))
}

const transformer = plain(windowsAt, (run, params, { x, y }) => {
  const p = (name: string) => parameter(params, name)
  const normalized = (h: F64, scale: string, offset: string): F64 =>
    T.layerNorm(h, { scale: p(scale), offset: p(offset) })
  const embedded: F64 = T.add(embed(p("E"), x), p("Pos"))
  const attended: F64 = T.add(embedded, attend(normalized(embedded, "g1", "n1"), params, stated(run, "heads")))
  const inner = T.geluTanh(T.add(product(normalized(attended, "g2", "n2"), p("F1")), p("f1")))
  const h: F64 = T.add(attended, T.add(product(inner, p("F2")), p("f2")))
  return crossentropy(product(normalized(h, "g3", "n3"), T.transpose(p("E"))), y)
})

const lstm = plain(windowsAt, (_, params, { x, y }) => {
  const p = (name: string) => parameter(params, name)
  const cell = cellParameters(p("Wi"), p("Wh"), p("bi"), p("bh"))
  const { outputs } = Recurrent.lstm(cell, T.transpose(embed(p("E"), x), [1, 0, 2]))
  const hidden: F64 = T.transpose(outputs, [1, 0, 2])
  return crossentropy(T.add(product(hidden, p("Wo")), p("bo")), y)
})

/** Every run by name. */
export const runs: { readonly [name: string]: RunProgram } = {
  mlp_adam: mlp,
  conv_sgd_nesterov: conv,
  transformer_adamw: transformer,
  lstm_rmsprop: lstm
}
