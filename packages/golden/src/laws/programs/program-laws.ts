/**
 * Laws of whole programs: what holds for every composition of operations.
 *
 * Derivatives are compared with differences only where they exist: `gradReport` watches what a program decides (comparisons,
 * signs, positions of maxima, branches), takes only steps at whose ends everything is decided as in the middle, and says
 * where there are none. Such a program lies on a corner, and is passed over. Decisions that rounding may turn (a tie by
 * construction) could differ between targets and interpreter: bits are then compared between targets only. The same goes
 * for factors of matrices that are not determined, or have no derivative (`singularities.ts`).
 */
import { type AnyTensor, evaluateExact, type Float, type Graph, isFloat, type Value } from "@cotangent/graph"
import { gradReport } from "../../checkGrad.ts"
import { watchSingularities } from "../../singularities.ts"
import { watchDecisions } from "../../slopes.ts"
import { targetsAgree } from "../agreement.ts"
import { derivativesOf, type TensorFunction } from "../derivative-laws.ts"
import { graphOf, keepsGraph } from "../graph-laws.ts"
import { constants } from "../subjects.ts"
import { vectorizedOn } from "../value-laws.ts"

/** Inputs of a program: several examples of the same types. */
export type Examples = ReadonlyArray<ReadonlyArray<Value>>

/** The sentence of a violation, `passed over` where the law says nothing, or nothing. */
export type ProgramLaw = (f: TensorFunction, examples: Examples, seed: number) => string | undefined

/** What a law gives for programs it says nothing about. */
export const passedOver = "passed over"

const firstOf = (examples: Examples): ReadonlyArray<Value> => examples[0] ?? []

/** Whether all numbers are finite and of no great size, and whether all functions of matrices on the way are regular. */
const examined = (xs: ReadonlyArray<AnyTensor>) => {
  const { observe, isDetermined, isDifferentiable } = watchSingularities(xs)
  const isFinite = evaluateExact(xs, observe).every(({ data }) =>
    data.every((x) => Number.isFinite(x) && Math.abs(x) < 1e6)
  )
  return { isDetermined: isFinite && isDetermined(), isDifferentiable: isFinite && isDifferentiable() }
}

/** Both modes agree with differences and with each other, to the second order. */
const derivatives: ProgramLaw = (f, examples, seed) => {
  const xs = constants(firstOf(examples))
  const { y, gradients } = derivativesOf(f, xs, seed)
  if (!y.some(({ dtype }) => isFloat(dtype)) || !examined([...y, ...gradients]).isDifferentiable) return passedOver
  const nodes = graphOf(f, firstOf(examples)).nodes.length
  const report = gradReport((...at: ReadonlyArray<AnyTensor>) => f(at), xs, {
    seed,
    order: nodes <= 60 ? 2 : 1,
    tolerance: 1e-6
  })
  // Numbers of order 1 on the way may cost the last digits of a small slope.
  const wrong = report.findings.find(
    ({ agrees, smooth, actual, expected }) => smooth && !agrees && Math.abs(actual - expected) > 1e-9
  )
  if (wrong !== undefined)
    return `${wrong.law} of order ${wrong.order} at input ${wrong.path || "all"} is ${wrong.actual}, expected ${wrong.expected}`
  return report.findings.every(({ smooth }) => smooth) ? undefined : passedOver
}

/** Everything that is decided while values are computed from inputs, and from inputs a little beside them. */
const isDecided = (f: TensorFunction, inputs: ReadonlyArray<Value>): boolean => {
  const decided = (factor: number): number => {
    const moved = inputs.map((value): Value => {
      const { shape, dtype, data } = value
      if (dtype === "f64") return { shape, dtype, data: data.map((x) => x * factor) }
      return dtype === "f32" ? { shape, dtype, data: data.map((x) => x * factor) } : value
    })
    const { observe, fingerprint } = watchDecisions()
    evaluateExact(f(constants(moved)), observe)
    return fingerprint()
  }
  const middle = decided(1)
  return [1 - 2 ** -20, 1 + 2 ** -20].every((factor) => decided(factor) === middle)
}

/** Whether anything is computed in f32, where the interpreter does not round. */
const hasSingle = ({ nodes }: Graph.Graph): boolean =>
  nodes.some(({ outputs, regions }) => outputs.some(({ dtype }) => dtype === "f32") || regions.some(hasSingle))

/** Value, gradients and tangent have the same bits on all compiled targets, in f64 near those of the interpreter. */
const targets: ProgramLaw = (f, examples, seed) => {
  const inputs = firstOf(examples)
  const all: TensorFunction = (xs) => {
    const { y, gradients, tangents } = derivativesOf(f, xs, seed)
    return [...y, ...gradients.filter(({ dtype }) => isFloat(dtype)), ...tangents]
  }
  // In f32 the compiled order of operations may lose what float64 keeps: only bits are compared.
  const near =
    !hasSingle(graphOf(all, inputs)) && examined(all(constants(inputs))).isDetermined && isDecided(all, inputs)
  return targetsAgree(all, inputs, near)
}

/** A batch is a loop over its examples, for values and derivatives. */
const batches: ProgramLaw = (f, examples, seed) => {
  const all: TensorFunction = (xs) => {
    const { y, gradients } = derivativesOf(f, xs, seed)
    return [...y, ...gradients]
  }
  if (!examples.every((xs) => examined(all(constants(xs))).isDetermined && isDecided(all, xs))) return passedOver
  const count = firstOf(examples).length
  const every = Array.from({ length: count }, () => true)
  const last = every.map((_, i) => i === count - 1)
  return vectorizedOn(all, examples, count === 1 ? [every] : [every, last], 1e-9)
}

/** The graph of values and derivatives reads back from text and from storage. */
const graphs: ProgramLaw = (f, examples, seed) =>
  keepsGraph(
    graphOf((xs) => {
      const { y, gradients, tangents } = derivativesOf(f, xs, seed)
      return [...y, ...gradients, ...tangents]
    }, firstOf(examples))
  )

/** Every law of programs, the float type it is checked in, and whether it compares derivatives with values. */
export const programLaws = {
  derivatives: { law: derivatives, dtype: "f64", differentiable: true },
  "targets f32": { law: targets, dtype: "f32", differentiable: false },
  "targets f64": { law: targets, dtype: "f64", differentiable: false },
  vmap: { law: batches, dtype: "f64", differentiable: false },
  graphs: { law: graphs, dtype: "f32", differentiable: false }
} as const satisfies Readonly<
  Record<string, { readonly law: ProgramLaw; readonly dtype: Float; readonly differentiable: boolean }>
>

/** The name of a law of programs. */
export type ProgramLawName = keyof typeof programLaws
