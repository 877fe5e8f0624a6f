/** Agreement of values: bit for bit between compiled targets, within a tolerance with the reference interpreter. */
import { type AnyTensor, isFloat, type Value } from "@cotangent/graph"
import { makeEngine } from "@cotangent/runtime"
import { compare } from "../comparison.ts"
import { compiledOn, type Target, targetOf } from "../targets.ts"

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

/** The first disagreement of compiled values with those of the interpreter, as a sentence. */
export const nearInterpreter = (
  name: string,
  compiled: ReadonlyArray<Value>,
  reference: ReadonlyArray<Value>
): string | undefined => {
  for (const [i, expected] of reference.entries()) {
    const actual = compiled[i]
    if (actual === undefined || actual.dtype !== expected.dtype)
      return `result ${i} is ${actual?.dtype ?? "missing"} on ${name} and ${expected.dtype} on the interpreter`
    const limits = isFloat(expected.dtype) ? tolerance[expected.dtype] : { relative: 0, floor: 1 }
    const { agrees, index, expected: x, actual: y, error } = compare(expected.data, actual.data, limits)
    if (!agrees)
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
  return withInterpreter ? nearInterpreter(first[0], first[1], targetOf("interpreter").evaluate(f, values)) : undefined
}
