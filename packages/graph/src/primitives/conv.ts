import { isFloat } from "../dtype.ts"
import { DTypeError, ShapeError, showShape } from "../errors.ts"
import type { Operations } from "../operations-interface.ts"
import type { Primitive } from "../primitive.ts"
import { type AnyTensor, type Aval, sizeOf } from "../tensor.ts"
import { contiguous } from "../view.ts"
import { layWindows, windowCount, windowExtent, windowsView } from "../windows.ts"
import { operand } from "./elementwise.ts"
import { flipBounds } from "./slice.ts"
import { readView } from "./transpose.ts"

/** How a kernel moves over the spatial axes, and into how many groups the channels fall. */
export interface Convolution {
  readonly strides: ReadonlyArray<number>
  readonly dilations: ReadonlyArray<number>
  readonly groups: number
}

const range = (start: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => start + i)

/** The output of a convolution; throws the sentence when operands do not fit. */
const inferConv = (x: Aval, w: Aval, { strides, dilations, groups }: Convolution): Aval => {
  const shown = `conv: ${showShape(x.shape)} by ${showShape(w.shape)}`
  const n = strides.length
  if (x.dtype !== w.dtype) throw new DTypeError(`conv: ${x.dtype} with ${w.dtype}; cast one side with T.cast`)
  if (!isFloat(x.dtype)) throw new DTypeError(`conv: defined for f32 and f64, got ${x.dtype}; use T.cast`)
  if (x.shape.length !== n + 2 || w.shape.length !== n + 2 || dilations.length !== n)
    throw new ShapeError(`${shown}: both need ${n + 2} axes for ${n} strides and ${dilations.length} dilations`)
  if ([...strides, ...dilations, groups].some((k) => !Number.isInteger(k) || k < 1))
    throw new ShapeError(
      `${shown}: strides ${showShape(strides)}, dilations ${showShape(dilations)} and ${groups} groups must be whole numbers, 1 or more`
    )
  const [channels = 0, inside = 0, filters = 0] = [x.shape[n + 1], w.shape[n], w.shape[n + 1]]
  if (channels !== inside * groups || filters % groups !== 0)
    throw new ShapeError(
      `${shown}: ${channels} channels in ${groups} groups need a kernel that takes ${channels / groups}, and as many filters in each group`
    )
  const spatial = range(0, n).map((i) => {
    const [length = 0, size = 0, stride = 1, dilation = 1] = [x.shape[i + 1], w.shape[i], strides[i], dilations[i]]
    if (size < 1 || windowExtent(size, dilation) > length)
      throw new ShapeError(`${shown}: the kernel does not fit along axis ${i + 1}`)
    return windowCount(length, size, stride, dilation)
  })
  return { shape: [x.shape[0] ?? 0, ...spatial, filters], dtype: x.dtype }
}

/** `[spatial..., in per group, groups, out per group]` of a kernel, so that both kinds of channels can be exchanged. */
const split = (ops: Operations, w: AnyTensor, groups: number): AnyTensor => {
  const filters = w.shape.at(-1) ?? 0
  return ops.reshape(w, [...w.shape.slice(0, -1), groups, filters / groups])
}

/** The kernel that carries cotangents back: turned round along the spatial axes, with the channels of each group exchanged. */
const turned = (ops: Operations, w: AnyTensor, groups: number): AnyTensor => {
  const n = w.shape.length - 2
  const flipped = ops.slice(
    w,
    flipBounds(w.shape, (d) => d < n && w.shape[d] !== 1)
  )
  const exchanged = ops.transpose(split(ops, flipped, groups), [...range(0, n), n + 2, n + 1, n])
  const [inside = 0, filters = 0] = w.shape.slice(n)
  return ops.reshape(exchanged, [...w.shape.slice(0, n), filters / groups, inside * groups])
}

/**
 * The cotangent of the input: cotangents spread by the strides, convolved with the turned kernel. A stride s > 1 would
 * multiply s - 1 zeros for every number; instead the places of the input are told apart by their remainder modulo s: each
 * remainder has the places of the kernel with the same one, and is a convolution of stride 1.
 */
const inputCotangent = (
  ops: Operations,
  g: AnyTensor,
  w: AnyTensor,
  lengths: ReadonlyArray<number>,
  at: Convolution,
  axis = 0
): AnyTensor => {
  const { strides, dilations, groups } = at
  const [length = 0, stride = 1, size = 1] = [lengths[axis], strides[axis], w.shape[axis]]
  if (axis < strides.length) {
    if (stride === 1 || dilations[axis] !== 1) return inputCotangent(ops, g, w, lengths, at, axis + 1)
    const places = Math.ceil(length / stride)
    const inner = { ...at, strides: strides.with(axis, 1) }
    const remainders = range(0, stride).map((r) => {
      const kernel = ops.slice(w, {
        start: w.shape.map((_, d) => (d === axis ? Math.min(r, size) : 0)),
        limit: w.shape,
        step: w.shape.map((_, d) => (d === axis ? stride : 1))
      })
      return kernel.shape[axis] === 0
        ? undefined
        : inputCotangent(ops, g, kernel, lengths.with(axis, places), inner, axis + 1)
    })
    const [first] = remainders
    if (first === undefined) return g
    const zeros = ops.full(first.shape, 0, g.dtype)
    // Side by side along the next axis they lie as they must along this one.
    const beside = ops.concat(
      remainders.map((x) => x ?? zeros),
      axis + 2
    )
    const whole = ops.reshape(beside, first.shape.with(axis + 1, places * stride))
    return ops.slice(whole, {
      start: whole.shape.map(() => 0),
      limit: whole.shape.with(axis + 1, length),
      step: whole.shape.map(() => 1)
    })
  }
  const padded = ops.pad(g, {
    low: [0, ...strides.map((_, i) => windowExtent(w.shape[i] ?? 1, dilations[i] ?? 1) - 1), 0],
    high: [0, ...strides.map((s, i) => (lengths[i] ?? 0) - ((g.shape[i + 1] ?? 0) - 1) * s - 1), 0],
    interior: [0, ...strides.map((s) => s - 1), 0]
  })
  const [x] = ops.conv([padded, turned(ops, w, groups)], { strides: strides.map(() => 1), dilations, groups })
  return x ?? g
}

/** The cotangent of the input as one product, what every place of the kernel gives, laid back where windows stand. */
const laidCotangent = (
  ops: Operations,
  g: AnyTensor,
  w: AnyTensor,
  shape: ReadonlyArray<number>,
  { strides, dilations }: Convolution
): AnyTensor => {
  const n = strides.length
  // [N, positions..., kernel..., in], then with the channels before the places inside the kernel.
  const given = ops.dot(g, w, { batch: [[], []], contract: [[n + 1], [n + 1]] })
  const laid = ops.transpose(given, [...range(0, n + 1), 2 * n + 1, ...range(n + 1, n)])
  const windows = { axes: range(1, n), sizes: w.shape.slice(0, n), strides, dilations }
  // As far as the windows reach; a transposed convolution may ask for more.
  const reached = shape.map((length, d) => {
    const [size = 1, stride = 1, dilation = 1] = [w.shape[d - 1], strides[d - 1], dilations[d - 1]]
    const there = g.shape[d] ?? 0
    const whole = d === 0 || d > n || windowCount(length, size, stride, dilation) === there
    return whole ? length : (there - 1) * stride + windowExtent(size, dilation)
  })
  const y = layWindows(ops, laid, windows, reached)
  const high = shape.map((length, d) => length - (reached[d] ?? 0))
  const none = shape.map(() => 0)
  return high.every((k) => k === 0) ? y : ops.pad(y, { low: none, high, interior: none })
}

/** More elements than this are not written out between a product and its laying back. */
const mostLaid = 2 ** 23
/** Writing one element and reading it again takes about as long as this many of its terms. */
const termsPerElement = 8

/**
 * Whether laying back pays: it computes nothing in vain but writes the product out. The other way writes nothing, but its
 * kernel also meets the zeros around the cotangents: a third of its work on an image of 12 by 12, a few percent on a large one.
 */
const laysBack = (g: AnyTensor, w: AnyTensor, lengths: ReadonlyArray<number>, at: Convolution): boolean => {
  const { strides, dilations, groups } = at
  if (groups !== 1) return false
  // Where windows do not overlap, laying back is a reshape.
  if (strides.every((s, i) => s === w.shape[i] && (s === 1 || dilations[i] === 1))) return true
  const positions = g.shape.slice(1, -1)
  const inVain = sizeOf(lengths.map((n, i) => n / (strides[i] ?? 1))) / sizeOf(positions) - 1
  const elements = sizeOf(g.shape.slice(0, -1)) * sizeOf(w.shape.slice(0, -1))
  return elements <= mostLaid && inVain * (w.shape.at(-1) ?? 1) > termsPerElement
}

/**
 * What the transpose of a convolution makes of cotangents: the cotangent of an input with these lengths. It is a linear
 * function of `g` as of `w`, and therefore an operation in its own right: the transposed convolution.
 */
export const transposedConv = (
  ops: Operations,
  g: AnyTensor,
  w: AnyTensor,
  lengths: ReadonlyArray<number>,
  at: Convolution
): AnyTensor => {
  const [examples = 0] = g.shape
  return laysBack(g, w, lengths, at)
    ? laidCotangent(ops, g, w, [examples, ...lengths, w.shape.at(-2) ?? 0], at)
    : inputCotangent(ops, g, w, lengths, at)
}

/** The cotangent of the kernel: at every place in it, the product of the numbers it met with the cotangents. */
const kernelCotangent = (ops: Operations, g: AnyTensor, x: AnyTensor, w: AnyTensor, at: Convolution): AnyTensor => {
  const { strides, dilations, groups } = at
  const n = strides.length
  const [met = x] = ops.windows([x], { axes: range(1, n), sizes: w.shape.slice(0, n), strides, dilations })
  const sums = range(0, n + 1)
  // [N, positions..., kernel..., in]
  const rows = ops.transpose(met, [...sums, ...range(n + 2, n), n + 1])
  if (groups === 1) return ops.dot(rows, g, { batch: [[], []], contract: [sums, sums] })
  const [inside = 0, filters = 0] = w.shape.slice(n)
  const [left, right] = [
    ops.reshape(rows, [...rows.shape.slice(0, -1), groups, inside]),
    ops.reshape(g, [...g.shape.slice(0, -1), groups, filters / groups])
  ]
  // [groups, kernel..., in per group, out per group]
  const product = ops.dot(left, right, { batch: [[2 * n + 1], [n + 1]], contract: [sums, sums] })
  return ops.reshape(ops.transpose(product, [...range(1, n + 1), 0, n + 2]), w.shape)
}

/** Brings the last two of `[..., batch, channels]`, which were one axis, apart, and the batch to the front. */
const batchToFront = (ops: Operations, y: AnyTensor, size: number): AnyTensor => {
  const rank = y.shape.length
  const apart = ops.reshape(y, [...y.shape.slice(0, -1), size, (y.shape.at(-1) ?? 0) / size])
  return ops.transpose(apart, [rank - 1, ...range(0, rank - 1), rank])
}

/** The other way: the batch from the front into the last axis. */
const batchIntoChannels = (ops: Operations, x: AnyTensor): AnyTensor => {
  const rank = x.shape.length
  const last = ops.transpose(x, [...range(1, rank - 2), 0, rank - 1])
  return ops.reshape(last, [...last.shape.slice(0, -2), sizeOf(last.shape.slice(-2))])
}

/**
 * Convolution (in the sense of neural networks: the kernel is not turned round) over any number of spatial axes, channels
 * last: input `[N, spatial..., in]`, kernel `[spatial..., in / groups, out]`, output `[N, spatial..., out]`. Group q takes
 * the q-th part of the input's channels and gives the q-th part of the output's. Padding and spreading of the input are
 * the business of `pad`. Each output is one sum, over the places of the kernel and then the channels, ascending.
 */
export const conv: Primitive<Convolution> = {
  name: "conv",
  form: { operands: 2, regions: 0, attributes: { strides: "integers", dilations: "integers", groups: "integer" } },
  document: {
    summary:
      "Convolution over any number of spatial axes, channels last, with strides, dilation of the kernel, and groups.",
    equation: "y[b, i, o] = sum_(k, c) x[b, i stride + k dilation, c] w[k, c, o]",
    derivative:
      "x_bar = conv(pad(y_bar, with stride - 1 zeros between), w turned round), w_bar[k, c, o] = sum_(b, i) x[b, i stride + k dilation, c] y_bar[b, i, o]",
    conventions: "There are floor((n - (size - 1) dilation - 1) / stride) + 1 outputs along an axis, at least one."
  },
  infer: ([x, w], at) => {
    if (x === undefined || w === undefined) throw new ShapeError("conv: needs an input and a kernel")
    return [inferConv(x, w, at)]
  },
  evaluate: ([x, w], { strides, dilations, groups }, [y]) => {
    const out = new Float64Array(sizeOf(y?.shape ?? []))
    if (x === undefined || w === undefined || y === undefined) return [out]
    const n = strides.length
    const [inside = 0, filters = 0] = w.shape.slice(n)
    const windows = { axes: range(1, n), sizes: w.shape.slice(0, n), strides, dilations }
    const view = windowsView(contiguous(x.shape), windows)
    const order = [...range(0, n + 1), ...range(n + 2, n), n + 1]
    // [N, positions..., kernel..., in]
    const met = readView(x, {
      shape: order.map((d) => view.shape[d] ?? 0),
      strides: order.map((d) => view.strides[d] ?? 0),
      offset: 0
    })
    const [channels, places] = [inside * groups, sizeOf(windows.sizes)]
    for (let i = 0; i < out.length; i++) {
      const [row, o] = [Math.floor(i / filters), i % filters]
      const first = row * places * channels + Math.floor(o / (filters / groups)) * inside
      let sum = 0
      for (let k = 0; k < places; k++)
        for (let c = 0; c < inside; c++)
          sum += (met[first + k * channels + c] ?? 0) * (w.data[(k * inside + c) * filters + o] ?? 0)
      out[i] = sum
    }
    return [out]
  },
  reverse: {
    tag: "rule",
    pullback: (ops, { inputs: [x, w], attributes }, [g]) => {
      if (x === undefined || w === undefined || g === undefined) return []
      return [transposedConv(ops, g, w, x.shape.slice(1, -1), attributes), kernelCotangent(ops, g, x, w, attributes)]
    }
  },
  forward: {
    tag: "rule",
    pushforward: (ops, { inputs: [x, w], attributes }, [t, u]) => {
      if (x === undefined || w === undefined) return [undefined]
      const [left] = t === undefined ? [] : ops.conv([t, w], attributes)
      const [right] = u === undefined ? [] : ops.conv([x, u], attributes)
      return [left === undefined ? right : right === undefined ? left : ops.add(left, right)]
    }
  },
  batch: (ops, operands, { strides, dilations, groups }, size) => {
    const [x, w] = [operand(operands, 0), operand(operands, 1)]
    const apply = (a: AnyTensor, b: AnyTensor, g: number): AnyTensor =>
      operand(ops.conv([a, b], { strides, dilations, groups: g }), 0)
    if (!w.batched) {
      const [, examples = 0, ...rest] = x.tensor.shape
      const y = apply(ops.reshape(x.tensor, [size * examples, ...rest]), w.tensor, groups)
      return [ops.reshape(y, [size, examples, ...y.shape.slice(1)])]
    }
    if (x.batched) {
      const y = apply(batchIntoChannels(ops, x.tensor), batchIntoChannels(ops, w.tensor), size * groups)
      return [batchToFront(ops, y, size)]
    }
    // The filters of every kernel, side by side within each group: [spatial..., in, groups, batch, out per group].
    const n = strides.length
    const filters = w.tensor.shape.at(-1) ?? 0
    const apart = ops.transpose(split(ops, w.tensor, groups), [...range(1, n + 2), 0, n + 3])
    const y = apply(x.tensor, ops.reshape(apart, [...w.tensor.shape.slice(1, -1), size * filters]), groups)
    const each = ops.reshape(y, [...y.shape.slice(0, -1), groups, size, filters / groups])
    const front = ops.transpose(each, [n + 2, ...range(0, n + 2), n + 3])
    return [ops.reshape(front, [size, ...y.shape.slice(0, -1), filters])]
  },
  lower: { tag: "structure", form: "conv" },
  samples: [
    {
      operands: [
        { shape: [2, 6, 5, 3], low: -1, high: 1 },
        { shape: [3, 2, 3, 4], low: -1, high: 1 }
      ],
      attributes: { strides: [1, 1], dilations: [1, 1], groups: 1 }
    },
    {
      operands: [
        { shape: [2, 8, 7, 2], low: -1, high: 1 },
        { shape: [3, 2, 2, 3], low: -1, high: 1 }
      ],
      attributes: { strides: [2, 3], dilations: [1, 1], groups: 1 }
    },
    {
      operands: [
        { shape: [1, 9, 4], low: -1, high: 1 },
        { shape: [3, 2, 6], low: -1, high: 1 }
      ],
      attributes: { strides: [2], dilations: [2], groups: 2 }
    },
    {
      operands: [
        { shape: [2, 5, 6, 9], low: -1, high: 1 },
        { shape: [2, 3, 1, 9], low: -1, high: 1 }
      ],
      attributes: { strides: [1, 2], dilations: [2, 1], groups: 9 }
    },
    {
      operands: [
        { shape: [2, 5, 6, 2], low: -1, high: 1 },
        { shape: [2, 3, 2, 3], low: -1, high: 1 }
      ],
      attributes: { strides: [2, 3], dilations: [1, 1], groups: 1 }
    },
    {
      operands: [
        { shape: [1, 3, 4, 3, 1], low: -1, high: 1 },
        { shape: [2, 2, 2, 1, 5], low: -1, high: 1 }
      ],
      attributes: { strides: [1, 2, 1], dilations: [1, 1, 1], groups: 1 }
    },
    {
      operands: [
        { shape: [3, 4], low: -1, high: 1 },
        { shape: [4, 5], low: -1, high: 1 }
      ],
      attributes: { strides: [], dilations: [], groups: 1 }
    }
  ]
}
