/**
 * Runs all 2^32 floats through the compiled float32 kernels, for docs/numerics.md: the largest error in units of the last
 * place against the same function in float64, special values and signs of zero included.
 *
 *     node --conditions=@cotangent/source scripts/measure-exhaustive.ts [NAME...] [--stride N] [--wide]
 *
 * One line per function and sign of the operand. An error of Infinity is a wrong special value. With --wide
 * the kernels are those that V8 runs on 256-bit registers.
 */
import { setFlagsFromString } from "node:v8"
import { Mathematics } from "@cotangent/kernel"
import { domains } from "../packages/kernel/src/mathematics/domains.test.support.ts"
import { compileSweep, type Found, runPatterns } from "./sweep.ts"

const flag = (name: string, otherwise: number): number => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : Number(process.argv[i + 1])
}
const stride = flag("stride", 1)
const wide = process.argv.includes("--wide")
if (wide) setFlagsFromString("--experimental-wasm-revectorize")
const wanted = process.argv.slice(2).filter((a, i, all) => !a.startsWith("--") && !(all[i - 1] ?? "").startsWith("--"))

const floats = new DataView(new ArrayBuffer(4))
const patternOf = (x: number): number => {
  floats.setFloat32(0, x)
  return floats.getUint32(0)
}

/** Functions with zeros anywhere on the negative axis, near which no number of ulps holds. */
const wild: ReadonlySet<string> = new Set(["lgamma", "digamma"])

const report = (name: string, range: string, { at, error, expected, value }: Found, count: number, start: number) =>
  console.log(
    `${name.padEnd(8)} ${range.padEnd(9)} ${error.toFixed(4).padStart(8)} ulp at ${Object.is(at, -0) ? "-0" : at}: ${value}, exactly ${expected} (${count} operands, ${((performance.now() - start) / 1000).toFixed(0)} s)`
  )

/** What `T.rsqrt` is made of. */
const rsqrt: Mathematics.UnaryDefinition = (b, x) => b.binary("div", b.constant(1, x.type), b.unary("sqrt", x))

for (const [name, definition] of Object.entries({ ...Mathematics.unaryFunctions, rsqrt })) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const domain = name === "rsqrt" ? [0, Infinity] : domains[name as Mathematics.UnaryFunction].f32.domain
  const isBounded = name === "sin" || name === "cos"
  for (const isNegative of [false, true]) {
    const sweep = { name, single: definition, double: definition, isAbsolute: isNegative && wild.has(name) }
    const end = isBounded ? patternOf(domain[1] ?? Infinity) + 1 : 2 ** 31
    const sign = isNegative ? 2 ** 31 : 0
    const start = performance.now()
    const found = runPatterns(compileSweep(sweep, wide), sign, sign + end, stride)
    report(name, isNegative ? "x <= -0" : "x >= +0", found, Math.ceil(end / stride), start)
    if (!isBounded) continue
    // Beyond, one half turn later, all results must be NaN.
    const from = patternOf((domain[1] ?? Infinity) + 2)
    const refusal: Mathematics.UnaryDefinition = (b, x) => b.constant(Number.NaN, x.type)
    const beyond = runPatterns(compileSweep({ ...sweep, double: refusal }, wide), sign + from, sign + 2 ** 31, stride)
    report(name, "is NaN", beyond, Math.ceil((2 ** 31 - from) / stride), start)
  }
}
