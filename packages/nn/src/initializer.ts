/**
 * Initialisers: how the first values of parameters are drawn.
 *
 * The variance-scaling family keeps the variance of activations (or gradients) constant from layer to layer. It counts
 * the fans of a kernel `[...window, in, out]`: `fanIn = window * in` inputs feed one output, and one input feeds
 * `fanOut = window * out` outputs. Names and scales are those of Keras, with one difference, stated here: Keras draws
 * its normal variants from a truncated normal, these draw from the normal distribution itself, as PyTorch does.
 */
import {
  Axes,
  face,
  Key,
  type Mutable,
  type Shape,
  ShapeError,
  showShape,
  sizeOf,
  T,
  type Tensor
} from "@cotangent/graph"
import { optionError } from "./errors.ts"

/** A named way to draw the first values of a parameter of any shape; equal keys draw equal values. */
export interface Initializer {
  readonly name: string
  readonly draw: <const S extends ReadonlyArray<number>>(key: Key.Key, shape: S) => Tensor<Mutable<S>>
}

type Draw = (key: Key.Key, shape: ReadonlyArray<number>) => Tensor<Shape>

/** An initialiser from a name and a function of key and shape, whose result must have that shape (else ShapeError). */
export const make = (name: string, draw: Draw): Initializer => ({
  name,
  draw: face(1, (key: Key.Key, shape: ReadonlyArray<number>) => {
    const drawn = draw(key, shape)
    if (!Axes.sameShape(drawn.shape, shape))
      throw new ShapeError(`${name}: asked for ${showShape(shape)}, it drew ${showShape(drawn.shape)}`)
    return drawn
  })
})

/** The fans of a kernel `[...window, in, out]`; a vector of n has fans n and n, a scalar 1 and 1. */
export const fans = (shape: ReadonlyArray<number>): { readonly fanIn: number; readonly fanOut: number } => {
  const window = sizeOf(shape.slice(0, -2))
  const fanOut = window * (shape.at(-1) ?? 1)
  return { fanIn: window * (shape.at(-2) ?? shape.at(-1) ?? 1), fanOut }
}

/** What a variance-scaling initialiser is made of. */
export interface VarianceScaling {
  /** `s` in `variance = s / n`. */
  readonly scale: number
  /** What `n` counts: the inputs, the outputs, or the mean of both. */
  readonly mode: "fanIn" | "fanOut" | "fanAverage"
  readonly distribution: "uniform" | "normal"
}

const fanCount: Readonly<Record<VarianceScaling["mode"], (fanIn: number, fanOut: number) => number>> = {
  fanIn: (fanIn) => fanIn,
  fanOut: (_, fanOut) => fanOut,
  fanAverage: (fanIn, fanOut) => (fanIn + fanOut) / 2
}

const spread: Readonly<Record<VarianceScaling["distribution"], (variance: number) => Draw>> = {
  // The variance of the uniform distribution on [-a, a) is a^2 / 3.
  uniform: (variance) => (key, shape) => Key.uniform(key, shape, symmetric(Math.sqrt(3 * variance))),
  normal: (variance) => (key, shape) => T.mul(Key.normal(key, shape), Math.sqrt(variance))
}

const symmetric = (bound: number): { readonly low: number; readonly high: number } => ({ low: -bound, high: bound })

/**
 * Mean 0 and variance `scale / n`, where n is a fan: uniform on `[-sqrt(3 variance), sqrt(3 variance))`, or normal.
 *
 * `{ scale: 1 / 3, mode: "fanIn", distribution: "uniform" }` is what PyTorch's `Linear` and `Conv` draw their kernels
 * from. Throws OptionError unless `scale > 0`, and ShapeError when drawn for a shape without elements.
 */
export const varianceScaling = (
  { scale, mode, distribution }: VarianceScaling,
  name = "varianceScaling"
): Initializer => {
  if (!(scale > 0 && Number.isFinite(scale))) throw optionError(`${name}: scale`, "a positive number", scale)
  return make(name, (key, shape) => {
    const { fanIn, fanOut } = fans(shape)
    const n = fanCount[mode](fanIn, fanOut)
    if (!(n > 0)) throw new ShapeError(`${name}: ${showShape(shape)} has no inputs or outputs to scale by`)
    return spread[distribution](scale / n)(key, shape)
  })
}

/** Uniform on `[-a, a)`, `a = sqrt(6 / (fanIn + fanOut))`; the default of `Model.dense`. Glorot, Bengio 2010, eq. 16. */
export const glorotUniform = varianceScaling({ scale: 1, mode: "fanAverage", distribution: "uniform" }, "glorotUniform")
/** Normal with variance `2 / (fanIn + fanOut)`. Glorot, Bengio 2010, eq. 12. */
export const glorotNormal = varianceScaling({ scale: 1, mode: "fanAverage", distribution: "normal" }, "glorotNormal")
/** Uniform on `[-a, a)`, `a = sqrt(6 / fanIn)`, made for relu. He, Zhang, Ren, Sun 2015. */
export const heUniform = varianceScaling({ scale: 2, mode: "fanIn", distribution: "uniform" }, "heUniform")
/** Normal with variance `2 / fanIn`, made for relu. He, Zhang, Ren, Sun 2015, eq. 10. */
export const heNormal = varianceScaling({ scale: 2, mode: "fanIn", distribution: "normal" }, "heNormal")
/** Uniform on `[-a, a)`, `a = sqrt(3 / fanIn)`. LeCun, Bottou, Orr, Mueller 1998, section 4.6. */
export const lecunUniform = varianceScaling({ scale: 1, mode: "fanIn", distribution: "uniform" }, "lecunUniform")
/** Normal with variance `1 / fanIn`. LeCun, Bottou, Orr, Mueller 1998, section 4.6. */
export const lecunNormal = varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal" }, "lecunNormal")

/** One repeated number. */
export const constant = (value: number): Initializer => make(`constant(${value})`, (_, shape) => T.full(shape, value))
/** Zeros; the default for biases. */
export const zeros: Initializer = make("zeros", (_, shape) => T.zeros(shape))
/** Ones; the default for the scales of normalisation layers. */
export const ones: Initializer = make("ones", (_, shape) => T.ones(shape))

/** Uniform on `[low, high)`; Keras's bounds unless given. Throws OptionError unless `low < high`. */
export const uniform = ({
  low = -0.05,
  high = 0.05
}: { readonly low?: number; readonly high?: number } = {}): Initializer => {
  if (!(low < high)) throw optionError("uniform: low", `below high, ${high}`, low)
  return make(`uniform(${low}, ${high})`, (key, shape) => Key.uniform(key, shape, { low, high }))
}

/** Normal with a mean and a standard deviation; Keras's unless given. Throws OptionError for a negative deviation. */
export const normal = ({
  mean = 0,
  deviation = 0.05
}: { readonly mean?: number; readonly deviation?: number } = {}): Initializer => {
  if (!(deviation >= 0)) throw optionError("normal: deviation", "0 or more", deviation)
  return make(`normal(${mean}, ${deviation})`, (key, shape) => T.add(T.mul(Key.normal(key, shape), deviation), mean))
}
