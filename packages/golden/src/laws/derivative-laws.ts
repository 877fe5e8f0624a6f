/** Laws of derivatives: both modes against differences and against each other, to the second order. */
import { grad, jvp, vjp } from "@cotangent/autodiff"
import { type AnyTensor, evaluateExact, isFloat, operations as ops } from "@cotangent/graph"
import { type GradFinding, gradFindings, type GradPart } from "../checkGrad.ts"
import { randomNumbers } from "../randomNumbers.ts"
import { constants, randomLike, type Subject, valuesOf } from "./subjects.ts"

/** A law: the sentence of a violation, or nothing. */
export type Law = (subject: Subject, seed: number) => string | undefined

/** A function of tensors, as laws see it. */
export type TensorFunction = (xs: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

/** The first disagreement among findings, as a sentence. */
const violation = (findings: ReadonlyArray<GradFinding>): string | undefined => {
  const finding = findings.find(({ agrees }) => !agrees)
  if (finding === undefined) return undefined
  const { law, order, path, actual, expected, smooth } = finding
  const corner = smooth ? "" : " (the sample lies on a corner, or too close to one)"
  return `${law} of order ${order} at operand ${path === "" ? "all" : path} is ${actual}, expected ${expected}${corner}`
}

const lawOf =
  (...parts: ReadonlyArray<GradPart>): Law =>
  (subject, seed) => {
    const f = (...xs: ReadonlyArray<AnyTensor>) => subject.apply(xs)
    return violation(gradFindings(f, constants(valuesOf(subject, "f64", seed)), { seed }, parts))
  }

/** Both modes give the slope that differences give. */
export const differences = lawOf("slopes")

/** `<J t, c> = <t, J^T c>`. */
export const adjoint = lawOf("products")

/** The gradient of the gradient is the slope of the gradient, self-adjoint between the modes and symmetric. */
export const secondOrder = lawOf("second")

/** Values, gradients for random cotangents, and tangents in a random direction. */
export const derivativesOf = (f: TensorFunction, xs: ReadonlyArray<AnyTensor>, seed: number) => {
  const random = randomNumbers(seed, 7)
  const [y, pullback] = vjp(f, xs)
  const [, tangents] = jvp(f, xs, constants(xs.map((x) => randomLike(x, random))))
  return { y, gradients: pullback(constants(y.map((t) => randomLike(t, random)))), tangents }
}

/** Both modes give exact zeros, whatever the function does. */
export const stopped: Law = (subject, seed) => {
  const { gradients, tangents } = derivativesOf(subject.apply, constants(valuesOf(subject, "f64", seed)), seed)
  const found = evaluateExact([...gradients, ...tangents]).findIndex(({ data }) => data.some((x) => x !== 0))
  return found < 0 ? undefined : `derivative ${found} is not zero`
}

/** The function is constant around the sample, and both modes give exact zeros. */
export const zero: Law = (subject, seed) => {
  const f = (xs: ReadonlyArray<AnyTensor>) => subject.apply(xs).map((y) => ops.cast(y, "f64"))
  const values = constants(valuesOf(subject, "f64", seed))
  const findings = gradFindings((...xs: ReadonlyArray<AnyTensor>) => f(xs), values, { seed }, ["slopes", "products"])
  return violation(findings) ?? stopped(subject, seed)
}

/** A derivative in either mode is refused with a sentence. */
export const refused: Law = (subject, seed) => {
  const xs = constants(valuesOf(subject, "f64", seed))
  const total = (at: ReadonlyArray<AnyTensor>): AnyTensor =>
    subject
      .apply(at)
      .filter(({ dtype }) => isFloat(dtype))
      .reduce<AnyTensor>(
        (sum, y) =>
          ops.add(
            sum,
            ops.reduceSum(
              ops.cast(y, "f64"),
              y.shape.map((_, d) => d)
            )
          ),
        ops.full([], 0, "f64")
      )
  const random = randomNumbers(seed)
  const directions = constants(xs.map((x) => randomLike(x, random)))
  for (const [mode, differentiate] of [
    ["reverse", () => grad(total as never)(xs as never)],
    ["forward", () => jvp(total, xs, directions)]
  ] as const) {
    try {
      differentiate()
    } catch (error) {
      if (error instanceof Error && error.name === "DifferentiationError") continue
      return `${mode} mode fails with ${String(error)}`
    }
    return `${mode} mode gives a derivative`
  }
  return undefined
}
