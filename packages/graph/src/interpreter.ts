/**
 * The reference interpreter: every operation in float64, from the `evaluate` rule of its primitive. It shares no code with
 * the kernels, so it is an independent oracle for them; it is also how expressions are evaluated without Effect.
 */
import { allocate, type DType, isFloat, roundTo } from "./dtype.ts"
import { EvaluationError } from "./errors.ts"
import { type HostArray, rulesOf } from "./primitive.ts"
import { primitives } from "./primitives/table.ts"
import { isClosed, reachable } from "./region.ts"
import type { AnyTensor, Node, Region } from "./tensor.ts"
import type { Value } from "./value.ts"

type Environment = Map<Node, ReadonlyArray<HostArray>>

/** Is told every node that is computed, also those in the regions that run, with the values of its operands and results. */
export type Observer = (node: Node, inputs: ReadonlyArray<HostArray>, outputs: ReadonlyArray<HostArray>) => void

const lookUp = (environment: Environment, x: AnyTensor): HostArray => {
  const y = environment.get(x.node)?.[x.output]
  if (y === undefined) throw new EvaluationError(`evaluate: output ${x.output} of ${x.node.primitive} has no value`)
  return y
}

/** Integers wrap modulo 2^32 after every operation; floats of any width stay float64. */
const wrap = (data: Float64Array, dtype: DType): Float64Array => (isFloat(dtype) ? data : data.map(roundTo[dtype]))

/** Evaluates tensors in float64, given values for some of the nodes. */
const run = (
  results: ReadonlyArray<AnyTensor>,
  environment: Environment,
  observe: Observer | undefined
): ReadonlyArray<HostArray> => {
  for (const node of reachable(results, (n) => environment.has(n))) {
    if (environment.has(node)) continue
    if (isClosed(node))
      throw new EvaluationError(
        `evaluate: a tensor is used that was computed from ${String(node.attributes["name"])}, a parameter of the function of a loop, a batch or a checkpoint, after that function returned; let the function return it`
      )
    const inputs = node.inputs.map((x) => lookUp(environment, x))
    const data = rulesOf(primitives[node.primitive]).evaluate(inputs, node.attributes, node.outputs, (index, values) =>
      runRegion(node.regions[index], values, observe)
    )
    const outputs = node.outputs.map((aval, i) => ({ ...aval, data: wrap(data[i] ?? new Float64Array(0), aval.dtype) }))
    observe?.(node, inputs, outputs)
    environment.set(node, outputs)
  }
  return results.map((x) => lookUp(environment, x))
}

const runRegion = (
  region: Region | undefined,
  values: ReadonlyArray<HostArray>,
  observe: Observer | undefined
): ReadonlyArray<HostArray> => {
  if (region === undefined) throw new EvaluationError("evaluate: a region is missing")
  // A region's results use its parameters and constants only, so no outer value is needed.
  const environment: Environment = new Map()
  region.parameters.forEach((p, i) => {
    const value = values[i]
    if (value !== undefined) environment.set(p.node, [value])
  })
  return run(region.results, environment, observe)
}

/** A host array as a value of its element type, rounded once. */
export const toValue = ({ shape, dtype, data }: HostArray): Value => {
  const out = allocate(dtype, data.length)
  out.set(data)
  return { shape, dtype, data: out }
}

/** Evaluates several tensors at once, sharing what they have in common. */
export const evaluateAll = (tensors: ReadonlyArray<AnyTensor>): ReadonlyArray<Value> =>
  run(tensors, new Map(), undefined).map(toValue)

/** Evaluates several tensors in float64 without rounding the results to their element types. */
export const evaluateExact = (tensors: ReadonlyArray<AnyTensor>, observe?: Observer): ReadonlyArray<HostArray> =>
  run(tensors, new Map(), observe)
