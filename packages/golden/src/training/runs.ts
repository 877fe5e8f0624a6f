/** The runs of training files, by name: what a step is given, and the loss it descends. */
import { T, type Tensor, type Value, type ValuesOf } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import { layerNorm } from "../gradients/normalizations.ts"
import { tensorValue, valueOf } from "../forms/tensors.ts"
import type { TrainingRun } from "../forms/training.ts"
import { Missing } from "../outcome.ts"
import type { F64 } from "../targets.ts"

/** Parameters by name. */
export type Params = { readonly [name: string]: F64 }

/** A batch: inputs and labels. */
export interface Batch {
  readonly x: F64 | Indices
  readonly y: Indices
}

type Indices = Tensor<ReadonlyArray<number>, "i32">

/** What a run does at each step. */
export interface RunProgram {
  readonly batch: (run: TrainingRun, step: number) => ValuesOf<Batch>
  readonly loss: (run: TrainingRun, params: Params, batch: Batch) => Tensor<[], "f64">
}

const dataOf = (run: TrainingRun, name: string): Value => {
  const tensor = run.data[name]
  if (tensor === undefined || typeof tensor === "number")
    throw new TypeError(`${run.name}: the data has no tensor ${name}`)
  return tensorValue(tensor)
}

/** A number that the definition gives in words: `heads 2`. */
const stated = ({ name, definition }: TrainingRun, word: string): number => {
  const found = new RegExp(`\\b${word} (\\d+)`).exec(definition)
  if (found === null) throw new TypeError(`${name}: the definition does not say ${word}`)
  return Number(found[1])
}

const parameter = (params: Params, name: string): F64 => {
  const p = params[name]
  if (p === undefined) throw new TypeError(`there is no parameter ${name}; there are ${Object.keys(params).join(", ")}`)
  return p
}

/** Mean cross-entropy of logits `[..., classes]`. */
const crossentropy = (logits: F64, labels: Indices): Tensor<[], "f64"> => {
  const classes = logits.shape.at(-1) ?? 1
  const rows = T.reshape(logits, [labels.shape.reduce((a, b) => a * b, 1), classes])
  const perSample = Loss.sparseCategoricalCrossentropy({ fromLogits: true }).perSample(
    rows,
    T.reshape(labels, [rows.shape[0] ?? 0])
  )
  return T.mean(perSample)
}

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

const mlp: RunProgram = {
  batch: rowsAt,
  loss: (_, params, { x, y }) => {
    if (isIndices(x)) throw new TypeError("mlp: x must hold floats")
    const p = (name: string) => parameter(params, name)
    const hidden = T.relu(T.add(product(x, p("W1")), p("b1")))
    return crossentropy(T.add(product(hidden, p("W2")), p("b2")), y)
  }
}

const embed = (table: F64, indices: F64 | Indices): F64 => {
  if (!isIndices(indices)) throw new TypeError("embed: x must hold indices")
  // An embedding is a matrix.
  return T.take(table as Tensor<[number, number], "f64">, indices)
}

const attend = (a: F64, params: Params, heads: number): F64 => {
  const [batch = 0, length = 0, width = 0] = a.shape.map(Number)
  const split = (weight: string): F64 =>
    T.transpose(T.reshape(product(a, parameter(params, weight)), [batch, length, heads, width / heads]), [0, 2, 1, 3])
  const [q, k, v] = [split("Wq"), split("Wk"), split("Wv")]
  const scores: F64 = T.div(product(q, T.transpose(k)), Math.sqrt(width / heads))
  const later = T.less(T.expand(T.iota(length), 1), T.expand(T.iota(length), 0))
  const weights: F64 = T.softmax(T.where(later, T.full([], -Infinity, "f64"), scores), { axis: -1 })
  return product(
    T.reshape(T.transpose(product(weights, v), [0, 2, 1, 3]), [batch, length, width]),
    parameter(params, "Wo")
  )
}

const transformer: RunProgram = {
  batch: windowsAt,
  loss: (run, params, { x, y }) => {
    const p = (name: string) => parameter(params, name)
    const normalized = (h: F64, scale: string, offset: string): F64 =>
      layerNorm(h, { scale: p(scale), offset: p(offset) }, 1e-5) as F64
    const embedded: F64 = T.add(embed(p("E"), x), p("Pos"))
    const attended: F64 = T.add(embedded, attend(normalized(embedded, "g1", "n1"), params, stated(run, "heads")))
    const inner = T.geluTanh(T.add(product(normalized(attended, "g2", "n2"), p("F1")), p("f1")))
    const h: F64 = T.add(attended, T.add(product(inner, p("F2")), p("f2")))
    return crossentropy(product(normalized(h, "g3", "n3"), T.transpose(p("E"))), y)
  }
}

const lstm: RunProgram = {
  batch: windowsAt,
  loss: (run, params, { x, y }) => {
    const p = (name: string) => parameter(params, name)
    const [batch, units] = [stated(run, "B"), stated(run, "hidden")]
    const embedded = T.transpose(embed(p("E"), x), [1, 0, 2])
    const zeros = T.zeros([batch, units], "f64")
    type State = { readonly h: F64; readonly c: F64 }
    const [, outputs] = T.scan(
      ({ h, c }: State, e: F64) => {
        const gates: F64 = T.add(
          T.add(product(e, T.transpose(p("Wi"))), p("bi")),
          T.add(product(h, T.transpose(p("Wh"))), p("bh"))
        )
        const gate = (i: number): F64 => T.slice(gates, [{}, { start: i * units, end: (i + 1) * units }])
        const next: F64 = T.add(T.mul(T.sigmoid(gate(1)), c), T.mul(T.sigmoid(gate(0)), T.tanh(gate(2))))
        const output: F64 = T.mul(T.sigmoid(gate(3)), T.tanh(next))
        return [{ h: output, c: next }, output] as const
      },
      { h: zeros, c: zeros } as State,
      embedded as F64
    )
    const hidden: F64 = T.transpose(outputs as F64, [1, 0, 2])
    return crossentropy(T.add(product(hidden, p("Wo")), p("bo")), y)
  }
}

/** Every run by name; one that needs an operation which does not exist here says which. */
export const runs: { readonly [name: string]: RunProgram | Missing } = {
  mlp_adam: mlp,
  conv_sgd_nesterov: new Missing("torch.nn.functional.conv2d, max_pool2d, avg_pool2d"),
  transformer_adamw: transformer,
  lstm_rmsprop: lstm
}
