/**
 * Slopes of functions by differences, as accurate as float64 allows: central differences at steps that are halved,
 * extrapolated to step 0 (Richardson), the entry of the table with the smallest estimated error being the slope
 * (Ridders 1982).
 *
 * Functions with corners have slopes only between them. What a function decides (which of two is larger, where a maximum
 * is attained, which branch is taken) is the same at all points between two corners, so a step whose ends decide
 * otherwise than the middle is left out.
 */
import { type HostArray, isFloat, type Node, type Observer, primitives } from "@cotangent/graph"

/** Numbers of one point, and a fingerprint of all that was decided on the way. */
export interface Sampled {
  readonly values: ReadonlyArray<number>
  readonly decisions: number
}

/** A slope, how far off it may be, the smallest step, and whether at least three steps met no corner. */
export interface Slope {
  readonly value: number
  readonly error: number
  readonly step: number
  readonly smooth: boolean
}

const most = 18
const wanted = 6

/** The entry of the table of extrapolations with the smallest estimated error; the step is halved from row to row. */
const extrapolated = (differences: ReadonlyArray<number>): { readonly value: number; readonly error: number } => {
  let best = { value: differences.at(-1) ?? Number.NaN, error: Infinity }
  let above: ReadonlyArray<number> = []
  for (const difference of differences) {
    const row = [difference]
    for (const [k, previous] of above.entries()) {
      const last = row[k] ?? difference
      const factor = 4 ** (k + 1)
      const next = last + (last - previous) / (factor - 1)
      row.push(next)
      const error = Math.max(Math.abs(next - last), Math.abs(next - previous))
      if (error <= best.error) best = { value: next, error }
    }
    above = row
  }
  return best
}

/** The slopes at 0 of functions of one number that are computed together; `step` is the largest step. */
export const slopesAt = (at: (x: number) => Sampled, step: number): ReadonlyArray<Slope> => {
  const middle = at(0)
  const rows: Array<ReadonlyArray<number>> = []
  let h = step
  for (let level = 0; level < most && rows.length < wanted && (level < wanted || rows.length < 3); level++) {
    const [above, below] = [at(h), at(-h)]
    const width = 2 * h
    if (above.decisions === middle.decisions && below.decisions === middle.decisions)
      rows.push(above.values.map((y, k) => (y - (below.values[k] ?? Number.NaN)) / width))
    // A step with a corner says nothing about smaller ones, but those above it are no longer neighbours.
    else rows.length = 0
    h /= 2
  }
  // What the last digits of the largest number lose, over the smallest step.
  return middle.values.map((y, k) => {
    const { value, error } = extrapolated(rows.map((row) => row[k] ?? Number.NaN))
    const rounding = (4 * Number.EPSILON * Math.max(1, Math.abs(y))) / h
    return { value, error: Math.max(error, rounding), step: 2 * h, smooth: rows.length >= 3 }
  })
}

const signs = (data: Float64Array): ArrayLike<number> => data.map(Math.sign)
const difference = (a: HostArray, b: HostArray): ArrayLike<number> => signs(a.data.map((x, i) => x - (b.data[i] ?? 0)))

/** Where an extremum along some axes is attained: at the elements that equal it. */
const attained = (x: HostArray, y: HostArray, axes: ReadonlyArray<number>): ArrayLike<number> => {
  const strides = x.shape.map(() => 0)
  let stride = 1
  for (let d = x.shape.length - 1; d >= 0; d--) {
    if (axes.includes(d)) continue
    strides[d] = stride
    stride *= x.shape[d] ?? 1
  }
  const index = x.shape.map(() => 0)
  return x.data.map((value) => {
    const position = index.reduce((sum, i, d) => sum + i * (strides[d] ?? 0), 0)
    for (let d = index.length - 1; d >= 0; d--) {
      index[d] = (index[d] ?? 0) + 1
      if ((index[d] ?? 0) < (x.shape[d] ?? 1)) break
      index[d] = 0
    }
    return value === y.data[position] ? 1 : 0
  })
}

/** What a node decides, in numbers. */
type Decides = (
  inputs: ReadonlyArray<HostArray>,
  outputs: ReadonlyArray<HostArray>,
  node: Node
) => ReadonlyArray<ArrayLike<number>>

const extremum: Decides = ([x], [y], { attributes }) =>
  // The attributes of a reduction are its axes.
  x === undefined || y === undefined ? [] : [attained(x, y, attributes["axes"] as ReadonlyArray<number>)]
const larger: Decides = ([x, y]) => (x === undefined || y === undefined ? [] : [difference(x, y)])

/** What primitives decide that have a derivative, float results and corners. */
const cornered: Readonly<Record<string, Decides>> = {
  abs: ([x]) => (x === undefined ? [] : [signs(x.data)]),
  max: larger,
  min: larger,
  // On the other side of 0 the derivative with respect to the exponent is another one.
  pow: ([x]) => (x === undefined ? [] : [signs(x.data)]),
  reduceMax: extremum,
  reduceMin: extremum
}

/**
 * Whatever is no float and comes from floats is a decision (comparisons, positions, whole numbers), and so is all that a
 * primitive without derivative computes (signs, whole parts).
 */
const discrete: Decides = (inputs, outputs, { primitive }) => {
  if (primitive === "stopGradient" || !inputs.some(({ dtype }) => isFloat(dtype))) return []
  const flat = primitives[primitive].reverse.tag === "zero"
  return outputs.flatMap(({ dtype, data }) => (flat || !isFloat(dtype) ? [data] : []))
}

const decisions: Decides = (inputs, outputs, node) => [
  ...discrete(inputs, outputs, node),
  ...(cornered[node.primitive]?.(inputs, outputs, node) ?? [])
]

/** Collects a fingerprint of what nodes decide. */
export const watchDecisions = (): { readonly observe: Observer; readonly fingerprint: () => number } => {
  let hash = 0x811c9dc5
  const word = new Float64Array(1)
  const halves = new Int32Array(word.buffer)
  return {
    observe: (node, inputs, outputs) => {
      for (const numbers of decisions(inputs, outputs, node))
        for (let i = 0; i < numbers.length; i++) {
          // Adding 0 makes -0 into 0.
          word[0] = (numbers[i] ?? 0) + 0
          hash = Math.imul(hash ^ (halves[0] ?? 0), 0x01000193)
          hash = Math.imul(hash ^ (halves[1] ?? 0) ^ (hash >>> 15), 0x85ebca6b)
        }
    },
    fingerprint: () => hash
  }
}
