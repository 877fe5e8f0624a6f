import { Mathematics } from "@cotangent/kernel"
import { elementwise, operand } from "./elementwise.ts"

/** The error function by its Taylor series (|x| < 3) or the continued fraction of erfc: slow, accurate, independent of the kernels. */
const erfReference = (x: number): number => {
  if (Number.isNaN(x)) return x
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 3) {
    let term = a
    let sum = a
    for (let n = 1; Math.abs(term) > 1e-18 * sum && n < 200; n++) {
      term *= (-a * a) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 120; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)))
}

/** The error function, which the exact GELU is made of. */
export const erf = elementwise({
  name: "erf",
  summary: "The error function.",
  equation: "y = 2/sqrt(pi) integral_0^x e^(-t^2) dt, dy/dx = 2/sqrt(pi) e^(-x^2)",
  domain: "float",
  evaluate: ([x = 0]) => erfReference(x),
  partials: (ops, [x]) => [
    x === undefined ? undefined : ops.mul(ops.exp(ops.neg(ops.mul(x, x))), 2 / Math.sqrt(Math.PI))
  ],
  flops: 24,
  emit: (b, x) => Mathematics.unaryFunctions.erf(b, operand(x, 0)),
  samples: [[{ shape: [3, 5], low: -2, high: 2 }]]
})
