import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Operations, RuleOperations } from "../operations-interface.ts"
import type { Application, Maybe, NoAttributes, Primitive } from "../primitive.ts"
import { isFloat } from "../dtype.ts"
import { sameShape } from "../axes.ts"
import type { AnyTensor, Region } from "../tensor.ts"
import { absent, avalOf, checkBody, dense, present, regionOf, sparse, targetsAmong } from "./carried.ts"
import { operand } from "./elementwise.ts"

/** A branch over the operands, each region replaced by a function of its parameters and of further operands. */
const branchOn = (
  ops: RuleOperations,
  predicate: AnyTensor,
  operands: ReadonlyArray<AnyTensor>,
  regions: ReadonlyArray<Region>,
  body: (region: Region, parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> => {
  const avals = operands.map(avalOf)
  const traced = ops.regions(
    "traced",
    [0, 1].map((i) => ({ avals, f: (...parameters) => body(regionOf("cond", regions, i), parameters) }))
  )
  const [then, otherwise] = [regionOf("cond", traced.regions, 0), regionOf("cond", traced.regions, 1)]
  return ops.cond(predicate, then, otherwise, [...traced.captured, ...operands])
}

const split = ({ inputs }: Application<NoAttributes>): readonly [AnyTensor, ReadonlyArray<AnyTensor>] => {
  const [predicate, ...captured] = inputs
  if (predicate === undefined) throw new ShapeError("cond: the predicate is missing")
  return [predicate, captured]
}

/** The branch that was taken, backwards: it is computed again inside the branch of its cotangents. */
const pullbackCond = (
  ops: RuleOperations,
  at: Application<NoAttributes>,
  cotangents: ReadonlyArray<Maybe>,
  wanted: (input: number) => boolean
): ReadonlyArray<Maybe> => {
  const [predicate, captured] = split(at)
  const given = dense(ops, at.outputs, cotangents)
  const targets = targetsAmong(captured, wanted, 1)
  if (present(targets).length === 0) return []
  const gradients = branchOn(ops, predicate, [...captured, ...given], at.regions, (region, parameters) => {
    const xs = parameters.slice(0, captured.length).map((x, i) => (targets[i] === undefined ? x : ops.alias(x)))
    const ys = ops.passes.substitute(region.results, region.parameters, xs)
    const these = xs.filter((_, i) => targets[i] !== undefined)
    return dense(ops, these, ops.passes.pullback(ys, sparse(at.outputs, parameters.slice(captured.length)), these))
  })
  return [undefined, ...absent(targets, gradients)]
}

const pushforwardCond = (
  ops: RuleOperations,
  at: Application<NoAttributes>,
  [, ...tangents]: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const [predicate, captured] = split(at)
  const moving = present(tangents)
  if (!at.outputs.some(({ dtype }) => isFloat(dtype))) return at.outputs.map(() => undefined)
  const results = branchOn(ops, predicate, [...captured, ...moving], at.regions, (region, parameters) => {
    const xs = parameters.slice(0, captured.length).map(ops.alias)
    const ys = ops.passes.substitute(region.results, region.parameters, xs)
    return dense(ops, ys, ops.passes.pushforward(ys, xs, absent(tangents, parameters.slice(captured.length))))
  })
  return sparse(at.outputs, results)
}

/** Computes one of two functions: which is decided when the program runs, and only that one runs. */
export const cond: Primitive<NoAttributes> = {
  name: "cond",
  form: { operands: undefined, regions: 2, attributes: {} },
  document: {
    summary: "One of two functions, chosen by a bool; only that one runs.",
    equation: "y = f(x) if p else g(x)",
    derivative: "x_bar = J_f(x)^T y_bar if p else J_g(x)^T y_bar",
    conventions: "under vmap with a batched predicate both are computed and y is selected"
  },
  infer: ([predicate, ...captured], _, regions) => {
    if (predicate === undefined) throw new ShapeError("cond: the predicate is missing")
    if (predicate.dtype !== "bool") throw new DTypeError(`cond: the predicate must be bool, it is ${predicate.dtype}`)
    if (predicate.shape.length > 0)
      throw new ShapeError(
        `cond: the predicate must be a scalar, it has shape ${showShape(predicate.shape)}; use T.where`
      )
    const [then, otherwise] = regions
    if (then === undefined || otherwise === undefined) throw new ShapeError("cond: needs two branches")
    for (const region of regions) checkBody("cond", region, captured)
    if (then.results.length !== otherwise.results.length)
      throw new ShapeError(
        `cond: one branch returns ${then.results.length} tensors, the other ${otherwise.results.length}`
      )
    return then.results.map((y, i) => {
      const other = otherwise.results[i] ?? y
      if (!sameShape(y.shape, other.shape) || y.dtype !== other.dtype)
        throw new ShapeError(
          `cond: result ${i} is ${y.dtype}${showShape(y.shape)} in one branch and ${other.dtype}${showShape(other.shape)} in the other`
        )
      return { shape: y.shape, dtype: y.dtype }
    })
  },
  evaluate: ([predicate, ...captured], _, __, run) =>
    run(predicate?.data[0] === 0 ? 1 : 0, captured).map(({ data }) => data),
  reverse: { tag: "rule", pullback: pullbackCond },
  forward: { tag: "rule", pushforward: pushforwardCond },
  batch: (ops, [predicate, ...operands], _, size, regions) => {
    if (predicate === undefined) throw new ShapeError("cond: the predicate is missing")
    const tensors = operands.map(({ tensor }) => tensor)
    const flags = operands.map(({ batched }) => batched)
    const vectorized = (region: Region, parameters: ReadonlyArray<AnyTensor>) =>
      ops.passes.vectorize(region.results, region.parameters, parameters, flags, size)
    if (!predicate.batched) return branchOn(ops, predicate.tensor, tensors, regions, vectorized)
    const [then, otherwise] = [0, 1].map((i) => vectorized(regionOf("cond", regions, i), tensors))
    return (then ?? []).flatMap((y, i) => {
      const other = otherwise?.[i]
      const chosen = ops.reshape(predicate.tensor, [size, ...y.shape.slice(1).map(() => 1)])
      return other === undefined ? [] : [ops.select(chosen, y, other)]
    })
  },
  lower: { tag: "control" },
  samples: [0, 1].map((predicate) => ({
    operands: [
      { shape: [], dtype: "bool" as const, data: Uint8Array.of(predicate) },
      { shape: [3], low: 0.5, high: 2 },
      { shape: [], low: -1, high: 1 }
    ],
    attributes: {},
    bodies: (dtype: "f32" | "f64") => {
      const parameters = [
        { shape: [3], dtype },
        { shape: [], dtype }
      ]
      return [
        { parameters, f: (ops: Operations, xs: ReadonlyArray<AnyTensor>) => [ops.mul(operand(xs, 0), operand(xs, 1))] },
        { parameters, f: (ops: Operations, xs: ReadonlyArray<AnyTensor>) => [ops.log(operand(xs, 0))] }
      ]
    }
  }))
}
