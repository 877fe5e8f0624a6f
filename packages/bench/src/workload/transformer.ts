/** W5: a small causal language model. */
import { type AnyTensor, operations as ops, T, type Tensor } from "@cotangent/graph"
import { Loss } from "@cotangent/nn"
import * as Optimizer from "@cotangent/optim"
import { glorot, tokens, uniform } from "../numbers.ts"
import { type Training, training } from "./training.ts"
import type { Dyn, Workload } from "./workload.ts"

const [vocabulary, width, heads, length, blocks, batch, batches] = [65, 64, 4, 64, 2, 16, 8]

interface Norm {
  readonly scale: Dyn
  readonly offset: Dyn
}

interface Linear {
  readonly kernel: Dyn
  readonly bias: Dyn
}

interface Block {
  readonly first: Norm
  readonly qkv: Linear
  readonly out: Linear
  readonly second: Norm
  readonly up: Linear
  readonly down: Linear
}

interface Params {
  readonly tokens: Dyn
  readonly positions: Dyn
  readonly blocks: ReadonlyArray<Block>
  readonly last: Norm
  readonly head: Dyn
}

const norm = (): Norm => ({ scale: T.ones([width]) as Dyn, offset: T.zeros([width]) as Dyn })
const table = (seed: number, rows: number): Dyn =>
  T.fromArray(
    uniform(seed, rows * width).map((u) => (u - 0.5) * 0.04),
    [rows, width]
  ) as Dyn

const firstParams = (): Params => {
  let seed = 200
  const matrix = (rows: number, columns: number): Dyn =>
    T.fromArray(glorot(++seed, rows, columns), [rows, columns]) as Dyn
  const linear = (rows: number, columns: number): Linear => ({
    kernel: matrix(rows, columns),
    bias: T.zeros([columns]) as Dyn
  })
  return {
    tokens: table(198, vocabulary),
    positions: table(199, length),
    blocks: Array.from({ length: blocks }, () => ({
      first: norm(),
      qkv: linear(width, 3 * width),
      out: linear(width, width),
      second: norm(),
      up: linear(width, 4 * width),
      down: linear(4 * width, width)
    })),
    last: norm(),
    head: matrix(width, vocabulary)
  }
}

const normalized = (x: Dyn, { scale, offset }: Norm): Dyn => T.layerNorm(x, { scale, offset }) as Dyn
const apply = (x: Dyn, { kernel, bias }: Linear): Dyn => T.add(T.matmul(x, kernel), bias) as Dyn

const attention = (x: Dyn, { qkv, out }: Block): Dyn => {
  const split = T.reshape(apply(x, qkv), [batch, length, 3, heads, width / heads]) as Dyn
  const parts = T.transpose(split, [2, 0, 3, 1, 4]) as Dyn
  const part = (i: number): Dyn =>
    T.reshape(T.slice(parts, [{ start: i, end: i + 1 }]), [batch, heads, length, width / heads])
  const mixed = T.scaledDotProductAttention(part(0), part(1), part(2), { causal: true }) as Dyn
  return apply(T.reshape(T.transpose(mixed, [0, 2, 1, 3]), [batch, length, width]) as Dyn, out)
}

const logits = (params: Params, ids: AnyTensor): Dyn => {
  let x = T.add(ops.gather(params.tokens, ids, 0) as Dyn, params.positions) as Dyn
  for (const block of params.blocks) {
    x = T.add(x, attention(normalized(x, block.first), block)) as Dyn
    x = T.add(x, apply(T.geluTanh(apply(normalized(x, block.second), block.up)) as Dyn, block.down)) as Dyn
  }
  return T.matmul(normalized(x, params.last), params.head) as Dyn
}

/** The workload. */
export const transformer: Workload = training(
  (): Training<Params> => {
    const sequences = batch * batches
    const all = tokens(sequences, length, vocabulary, 7)
    const shifted = (by: number): AnyTensor =>
      T.fromArray(
        Int32Array.from(
          { length: sequences * length },
          (_, i) => all[Math.floor(i / length) * (length + 1) + (i % length) + by] ?? 0
        ),
        [sequences, length],
        "i32"
      ) as AnyTensor
    const perSample = Loss.forgetShapes(Loss.sparseCategoricalCrossentropy({ fromLogits: true }))
    return {
      params: firstParams(),
      x: shifted(0),
      y: shifted(1),
      batch,
      loss: (params, x, y) => {
        const rows = batch * length
        return T.mean(
          perSample(T.reshape(logits(params, x), [rows, vocabulary]), T.reshape(y as Dyn, [rows]) as AnyTensor)
        ) as Tensor<[]>
      }
    }
  },
  Optimizer.adamw({ learningRate: 1e-3, epsilon: 1e-8, weightDecay: 0.01 })
)
