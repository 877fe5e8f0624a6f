import { checkSizes } from "../axes.ts"
import { loopOperands } from "../dependence.ts"
import { ShapeError } from "../errors.ts"
import type { Operations, RuleOperations } from "../operations-interface.ts"
import type { Application, HostArray, Maybe, Primitive } from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"
import {
  absent,
  avalOf,
  checkBody,
  checkCarries,
  dense,
  movingCarries,
  present,
  regionOf,
  sparse,
  targetsAmong,
  zerosLike
} from "./carried.ts"
import { operand } from "./elementwise.ts"

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

const rowOf = ({ shape, dtype }: Aval): Aval => ({ shape: shape.slice(1), dtype })

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

/** The body applied to tensors. */
const runBody = (
  ops: RuleOperations,
  at: Application<ScanAttributes>,
  parameters: ReadonlyArray<AnyTensor>
): ReadonlyArray<AnyTensor> => {
  const body = regionOf("scan", at.regions)
  return ops.passes.substitute(body.results, body.parameters, parameters)
}

/** The carries that enter each step, stacked over time: the loop run once more. */
const carriesEntering = (ops: RuleOperations, at: Application<ScanAttributes>): ReadonlyArray<AnyTensor> =>
  scanOf(ops, at.inputs, at.attributes, (...parameters) => [
    ...runBody(ops, at, parameters),
    ...split(parameters, at.attributes).carries
  ]).slice(at.outputs.length)

/**
 * The loop backwards: it carries the cotangents of the carries and the sums of those of the captured values, and gives
 * those of the rows. What nobody wants the cotangent of has none, nor has what the results with a cotangent do not need;
 * carries have one if they depend on what somebody wants.
 */
const pullbackScan = (
  ops: RuleOperations,
  at: Application<ScanAttributes>,
  cotangents: ReadonlyArray<Maybe>,
  wanted: (input: number) => boolean
): ReadonlyArray<Maybe> => {
  const { attributes, inputs, outputs } = at
  const { captured, carries, sequences } = split(inputs, attributes)
  const finals = outputs.slice(0, carries.length)
  const rows = outputs.slice(carries.length)
  const entering = carriesEntering(ops, at)
  const step = regionOf("scan", at.regions)
  const given = new Set(outputs.flatMap((_, i) => (cotangents[i] === undefined ? [] : [i])))
  const needed = loopOperands("derivatives", step, captured.length, carries.length, given)
  const flows = (input: number): boolean => needed[input] === true && wanted(input)
  const wantedCaptured = targetsAmong(captured, flows)
  const wantedRows = targetsAmong(sequences, flows, captured.length + carries.length)
  const moves = movingCarries(
    step,
    captured.length,
    carries.length,
    [...wantedCaptured, ...targetsAmong(carries, flows, captured.length), ...wantedRows].map((x) => x !== undefined)
  ).map((m, i) => m && needed[captured.length + i] === true)
  const moved = <T>(xs: ReadonlyArray<T>): ReadonlyArray<T> => xs.filter((_, i) => moves[i])
  const wantedCarries = carries.map((x, i): Maybe => (moves[i] === true ? x : undefined))
  const carryStart = dense(ops, moved(finals), moved(finals.map((_, i) => cotangents[i])))
  const start = [...carryStart, ...present(wantedCaptured).map((x) => zerosLike(ops, x))]
  const rowCotangents = rows.map((y, i) => cotangents[carries.length + i] ?? zerosLike(ops, y))
  const back: ScanAttributes = {
    carries: start.length,
    sequences: sequences.length + entering.length + rows.length,
    length: attributes.length,
    reverse: !attributes.reverse
  }
  const operands = [...captured, ...start, ...sequences, ...entering, ...rowCotangents]
  const results = scanOf(ops, operands, back, (...parameters) => {
    const now = split(parameters, back)
    const x = now.sequences.slice(0, sequences.length)
    const carry = now.sequences.slice(sequences.length, sequences.length + entering.length)
    const rowsNow = now.sequences.slice(sequences.length + entering.length)
    const aliased = (xs: ReadonlyArray<AnyTensor>, these: ReadonlyArray<Maybe>) =>
      xs.map((y, i) => (these[i] === undefined ? y : ops.alias(y)))
    const values = {
      captured: aliased(now.captured, wantedCaptured),
      carries: aliased(carry, wantedCarries),
      sequences: aliased(x, wantedRows)
    }
    const targets = {
      captured: values.captured.filter((_, i) => wantedCaptured[i] !== undefined),
      carries: moved(values.carries),
      sequences: values.sequences.filter((_, i) => wantedRows[i] !== undefined)
    }
    const cotangentsNow = [...absent(wantedCarries, now.carries), ...rowsNow]
    const ys = runBody(ops, at, [...values.captured, ...values.carries, ...values.sequences])
    const gradients = ops.passes.pullback(ys, cotangentsNow, [
      ...targets.captured,
      ...targets.carries,
      ...targets.sequences
    ])
    const sums = now.carries.slice(carryStart.length)
    const [m, n] = [targets.captured.length, targets.captured.length + targets.carries.length]
    return [
      ...dense(ops, targets.carries, gradients.slice(m, n)),
      ...dense(ops, targets.captured, gradients.slice(0, m)).map((d, i) => ops.add(operand(sums, i), d)),
      ...dense(ops, targets.sequences, gradients.slice(n))
    ]
  })
  return [
    ...absent(wantedCaptured, results.slice(carryStart.length, start.length)),
    ...absent(wantedCarries, results.slice(0, carryStart.length)),
    ...absent(wantedRows, results.slice(start.length))
  ]
}

/**
 * The loop with a tangent beside what it reads and captures where that has one, and beside the carries that depend on
 * these, zero at the start where there is none.
 */
const pushforwardScan = (
  ops: RuleOperations,
  at: Application<ScanAttributes>,
  tangents: ReadonlyArray<Maybe>
): ReadonlyArray<Maybe> => {
  const { attributes, inputs, outputs } = at
  const { captured, carries, sequences } = split(inputs, attributes)
  const moving = split(
    inputs.map((_, i) => tangents[i]),
    attributes
  )
  const moves = movingCarries(
    regionOf("scan", at.regions),
    captured.length,
    carries.length,
    inputs.map((_, i) => tangents[i] !== undefined)
  )
  const moved = <T>(xs: ReadonlyArray<T>): ReadonlyArray<T> => xs.filter((_, i) => moves[i])
  const movingOf = (xs: ReadonlyArray<AnyTensor>) => xs.map((x, i): Maybe => (moves[i] === true ? x : undefined))
  const [dCaptured, dCarries, dSequences] = [
    present(moving.captured),
    dense(ops, moved(carries), moved(moving.carries)),
    present(moving.sequences)
  ]
  const doubled: ScanAttributes = {
    ...attributes,
    carries: carries.length + dCarries.length,
    sequences: sequences.length + dSequences.length
  }
  const operands = [...captured, ...dCaptured, ...carries, ...dCarries, ...sequences, ...dSequences]
  const results = scanOf(ops, operands, doubled, (...parameters) => {
    let next = 0
    const take = (count: number) => parameters.slice(next, (next += count))
    const now = [take(captured.length), take(dCaptured.length), take(carries.length), take(dCarries.length)] as const
    const [rows, dRows] = [take(sequences.length), take(dSequences.length)]
    const sources = [...now[0], ...now[2], ...rows].map(ops.alias)
    const ys = runBody(ops, at, sources)
    const dys = ops.passes.pushforward(ys, sources, [
      ...absent(moving.captured, now[1]),
      ...absent(movingOf(carries), now[3]),
      ...absent(moving.sequences, dRows)
    ])
    const n = carries.length
    return [
      ...ys.slice(0, n),
      ...dense(ops, moved(ys.slice(0, n)), moved(dys.slice(0, n))),
      ...ys.slice(n),
      ...dense(ops, ys.slice(n), dys.slice(n))
    ]
  })
  const rows = outputs.slice(carries.length)
  return [
    ...absent(movingOf(carries), results.slice(carries.length, doubled.carries)),
    ...sparse(rows, results.slice(doubled.carries + rows.length))
  ]
}

/** Runs a body over the rows of sequences, passing carries from step to step: the loop that differentiates. */
export const scan: Primitive<ScanAttributes> = {
  name: "scan",
  form: {
    operands: undefined,
    regions: 1,
    attributes: { carries: "integer", sequences: "integer", length: "integer", reverse: "boolean" }
  },
  document: {
    summary: "A loop over rows with carried values.",
    equation: "(c_t+1, y_t) = f(c_t, x_t)",
    derivative:
      "the loop backwards: (c_bar_t, x_bar_t) = J_f(c_t, x_t)^T (c_bar_t+1, y_bar_t), captured values summed over t",
    conventions:
      "no steps: the carries come back as they are; the backward loop stores the carries of every step and computes the rest of a step again"
  },
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
    checkCarries("scan", carries, body.results)
    checkBody("scan", body, [...captured, ...carries, ...sequences.map(rowOf)])
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
    const body = regionOf("scan", regions)
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
  lower: { tag: "control" },
  samples: [
    // c' = c a + x, y = c x
    ...[false, true].map((reverse) => ({
      operands: [
        { shape: [2], low: -1, high: 1 },
        { shape: [2], low: -1, high: 1 },
        { shape: [3, 2], low: -1, high: 1 }
      ],
      attributes: { carries: 1, sequences: 1, length: 3, reverse },
      bodies: (dtype: "f32" | "f64") => [
        {
          parameters: [0, 1, 2].map(() => ({ shape: [2], dtype })),
          f: (ops: Operations, xs: ReadonlyArray<AnyTensor>) => {
            const [a, c, x] = [operand(xs, 0), operand(xs, 1), operand(xs, 2)]
            return [ops.add(ops.mul(c, a), x), ops.mul(c, x)]
          }
        }
      ]
    })),
    // No sequence: c' = sin c
    {
      operands: [{ shape: [], low: -1, high: 1 }],
      attributes: { carries: 1, sequences: 0, length: 4, reverse: false },
      bodies: (dtype) => [{ parameters: [{ shape: [], dtype }], f: (ops, xs) => [ops.sin(operand(xs, 0))] }]
    }
  ]
}
