/** Checking a call: outputs, the product with cotangents in reverse mode and with tangents in forward mode. */
import { jvp, vjp } from "@cotangent/autodiff"
import { type AnyTensor, Axes, type DType, isFloat, isTensor, showShape, T, type Value } from "@cotangent/graph"
import { compare, tolerances } from "../comparison.ts"
import type { GradientCase } from "../forms/gradients.ts"
import { dtypeOf, type TensorData, tensorValue, valueOf } from "../forms/tensors.ts"
import {
  attempt,
  fault,
  type Findings,
  found,
  Missing,
  nothing,
  type Outcome,
  outcomeOf,
  sentenceOf,
  together
} from "../outcome.ts"
import type { F64, Target } from "../targets.ts"
import { adapters } from "./adapters.ts"
import { applyAdapter, type Built, type Inputs } from "./call.ts"
import { programs } from "./programs.ts"

type Tensors = { readonly [name: string]: AnyTensor }
type Plain = number | string | boolean

const isPlain = (input: TensorData | Plain): input is Plain => typeof input !== "object"

/** The inputs of a case: tensors on the host, and everything else. */
const inputsOf = ({
  inputs
}: GradientCase): {
  readonly values: ReadonlyArray<readonly [string, Value]>
  readonly plain: ReadonlyArray<readonly [string, Plain]>
} => {
  const values: Array<readonly [string, Value]> = []
  const plain: Array<readonly [string, Plain]> = []
  for (const [name, input] of Object.entries(inputs)) {
    if (isPlain(input)) plain.push([name, input])
    else values.push([name, tensorValue(input)])
  }
  return { values, plain }
}

/** Builds the outputs of a case, by its adapter or by its program. */
const build = (golden: GradientCase, inputs: Inputs): Built => {
  const { id, op, args = [], kwargs = {}, torch } = golden
  const program = Object.hasOwn(programs, id) ? programs[id] : undefined
  if (op === undefined) {
    if (program === undefined)
      return new Missing(`the program ${JSON.stringify(torch.length > 60 ? `${torch.slice(0, 57)}...` : torch)}`)
    return program((name) => {
      const x = inputs.get(name)
      if (!isTensor(x))
        throw new TypeError(`${id}: there is no input ${name}; there are ${[...inputs.keys()].join(", ")}`)
      // Programs are given float inputs only, and golden floats are f64.
      return x as F64
    })
  }
  const adapter = adapters.get(op)
  return adapter === undefined ? new Missing(op) : applyAdapter(adapter, op, args, kwargs, inputs)
}

const listOf = (built: Built): ReadonlyArray<AnyTensor> => {
  if (built instanceof Missing) throw new TypeError(`${built.operation} is missing`)
  return isTensor(built) ? [built] : built
}

/** Element types that golden files tell apart. */
const kindOf = (dtype: DType): string => (isFloat(dtype) ? "floats" : dtype === "bool" ? "booleans" : "integers")

const checkOutput = (target: string, path: string, expected: TensorData, actual: Value): Findings => {
  const kind = kindOf(dtypeOf(expected))
  if (!Axes.sameShape(expected.shape, actual.shape) || kind !== kindOf(actual.dtype)) {
    return fault(
      target,
      path,
      `expected ${kind} of shape ${showShape(expected.shape)}, got ${kindOf(actual.dtype)} of shape ${showShape(actual.shape)}`
    )
  }
  return found(target, path, compare(expected.data.map(Number), actual.data, tolerances.gradients))
}

/** Everything a case asks for, as one list of tensors: outputs, gradients, tangents of the float outputs. */
interface Computed {
  readonly outputs: ReadonlyArray<AnyTensor>
  readonly grads: ReadonlyArray<AnyTensor>
  readonly tangents: ReadonlyArray<AnyTensor>
}

const computedOf = (golden: GradientCase, tensors: ReadonlyMap<string, AnyTensor>, plain: Inputs): Computed => {
  const wrt = Object.keys(golden.grads)
  const numbers = (data: ReadonlyArray<number>, like: AnyTensor): AnyTensor =>
    T.fromValue(valueOf(like.shape, data, like.dtype))
  const of = (x: Tensors): ReadonlyArray<AnyTensor> =>
    listOf(build(golden, new Map([...plain, ...tensors, ...Object.entries(x)])))
  const at: Tensors = Object.fromEntries(
    wrt.map((name) => {
      const x = tensors.get(name)
      if (x === undefined) throw new TypeError(`there are gradients for ${name}, which is no input tensor`)
      return [name, x]
    })
  )
  const [outputs, pullback] = vjp(of, at)
  if (wrt.length === 0) return { outputs, grads: [], tangents: [] }
  const cotangents = outputs.map((y, i) => {
    const given = golden.cotangents[i]
    return isFloat(y.dtype) && given !== undefined && given !== null ? numbers(given, y) : T.zerosLike(y)
  })
  const grads = Object.values(pullback(cotangents))
  if (golden.tangents === undefined || golden.jvp === undefined) return { outputs, grads, tangents: [] }
  const direction: Tensors = Object.fromEntries(
    wrt.map((name) => [name, numbers(golden.tangents?.[name] ?? [], at[name] ?? T.full([], 0, "f64"))])
  )
  const [, tangents] = jvp(of, at, direction)
  return { outputs, grads, tangents: tangents.filter((t) => isFloat(t.dtype)) }
}

const checkOn = (golden: GradientCase, target: Target): Findings => {
  const { values, plain } = inputsOf(golden)
  let counts = { outputs: 0, grads: 0 }
  const results = target.evaluate(
    (xs) => {
      const tensors = new Map(values.map(([name], i) => [name, xs[i] ?? T.full([], 0, "f64")]))
      const { outputs, grads, tangents } = computedOf(golden, tensors, new Map(plain))
      counts = { outputs: outputs.length, grads: grads.length }
      return [...outputs, ...grads, ...tangents]
    },
    values.map(([, value]) => value)
  )
  const outputs = results.slice(0, counts.outputs)
  const grads = results.slice(counts.outputs, counts.outputs + counts.grads)
  const tangents = results.slice(counts.outputs + counts.grads)
  const count = (path: string, expected: number, actual: number): Findings =>
    expected === actual ? nothing : fault(target.name, path, `expected ${expected} tensors, got ${actual}`)
  const rounded = golden.op === undefined ? undefined : adapters.get(golden.op)?.rounded
  const numbers = (path: string, expected: ReadonlyArray<number>, actual: Value | undefined): Findings => {
    const comparison = compare(expected, actual?.data ?? [], tolerances.gradients)
    if (comparison.agrees || rounded === undefined) return found(target.name, path, comparison)
    const loose = compare(expected, actual?.data ?? [], rounded.tolerance)
    return loose.agrees ? { ...nothing, notes: [rounded.note] } : found(target.name, path, comparison)
  }
  return together([
    count("outputs", golden.outputs.length, outputs.length),
    ...golden.outputs.flatMap((expected, i) => {
      const actual = outputs[i]
      return actual === undefined ? [] : [checkOutput(target.name, `outputs[${i}]`, expected, actual)]
    }),
    ...Object.entries(golden.grads).map(([name, expected], i) => numbers(`grads.${name}`, expected, grads[i])),
    ...(golden.jvp === undefined
      ? []
      : [
          count("jvp", golden.jvp.length, tangents.length),
          ...golden.jvp.map((expected, i) => numbers(`jvp[${i}]`, expected, tangents[i]))
        ])
  ])
}

/** What becomes of a case on the given targets. */
export const checkGradientCase = (golden: GradientCase, targets: ReadonlyArray<Target>): Outcome => {
  const { id } = golden
  try {
    const { values, plain } = inputsOf(golden)
    const built = build(
      golden,
      new Map<string, AnyTensor | Plain>([
        ...plain,
        ...values.map(([name, value]) => [name, T.fromValue(value)] as const)
      ])
    )
    if (built instanceof Missing) return { tag: "skipped", id, missing: built.operation }
  } catch (thrown) {
    return outcomeOf(id, fault("graph", "call", sentenceOf(thrown)))
  }
  return outcomeOf(id, together(targets.map((target) => attempt(target.name, "run", () => checkOn(golden, target)))))
}
