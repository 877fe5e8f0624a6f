/** Laws of values: batches are loops, targets agree, element types and shapes are what the rules say. */
import { vmap } from "@cotangent/autodiff"
import {
  type AnyTensor,
  Axes,
  evaluateExact,
  type Float,
  type HostArray,
  showShape,
  sizeOf,
  type Tensor,
  type Value
} from "@cotangent/graph"
import { compare } from "../comparison.ts"
import { targetsAgree } from "./agreement.ts"
import { derivativesOf, type Law, type TensorFunction } from "./derivative-laws.ts"
import { constants, dtypesOf, examplesOf, stacked, type Subject, valuesOf } from "./subjects.ts"

const firstOf = <A>(all: ReadonlyArray<A>, f: (a: A, i: number) => string | undefined): string | undefined => {
  for (const [i, a] of all.entries()) {
    const sentence = f(a, i)
    if (sentence !== undefined) return sentence
  }
  return undefined
}

const perDType =
  (law: (subject: Subject, dtype: Float, seed: number) => string | undefined): Law =>
  (subject, seed) =>
    firstOf(dtypesOf(subject), (dtype) => {
      const sentence = law(subject, dtype, seed)
      return sentence === undefined ? undefined : `${dtype}: ${sentence}`
    })

/** Values, gradients and tangents in one list. */
const everything =
  (f: TensorFunction, seed: number): TensorFunction =>
  (xs) => {
    const { y, gradients, tangents } = derivativesOf(f, xs, seed)
    return [...y, ...gradients, ...tangents]
  }

/** Which operands are batched: every choice of up to four, else each alone, all, and all but each. */
const choicesOf = (n: number): ReadonlyArray<ReadonlyArray<boolean>> => {
  const all = Array.from({ length: n }, (_, i) => i)
  if (n <= 4) return Array.from({ length: 2 ** n - 1 }, (_, mask) => all.map((i) => ((mask + 1) & (1 << i)) !== 0))
  return [...all.flatMap((k) => [all.map((i) => i === k), all.map((i) => i !== k)]), all.map(() => true)]
}

/**
 * For each choice of batched operands, a batch of examples is a loop over them; operands that are not batched are those
 * of the first example.
 */
export const vectorizedOn = (
  f: TensorFunction,
  examples: ReadonlyArray<ReadonlyArray<Value>>,
  choices: ReadonlyArray<ReadonlyArray<boolean>>,
  relative: number
): string | undefined =>
  firstOf(choices, (batched) => {
    const shared = constants(examples[0] ?? [])
    const of = (own: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> => {
      let next = 0
      return f(shared.map((x, i) => (batched[i] === true ? (own[next++] ?? x) : x)))
    }
    const columns = shared.flatMap((_, i) =>
      batched[i] === true ? [stacked(examples.flatMap((example) => example[i] ?? []))] : []
    )
    // Stacked values have a first axis.
    const batches = constants(columns) as ReadonlyArray<Tensor<[number, ...Array<number>]>>
    const together: ReadonlyArray<AnyTensor> = vmap((...xs: ReadonlyArray<AnyTensor>) => of(xs))(...batches)
    const loop = examples.map((example) => of(constants(example.filter((_, i) => batched[i] === true))))
    const values = evaluateExact([...together, ...loop.flat()])
    return firstOf(together, (_, k) => {
      const actual = values[k]?.data ?? []
      const expected = loop.flatMap((__, e) => Array.from(values[together.length * (e + 1) + k]?.data ?? []))
      const { agrees, index, expected: x, actual: z } = compare(expected, actual, { relative, floor: 1 })
      if (agrees) return undefined
      const which = batched.flatMap((is, i) => (is ? [i] : [])).join(", ")
      return `with operands ${which} batched, result ${k}[${index}] is ${z}, the loop gives ${x}`
    })
  })

/** A batch is a loop, whichever operands are batched, for values, gradients and tangents alike. */
export const batches: Law = (subject, seed) => {
  // The interpreter computes everything in float64: one element type is enough.
  const examples = examplesOf(subject, "f64", seed, 3)
  const choices = choicesOf(subject.operands.length)
  return (
    vectorizedOn(subject.apply, examples, choices, 1e-11) ??
    vectorizedOn(everything(subject.apply, seed), examples, choices, 1e-11)
  )
}

/** Values, gradients and tangents have the same bits on all compiled targets, and are near those of the interpreter. */
export const targets: Law = perDType((subject, dtype, seed) =>
  targetsAgree(everything(subject.apply, seed), valuesOf(subject, dtype, seed))
)

/** The values alone have the same bits on all compiled targets, and are near those of the interpreter. */
export const bits: Law = (subject, seed) => targetsAgree(subject.apply, valuesOf(subject, "f64", seed))

/**
 * The element type is kept: results and tangents have one of the operands', or bool, or i32 (positions), or the one that
 * is asked for; gradients have that of their operand.
 */
export const dtypes: Law = perDType((subject, dtype, seed) => {
  const xs = constants(valuesOf(subject, dtype, seed))
  const { y, gradients, tangents } = derivativesOf(subject.apply, xs, seed)
  const allowed = new Set([
    ...xs.map((x) => x.dtype),
    "bool",
    "i32",
    ...(subject.result === undefined ? [] : [subject.result])
  ])
  const wrong = y.find((t) => !allowed.has(t.dtype))
  if (wrong !== undefined) return `the result is ${wrong.dtype}, of operands ${xs.map((x) => x.dtype).join(", ")}`
  const tangent = tangents.findIndex((t, i) => t.dtype !== y[i]?.dtype)
  if (tangent >= 0) return `the tangent of result ${tangent} is ${tangents[tangent]?.dtype}`
  const gradient = gradients.findIndex((g, i) => g.dtype !== xs[i]?.dtype)
  return gradient < 0 ? undefined : `the gradient of operand ${gradient} is ${gradients[gradient]?.dtype}`
})

/** What every node computes has as many elements as its shape rule says, and derivatives have their operands' shapes. */
export const shapes: Law = perDType((subject, dtype, seed) => {
  const xs = constants(valuesOf(subject, dtype, seed))
  const { y, gradients, tangents } = derivativesOf(subject.apply, xs, seed)
  const wrong: Array<string> = []
  const check = (primitive: string, { data, shape }: HostArray): void => {
    if (data.length !== sizeOf(shape))
      wrong.push(`${primitive} computes ${data.length} elements, its shape rule says ${showShape(shape)}`)
  }
  evaluateExact([...y, ...gradients, ...tangents], (node, _, outputs) =>
    outputs.forEach((output) => check(node.primitive, output))
  )
  if (wrong.length > 0) return wrong[0]
  const gradient = gradients.findIndex((g, i) => !Axes.sameShape(g.shape, xs[i]?.shape ?? []))
  if (gradient >= 0)
    return `the gradient of operand ${gradient} has shape ${showShape(gradients[gradient]?.shape ?? [])}`
  const tangent = tangents.findIndex((t, i) => !Axes.sameShape(t.shape, y[i]?.shape ?? []))
  return tangent < 0 ? undefined : `tangent ${tangent} has shape ${showShape(tangents[tangent]?.shape ?? [])}`
})
