/**
 * Measures the scalar functions of the kernels: the largest error in units of the last place, for docs/numerics.md.
 *
 *     node --conditions=@cotangent/source scripts/measure-functions.ts [NAME...] [--stride N] [--samples N]
 *
 * f32: every N-th bit pattern (default 1021) in the domain, against the same function in f64. f64: N random operands
 * (default 20000) per interval, against series in 320-bit integer arithmetic.
 */
import { Mathematics } from "@cotangent/kernel"
import { type Domain, domains, operandsOf } from "../packages/kernel/src/mathematics/domains.test.support.ts"
import {
  approximately,
  type Exact,
  oracle,
  polygammaOracle,
  ulpError
} from "../packages/kernel/src/mathematics/oracle.test.support.ts"
import { randoms } from "../packages/kernel/src/mathematics/samples.test.support.ts"

interface Worst {
  readonly error: number
  readonly at: number
  readonly count: number
}

const flag = (name: string, otherwise: number): number => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : Number(process.argv[i + 1])
}
const stride = flag("stride", 1021)
const samples = flag("samples", 20_000)
const wanted = process.argv.slice(2).filter((a, i, all) => !a.startsWith("--") && !(all[i - 1] ?? "").startsWith("--"))

const bits = new DataView(new ArrayBuffer(4))

/** Units in the last place of f32 at a value. */
const ulpOf32 = (y: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(y), 2 ** -126))) - 23)

type One = (x: number) => number

const nothing: Worst = { error: 0, at: Number.NaN, count: 0 }

/** Every `stride`-th float of the domain, against the same function in f64. */
const measure32 = (single: One, double: One, { domain: [low, high] }: Domain): Worst => {
  let worst = nothing
  let count = 0
  for (let pattern = 0; pattern < 2 ** 32; pattern += stride) {
    bits.setUint32(0, pattern)
    const x = bits.getFloat32(0)
    if (!(x >= low && x <= high)) continue
    const expected = double(x)
    if (!Number.isFinite(Math.fround(expected))) continue
    count++
    const error = Math.abs(single(x) - expected) / ulpOf32(expected)
    if (!(error <= worst.error)) worst = { error, at: x, count }
  }
  return { ...worst, count }
}

/** Random operands, against exact arithmetic. */
const measure64 = (f: One, reference: (x: number) => Exact, domain: Domain): Worst =>
  operandsOf(domain, "f64", randoms(1), samples).reduce<Worst>((worst, x, i) => {
    const y = f(x)
    const exact = reference(x)
    const error = ulpError(y, exact, "f64")
    return error <= worst.error ? { ...worst, count: i + 1 } : { error, at: x, count: i + 1 }
  }, nothing)

const row = (name: string, dtype: string, { error, at, count }: Worst): void =>
  console.log(`${name.padEnd(14)} ${dtype} ${error.toFixed(3).padStart(7)} ulp at ${at} (${count} operands)`)

for (const [name, of] of Object.entries(domains)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const key = name as Mathematics.UnaryFunction
  const double = Mathematics.scalar(key, "f64")
  row(name, "f32", measure32(Mathematics.scalar(key, "f32"), double, of.f32))
  row(name, "f64", measure64(double, oracle[key], of.f64))
}

const positive: Domain = { domain: [2 ** -20, 2 ** 60], parts: [[0, 20]], promised: 0 }
for (const order of [1, 2, 3, 4, 6, 10]) {
  const name = `polygamma(${order})`
  if (wanted.length > 0 && !wanted.includes("polygamma")) continue
  const of = (dtype: "f32" | "f64"): One => Mathematics.scalarOf(Mathematics.polygamma(order), dtype)
  row(name, "f32", measure32(of("f32"), of("f64"), { ...positive, domain: [2 ** -10, 2 ** 10] }))
  row(
    name,
    "f64",
    measure64(of("f64"), (x) => polygammaOracle(order, x), positive)
  )
}

/** On the negative axis, where zeros lie anywhere: in units of the last place of the larger of |f(x)|, |f(-x)| and 1. */
for (const name of ["lgamma", "digamma"] as const) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const double = Mathematics.scalar(name, "f64")
  const single = Mathematics.scalar(name, "f32")
  const random = randoms(2)
  let worst = nothing
  let worst32 = nothing
  for (let i = 0; i < samples; i++) {
    const x = -(i % 2 === 0 ? 10 : 160) * random()
    const size = Math.max(Math.abs(double(x)), Math.abs(double(-x)), 1)
    const ulp = 2 ** (Math.floor(Math.log2(size)) - 52)
    const error = Math.abs(approximately(oracle[name](x)) - double(x)) / ulp
    if (!(error <= worst.error)) worst = { error, at: x, count: i }
    const x32 = Math.fround(x)
    const size32 = Math.max(Math.abs(double(x32)), Math.abs(double(-x32)), 1)
    const error32 = Math.abs(double(x32) - single(x32)) / ulpOf32(size32)
    if (!(error32 <= worst32.error)) worst32 = { error: error32, at: x32, count: i }
  }
  row(`${name} (x<0)`, "f32", { ...worst32, count: samples })
  row(`${name} (x<0)`, "f64", { ...worst, count: samples })
}
