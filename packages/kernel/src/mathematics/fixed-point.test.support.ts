/**
 * Numbers for the oracles of the scalar functions: exact integer arithmetic with 320 bits behind the point, and the
 * textbook series that everything else is made of. Nothing here is shared with the definitions under test.
 */

/** mantissa * 2^exponent. */
export interface Exact {
  readonly mantissa: bigint
  readonly exponent: number
}

/** The bits behind the point. */
export const P = 320
const bits = BigInt(P)
/** 1 as a fixed-point number. */
export const one = 1n << bits

/** The size of a number. */
export const abs = (a: bigint): bigint => (a < 0n ? -a : a)
/** Product and quotient of fixed-point numbers, cut. */
export const mul = (a: bigint, b: bigint): bigint => (a * b) >> bits
export const div = (a: bigint, b: bigint): bigint => (a << bits) / b

const view = new DataView(new ArrayBuffer(8))

/** A finite float, exactly. */
export const exact = (x: number): Exact => {
  view.setFloat64(0, x)
  const raw = view.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & ((1n << 52n) - 1n)
  const size = biased === 0 ? fraction : fraction | (1n << 52n)
  return { mantissa: raw >> 63n === 1n ? -size : size, exponent: Math.max(biased, 1) - 1075 }
}

/** a 2^by. */
export const shift = (a: bigint, by: number): bigint => (by >= 0 ? a << BigInt(by) : a >> BigInt(-by))

/** A float as a fixed-point number; floats below 2^-320 are cut. */
export const fixed = (x: number): bigint => {
  const { mantissa, exponent } = exact(x)
  return shift(mantissa, exponent + P)
}

/** A fixed-point number times 2^exponent. */
export const result = (value: bigint, exponent = 0): Exact => ({ mantissa: value, exponent: exponent - P })

/** 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...). */
const twiceAtanh = (s: bigint): bigint => {
  const square = mul(s, s)
  let power = s
  let sum = 0n
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k
    power = mul(power, square)
  }
  return 2n * sum
}

/** ln 2 = 2 atanh(1/3). */
export const ln2 = twiceAtanh(one / 3n)

/** atan(1/n). */
const atanInverse = (n: bigint): bigint => {
  let power = one / n
  let sum = 0n
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += k % 4n === 1n ? power / k : -(power / k)
    power /= n * n
  }
  return sum
}

/** Machin: pi = 16 atan(1/5) - 4 atan(1/239). */
export const pi = 16n * atanInverse(5n) - 4n * atanInverse(239n)

/** The square root of a fixed-point number. */
export const sqrt = (a: bigint): bigint => {
  const square = a << bits
  let guess = square === 0n ? 0n : 1n << BigInt((square.toString(2).length + 1) >> 1)
  for (;;) {
    const next = guess === 0n ? 0n : (guess + square / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}

/** The nearest whole number. */
export const round = (a: bigint): bigint => (a + (one >> 1n)) >> bits

/** e^x = value 2^k. */
export const exponential = (x: bigint): { readonly value: bigint; readonly k: number } => {
  const k = round(div(x, ln2))
  const r = x - k * ln2
  let term = one
  let sum = 0n
  for (let n = 1n; abs(term) > 1n; n++) {
    sum += term
    term = mul(term, r) / n
  }
  return { value: sum, k: Number(k) }
}

/** e^x as a fixed-point number. */
export const exponentialFixed = (x: bigint): bigint => {
  const { value, k } = exponential(x)
  return shift(value, k)
}

/** log(m 2^e) of a positive integer m. */
export const logarithm = (mantissa: bigint, exponent: number): bigint => {
  const length = mantissa.toString(2).length
  const m = shift(mantissa, P - length)
  return twiceAtanh(div(m - one, m + one)) + BigInt(length + exponent) * ln2
}

/** sin(x). */
export const sine = (x: bigint): bigint => {
  const turns = round(div(x, pi))
  const r = x - turns * pi
  const square = mul(r, r)
  let term = r
  let sum = 0n
  for (let n = 1n; abs(term) > 1n; n++) {
    sum += term
    term = -mul(term, square) / (2n * n * (2n * n + 1n))
  }
  return turns % 2n === 0n ? sum : -sum
}

/** Precision and exponent of the smallest denormal. */
const formats = { f32: { precision: 24, least: -149 }, f64: { precision: 53, least: -1074 } }

/** |value - reference| in units of the last place that the reference has in the format. */
export const ulpError = (value: number, reference: Exact, dtype: "f32" | "f64"): number => {
  const { precision, least } = formats[dtype]
  const length = abs(reference.mantissa).toString(2).length
  const ulp = Math.max(reference.exponent + length - precision, least)
  const own = exact(value)
  // Both in units of 2^-40 ulp.
  const units = ({ mantissa, exponent }: Exact): bigint => shift(mantissa, exponent - ulp + 40)
  return Number(abs(units(own) - units(reference))) / 2 ** 40
}
