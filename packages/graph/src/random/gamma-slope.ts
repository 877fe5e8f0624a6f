/**
 * How the logarithm y of a gamma number moves with its concentration a while its probability stays: dy/da = -F_a / F_y
 * with the distribution function F. Figurnov, Mohamed, Mnih, Implicit Reparameterization Gradients (2018).
 *
 * The density of y is e^(a y - e^y) / Gamma(a), and its derivative with respect to a is the density times y - psi(a). So
 *
 *     dy/da = integral_0^Infinity e^(a v - z (e^v - 1)) |psi(a) - y - v| du,   z = e^y,
 *
 * with v = -u, the lower tail, where z <= a, and v = u, the upper tail, where z > a: in both every part of the integrand
 * is positive, and nothing cancels. The integrand is smooth and falls at least like an exponential; Gauss and Legendre's
 * rule on the interval where it is above e^-T gives it to 1e-12 (f64). Where a < 1 the lower tail has two scales, 1/a and 1,
 * but a series: e^z sum_k (-z)^k / k! ((psi(a) - y) / (a + k) + 1 / (a + k)^2).
 */
import { Mathematics } from "@cotangent/kernel"
import type { Float } from "../dtype.ts"
import type { Operations } from "../operations-interface.ts"
import type { AnyTensor } from "../tensor.ts"

interface Rule {
  readonly nodes: ReadonlyArray<number>
  readonly weights: ReadonlyArray<number>
}

/** The rule of Gauss and Legendre on [0, 1]: Newton's method on the Legendre polynomial. */
const gaussLegendre = (n: number): Rule => {
  const cos = Mathematics.scalar("cos", "f64")
  const all = Array.from({ length: n }, (_, i) => {
    let x = cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 1
    for (let step = 0; step < 8; step++) {
      let [before, value] = [0, 1]
      for (let j = 0; j < n; j++) [before, value] = [value, ((2 * j + 1) * x * value - j * before) / (j + 1)]
      slope = (n * (x * value - before)) / (x * x - 1)
      x -= value / slope
    }
    return { node: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) }
  })
  return { nodes: all.map(({ node }) => node), weights: all.map(({ weight }) => weight) }
}

/** The rule, T, where the exponent is below -T the integrand is left out, and the number of terms of the series. */
const quadrature: Readonly<Record<Float, Rule & { readonly end: number; readonly terms: number }>> = {
  f32: { ...gaussLegendre(16), end: 18, terms: 10 },
  f64: { ...gaussLegendre(40), end: 38, terms: 18 }
}

/** The lower tail for a < 1. */
const series = (ops: Operations, a: AnyTensor, z: AnyTensor, distance: AnyTensor, terms: number): AnyTensor => {
  const one = ops.full([], 1, a.dtype)
  let factor = ops.full(z.shape, 1, a.dtype)
  let sum: AnyTensor | undefined
  for (let k = 0; k < terms; k++) {
    const inverse = ops.div(one, k === 0 ? a : ops.add(a, k))
    const term = ops.mul(ops.mul(factor, inverse), ops.add(distance, inverse))
    sum = sum === undefined ? term : ops.add(sum, term)
    factor = ops.mul(ops.mul(factor, z), -1 / (k + 1))
  }
  return ops.mul(sum ?? one, ops.exp(z))
}

/** dy/da of the logarithm y of a gamma number of concentration a; both of one shape. */
export const logGammaSlope = (ops: Operations, a: AnyTensor, y: AnyTensor): AnyTensor => {
  const dtype: Float = a.dtype === "f64" ? "f64" : "f32"
  const { nodes, weights, end, terms } = quadrature[dtype]
  const full = (x: number): AnyTensor => ops.full([], x, dtype)
  const z = ops.exp(y)
  const isLower = ops.le(z, a)
  // The length of the interval is a choice, not a part of the function: no derivative passes through it.
  const [fixedA, fixedZ] = [ops.stopGradient(a), ops.stopGradient(z)]
  const gap = ops.abs(ops.sub(fixedA, fixedZ))
  // (a - z) U + z U^2 / (2 + U) = T, and (z - a) U + z U^2 / 2 = T.
  const b = ops.sub(ops.mul(gap, 2), end)
  const root = ops.sqrt(ops.add(ops.mul(b, b), ops.mul(fixedA, 8 * end)))
  const isFlat = ops.lt(b, 0)
  const lower = ops.select(
    isFlat,
    ops.div(ops.sub(root, b), ops.mul(fixedA, 2)),
    ops.div(full(4 * end), ops.add(ops.select(isFlat, full(1), b), root))
  )
  // The second from above, then down to where z (e^U - 1) = T + a U.
  let upper = ops.div(full(2 * end), ops.add(gap, ops.sqrt(ops.add(ops.mul(gap, gap), ops.mul(fixedZ, 2 * end)))))
  for (let i = 0; i < 3; i++) upper = ops.log1p(ops.div(ops.add(ops.mul(fixedA, upper), end), fixedZ))
  const length = ops.select(isLower, lower, upper)
  const direction = ops.select(isLower, full(-1), full(1))
  const [psi = a] = ops.polygamma([a], { order: 0 })
  const distance = ops.sub(psi, y)
  // One more axis for the nodes.
  const wide = (x: AnyTensor): AnyTensor => ops.reshape(x, [...x.shape, 1])
  const along = (xs: ReadonlyArray<number>): AnyTensor =>
    ops.constant({
      shape: [xs.length],
      dtype,
      data: dtype === "f64" ? Float64Array.from(xs) : Float32Array.from(xs)
    })
  const v = ops.mul(ops.mul(wide(length), wide(direction)), along(nodes))
  const exponent = ops.sub(ops.mul(wide(a), v), ops.mul(wide(z), ops.expm1(v)))
  const integrand = ops.mul(ops.exp(exponent), ops.sub(wide(distance), v))
  const sum = ops.reduceSum(ops.mul(integrand, along(weights)), [a.shape.length])
  const whole = ops.neg(ops.mul(ops.mul(sum, length), direction))
  const isSeries = ops.and(isLower, ops.lt(a, 1))
  const safe = (x: AnyTensor, other: number): AnyTensor => ops.select(isSeries, x, full(other))
  return ops.select(isSeries, series(ops, safe(a, 1), safe(z, 0), safe(distance, 0), terms), whole)
}
