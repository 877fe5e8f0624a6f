/**
 * Arithmetic with about 104 bits: a number is the sum of two floats, the second below half an ulp of the first. For the
 * oracle of dense samples, where integers would be too slow. Dekker 1971, Numerische Mathematik 18.
 */

/** hi + lo. */
export interface DoubleDouble {
  readonly hi: number
  readonly lo: number
}

/** The sum of two floats where |a| >= |b|, exactly. */
const quick = (a: number, b: number): DoubleDouble => {
  const hi = a + b
  return { hi, lo: b - (hi - a) }
}

/** The sum of two floats, exactly. */
export const sumOf = (a: number, b: number): DoubleDouble => {
  const hi = a + b
  const part = hi - a
  return { hi, lo: a - (hi - part) + (b - part) }
}

/** The product of two floats, exactly where nothing leaves the range of floats. */
export const productOf = (a: number, b: number): DoubleDouble => {
  const hi = a * b
  const wideA = a * 134_217_729
  const a1 = wideA - (wideA - a)
  const a2 = a - a1
  const wideB = b * 134_217_729
  const b1 = wideB - (wideB - b)
  const b2 = b - b1
  return { hi, lo: a2 * b2 - (hi - a1 * b1 - a2 * b1 - a1 * b2) }
}

/** A float as a number. */
export const from = (a: number): DoubleDouble => ({ hi: a, lo: 0 })

export const add = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const s = sumOf(a.hi, b.hi)
  const t = sumOf(a.lo, b.lo)
  const first = quick(s.hi, s.lo + t.hi)
  return quick(first.hi, first.lo + t.lo)
}

export const neg = (a: DoubleDouble): DoubleDouble => ({ hi: -a.hi, lo: -a.lo })

export const sub = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => add(a, neg(b))

export const mul = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const p = productOf(a.hi, b.hi)
  return quick(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi))
}

/** a times a float. */
export const times = (a: DoubleDouble, b: number): DoubleDouble => {
  const p = productOf(a.hi, b)
  return quick(p.hi, p.lo + a.lo * b)
}

/** a times a power of 2. */
export const scaled = (a: DoubleDouble, power: number): DoubleDouble => ({ hi: a.hi * power, lo: a.lo * power })

export const div = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const q1 = a.hi / b.hi
  const r1 = sub(a, times(b, q1))
  const q2 = r1.hi / b.hi
  const r2 = sub(r1, times(b, q2))
  const q = quick(q1, q2)
  return add(q, from(r2.hi / b.hi))
}

/** The float nearest to mantissa * 2^exponent and what is left of it. */
export const fromExact = (mantissa: bigint, exponent: number): DoubleDouble => {
  const round = (m: bigint): readonly [number, bigint] => {
    const size = m < 0n ? -m : m
    const cut = BigInt(Math.max(size.toString(2).length - 53, 0))
    const top = (size + (cut > 0n ? 1n << (cut - 1n) : 0n)) >> cut
    const kept = m < 0n ? -(top << cut) : top << cut
    return [Number(m < 0n ? -top : top) * 2 ** (Number(cut) + exponent), m - kept]
  }
  const [hi, rest] = round(mantissa)
  return { hi, lo: round(rest)[0] }
}
