/** Random programs: every primitive, every element type, ranks 0 to 5, sizes 0 and 1 among the others. */
import type { DType } from "@cotangent/kernel"
import { allocate, type AnyTensor, type Aval, isFloat, operations as ops, roundTo, sizeOf } from "@cotangent/graph"
import { randomNumbers, randomSource } from "./planned.test.support.ts"

/** What a random program may contain. */
export interface RandomOptions {
  readonly nodes: number
  /** Sizes that dimensions are drawn from. */
  readonly sizes: ReadonlyArray<number>
  readonly dtypes: ReadonlyArray<DType>
}

/** A random program: the types of its parameters and the function. */
export interface RandomProgram {
  readonly parameters: ReadonlyArray<Aval>
  readonly body: (...x: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>
}

const elementLimit = 700

type Below = (n: number) => number

const pick = <A>(below: Below, xs: ReadonlyArray<A>): A => {
  const x = xs[below(xs.length)]
  if (x === undefined) throw new RangeError("pick from an empty list")
  return x
}

const unaryOf: Readonly<Record<DType, ReadonlyArray<(x: AnyTensor) => AnyTensor>>> = {
  f32: [ops.neg, ops.abs, ops.exp, ops.tanh, ops.sqrt, ops.floor, ops.sigmoid, ops.sin, ops.sign, ops.log1p, ops.erf],
  f64: [ops.neg, ops.abs, ops.exp, ops.tanh, ops.sqrt, ops.floor, ops.cos, ops.sign, ops.expm1, ops.log],
  i32: [ops.neg, ops.abs, ops.not, ops.sign],
  u32: [ops.not],
  bool: [ops.not]
}

const binaryOf: Readonly<Record<DType, ReadonlyArray<(a: AnyTensor, b: AnyTensor) => AnyTensor>>> = {
  f32: [ops.add, ops.sub, ops.mul, ops.div, ops.max, ops.min, ops.add, ops.mul, ops.pow],
  f64: [ops.add, ops.sub, ops.mul, ops.div, ops.max, ops.min, ops.add, ops.mul],
  i32: [ops.add, ops.sub, ops.mul, ops.div, ops.max, ops.min, ops.and, ops.xor, ops.shiftLeft, ops.shiftRight],
  u32: [ops.add, ops.sub, ops.mul, ops.div, ops.max, ops.min, ops.or, ops.xor, ops.shiftLeft, ops.shiftRight],
  bool: [ops.and, ops.or, ops.xor]
}

const broadcastable = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean => {
  let size = 1
  for (let d = 1; d <= Math.max(a.length, b.length); d++) {
    const [x = 1, y = 1] = [a.at(-d), b.at(-d)]
    if (x !== y && x !== 1 && y !== 1) return false
    size *= x === 1 ? y : x
  }
  return size <= elementLimit
}

const shapeOf = (below: Below, sizes: ReadonlyArray<number>): ReadonlyArray<number> => {
  for (;;) {
    const shape = Array.from({ length: pick(below, [0, 1, 1, 2, 2, 2, 3, 3, 4, 5]) }, () => pick(below, sizes))
    if (sizeOf(shape) <= elementLimit) return shape
  }
}

const constantOf = (below: Below, aval: Aval): AnyTensor => {
  const numbers = randomNumbers(aval, below)
  const data = allocate(aval.dtype, numbers.length)
  numbers.forEach((x, i) => {
    data[i] = roundTo[aval.dtype](x)
  })
  return ops.constant({ ...aval, data })
}

/** Another shape of the same elements: flattened, with two dimensions merged, one split, or ones added and removed. */
const otherShape = (below: Below, shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const way = below(5)
  if (way === 0) return [sizeOf(shape)]
  if (way === 1) return shape.filter((d) => d !== 1)
  if (way === 2 && shape.length < 5) {
    const at = below(shape.length + 1)
    return [...shape.slice(0, at), 1, ...shape.slice(at)]
  }
  const at = shape.length === 0 ? 0 : below(shape.length)
  if (way === 3 && at + 1 < shape.length)
    return [...shape.slice(0, at), (shape[at] ?? 1) * (shape[at + 1] ?? 1), ...shape.slice(at + 2)]
  const size = shape[at]
  if (size === undefined || shape.length >= 5) return shape
  const divisors = [1, 2, 3, 4, 8].filter((n) => size % n === 0)
  const by = pick(below, divisors)
  return [...shape.slice(0, at), by, size / by, ...shape.slice(at + 1)]
}

const permutationOf = (below: Below, rank: number): ReadonlyArray<number> => {
  const order = Array.from({ length: rank }, (_, d) => d)
  for (let i = rank - 1; i > 0; i--) {
    const j = below(i + 1)
    const [x = 0, y = 0] = [order[i], order[j]]
    order[i] = y
    order[j] = x
  }
  return order
}

type Step = (below: Below, x: AnyTensor, others: ReadonlyArray<AnyTensor>) => ReadonlyArray<AnyTensor>

const axisOf = (below: Below, x: AnyTensor): number | undefined =>
  x.shape.length === 0 ? undefined : below(x.shape.length)

const small = (xs: ReadonlyArray<AnyTensor>): ReadonlyArray<AnyTensor> =>
  xs.filter((x) => sizeOf(x.shape) <= elementLimit)

const partner = (below: Below, x: AnyTensor, others: ReadonlyArray<AnyTensor>): AnyTensor => {
  const fitting = others.filter((y) => y.dtype === x.dtype && broadcastable(x.shape, y.shape))
  return fitting.length > 0 && below(4) > 0
    ? pick(below, fitting)
    : below(2) === 0
      ? constantOf(below, { shape: [], dtype: x.dtype })
      : constantOf(below, x)
}

const reduce: Step = (below, x) => {
  if (x.shape.length === 0 || x.dtype === "bool") return []
  const axes = x.shape.flatMap((_, d) => (below(2) === 0 ? [d] : []))
  const list = axes.length === 0 ? [x.shape.length - 1] : axes
  return [pick(below, [ops.reduceSum, ops.reduceMax, ops.reduceMin, ops.reduceSum])(x, list)]
}

/** What softmax and normalisation are made of: a reduction over the last axis, then elements against it. */
const againstRow: Step = (below, x) => {
  if (x.shape.length === 0 || x.dtype === "bool") return []
  const last = x.shape.length - 1
  const row = pick(below, [ops.reduceSum, ops.reduceMax])(x, [last])
  const kept = ops.reshape(row, [...x.shape.slice(0, -1), 1])
  const finished = isFloat(x.dtype) && below(2) === 0 ? ops.tanh(kept) : kept
  return [pick(below, [ops.sub, ops.add, ops.mul])(x, finished)]
}

const slice: Step = (below, x) => {
  const bounds = x.shape.map((size) => {
    const start = below(size + 1)
    const step = 1 + below(3)
    // Backwards from one before the start, perhaps to the front.
    if (start > 0 && below(3) === 0) return { start: start - 1, limit: start - 1 - below(start + 1), step: -step }
    return { start, limit: start + below(size - start + 1), step }
  })
  return [
    ops.slice(x, {
      start: bounds.map((b) => b.start),
      limit: bounds.map((b) => b.limit),
      step: bounds.map((b) => b.step)
    })
  ]
}

const pad: Step = (below, x) => {
  const amounts = () => x.shape.map(() => below(3))
  const value = x.dtype === "bool" ? below(2) : pick(below, [0, 0.1, -0, 3])
  return [ops.pad(x, { low: amounts(), high: amounts(), interior: x.shape.map(() => below(2)) }, value)]
}

const concat: Step = (below, x, others) => {
  const axis = axisOf(below, x)
  if (axis === undefined) return []
  const fitting = others.filter(
    (y) =>
      y.dtype === x.dtype &&
      y.shape.length === x.shape.length &&
      y.shape.every((size, d) => d === axis || size === x.shape[d])
  )
  return [ops.concat([x, pick(below, [x, ...fitting]), x], axis)]
}

const indicesOf = (below: Below, others: ReadonlyArray<AnyTensor>): AnyTensor => {
  const fitting = others.filter((y) => y.dtype === "i32" && sizeOf(y.shape) <= 12 && y.shape.length <= 2)
  return fitting.length > 0 && below(2) === 0
    ? pick(below, fitting)
    : constantOf(below, { shape: pick(below, [[], [3], [2, 2], [0]]), dtype: "i32" })
}

const gather: Step = (below, x, others) => {
  const axis = axisOf(below, x)
  return axis === undefined || x.shape[axis] === 0 ? [] : [ops.gather(x, indicesOf(below, others), axis)]
}

const writeRows: Step = (below, x, others) => {
  const axis = axisOf(below, x)
  if (axis === undefined || x.shape[axis] === 0) return []
  const indices = indicesOf(below, others)
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  if (sizeOf(shape) > elementLimit) return []
  const rows = constantOf(below, { shape, dtype: x.dtype })
  return x.dtype === "bool" || below(2) === 0
    ? ops.scatter([x, indices, rows], { axis })
    : [ops.scatterAdd(x, indices, rows, axis)]
}

const sort: Step = (below, x) => {
  const axis = axisOf(below, x)
  return axis === undefined || x.dtype === "bool" ? [] : ops.argsort([x], { axis, descending: below(2) === 0 })
}

const diagonal: Step = (below, x) => {
  const [rows = 0, columns = 0] = permutationOf(below, x.shape.length)
  return x.shape.length < 2 ? [] : ops.diagonal([x], { offset: below(5) - 2, rows, columns })
}

const dot: Step = (below, x, others) => {
  const axis = axisOf(below, x)
  if (axis === undefined || !isFloat(x.dtype)) return []
  const fitting = others.filter((y) => y.dtype === x.dtype && y.shape.includes(x.shape[axis] ?? -1))
  const y = pick(below, [x, ...fitting])
  const at = y.shape.indexOf(x.shape[axis] ?? -1)
  const batch = x.shape[0] === y.shape[0] && axis !== 0 && at !== 0 && below(2) === 0
  return [
    ops.dot(x, y, {
      batch: batch ? [[0], [0]] : [[], []],
      contract: below(8) === 0 ? [[], []] : [[axis], [at]]
    })
  ]
}

const random: Step = (below, x, others) => {
  if (x.dtype !== "u32") return []
  const key = () => {
    const keys = others.filter((y) => y.dtype === "u32" && y.shape.length === 0)
    return keys.length > 0 ? pick(below, keys) : constantOf(below, { shape: [], dtype: "u32" })
  }
  return ops.threefry(key(), key(), x, ops.add(x, 1))
}

const steps: ReadonlyArray<Step> = [
  (below, x) => [pick(below, unaryOf[x.dtype])(x)],
  (below, x) => [pick(below, unaryOf[x.dtype])(x)],
  (below, x, others) => [pick(below, binaryOf[x.dtype])(x, partner(below, x, others))],
  (below, x, others) => [pick(below, binaryOf[x.dtype])(x, partner(below, x, others))],
  (below, x, others) => [pick(below, binaryOf[x.dtype])(x, partner(below, x, others))],
  (below, x, others) => [
    pick(below, x.dtype === "bool" ? [ops.eq] : [ops.eq, ops.lt, ops.le])(x, partner(below, x, others))
  ],
  (below, x, others) => {
    const conditions = others.filter((c) => c.dtype === "bool" && broadcastable(c.shape, x.shape))
    if (conditions.length === 0) return []
    const same = others.filter((y) => y.dtype === x.dtype && y.shape.join() === x.shape.join())
    return [ops.select(pick(below, conditions), x, pick(below, same))]
  },
  (below, x) => [ops.cast(x, pick(below, ["f32", "f64", "i32", "u32", "bool"] as const))],
  reduce,
  reduce,
  againstRow,
  againstRow,
  (below, x) => {
    const axis = axisOf(below, x)
    return axis === undefined || x.shape[axis] === 0 || x.dtype === "bool" ? [] : [ops.argmax(x, axis)]
  },
  (below, x) => [ops.reshape(x, otherShape(below, x.shape))],
  (below, x) => [ops.reshape(x, otherShape(below, x.shape))],
  (below, x) => [ops.transpose(x, permutationOf(below, x.shape.length))],
  (below, x) => (x.shape.length < 5 ? [ops.broadcast(x, [1 + below(3), ...x.shape])] : []),
  slice,
  pad,
  concat,
  gather,
  writeRows,
  sort,
  diagonal,
  dot,
  dot,
  random,
  (below, x) => {
    const axis = axisOf(below, x)
    return axis === undefined || x.dtype === "bool" ? [] : [ops.add(x, ops.iota(x.shape, axis, x.dtype))]
  }
]

/** The program of a seed. */
export const randomProgram = (seed: number, { nodes, sizes, dtypes }: RandomOptions): RandomProgram => {
  const first = randomSource(seed)
  const parameters = Array.from({ length: 2 + first(4) }, (): Aval => ({
    shape: shapeOf(first, sizes),
    dtype: pick(first, dtypes)
  }))
  return {
    parameters,
    body: (...x) => {
      const below = randomSource(seed + 7_000_000)
      const values: Array<AnyTensor> = [...x]
      for (let tries = 0; values.length < nodes && tries < 20 * nodes; tries++) {
        // Later values are picked more often: graphs become deep.
        const at = below(2) === 0 ? below(values.length) : values.length - 1 - below(Math.min(4, values.length))
        const value = values[at]
        if (value === undefined) continue
        for (const y of small(pick(below, steps)(below, value, values))) if (dtypes.includes(y.dtype)) values.push(y)
      }
      const last = values.slice(-3)
      return [...last, ...values.filter((_, i) => i >= x.length && below(6) === 0)].slice(0, 8)
    }
  }
}
