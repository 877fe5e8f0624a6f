/** Agreement of values: bit for bit between compiled targets, within a tolerance with the reference interpreter. */
import {
  type AnyTensor,
  evaluateExact,
  type Float,
  type HostArray,
  isFloat,
  toValue,
  type Value
} from "@cotangent/graph"
import { makeEngine } from "@cotangent/runtime"
import { compare } from "../comparison.ts"
import { noiseOf } from "../noise.ts"
import { compiledOn, type Target } from "../targets.ts"
import { constants } from "./subjects.ts"

/** The compiled targets, whose bits must be equal. Wide tiles compute without the process-wide flag as well, only slower. */
export const compiledTargets: ReadonlyArray<Target> = [
  compiledOn("wasm", makeEngine({ target: "wasm", mode: "narrow" })),
  compiledOn("wasm wide", makeEngine({ target: "wasm", mode: "wide" })),
  compiledOn("js", makeEngine({ target: "js", mode: "narrow" }))
]

/** Relative errors that the compiled elementary functions and summation orders may have against float64. */
const tolerance = { f32: { relative: 3e-5, floor: 1 }, f64: { relative: 1e-11, floor: 1 } } as const

/** The first element whose bits differ; NaNs are equal whatever their payload. */
const firstDifference = (a: Value, b: Value): number => {
  if (a.data.length !== b.data.length || a.dtype !== b.dtype) return 0
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return i
  return -1
}

/** The first disagreement of two lists of values bit for bit, as a sentence. */
export const sameBits = (
  names: readonly [string, string],
  a: ReadonlyArray<Value>,
  b: ReadonlyArray<Value>
): string | undefined => {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    const at = y === undefined ? 0 : firstDifference(x, y)
    if (at >= 0) return `result ${i}[${at}] is ${x.data[at]} on ${names[0]} and ${y?.data[at]} on ${names[1]}`
  }
  return undefined
}

/** How many last digits of f32 one of f64 is worth, and how many the compiled functions may lose. */
const lost = { f32: 2 ** 29 * 64, f64: 64 } as const

/** Whether result `i` differs by no more than what rounding does to it, which is much where digits cancel. */
const isNoise = (
  results: ReadonlyArray<AnyTensor>,
  reference: ReadonlyArray<HostArray>,
  i: number,
  { data, dtype }: Value,
  width: Float
): boolean => {
  if (!isFloat(dtype)) return false
  const noise = noiseOf(results, reference)[i] ?? []
  const { relative } = tolerance[width]
  return (reference[i]?.data ?? []).every((x, k) => {
    const allowed = lost[width] * (noise[k] ?? 0) + relative * Math.max(1, Math.abs(x))
    return Object.is(x, data[k]) || Math.abs(x - (data[k] ?? Number.NaN)) <= allowed
  })
}

/** The first disagreement of compiled values with those of the interpreter, as a sentence. */
export const nearInterpreter = (
  name: string,
  compiled: ReadonlyArray<Value>,
  results: ReadonlyArray<AnyTensor>
): string | undefined => {
  // The interpreter does not round to f32: where anything is f32, the results are no more exact than that.
  let width: Float = "f64"
  const reference = evaluateExact(results, (_, __, outputs) => {
    if (outputs.some(({ dtype }) => dtype === "f32")) width = "f32"
  })
  for (const [i, expected] of reference.map(toValue).entries()) {
    const actual = compiled[i]
    if (actual === undefined || actual.dtype !== expected.dtype)
      return `result ${i} is ${actual?.dtype ?? "missing"} on ${name} and ${expected.dtype} on the interpreter`
    const limits = isFloat(expected.dtype) ? tolerance[width] : { relative: 0, floor: 1 }
    const { agrees, index, expected: x, actual: y, error } = compare(expected.data, actual.data, limits)
    if (!agrees && !isNoise(results, reference, i, actual, width))
      return `result ${i}[${index}] is ${y} on ${name} and ${x} on the interpreter (relative error ${error.toExponential(2)})`
  }
  return undefined
}

/** The first disagreement between any two targets on a function at values, as a sentence. */
export const targetsAgree = (
  f: (xs: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  values: ReadonlyArray<Value>,
  withInterpreter = true
): string | undefined => {
  const [first, ...others] = compiledTargets.map((target) => [target.name, target.evaluate(f, values)] as const)
  if (first === undefined) return undefined
  for (const [name, results] of others) {
    const different = sameBits([first[0], name], first[1], results)
    if (different !== undefined) return different
  }
  return withInterpreter ? nearInterpreter(first[0], first[1], f(constants(values))) : undefined
}
