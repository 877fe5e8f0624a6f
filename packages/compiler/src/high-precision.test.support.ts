/**
 * Exponentials and logarithms in integer arithmetic with 320 bits behind the point, to measure errors of float64 by. The
 * scalar functions have an oracle of their own in the kernel package, which other packages cannot import.
 */

/** The number `mantissa 2^exponent`, exactly. */
export interface Exact {
  readonly mantissa: bigint
  readonly exponent: number
}

const places = 320
const bits = BigInt(places)
const one = 1n << bits

const shift = (a: bigint, by: number): bigint => (by >= 0 ? a << BigInt(by) : a >> BigInt(-by))
const size = (a: bigint): bigint => (a < 0n ? -a : a)

/** A finite float. */
export const exact = (x: number): Exact => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const word = view.getBigUint64(0)
  const biased = Number((word >> 52n) & 0x7ffn)
  const fraction = word & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n)
  return { mantissa: x < 0 ? -mantissa : mantissa, exponent: Math.max(biased, 1) - 1075 }
}

/** A finite float as a fixed-point number. */
export const fixed = (x: number): bigint => {
  const { mantissa, exponent } = exact(x)
  return shift(mantissa, exponent + places)
}

/** 2 atanh(t) for small t: the series 2 (t + t^3/3 + t^5/5 + ...). */
const twiceAtanh = (t: bigint): bigint => {
  const square = (t * t) >> bits
  let [power, sum] = [t, 0n]
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n
    power = (power * square) >> bits
  }
  return 2n * sum
}

const ln2 = twiceAtanh(one / 3n)

/** e^x of a fixed-point number. */
export const exponential = (x: bigint): bigint => {
  const k = x / ln2
  const rest = x - k * ln2
  let [term, sum] = [one, 0n]
  for (let n = 1n; size(term) > 1n; n++) {
    sum += term
    term = ((term * rest) >> bits) / n
  }
  return shift(sum, Number(k))
}

/** log(x) of a positive exact number, as a fixed-point number. */
export const logarithm = ({ exponent, mantissa }: Exact): bigint => {
  const length = mantissa.toString(2).length
  const m = shift(mantissa, places - length)
  return twiceAtanh(((m - one) << bits) / (m + one)) + BigInt(length + exponent) * ln2
}

/** A fixed-point number as an exact one. */
export const result = (mantissa: bigint): Exact => ({ mantissa, exponent: -places })

/** The functions that stable rewrites are about. */
export const highPrecision = {
  log: (x: number): Exact => result(logarithm(exact(x))),
  log1p: (x: number): Exact => result(logarithm(result(one + fixed(x)))),
  expm1: (x: number): Exact => result(exponential(fixed(x)) - one),
  softplus: (x: number): Exact => result(logarithm(result(one + exponential(fixed(x))))),
  sigmoid: (x: number): Exact => result((one << bits) / (one + exponential(fixed(-x))))
}

/** `|y - reference|` in units of the last place that float64 has at the reference, or at `floor` if that is larger. */
export const ulps64 = (y: number, reference: Exact, floor = 0): number => {
  const length = size(reference.mantissa).toString(2).length + reference.exponent
  const unit = Math.max(length - 53, floor === 0 ? -1074 : Math.floor(Math.log2(floor)) - 52)
  const own = exact(y)
  // Both in units of 2^-40 of the unit.
  const units = ({ exponent, mantissa }: Exact): bigint => shift(mantissa, exponent - unit + 40)
  return Number(size(units(own) - units(reference))) / 2 ** 40
}
