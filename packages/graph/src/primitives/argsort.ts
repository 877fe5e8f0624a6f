import { type Buffer, Builder, type Index, type Register } from "@cotangent/kernel"
import { isFloat } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { KernelFrame, KernelOperand, Primitive } from "../primitive.ts"
import { sizeOf } from "../tensor.ts"
import { operand } from "./elementwise.ts"
import { nestLoops, type Terms } from "./strided.ts"

/** The axis to sort along, and whether the largest comes first. */
export interface Order {
  readonly axis: number
  readonly descending: boolean
}

/** Whether `b` comes before `a` whatever their places are: NaN is greater than every number. */
const precedes = (b: number, a: number, descending: boolean): boolean =>
  descending ? b > a || (Number.isNaN(b) && !Number.isNaN(a)) : b < a || (Number.isNaN(a) && !Number.isNaN(b))

const emitPrecedes = (b: Builder.Builder, x: Register, y: Register, descending: boolean): Register => {
  const ordered = b.compare(descending ? "gt" : "lt", x, y)
  if (!isFloat(x.type.dtype)) return ordered
  const [nan, number] = descending ? [x, y] : [y, x]
  return b.binary("or", ordered, b.binary("and", b.compare("ne", nan, nan), b.compare("eq", number, number)))
}

/** Keys and the places they come from, in registers. */
interface Keyed {
  readonly key: Register
  readonly place: Register
}

/** Exchanges neighbours that stand in the wrong order, as often as it takes: equal keys never pass each other. */
const sortInRegisters = (
  b: Builder.Builder,
  elements: ReadonlyArray<Keyed>,
  descending: boolean
): ReadonlyArray<Keyed> => {
  const sorted = [...elements]
  for (let round = 0; round < sorted.length; round++)
    for (let k = round % 2; k + 1 < sorted.length; k += 2) {
      const [x, y] = [operand(sorted, k), operand(sorted, k + 1)]
      const wrong = emitPrecedes(b, y.key, x.key, descending)
      const choose = (p: Keyed, q: Keyed): Keyed => ({
        key: b.select(wrong, p.key, q.key),
        place: b.select(wrong, p.place, q.place)
      })
      sorted[k] = choose(y, x)
      sorted[k + 1] = choose(x, y)
    }
  return sorted
}

/** Keys and places in memory, one half of which is merged into the other, and one more element that may be read for nothing. */
interface Scratch {
  readonly keys: Buffer
  readonly places: Buffer
}

/** Where a run of `width` starts, and the loops that move it. */
interface Start {
  readonly offset: number
  readonly terms: Terms
}

/**
 * Merges a run of `width` and the one behind it, `size` elements together, into the other half of the scratch: one loop over
 * the results, each of which is the front of the left run or of the right one. Equal keys come from the left: stable.
 */
const mergeRuns = (
  b: Builder.Builder,
  { keys, places }: Scratch,
  width: number,
  size: number,
  from: Start,
  to: Start,
  descending: boolean
): void => {
  const type = Builder.typeOf("i32")
  const number = (value: number): Register => b.constant(value, type)
  const [zero, one, middle, end] = [number(0), number(1), number(width), number(size)]
  const [left, right] = [b.variable(zero), b.variable(middle)]
  b.loop(size, 1, (loop) => {
    // The front of a run that is used up is read for nothing: it lies behind the run, but in the scratch.
    const read = (buffer: Buffer, place: Register): Register =>
      b.load(buffer, Builder.at(from.offset, from.terms, place))
    const [x, y] = [read(keys, left), read(keys, right)]
    const takesRight = b.binary(
      "and",
      b.compare("lt", right, end),
      b.binary("or", b.compare("ge", left, middle), emitPrecedes(b, y, x, descending))
    )
    const place = read(places, b.select(takesRight, right, left))
    const at = Builder.at(to.offset, [...to.terms, [loop, 1]])
    b.store(keys, at, b.select(takesRight, y, x))
    b.store(places, at, place)
    b.assign(left, b.select(takesRight, left, b.binary("add", left, one)))
    b.assign(right, b.select(takesRight, b.binary("add", right, one), right))
  })
}

/**
 * Merges two runs of `width` from both ends at once: the first half of the result from the fronts of the runs, the second half
 * from their ends. In `width` steps neither run can be used up before the last, so nothing is compared but keys, and the two
 * walks do not wait for each other. The parity merge of quadsort (van den Hoven, 2021).
 */
const mergeEqualRuns = (
  b: Builder.Builder,
  { keys, places }: Scratch,
  width: number,
  from: Start,
  to: Start,
  descending: boolean
): void => {
  const type = Builder.typeOf("i32")
  const number = (value: number): Register => b.constant(value, type)
  const one = number(1)
  const [left, right] = [b.variable(number(0)), b.variable(number(width))]
  const [leftEnd, rightEnd] = [b.variable(number(width - 1)), b.variable(number(2 * width - 1))]
  b.loop(width, 1, (loop) => {
    const read = (buffer: Buffer, place: Register): Register =>
      b.load(buffer, Builder.at(from.offset, from.terms, place))
    const write = (key: Register, place: Register, offset: number, step: number): void => {
      const at = Builder.at(to.offset + offset, [...to.terms, [loop, step]])
      b.store(keys, at, key)
      b.store(places, at, place)
    }
    const [x, y, z, w] = [read(keys, left), read(keys, right), read(keys, leftEnd), read(keys, rightEnd)]
    const takesRight = emitPrecedes(b, y, x, descending)
    const takesLeft = emitPrecedes(b, w, z, descending)
    const place = read(places, b.select(takesRight, right, left))
    const last = read(places, b.select(takesLeft, leftEnd, rightEnd))
    write(b.select(takesRight, y, x), place, 0, 1)
    write(b.select(takesLeft, z, w), last, 2 * width - 1, -1)
    b.assign(left, b.select(takesRight, left, b.binary("add", left, one)))
    b.assign(right, b.select(takesRight, b.binary("add", right, one), right))
    b.assign(leftEnd, b.select(takesLeft, b.binary("sub", leftEnd, one), leftEnd))
    b.assign(rightEnd, b.select(takesLeft, rightEnd, b.binary("sub", rightEnd, one)))
  })
}

/** One pass over the scratch: pairs of runs merged, and what is left at the end copied or merged with a shorter run. */
const mergePass = (
  b: Builder.Builder,
  scratch: Scratch,
  n: number,
  width: number,
  from: number,
  to: number,
  descending: boolean
): void => {
  const pair = 2 * width
  const whole = Math.floor(n / pair) * pair
  const start = (half: number, terms: Terms, at = 0): Start => ({ offset: half + at, terms })
  b.loop(whole, pair, (loop) =>
    mergeEqualRuns(b, scratch, width, start(from, [[loop, 1]]), start(to, [[loop, 1]]), descending)
  )
  const rest = n - whole
  if (rest > width) mergeRuns(b, scratch, width, rest, start(from, [], whole), start(to, [], whole), descending)
  else
    b.loop(rest, 1, (loop) => {
      for (const buffer of [scratch.keys, scratch.places])
        b.store(buffer, Builder.at(to + whole, [[loop, 1]]), b.load(buffer, Builder.at(from + whole, [[loop, 1]])))
    })
}

/** Elements that are sorted in registers before runs are merged. */
const firstRun = 4

/** A merge sort from the bottom up of every row, from runs in registers, in two halves of scratch. */
const emitSort = (b: Builder.Builder, at: KernelFrame, { axis, descending }: Order): void => {
  const [input, output] = [operand(at.inputs, 0), operand(at.outputs, 0)]
  const { shape } = input.view
  const n = shape[axis] ?? 1
  const beside = shape.map((_, d) => d).filter((d) => d !== axis)
  const pick = (list: ReadonlyArray<number>): ReadonlyArray<number> => beside.map((d) => list[d] ?? 0)
  const scratch = {
    keys: at.scratch("keys", input.buffer.dtype, 2 * n + 1),
    places: at.scratch("places", "i32", 2 * n + 1)
  }
  nestLoops(b, pick(shape), (loops) => {
    const along = ({ view }: KernelOperand, further: Terms, by: number): Index =>
      Builder.at(view.offset + by * (view.strides[axis] ?? 0), [
        ...loops.map((loop, d) => [loop, pick(view.strides)[d] ?? 0] as const),
        ...further.map(([loop, step]) => [loop, step * (view.strides[axis] ?? 0)] as const)
      ])
    /** Runs of a few elements, sorted: straight into the result when they are all there is. */
    const run = (further: Terms, from: number, count: number): void => {
      const type = Builder.typeOf("i32")
      const first = further.reduce((sum, [loop]) => b.binary("add", sum, b.loopIndex(loop)), b.constant(from, type))
      const elements = Array.from({ length: count }, (_, k) => ({
        key: b.load(input.buffer, along(input, further, from + k)),
        place: k === 0 ? first : b.binary("add", first, b.constant(k, type))
      }))
      sortInRegisters(b, elements, descending).forEach(({ key, place }, k) => {
        if (n <= firstRun) return b.store(output.buffer, along(output, [], k), place)
        b.store(scratch.keys, Builder.at(from + k, further), key)
        b.store(scratch.places, Builder.at(from + k, further), place)
      })
    }
    const whole = Math.floor(n / firstRun) * firstRun
    if (n <= firstRun) return run([], 0, n)
    b.loop(whole, firstRun, (loop) => run([[loop, 1]], 0, firstRun))
    run([], whole, n - whole)
    let [from, to] = [0, n]
    for (let width = firstRun; width < n; width *= 2) {
      mergePass(b, scratch, n, width, from, to, descending)
      ;[from, to] = [to, from]
    }
    b.loop(n, 1, (loop) =>
      b.store(output.buffer, along(output, [[loop, 1]], 0), b.load(scratch.places, Builder.at(from, [[loop, 1]])))
    )
  })
}

const numbers = (dtype: "f32" | "f64" | "i32" | "u32", shape: ReadonlyArray<number>, data: ReadonlyArray<number>) =>
  dtype === "f32"
    ? { shape, dtype, data: Float32Array.from(data) }
    : dtype === "f64"
      ? { shape, dtype, data: Float64Array.from(data) }
      : dtype === "i32"
        ? { shape, dtype, data: Int32Array.from(data) }
        : { shape, dtype, data: Uint32Array.from(data) }

const special = [2, Number.NaN, -0, 0, Infinity, -1, Number.NaN, -Infinity, 2, 0.5, -0]

/** Where the elements of a sorted axis come from, as i32: `x[y[0]] <= x[y[1]] <= ...`. */
export const argsort: Primitive<Order> = {
  name: "argsort",
  form: { operands: 1, regions: 0, attributes: { axis: "integer", descending: "boolean" } },
  document: {
    summary: "Where the elements of a sorted axis come from.",
    equation: "x[y[0]] <= x[y[1]] <= ..., or >= when descending",
    derivative: "none: places are integers. What is taken in this order has that of a permutation",
    conventions:
      "Stable: equal elements keep their order, also when descending; -0 equals 0. NaN is greater than every number: last, or first when descending, as in PyTorch."
  },
  infer: ([x], { axis }) => {
    if (x === undefined || x.shape[axis] === undefined)
      throw new ShapeError(`argsort: axis ${axis} does not exist in ${showShape(x?.shape ?? [])}`)
    if (x.dtype === "bool") throw new DTypeError("argsort: defined for numbers, got bool; use T.cast")
    return [{ shape: x.shape, dtype: "i32" }]
  },
  evaluate: ([x], { axis, descending }) => {
    const out = new Float64Array(x?.data.length ?? 0)
    if (x === undefined) return [out]
    const inner = sizeOf(x.shape.slice(axis + 1))
    const n = x.shape[axis] ?? 0
    for (let row = 0; row < out.length / Math.max(1, n); row++) {
      const start = Math.floor(row / inner) * n * inner + (row % inner)
      const key = (place: number): number => x.data[start + place * inner] ?? 0
      const order = Array.from({ length: n }, (_, place) => place).sort((i, j) =>
        precedes(key(i), key(j), descending) ? -1 : precedes(key(j), key(i), descending) ? 1 : i - j
      )
      order.forEach((place, i) => (out[start + i * inner] = place))
    }
    return [out]
  },
  reverse: { tag: "zero" },
  forward: { tag: "zero" },
  batch: (ops, operands, { axis, descending }) =>
    ops.argsort([operand(operands, 0).tensor], { axis: axis + 1, descending }),
  lower: {
    tag: "kernel",
    flops: ([x], { axis }) => {
      const n = x?.shape[axis] ?? 1
      return sizeOf(x?.shape ?? []) * Math.ceil(Math.log2(Math.max(1, n)))
    },
    emit: emitSort
  },
  samples: [
    { operands: [{ shape: [3, 5], low: -1, high: 1 }], attributes: { axis: 1, descending: false } },
    { operands: [{ shape: [6, 2, 2], low: -1, high: 1 }], attributes: { axis: 0, descending: true } },
    { operands: [numbers("f64", [11], special)], attributes: { axis: 0, descending: false } },
    { operands: [numbers("f32", [11], special)], attributes: { axis: 0, descending: true } },
    {
      operands: [numbers("i32", [2, 4], [3, -2147483648, 3, 2147483647, 0, 0, -1, 0])],
      attributes: { axis: 1, descending: true }
    },
    { operands: [numbers("u32", [4], [4294967295, 0, 2147483648, 0])], attributes: { axis: 0, descending: false } },
    { operands: [{ shape: [3, 1], low: -1, high: 1 }], attributes: { axis: 1, descending: false } },
    { operands: [{ shape: [4, 3], low: -1, high: 1 }], attributes: { axis: 0, descending: true } },
    { operands: [{ shape: [2, 37], low: -1, high: 1 }], attributes: { axis: 1, descending: false } },
    { operands: [{ shape: [0, 3], low: -1, high: 1 }], attributes: { axis: 0, descending: false } }
  ]
}
