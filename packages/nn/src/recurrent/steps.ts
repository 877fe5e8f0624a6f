/** One step of each cell, after the input has been multiplied by the kernel: what cells and sequences share. */
import { type AnyTensor, operations as ops } from "@cotangent/graph"
import type { RecurrentParameters } from "./parameters.ts"

/** The state of an LSTM. */
export interface Memory {
  readonly h: AnyTensor
  readonly c: AnyTensor
}

/** `x w`, over the last axis of x. */
export const product = (x: AnyTensor, w: AnyTensor): AnyTensor =>
  ops.dot(x, w, { batch: [[], []], contract: [[x.shape.length - 1], [0]] })

const plus = (x: AnyTensor, bias: AnyTensor | undefined): AnyTensor => (bias === undefined ? x : ops.add(x, bias))

/** `x W + b`: the part of all gates that the input gives. */
export const fromInput = (p: RecurrentParameters, x: AnyTensor): AnyTensor => plus(product(x, p.kernel), p.bias)

/** `h U + c`: the part of all gates that the state gives. */
const fromState = (p: RecurrentParameters, h: AnyTensor): AnyTensor =>
  plus(product(h, p.recurrentKernel), p.recurrentBias)

/** The columns `from` to `to - 1`, counted in units, of what stands on the last axis. */
const columns = (x: AnyTensor, units: number, from: number, to = from + 1): AnyTensor => {
  const lead = x.shape.slice(0, -1)
  return ops.slice(x, {
    start: [...lead.map(() => 0), from * units],
    limit: [...lead, to * units],
    step: x.shape.map(() => 1)
  })
}

/** The next state of an LSTM. */
export const lstmStep = (p: RecurrentParameters, units: number, given: AnyTensor, { h, c }: Memory): Memory => {
  const gates = ops.add(given, fromState(p, h))
  const gate = (i: number): AnyTensor => columns(gates, units, i)
  const memory = ops.add(ops.mul(ops.sigmoid(gate(1)), c), ops.mul(ops.sigmoid(gate(0)), ops.tanh(gate(2))))
  return { h: ops.mul(ops.sigmoid(gate(3)), ops.tanh(memory)), c: memory }
}

/** The next state of a GRU. */
export const gruStep = (
  p: RecurrentParameters,
  units: number,
  resetAfter: boolean,
  given: AnyTensor,
  h: AnyTensor
): AnyTensor => {
  const part = (x: AnyTensor, i: number): AnyTensor => columns(x, units, i)
  const candidate = (): { readonly z: AnyTensor; readonly n: AnyTensor } => {
    if (resetAfter) {
      const own = fromState(p, h)
      const r = ops.sigmoid(ops.add(part(given, 0), part(own, 0)))
      return {
        z: ops.sigmoid(ops.add(part(given, 1), part(own, 1))),
        n: ops.tanh(ops.add(part(given, 2), ops.mul(r, part(own, 2))))
      }
    }
    // The candidate sees the state after the reset: its columns of the kernel are multiplied apart.
    const bias = p.recurrentBias
    const own = plus(product(h, columns(p.recurrentKernel, units, 0, 2)), bias && columns(bias, units, 0, 2))
    const r = ops.sigmoid(ops.add(part(given, 0), part(own, 0)))
    const reset = plus(product(ops.mul(r, h), columns(p.recurrentKernel, units, 2)), bias && columns(bias, units, 2))
    return {
      z: ops.sigmoid(ops.add(part(given, 1), part(own, 1))),
      n: ops.tanh(ops.add(part(given, 2), reset))
    }
  }
  const { z, n } = candidate()
  return ops.add(ops.mul(ops.sub(ops.full(z.shape, 1, z.dtype), z), n), ops.mul(z, h))
}

/** The activations of a plain recurrent cell. */
export const activations = {
  tanh: ops.tanh,
  relu: (x: AnyTensor): AnyTensor => ops.select(ops.le(x, ops.full(x.shape, 0, x.dtype)), 0, x)
} as const

/** The name of an activation of a plain recurrent cell. */
export type RnnActivation = keyof typeof activations

/** The next state of a plain recurrent cell. */
export const rnnStep = (p: RecurrentParameters, activation: RnnActivation, given: AnyTensor, h: AnyTensor): AnyTensor =>
  activations[activation](ops.add(given, fromState(p, h)))
