/**
 * Initialisers: how the first values of parameters are drawn.
 *
 * The variance-scaling family keeps the variance of activations (or gradients) constant from layer to layer. It counts
 * the fans of a kernel `[...window, in, out]`: `fanIn = window * in` inputs feed one output, and one input feeds
 * `fanOut = window * out` outputs. Names, scales and distributions are those of Keras: its normal variants are truncated at
 * two standard deviations and widened, so that the variance is the one asked for.
 */
import {
  Axes,
  face,
  Key,
  type Mutable,
  operations,
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
  /** `"truncatedNormal"` is Keras's `truncated_normal`, `"normal"` its `untruncated_normal`. */
  readonly distribution: "uniform" | "normal" | "truncatedNormal"
}

const fanCount: Readonly<Record<VarianceScaling["mode"], (fanIn: number, fanOut: number) => number>> = {
  fanIn: (fanIn) => fanIn,
  fanOut: (_, fanOut) => fanOut,
  fanAverage: (fanIn, fanOut) => (fanIn + fanOut) / 2
}

const spread: Readonly<Record<VarianceScaling["distribution"], (variance: number) => Draw>> = {
  // The variance of the uniform distribution on [-a, a) is a^2 / 3.
  uniform: (variance) => (key, shape) => Key.uniform(key, shape, symmetric(Math.sqrt(3 * variance))),
  normal: (variance) => (key, shape) => T.mul(Key.normal(key, shape), Math.sqrt(variance)),
  truncatedNormal: (variance) => (key, shape) =>
    T.mul(Key.truncatedNormal(key, -2, 2, shape), Math.sqrt(variance) / truncatedDeviation)
}

// The standard deviation of the normal distribution between -2 and 2.
const truncatedDeviation = 0.8796256610342398

const symmetric = (bound: number): { readonly low: number; readonly high: number } => ({ low: -bound, high: bound })

/**
 * Mean 0 and variance `scale / n`, where n is a fan: uniform on `[-sqrt(3 variance), sqrt(3 variance))`, normal, or normal cut at two deviations.
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
/** Truncated normal with variance `2 / (fanIn + fanOut)`. Glorot, Bengio 2010, eq. 12. */
export const glorotNormal = varianceScaling(
  { scale: 1, mode: "fanAverage", distribution: "truncatedNormal" },
  "glorotNormal"
)
/** Uniform on `[-a, a)`, `a = sqrt(6 / fanIn)`, made for relu. He, Zhang, Ren, Sun 2015. */
export const heUniform = varianceScaling({ scale: 2, mode: "fanIn", distribution: "uniform" }, "heUniform")
/** Truncated normal with variance `2 / fanIn`, made for relu. He, Zhang, Ren, Sun 2015, eq. 10. */
export const heNormal = varianceScaling({ scale: 2, mode: "fanIn", distribution: "truncatedNormal" }, "heNormal")
/** Uniform on `[-a, a)`, `a = sqrt(3 / fanIn)`. LeCun, Bottou, Orr, Mueller 1998, section 4.6. */
export const lecunUniform = varianceScaling({ scale: 1, mode: "fanIn", distribution: "uniform" }, "lecunUniform")
/** Truncated normal with variance `1 / fanIn`. LeCun, Bottou, Orr, Mueller 1998, section 4.6. */
export const lecunNormal = varianceScaling({ scale: 1, mode: "fanIn", distribution: "truncatedNormal" }, "lecunNormal")

/** One repeated number. */
export const constant = (value: number): Initializer => make(`constant(${value})`, (_, shape) => T.full(shape, value))
/** Zeros; the default for biases. */
export const zeros: Initializer = make("zeros", (_, shape) => T.zeros(shape))
/** Ones; the default for the scales of normalisation layers. */
export const ones: Initializer = make("ones", (_, shape) => T.ones(shape))

/** Options of orthogonal. */
export interface OrthogonalOptions {
  /** What the matrix is multiplied by; 1 unless given. */
  readonly gain?: number
}

/**
 * A matrix with orthonormal rows or columns, whichever are fewer: the factor Q of a normal matrix `[rest, last]`, with the
 * signs that make it uniform among all such. Kernels of higher rank count their leading axes as one. Saxe, McClelland,
 * Ganguli 2014; Mezzadri 2007. Throws ShapeError for a shape of fewer than two axes.
 */
export const orthogonal = ({ gain = 1 }: OrthogonalOptions = {}): Initializer =>
  make(`orthogonal(${gain})`, (key, shape) => {
    if (shape.length < 2) throw new ShapeError(`orthogonal: needs two axes or more, got ${showShape(shape)}`)
    const columns = shape.at(-1) ?? 1
    const rows = sizeOf(shape.slice(0, -1))
    const [long, short] = rows >= columns ? [rows, columns] : [columns, rows]
    const { q, r } = T.qr(Key.normal(key, [long, short]))
    // A diagonal of R below 0 would prefer some directions.
    const diagonal: Tensor<Shape> = T.diagonal(T.dyn(r))
    const signs: Tensor<Shape> = T.where(T.less(diagonal, 0), -1, T.onesLike(diagonal))
    const signed: Tensor<Shape> = T.mul(T.dyn(q), signs)
    const matrix: Tensor<Shape> = rows >= columns ? signed : T.transpose(signed)
    const drawn: Tensor<Shape> = T.reshape(matrix, [...shape])
    return gain === 1 ? drawn : T.mul(drawn, gain)
  })

/** The identity matrix times `gain`, cut or filled with zeros. Throws ShapeError unless the shape is that of a matrix. */
export const identity = ({ gain = 1 }: OrthogonalOptions = {}): Initializer =>
  make(`identity(${gain})`, (_, shape) => {
    const [rows, columns] = shape
    if (rows === undefined || columns === undefined || shape.length !== 2)
      throw new ShapeError(`identity: needs a matrix, got ${showShape(shape)}`)
    const [i, j] = [operations.iota([rows, columns], 0, "i32"), operations.iota([rows, columns], 1, "i32")]
    // f32, as all that initialisers draw.
    return operations.select(operations.eq(i, j), gain, operations.full([], 0, "f32")) as Tensor<Shape>
  })

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

/** Normal, truncated at two deviations from the mean; Keras's `TruncatedNormal`. Throws OptionError for a negative deviation. */
export const truncatedNormal = ({
  mean = 0,
  deviation = 0.05
}: { readonly mean?: number; readonly deviation?: number } = {}): Initializer => {
  if (!(deviation >= 0)) throw optionError("truncatedNormal: deviation", "0 or more", deviation)
  return make(`truncatedNormal(${mean}, ${deviation})`, (key, shape) =>
    T.add(T.mul(Key.truncatedNormal(key, -2, 2, shape), deviation), mean)
  )
}
