/** Laws of whole programs: what holds for every composition of operations. */
import { jvp, vjp, vmap } from "@cotangent/autodiff"
import {
  allocate,
  type AnyTensor,
  evaluateExact,
  type Float,
  roundTo,
  sizeOf,
  type Tensor,
  type Value
} from "@cotangent/graph"
import { gradReport } from "../checkGrad.ts"
import { compare } from "../comparison.ts"
import { randomNumbers } from "../randomNumbers.ts"
import { targetsAgree } from "./agreement.ts"
import { inputShapes, type Program, randomProgram, runProgram, showProgram, shrink } from "./randomProgram.ts"
import { constants, randomLike, stacked } from "./subjects.ts"

/** The sentence of a violation, or nothing. */
export type ProgramLaw = (program: Program, seed: number) => string | undefined

const inputsOf = (dtype: Float, seed: number): ReadonlyArray<Value> =>
  inputShapes.map((shape, i) => {
    const random = randomNumbers(seed, 100 + i)
    const data = allocate(dtype, sizeOf(shape))
    for (let k = 0; k < data.length; k++) data[k] = roundTo[dtype](random.uniform(-1.5, 1.5))
    return { shape, dtype, data }
  })

/** Both modes agree with differences and with each other, to the second order for programs that are not too long. */
const derivatives: ProgramLaw = (program, seed) => {
  const f = (...xs: ReadonlyArray<AnyTensor>) => runProgram(program, xs)
  const report = gradReport(f, constants(inputsOf("f64", seed)), {
    seed,
    order: program.length <= 12 ? 2 : 1,
    step: 2 ** -12,
    tolerance: 2e-6
  })
  const finding = report.findings.find(({ agrees }) => !agrees)
  return finding === undefined
    ? undefined
    : `${finding.law} of order ${finding.order} at input ${finding.path || "all"} is ${finding.actual}, expected ${finding.expected}`
}

/** Value, gradients and tangent have the same bits on all compiled targets in both float types, and are near the interpreter's in f64. */
const targets: ProgramLaw = (program, seed) => {
  for (const dtype of ["f32", "f64"] as const) {
    const random = randomNumbers(seed, 13)
    const f = (xs: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
      const of = (at: ReadonlyArray<AnyTensor>): AnyTensor => runProgram(program, at)
      const [y, pullback] = vjp(of, xs)
      const [cotangent] = constants([randomLike(y, random.fork(0))])
      const directions = constants(xs.map((x, i) => randomLike(x, random.fork(i + 1))))
      return cotangent === undefined ? [y] : [y, ...pullback(cotangent), jvp(of, xs, directions)[1]]
    }
    // In f32 the compiled order of operations may lose what float64 keeps: only bits are compared.
    const sentence = targetsAgree(f, inputsOf(dtype, seed), dtype === "f64")
    if (sentence !== undefined) return `${dtype}: ${sentence}`
  }
  return undefined
}

/** A batch is a loop over its examples. */
const batches: ProgramLaw = (program, seed) => {
  const examples = [0, 1, 2].map((i) => inputsOf("f64", seed * 8 + i))
  // Stacked values have a first axis.
  const columns = constants(
    inputShapes.map((_, i) => stacked(examples.flatMap((example) => example[i] ?? [])))
  ) as ReadonlyArray<Tensor<[number, ...Array<number>], Float>>
  const together: AnyTensor = vmap((...xs: ReadonlyArray<AnyTensor>) => runProgram(program, xs))(...columns)
  const loop = examples.map((example) => runProgram(program, constants(example)))
  const [all, ...each] = evaluateExact([together, ...loop])
  const expected = each.flatMap(({ data }) => Array.from(data))
  const { agrees, index, expected: x, actual } = compare(expected, all?.data ?? [], { relative: 1e-10, floor: 1 })
  return agrees ? undefined : `the batch gives [${index}] = ${actual}, the loop ${x}`
}

/** Every law of programs; corners are left out where derivatives are compared with differences. */
export const programLaws = {
  derivatives: { law: derivatives, smooth: true },
  targets: { law: targets, smooth: false },
  vmap: { law: batches, smooth: false }
} as const satisfies Readonly<Record<string, { readonly law: ProgramLaw; readonly smooth: boolean }>>

/** The name of a law of programs. */
export type ProgramLawName = keyof typeof programLaws

const attempted = (law: ProgramLaw, program: Program, seed: number): string | undefined => {
  try {
    return law(program, seed)
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/** Checks a law on the random program of a seed; a violation is reported for the smallest program that still violates it. */
export const checkProgram = (law: ProgramLaw, seed: number, smooth: boolean): string | undefined => {
  const program = randomProgram(seed, smooth)
  if (attempted(law, program, seed) === undefined) return undefined
  const smallest = shrink(program, (smaller) => attempted(law, smaller, seed) !== undefined)
  return `program ${seed}: ${attempted(law, smallest, seed) ?? ""}\n  ${showProgram(smallest)}`
}
