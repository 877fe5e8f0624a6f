/** Checks laws on random programs, and reports the smallest program that violates one. */
import { allocate, type Float, isFloat, print, roundTo, sizeOf, type Value } from "@cotangent/graph"
import { randomNumbers } from "../../randomNumbers.ts"
import type { TensorFunction } from "../derivative-laws.ts"
import { graphOf } from "../graph-laws.ts"
import { runProgram } from "./catalogue.ts"
import { functionOf } from "./instantiate.ts"
import { type Program, showProgram } from "./program.ts"
import { type Examples, passedOver, type ProgramLaw } from "./program-laws.ts"
import { randomProgram } from "./random.ts"
import { type Located, shrink, shrinkGraph } from "./shrink.ts"

/** Several examples of the inputs of a program. */
const examplesOf = ({ inputs, resolution }: Program, dtype: Float, seed: number): Examples =>
  [0, 1, 2].map((example) =>
    inputs.map((shape, i) => {
      const random = randomNumbers(seed * 8 + example, 100 + i)
      const data = allocate(dtype, sizeOf(shape))
      for (let k = 0; k < data.length; k++)
        data[k] = roundTo[dtype](Math.round(random.uniform(-1.5, 1.5) * resolution) / resolution)
      return { shape, dtype, data }
    })
  )

/** Examples around given values: floats a little larger and smaller, the others as they are. */
const around = (values: ReadonlyArray<Value>): Examples =>
  [1, 0.9, 1.1].map((factor) =>
    values.map((value) => {
      if (!isFloat(value.dtype)) return value
      const data = value.data.slice()
      data.forEach((x, i) => (data[i] = x * factor))
      return { ...value, data }
    })
  )

/** What is checked: a law in one float type, on programs that all have derivatives or not. */
export interface ProgramCheck {
  readonly law: ProgramLaw
  readonly dtype: Float
  readonly differentiable: boolean
}

const functionOfProgram =
  (program: Program): TensorFunction =>
  (xs) => [runProgram(program, xs)]

const attempt = (law: ProgramLaw, f: TensorFunction, examples: Examples, seed: number): string | undefined => {
  try {
    return law(f, examples, seed)
  } catch (thrown) {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  }
}

/** What kind of violation a sentence reports, its numbers left out; undefined for none. */
const kindOf = (sentence: string | undefined): string | undefined =>
  sentence === undefined || sentence === passedOver
    ? undefined
    : sentence
        .replace(/-?\d[\d.e+-]*/g, "#")
        .replace(/^(forward|reverse|adjoint|symmetry) of order #/, "a derivative")
        // Of what is thrown the whole sentence counts, of a violation its beginning.
        .slice(0, /^\w*Error: /.test(sentence) ? 80 : 12)

const showValue = ({ data }: Value, i: number): string => `x${i} = [${Array.from(data).join(", ")}]`

/** The smallest graph that violates the law, with its inputs; the sentence of that violation first. */
const reportGraph = (law: ProgramLaw, from: Located, seed: number): string => {
  const sentence = ({ graph, values }: Located) => attempt(law, functionOf(graph), around(values), seed)
  const kind = kindOf(sentence(from))
  // A graph does not know where derivatives were stopped, so a violation may be gone.
  const small = kind === undefined ? from : shrinkGraph(from, (one) => kindOf(sentence(one)) === kind)
  return [sentence(small) ?? "", print(small.graph, { elements: 32 }), ...small.values.map(showValue)].join("\n")
}

/** A violation, and the smallest program and graph with it. */
export interface Violation {
  readonly program: Program
  readonly report: string
}

/** Checks a law on a program; a violation is reported for the smallest program and the smallest graph that violate it. */
export const checkProgram = (
  { law, dtype }: ProgramCheck,
  program: Program,
  seed: number
): Violation | typeof passedOver | undefined => {
  const sentence = (one: Program) => attempt(law, functionOfProgram(one), examplesOf(one, dtype, seed), seed)
  const found = sentence(program)
  const kind = kindOf(found)
  if (kind === undefined) return found === undefined ? undefined : passedOver
  const smallest = shrink(program, (smaller) => kindOf(sentence(smaller)) === kind)
  const [values = []] = examplesOf(smallest, dtype, seed)
  const head = `program ${seed} in ${dtype}: ${sentence(smallest) ?? ""}\n${showProgram(smallest)}`
  const rest = reportGraph(law, { graph: graphOf(functionOfProgram(smallest), values), values }, seed)
  return { program: smallest, report: `${head}\n\nthe smallest graph: ${rest}` }
}

/** Checks a law on the random programs of some seeds: the first violation, and how many the law said nothing about. */
export const checkPrograms = (
  check: ProgramCheck,
  seeds: Iterable<number>
): { readonly violation: string | undefined; readonly passedOver: number } => {
  let over = 0
  for (const seed of seeds) {
    const found = checkProgram(check, randomProgram(seed, check.differentiable), seed)
    if (found === passedOver) over++
    else if (found !== undefined) return { violation: found.report, passedOver: over }
  }
  return { violation: undefined, passedOver: over }
}
