import { isFloat } from "../dtype.ts"
import { checkSizes, sameShape } from "../axes.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { RuleOperations } from "../operations-interface.ts"
import type { Application, HostArray, Maybe, Primitive, RegionType } from "../primitive.ts"
import { type AnyTensor, type Aval, type Region, sizeOf } from "../tensor.ts"

/**
 * The operands of a scan are, in this order: captured values (constant over the steps), carries (changed by each step)
 * and sequences (one row per step). The body maps captured, carries and one row of each sequence to new carries and
 * one row of each output.
 */
export interface ScanAttributes {
  readonly carries: number
  readonly sequences: number
  readonly length: number
  readonly reverse: boolean
}

const split = <T>(operands: ReadonlyArray<T>, { carries, sequences }: ScanAttributes) => {
  const captured = operands.length - carries - sequences
  return {
    captured: operands.slice(0, captured),
    carries: operands.slice(captured, captured + carries),
    sequences: operands.slice(captured + carries)
  }
}

const zerosLike = (ops: RuleOperations, x: AnyTensor): AnyTensor => ops.full(x.shape, 0, x.dtype)
const avalOf = ({ shape, dtype }: AnyTensor): Aval => ({ shape, dtype })
const rowOf = ({ shape, dtype }: Aval): Aval => ({ shape: shape.slice(1), dtype })

const bodyOf = (at: { readonly regions: ReadonlyArray<Region> }): Region => {
  const body = at.regions[0]
  if (body === undefined) throw new ShapeError("scan: has no body")
  return body
}

/** A scan whose body is a function of tensors; its captured values become operands in front. */
const scanOf = (
  ops: RuleOperations,
  operands: ReadonlyArray<AnyTensor>,
  { carries, sequences, length, reverse }: ScanAttributes,
  f: (...parameters: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> => {
  const parts = split(operands, { carries, sequences, length, reverse })
  const { region, captured } = ops.region(
    [...parts.captured.map(avalOf), ...parts.carries.map(avalOf), ...parts.sequences.map(rowOf)],
    f
  )
  return ops.scan(region, [...captured, ...operands], carries, sequences, length, reverse)
}

const pullbackScan = (
  ops: RuleOperations,
  at: Application<ScanAttributes>,
  cotangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const { attributes, inputs, outputs } = at
  const body = bodyOf(at)
  const { captured, carries, sequences } = split(inputs, attributes)
  const run = (parameters: ReadonlyArray<AnyTensor>) => ops.passes.substitute(body.results, body.parameters, parameters)
  // Forward once more, keeping the carries that enter each step.
  const entering = scanOf(ops, inputs, attributes, (...parameters) => [
    ...run(parameters),
    ...split(parameters, attributes).carries
  ]).slice(body.results.length)
  const differentiable = (xs: ReadonlyArray<AnyTensor>) => xs.filter((x) => isFloat(x.dtype))
  const [dCaptured, dCarries, dSequences] = [
    differentiable(captured),
    differentiable(carries),
    differentiable(sequences)
  ]
  const finals = outputs.slice(0, carries.length)
  const rows = outputs.slice(carries.length)
  const rowCotangents = rows.map((y, i) => cotangents[carries.length + i] ?? zerosLike(ops, y))
  const start = [
    ...finals.flatMap((y, i) => (isFloat(y.dtype) ? [cotangents[i] ?? zerosLike(ops, y)] : [])),
    ...dCaptured.map((c) => zerosLike(ops, c))
  ]
  const back: ScanAttributes = {
    carries: start.length,
    sequences: sequences.length + entering.length + rows.length,
    length: attributes.length,
    reverse: !attributes.reverse
  }
  const results = scanOf(
    ops,
    [...captured, ...start, ...sequences, ...entering, ...rowCotangents],
    back,
    (...parameters) => {
      const now = split(parameters, back)
      const x = now.sequences.slice(0, sequences.length)
      const carry = now.sequences.slice(sequences.length, sequences.length + entering.length)
      const g = now.sequences.slice(sequences.length + entering.length)
      const targets = [...now.captured, ...carry, ...x].map((t) => ops.alias(t))
      let next = 0
      const carryCotangents = finals.map((y) => (isFloat(y.dtype) ? now.carries[next++] : undefined))
      const grads = ops.passes.pullback(run(targets), [...carryCotangents, ...g], targets)
      const wanted = (xs: ReadonlyArray<AnyTensor>, offset: number) =>
        xs.flatMap((t, i) => (isFloat(t.dtype) ? [grads[offset + i] ?? zerosLike(ops, t)] : []))
      const sums = wanted(now.captured, 0).map((d, i) => ops.add(now.carries[dCarries.length + i] ?? d, d))
      return [...wanted(carry, captured.length), ...sums, ...wanted(x, captured.length + carry.length)]
    }
  )
  const place = (xs: ReadonlyArray<AnyTensor>, grads: ReadonlyArray<AnyTensor>): ReadonlyArray<Maybe> => {
    let next = 0
    return xs.map((x) => (isFloat(x.dtype) ? grads[next++] : undefined))
  }
  return [
    ...place(captured, results.slice(dCarries.length, start.length)),
    ...place(carries, results.slice(0, dCarries.length)),
    ...place(sequences, results.slice(start.length, start.length + dSequences.length))
  ]
}

const pushforwardScan = (
  ops: RuleOperations,
  at: Application<ScanAttributes>,
  tangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const { attributes, inputs, outputs } = at
  const body = bodyOf(at)
  // Every float operand carries a tangent, zero where there is none: the body may make any carry depend on any other.
  const parts = split(inputs, attributes)
  const t = split(
    inputs.map((x, i) => (isFloat(x.dtype) ? (tangents[i] ?? zerosLike(ops, x)) : undefined)),
    attributes
  )
  const only = (xs: ReadonlyArray<Maybe>): ReadonlyArray<AnyTensor> => xs.flatMap((x) => (x === undefined ? [] : [x]))
  const doubled: ScanAttributes = {
    ...attributes,
    carries: attributes.carries + only(t.carries).length,
    sequences: attributes.sequences + only(t.sequences).length
  }
  const results = scanOf(
    ops,
    [
      ...parts.captured,
      ...only(t.captured),
      ...parts.carries,
      ...only(t.carries),
      ...parts.sequences,
      ...only(t.sequences)
    ],
    doubled,
    (...parameters) => {
      let next = 0
      const take = (pattern: ReadonlyArray<unknown>) =>
        pattern.map((x) => (x === undefined ? undefined : parameters[next++]))
      const sources: Array<AnyTensor> = []
      const moving: Array<Maybe> = []
      for (const [values, pattern] of [
        [parts.captured, t.captured],
        [parts.carries, t.carries],
        [parts.sequences, t.sequences]
      ] as const) {
        sources.push(...only(take(values)).map((x) => ops.alias(x)))
        moving.push(...take(pattern))
      }
      const ys = ops.passes.substitute(body.results, body.parameters, sources)
      const dys = ops.passes.pushforward(ys, sources, moving)
      const dense = (from: number, to: number) =>
        ys.slice(from, to).flatMap((y, i) => (isFloat(y.dtype) ? [dys[from + i] ?? zerosLike(ops, y)] : []))
      return [
        ...ys.slice(0, attributes.carries),
        ...dense(0, attributes.carries),
        ...ys.slice(attributes.carries),
        ...dense(attributes.carries, ys.length)
      ]
    }
  )
  const rows = outputs.length - attributes.carries
  let carryAt = attributes.carries
  let rowAt = doubled.carries + rows
  return outputs.map((y, i) =>
    !isFloat(y.dtype) ? undefined : i < attributes.carries ? results[carryAt++] : results[rowAt++]
  )
}

/** Throws unless a body that says what it takes takes these. */
const checkBody = ({ parameters }: RegionType, given: ReadonlyArray<Aval>): void => {
  if (parameters === undefined) return
  const show = (avals: ReadonlyArray<Aval>) => avals.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(", ")
  if (show(parameters) !== show(given)) {
    throw new ShapeError(`scan: the body takes ${show(parameters)}, it is given ${show(given)}`)
  }
}

/** Runs a body over the rows of sequences, passing carries from step to step: the loop that differentiates. */
export const scan: Primitive<ScanAttributes> = {
  name: "scan",
  document: { summary: "A loop over rows with carried values.", equation: "(c_t+1, y_t) = f(c_t, x_t)" },
  infer: (inputs, attributes, regions) => {
    const [body] = regions
    if (body === undefined) throw new ShapeError("scan: has no body")
    checkSizes("scan", [attributes.length, attributes.carries, attributes.sequences])
    if (attributes.carries + attributes.sequences > inputs.length) throw new ShapeError("scan: operands are missing")
    const { captured, carries, sequences } = split(inputs, attributes)
    sequences.forEach((x) => {
      if (x.shape[0] !== attributes.length)
        throw new ShapeError(`scan: a sequence has ${x.shape[0] ?? "no"} rows, another has ${attributes.length}`)
    })
    carries.forEach((c, i) => {
      const next = body.results[i]
      if (next === undefined || !sameShape(next.shape, c.shape))
        throw new ShapeError(
          `scan: carry ${i} has shape ${showShape(c.shape)}, the body returns ${showShape(next?.shape ?? [])}`
        )
      if (next.dtype !== c.dtype)
        throw new DTypeError(`scan: carry ${i} is ${c.dtype}, the body returns ${next.dtype}; use T.cast`)
    })
    checkBody(body, [...captured, ...carries, ...sequences.map(rowOf)])
    return body.results.map((y, i) =>
      i < carries.length
        ? { shape: y.shape, dtype: y.dtype }
        : { shape: [attributes.length, ...y.shape], dtype: y.dtype }
    )
  },
  evaluate: (inputs, attributes, outputs, run) => {
    const { captured, carries, sequences } = split(inputs, attributes)
    let state: ReadonlyArray<HostArray> = carries
    const stacked = outputs.slice(carries.length).map((y) => new Float64Array(sizeOf(y.shape)))
    for (let step = 0; step < attributes.length; step++) {
      const t = attributes.reverse ? attributes.length - 1 - step : step
      const rows = sequences.map((x) => {
        const size = sizeOf(x.shape.slice(1))
        return { shape: x.shape.slice(1), dtype: x.dtype, data: x.data.subarray(t * size, (t + 1) * size) }
      })
      const results = run(0, [...captured, ...state, ...rows])
      state = results.slice(0, carries.length)
      results.slice(carries.length).forEach((row, i) => stacked[i]?.set(row.data, t * row.data.length))
    }
    return [...state.map((c) => c.data), ...stacked]
  },
  reverse: { tag: "rule", pullback: pullbackScan },
  forward: { tag: "rule", pushforward: pushforwardScan },
  batch: (ops, operands, attributes, size, regions) => {
    const body = bodyOf({ regions })
    const repeat = (x: AnyTensor) => ops.broadcast(x, [size, ...x.shape])
    const parts = split(operands, attributes)
    // Carries are all batched: the body may make any of them depend on a batched value. Sequences keep time in front.
    const captured = parts.captured.map(({ tensor }) => tensor)
    const carries = parts.carries.map(({ tensor, batched }) => (batched ? tensor : repeat(tensor)))
    const sequences = parts.sequences.map(({ tensor, batched }) =>
      batched ? ops.transpose(tensor, [1, 0, ...tensor.shape.slice(2).map((_, d) => d + 2)]) : tensor
    )
    const batchedOf = [
      ...parts.captured.map((o) => o.batched),
      ...carries.map(() => true),
      ...parts.sequences.map((o) => o.batched)
    ]
    const results = scanOf(ops, [...captured, ...carries, ...sequences], attributes, (...parameters) =>
      ops.passes.vectorize(body.results, body.parameters, parameters, batchedOf, size)
    )
    return results.map((y, i) =>
      i < attributes.carries ? y : ops.transpose(y, [1, 0, ...y.shape.slice(2).map((_, d) => d + 2)])
    )
  },
  lower: { tag: "structure", form: "scan" },
  samples: []
}
