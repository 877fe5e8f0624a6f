/** The laws of primitives. Each gives the sentence of the first violation it finds, or nothing. */
import { jvp, vjp, vmap } from "@cotangent/autodiff"
import {
  type AnyTensor,
  apply,
  Axes,
  type DType,
  evaluateExact,
  type Float,
  type HostArray,
  isFloat,
  operations as ops,
  primitives,
  type Region,
  rulesOf,
  showShape,
  sizeOf,
  substitute,
  type Tensor,
  toValue
} from "@cotangent/graph"
import { type GradFinding, type GradReport, gradReport } from "../checkGrad.ts"
import { compare } from "../comparison.ts"
import { randomNumbers } from "../randomNumbers.ts"
import { targetsAgree } from "./agreement.ts"
import { constants, dtypesOf, examplesOf, randomLike, stacked, type Subject, valuesOf } from "./subjects.ts"

/** What a law is checked with. */
export interface Circumstances {
  readonly seed: number
  /** The step of differences. */
  readonly step: number
  /** The element type of the results, where it is not that of the operands. */
  readonly result: DType | undefined
}

/** A law: the sentence of a violation, or nothing. */
export type Law = (subject: Subject, circumstances: Circumstances) => string | undefined

const firstOf = <A>(all: ReadonlyArray<A>, f: (a: A, i: number) => string | undefined): string | undefined => {
  for (const [i, a] of all.entries()) {
    const sentence = f(a, i)
    if (sentence !== undefined) return sentence
  }
  return undefined
}

const perDType =
  (law: (subject: Subject, dtype: Float, circumstances: Circumstances) => string | undefined): Law =>
  (subject, circumstances) =>
    firstOf(dtypesOf(subject), (dtype) => {
      const sentence = law(subject, dtype, circumstances)
      return sentence === undefined ? undefined : `${dtype}: ${sentence}`
    })

const reportOf = (subject: Subject, { seed, step }: Circumstances, order: 1 | 2): GradReport =>
  gradReport((...xs: ReadonlyArray<AnyTensor>) => subject.apply(xs), constants(valuesOf(subject, "f64", seed)), {
    order,
    seed,
    step,
    tolerance: 1e-7
  })

const violation = (report: GradReport, holds: (finding: GradFinding) => boolean): string | undefined => {
  const finding = report.findings.find((f) => holds(f) && !f.agrees)
  return finding === undefined
    ? undefined
    : `${finding.law} of order ${finding.order} at operand ${finding.path || "all"} is ${finding.actual}, expected ${finding.expected}`
}

/** Both modes give the slope that differences give. */
const differences: Law = (subject, at) => violation(reportOf(subject, at, 1), ({ law }) => law !== "adjoint")

/** `<J t, c> = <t, J^T c>`. */
const adjoint: Law = (subject, at) => violation(reportOf(subject, at, 1), ({ law }) => law === "adjoint")

/** The gradient of the gradient is the slope of the gradient, and is self-adjoint between the modes. */
const secondOrder: Law = (subject, at) => violation(reportOf(subject, at, 2), ({ order }) => order === 2)

const pulledBack = (
  f: (xs: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>,
  xs: ReadonlyArray<AnyTensor>,
  seed: number
) => {
  const random = randomNumbers(seed, 7)
  const [y, pullback] = vjp(f, xs)
  const [, tangents] = jvp(f, xs, constants(xs.map((x) => randomLike(x, random))))
  return { y, gradients: pullback(constants(y.map((t) => randomLike(t, random)))), tangents }
}

/** The function is constant around the sample, and both modes give exact zeros. */
const zero: Law = (subject, at) => {
  const f = (xs: ReadonlyArray<AnyTensor>) => subject.apply(xs).map((y) => ops.cast(y, "f64"))
  const values = constants(valuesOf(subject, "f64", at.seed))
  const report = gradReport((...xs: ReadonlyArray<AnyTensor>) => f(xs), values, { seed: at.seed, step: at.step })
  return violation(report, () => true) ?? stopped(subject, at)
}

/** Both modes give exact zeros, whatever the function does. */
const stopped: Law = (subject, { seed }) => {
  const { gradients, tangents } = pulledBack(subject.apply, constants(valuesOf(subject, "f64", seed)), seed)
  const found = evaluateExact([...gradients, ...tangents]).findIndex(({ data }) => data.some((x) => x !== 0))
  return found < 0 ? undefined : `derivative ${found} is not zero`
}

/** Every way of giving some operands as a batch of examples is a loop over the examples. */
const vectorized: Law = perDType((subject, dtype, { seed }) => {
  const count = 3
  const examples = examplesOf(subject, dtype, seed, count)
  const n = subject.operands.length
  return firstOf(
    Array.from({ length: 2 ** n - 1 }, (_, i) => i + 1),
    (mask) => {
      const batched = (i: number): boolean => (mask & (1 << i)) !== 0
      const shared = constants(examples[0] ?? [])
      const of = (own: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
        let next = 0
        return subject.apply(shared.map((x, i) => (batched(i) ? (own[next++] ?? x) : x)))
      }
      const columns = subject.operands.flatMap((_, i) =>
        batched(i) ? [stacked(examples.flatMap((example) => example[i] ?? []))] : []
      )
      // Stacked values have a first axis.
      const batches = constants(columns) as ReadonlyArray<Tensor<[number, ...Array<number>], DType>>
      const together: ReadonlyArray<AnyTensor> = vmap((...xs: ReadonlyArray<AnyTensor>) => of(xs))(...batches)
      const loop = examples.map((example) => of(constants(example.filter((_, i) => batched(i)))))
      const values = evaluateExact([...together, ...loop.flat()])
      return firstOf(together, (_, k) => {
        const actual = values[k]?.data ?? []
        const expected = loop.flatMap((__, e) => Array.from(values[together.length * (e + 1) + k]?.data ?? []))
        const { agrees, index, expected: x, actual: z } = compare(expected, actual, { relative: 1e-12, floor: 1 })
        return agrees
          ? undefined
          : `with operands ${subject.operands.flatMap((_, i) => (batched(i) ? [i] : [])).join(", ")} batched, result ${k}[${index}] is ${z}, the loop gives ${x}`
      })
    }
  )
})

/** Values, gradients and tangents have the same bits on all compiled targets, and are near those of the interpreter. */
const targets: Law = perDType((subject, dtype, { seed }) =>
  targetsAgree(
    (xs) => {
      const { y, gradients, tangents } = pulledBack(subject.apply, xs, seed)
      return [...y, ...gradients, ...tangents]
    },
    valuesOf(subject, dtype, seed)
  )
)

/** The values alone have the same bits on all compiled targets, and are near those of the interpreter. */
const bits: Law = (subject, { seed }) => targetsAgree(subject.apply, valuesOf(subject, "f64", seed))

/** The results have the element type of the operands (or the stated one), gradients those of their operands. */
const dtypes: Law = perDType((subject, dtype, { seed, result }) => {
  const xs = constants(valuesOf(subject, dtype, seed))
  const { y, gradients, tangents } = pulledBack(subject.apply, xs, seed)
  const own = xs.find((x) => isFloat(x.dtype)) ?? xs.at(-1)
  const wanted = result ?? own?.dtype
  const wrong = [...y, ...tangents].find((t) => t.dtype !== wanted)
  if (wrong !== undefined) return `the result is ${wrong.dtype}, not ${wanted}`
  const gradient = gradients.findIndex((g, i) => g.dtype !== xs[i]?.dtype)
  return gradient < 0 ? undefined : `the gradient of operand ${gradient} is ${gradients[gradient]?.dtype}`
})

/** The results of a region for the given parameters. */
const runRegion = (region: Region | undefined, inputs: ReadonlyArray<HostArray>): ReadonlyArray<HostArray> => {
  if (region === undefined) return []
  // Rounding to the element type changes no shape.
  return evaluateExact(substitute(region.results, region.parameters, constants(inputs.map(toValue)), apply))
}

/** What the reference rule computes has as many elements as the shape rule says, and derivatives have their operands' shapes. */
const shapes: Law = perDType((subject, dtype, { seed }) => {
  const values = valuesOf(subject, dtype, seed)
  const xs = constants(values)
  const { y, gradients, tangents } = pulledBack(subject.apply, xs, seed)
  const node = y[0]?.node
  if (node === undefined) return "there is no result"
  const rules = rulesOf(primitives[node.primitive])
  const raw = rules.evaluate(evaluateExact(node.inputs), node.attributes, node.outputs, (index, inputs) =>
    runRegion(node.regions[index], inputs)
  )
  const wrong = node.outputs.findIndex(({ shape }, i) => raw[i]?.length !== sizeOf(shape))
  if (wrong >= 0)
    return `result ${wrong} has ${raw[wrong]?.length ?? "no"} elements, the shape rule says ${showShape(node.outputs[wrong]?.shape ?? [])}`
  const gradient = gradients.findIndex((g, i) => !Axes.sameShape(g.shape, xs[i]?.shape ?? []))
  if (gradient >= 0)
    return `the gradient of operand ${gradient} has shape ${showShape(gradients[gradient]?.shape ?? [])}`
  const tangent = tangents.findIndex((t, i) => !Axes.sameShape(t.shape, y[i]?.shape ?? []))
  return tangent < 0 ? undefined : `tangent ${tangent} has shape ${showShape(tangents[tangent]?.shape ?? [])}`
})

/** Every law by name. */
export const laws = {
  differences,
  adjoint,
  secondOrder,
  zero,
  stopped,
  vmap: vectorized,
  targets,
  bits,
  dtypes,
  shapes
} as const satisfies Readonly<Record<string, Law>>

/** The name of a law. */
export type LawName = keyof typeof laws
