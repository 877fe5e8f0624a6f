/** A small training step written out by hand: a perceptron with momentum over resident data. */
import { operations as ops, T, type Tensor } from "@cotangent/graph"
import { step } from "./Compute.ts"

type Weights = Tensor<[number, number]>

export interface PerceptronState {
  readonly hidden: Weights
  readonly output: Weights
  readonly velocity: { readonly hidden: Weights; readonly output: Weights }
  readonly cursor: Tensor<[], "i32">
}

export interface PerceptronData {
  readonly x: Tensor<[number, number]>
  readonly y: Tensor<[number, number]>
}

const values = (rows: number, columns: number, seed: number): Weights =>
  T.fromArray(
    Float32Array.from({ length: rows * columns }, (_, i) =>
      Math.fround((((i + seed) * 2654435761) % 2001) / 2000 - 0.5)
    ),
    [rows, columns]
  )

export const perceptron = (inputs: number, units: number, outputs: number, rows: number, batch: number) => {
  const state: PerceptronState = {
    hidden: values(inputs, units, 1),
    output: values(units, outputs, 2),
    velocity: { hidden: T.zeros([inputs, units]), output: T.zeros([units, outputs]) },
    cursor: T.constant(0, "i32")
  }
  const data: PerceptronData = { x: values(rows, inputs, 3), y: values(rows, outputs, 4) }
  const train = step((s: PerceptronState, d: PerceptronData) => {
    const at = ops.add(s.cursor, ops.iota([batch], 0, "i32"))
    const x: Weights = T.take(d.x, at as Tensor<[number], "i32">)
    const y: Weights = T.take(d.y, at as Tensor<[number], "i32">)
    const h = T.tanh(T.matmul(x, s.hidden))
    const error = T.sub(T.matmul(h, s.output), y)
    const back = T.mul(T.matmul(error, T.transpose(s.output)), T.add(T.neg(T.mul(h, h)), 1))
    const move = (v: Weights, g: Weights): Weights => T.add(T.mul(v, 0.9), T.mul(g, -0.01))
    const velocity = {
      hidden: move(s.velocity.hidden, T.matmul(T.transpose(x), back)),
      output: move(s.velocity.output, T.matmul(T.transpose(h), error))
    }
    const next: PerceptronState = {
      hidden: T.add(s.hidden, velocity.hidden),
      output: T.add(s.output, velocity.output),
      velocity,
      // Wraps around: the rows are a multiple of the batch.
      cursor: T.where(T.greaterEqual(T.add(s.cursor, 2 * batch), rows + 1), 0, T.add(s.cursor, batch))
    }
    return [next, { loss: T.mean(T.mul(error, error)) }] as const
  })
  return { state, data, programs: { train } }
}
