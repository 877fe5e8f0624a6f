/** The moving averages of the Adam family, in the order of operations that PyTorch uses, so that f32 agrees in the last bits. */
import { type AnyTensor, operations as ops, T } from "@cotangent/graph"
import { biasCorrection, type Scalar } from "./scalar.ts"
import { decayFactor, nonNegative, oneOf, type Relation } from "./validation.ts"

/** `beta m + (1 - beta) x`: the mean of x over about 1 / (1 - beta) steps. */
export const movingAverage = (m: AnyTensor, x: AnyTensor, beta: number): AnyTensor =>
  ops.add(ops.mul(m, beta), ops.mul(x, 1 - beta))

/** `beta v + (1 - beta) x^2`. */
export const movingSquare = (v: AnyTensor, x: AnyTensor, beta: number): AnyTensor =>
  ops.add(ops.mul(v, beta), ops.mul(ops.mul(x, 1 - beta), x))

/** The smallest positive number with full precision, by element type. */
const smallestNormal: { readonly [dtype: string]: number } = { f32: 2 ** -126, f64: 2 ** -1022 }

/**
 * Zero in place of numbers below the smallest normal one. Moments of a parameter whose gradient has become zero shrink
 * until they are denormal, and arithmetic on denormal numbers is many times slower on most processors.
 */
export const flushed = (x: AnyTensor): AnyTensor => ops.select(ops.lt(ops.abs(x), smallestNormal[x.dtype] ?? 0), 0, x)

/**
 * Where epsilon stands in Adam's denominator, with v the second moment and c = 1 - beta2^t its bias correction:
 * `"outside"` `sqrt(v / c + epsilonRoot) + epsilon` (Kingma and Ba, algorithm 1; PyTorch, Optax),
 * `"inside"` `sqrt(v / c + epsilon)`,
 * `"hat"` `(sqrt(v) + epsilon) / sqrt(c)` (the efficient form at the end of their section 2; Keras, TensorFlow, ONNX).
 */
export type EpsilonMode = "outside" | "inside" | "hat"

/** What the denominator depends on. */
export interface DenominatorOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly epsilonMode: EpsilonMode
  readonly epsilonRoot: number
}

/** The same where epsilon may be an expression. */
export type DenominatorForm = Pick<DenominatorOptions, "epsilonMode" | "epsilonRoot"> & {
  readonly epsilon: number | AnyTensor
}

export const momentRequirements = {
  beta1: decayFactor,
  beta2: decayFactor,
  epsilon: nonNegative,
  epsilonMode: oneOf("outside", "inside", "hat"),
  epsilonRoot: nonNegative
}

export const rootRelation: Relation<DenominatorOptions> = {
  holds: (o) => o.epsilonRoot === 0 || o.epsilonMode === "outside",
  otherwise: 'epsilonRoot is the second epsilon of epsilonMode "outside"; leave it out, or change the mode'
}

/** The bias corrections of the two moments at step t; `rootC2` is the square root of `c2`. */
export const corrections = (
  t: Scalar,
  { beta1, beta2 }: DenominatorOptions
): { readonly c1: Scalar; readonly c2: Scalar; readonly rootC2: Scalar } => {
  const c2 = biasCorrection(beta2, t)
  return { c1: biasCorrection(beta1, t), c2, rootC2: T.sqrt(c2) }
}

/**
 * Adam's denominator from a second moment; in mode `"hat"` without the factor `1 / sqrt(c2)`, which goes into the step
 * size. `corrected` says that the bias of v is corrected already.
 */
export const denominator = (
  v: AnyTensor,
  corrected: boolean,
  { c2, rootC2 }: { readonly c2: AnyTensor; readonly rootC2: AnyTensor },
  options: DenominatorForm
): AnyTensor => {
  const { epsilon, epsilonMode, epsilonRoot } = options
  const unbiased = (x: AnyTensor): AnyTensor => (corrected ? x : ops.div(x, c2))
  const forms: { readonly [M in EpsilonMode]: () => AnyTensor } = {
    outside: () => {
      if (epsilonRoot !== 0) return ops.add(ops.sqrt(ops.add(unbiased(v), epsilonRoot)), epsilon)
      return ops.add(corrected ? ops.sqrt(v) : ops.div(ops.sqrt(v), rootC2), epsilon)
    },
    inside: () => ops.sqrt(ops.add(unbiased(v), epsilon)),
    hat: () => ops.add(ops.sqrt(v), epsilon)
  }
  return forms[epsilonMode]()
}
