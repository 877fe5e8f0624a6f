import { DifferentiationError, DTypeError, ShapeError, showShape } from "../errors.ts"
import type { RuleOperations } from "../operations-interface.ts"
import type { Application, Maybe, Primitive } from "../primitive.ts"
import type { AnyTensor, Region } from "../tensor.ts"
import {
  absent,
  avalOf,
  checkBody,
  checkCarries,
  dense,
  movingCarries,
  present,
  regionOf,
  targetsAmong
} from "./carried.ts"
import { operand } from "./elementwise.ts"

/**
 * The operands of a loop are captured values (constant over the steps), then carries. Region 0 says whether another step
 * follows, region 1 is the step; both take all operands. `limit` is a bound of the number of steps that the predicate
 * itself keeps, 0 for none: with it the loop has a reverse rule.
 */
export interface WhileAttributes {
  readonly carries: number
  readonly limit: number
}

const split = <T>(operands: ReadonlyArray<T>, { carries }: WhileAttributes) => ({
  captured: operands.slice(0, operands.length - carries),
  carries: operands.slice(operands.length - carries)
})

type Bodies = (parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

/** A loop whose regions are functions of tensors. */
const loopOf = (
  ops: RuleOperations,
  operands: ReadonlyArray<AnyTensor>,
  { carries, limit }: WhileAttributes,
  predicate: Bodies,
  body: Bodies
): ReadonlyArray<AnyTensor> => {
  const avals = operands.map(avalOf)
  const { regions, captured } = ops.regions(
    "dependent",
    [predicate, body].map((f) => ({ avals, f: (...parameters) => f(parameters) }))
  )
  const [test, step] = [regionOf("whileLoop", regions, 0), regionOf("whileLoop", regions, 1)]
  return ops.whileLoop(test, step, [...captured, ...operands], carries, limit)
}

const runRegion = (
  ops: RuleOperations,
  { results, parameters }: Region,
  operands: ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> => ops.passes.substitute(results, parameters, operands)

/** The same loop as a scan of `limit` steps that do nothing once the predicate is false. */
const bounded = (
  ops: RuleOperations,
  { attributes, regions }: Application<WhileAttributes>,
  inputs: ReadonlyArray<AnyTensor>,
  limit: number
): ReadonlyArray<AnyTensor> => {
  const [test, step] = [regionOf("whileLoop", regions, 0), regionOf("whileLoop", regions, 1)]
  const { region, captured } = ops.region(inputs.map(avalOf), (...parameters) => {
    const [again] = runRegion(ops, test, parameters)
    if (again === undefined) throw new ShapeError("whileLoop: the predicate returns nothing")
    const avals = parameters.map(avalOf)
    const branches = ops.regions("traced", [
      { avals, f: (...now) => runRegion(ops, step, now) },
      { avals, f: (...now) => split(now, attributes).carries }
    ])
    const [then, otherwise] = [regionOf("cond", branches.regions, 0), regionOf("cond", branches.regions, 1)]
    return ops.cond(again, then, otherwise, [...branches.captured, ...parameters])
  })
  return ops.scan(region, [...captured, ...inputs], attributes.carries, 0, limit, false)
}

const pullbackWhile = (
  ops: RuleOperations,
  at: Application<WhileAttributes>,
  cotangents: ReadonlyArray<Maybe>,
  wanted: (input: number) => boolean
): ReadonlyArray<Maybe> => {
  const { limit } = at.attributes
  if (limit === 0)
    throw new DifferentiationError(
      "grad: whileLoop without a limit has no reverse rule, for nobody knows how many steps to keep; give { limit }, use T.scan, or differentiate implicitly"
    )
  const targets = targetsAmong(at.inputs, wanted)
  const xs = at.inputs.map((x, i) => (targets[i] === undefined ? x : ops.alias(x)))
  const these = xs.filter((_, i) => targets[i] !== undefined)
  const gradients = ops.passes.pullback(bounded(ops, at, xs, limit), cotangents, these)
  let next = 0
  return targets.map((x) => (x === undefined ? undefined : gradients[next++]))
}

const pushforwardWhile = (
  ops: RuleOperations,
  at: Application<WhileAttributes>,
  tangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const { attributes, inputs, regions } = at
  const { captured, carries } = split(inputs, attributes)
  const moving = split(
    inputs.map((_, i) => tangents[i]),
    attributes
  )
  const dCaptured = present(moving.captured)
  const [test, step] = [regionOf("whileLoop", regions, 0), regionOf("whileLoop", regions, 1)]
  const moves = movingCarries(
    step,
    captured.length,
    carries.length,
    inputs.map((_, i) => tangents[i] !== undefined)
  )
  const moved = <T>(xs: ReadonlyArray<T>): ReadonlyArray<T> => xs.filter((_, i) => moves[i])
  const movingOnes = carries.map((x, i): Maybe => (moves[i] === true ? x : undefined))
  const dCarries = dense(ops, moved(carries), moved(moving.carries))
  /** The values and the tangents among the parameters of the doubled loop. */
  const parts = (parameters: ReadonlyArray<AnyTensor>) => {
    let next = 0
    const take = (count: number) => parameters.slice(next, (next += count))
    const [c, dc, x, dx] = [captured.length, dCaptured.length, carries.length, dCarries.length].map(take)
    return {
      values: [...(c ?? []), ...(x ?? [])],
      tangents: [...absent(moving.captured, dc ?? []), ...absent(movingOnes, dx ?? [])]
    }
  }
  const results = loopOf(
    ops,
    [...captured, ...dCaptured, ...carries, ...dCarries],
    { ...attributes, carries: carries.length + dCarries.length },
    (parameters) => runRegion(ops, test, parts(parameters).values),
    (parameters) => {
      const now = parts(parameters)
      const sources = now.values.map(ops.alias)
      const next = runRegion(ops, step, sources)
      return [...next, ...dense(ops, moved(next), moved(ops.passes.pushforward(next, sources, now.tangents)))]
    }
  )
  return absent(movingOnes, results.slice(carries.length))
}

/** Repeats a step as long as a predicate of the carried values holds. */
export const whileLoop: Primitive<WhileAttributes> = {
  name: "whileLoop",
  form: { operands: undefined, regions: 2, attributes: { carries: "integer", limit: "integer" } },
  document: {
    summary: "Repeats a step while a predicate of the carried values holds.",
    equation: "while p(c): c = f(c)",
    derivative:
      "forward: the loop with tangents; reverse, for loops with a limit: that of a scan of `limit` steps that do nothing after the last",
    conventions:
      "a loop whose predicate is false at once gives the carries as they are; under vmap the loop runs until no row goes on"
  },
  infer: (inputs, attributes, regions) => {
    const { carries } = split(inputs, attributes)
    const [test, step] = regions
    if (test === undefined || step === undefined) throw new ShapeError("whileLoop: needs a predicate and a step")
    for (const region of regions) checkBody("whileLoop", region, inputs)
    const [again] = test.results
    if (again === undefined || again.dtype !== "bool")
      throw new DTypeError(`whileLoop: the predicate must return a bool, it returns ${again?.dtype ?? "nothing"}`)
    if (again.shape.length > 0)
      throw new ShapeError(
        `whileLoop: the predicate must return a scalar, it returns ${showShape(again.shape)}; use T.any or T.all`
      )
    checkCarries("whileLoop", carries, step.results)
    if (step.results.length !== carries.length)
      throw new ShapeError(`whileLoop: there are ${carries.length} carries, the step returns ${step.results.length}`)
    return carries.map(({ shape, dtype }) => ({ shape, dtype }))
  },
  evaluate: (inputs, attributes, _, run) => {
    const { captured, carries } = split(inputs, attributes)
    let state = carries
    while (run(0, [...captured, ...state])[0]?.data[0] === 1) state = [...run(1, [...captured, ...state])]
    return state.map(({ data }) => data)
  },
  reverse: { tag: "rule", pullback: pullbackWhile },
  forward: { tag: "rule", pushforward: pushforwardWhile },
  batch: (ops, operands, attributes, size, regions) => {
    const repeat = (x: AnyTensor) => ops.broadcast(x, [size, ...x.shape])
    const { captured, carries } = split(operands, attributes)
    const [test, step] = [regionOf("whileLoop", regions, 0), regionOf("whileLoop", regions, 1)]
    // Carries are all batched: the step may make any of them depend on a batched value.
    const flags = [...captured.map((o) => o.batched), ...carries.map(() => true)]
    const vectorized = ({ results, parameters }: Region, now: ReadonlyArray<AnyTensor>) =>
      ops.passes.vectorize(results, parameters, now, flags, size)
    const goesOn = (now: ReadonlyArray<AnyTensor>): AnyTensor => {
      const [again] = vectorized(test, now)
      if (again === undefined) throw new ShapeError("whileLoop: the predicate returns nothing")
      return again
    }
    return loopOf(
      ops,
      [...captured.map((o) => o.tensor), ...carries.map(({ tensor, batched }) => (batched ? tensor : repeat(tensor)))],
      attributes,
      (now) => [ops.cast(ops.reduceMax(ops.cast(goesOn(now), "i32"), [0]), "bool")],
      (now) => {
        const again = goesOn(now)
        const next = vectorized(step, now)
        return split(now, attributes).carries.map((c, i) => {
          const row = ops.reshape(again, [size, ...c.shape.slice(1).map(() => 1)])
          return ops.select(row, next[i] ?? c, c)
        })
      }
    )
  },
  lower: { tag: "control" },
  samples: [
    // Five steps of c' = sin(c a), counted by an integer.
    {
      operands: [
        { shape: [2], low: 0.5, high: 1 },
        { shape: [], dtype: "i32", data: Int32Array.of(0) },
        { shape: [2], low: -1, high: 1 }
      ],
      attributes: { carries: 2, limit: 6 },
      bodies: (dtype) => {
        const parameters = [
          { shape: [2], dtype },
          { shape: [], dtype: "i32" as const },
          { shape: [2], dtype }
        ]
        return [
          { parameters, f: (ops, xs) => [ops.lt(operand(xs, 1), 5)] },
          {
            parameters,
            f: (ops, xs) => [ops.add(operand(xs, 1), 1), ops.sin(ops.mul(operand(xs, 2), operand(xs, 0)))]
          }
        ]
      }
    }
  ]
}
