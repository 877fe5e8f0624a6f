/**
 * Augmentation: images changed in ways that keep their class. Every change is a pure function of an image and a key, so
 * that an epoch can be made again from its seed and its number.
 */
import { allocate, type DType, type HostArrays, type Shape, sizeOf, type Value, Values } from "@cotangent/graph"
import { Mathematics } from "@cotangent/kernel"
import { argumentError } from "../data-error.ts"
import type { Dataset } from "../dataset.ts"
import { normal } from "./normal.ts"
import { fold, seedKey, word, type Words } from "../word-stream.ts"

// Not those of Math, whose last digits are each engine's own: equal keys give equal images everywhere.
const cosine = Mathematics.scalar("cos", "f64")
const sine = Mathematics.scalar("sin", "f64")

/** An image: `height` rows of `width` pixels of `channels` numbers. */
interface Size {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Draws numbers from 0 to 1, 1 excluded, one after the other. */
type Draw = () => number

/** Writes a changed image to `to`; the draws are those of this image alone. */
export interface Augmentation {
  readonly apply: (from: Float32Array, to: Float32Array, size: Size, draw: Draw) => void
}

const check = (what: string, value: number, low: number, high: number): number => {
  if (!(value >= low && value <= high))
    throw argumentError("augment", `\`${what}\` is ${value}; a number from ${low} to ${high} is needed`)
  return value
}

/** Writes every pixel from where `source` says; a place outside the image has the pixel `fill`. */
const resample = (
  from: Float32Array,
  to: Float32Array,
  { channels, height, width }: Size,
  source: (y: number, x: number) => readonly [number, number],
  fill: number
): void => {
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [fromY, fromX] = source(y, x)
      const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width
      for (let c = 0; c < channels; c++)
        to[(y * width + x) * channels + c] = inside ? (from[(fromY * width + fromX) * channels + c] ?? 0) : fill
    }
}

/** Mirrors left and right with this probability; 1/2 by default. */
export const flipHorizontal = (options: { readonly probability?: number } = {}): Augmentation => {
  const probability = check("probability", options.probability ?? 0.5, 0, 1)
  return {
    apply: (from, to, size, draw) => {
      if (draw() >= probability) to.set(from)
      else resample(from, to, size, (y, x) => [y, size.width - 1 - x], 0)
    }
  }
}

/** Mirrors top and bottom with this probability; 1/2 by default. */
export const flipVertical = (options: { readonly probability?: number } = {}): Augmentation => {
  const probability = check("probability", options.probability ?? 0.5, 0, 1)
  return {
    apply: (from, to, size, draw) => {
      if (draw() >= probability) to.set(from)
      else resample(from, to, size, (y, x) => [size.height - 1 - y, x], 0)
    }
  }
}

/** A whole number from `low` to `high`, both included. */
const whole = (draw: Draw, low: number, high: number): number => low + Math.floor(draw() * (high - low + 1))

/**
 * Moves the image by up to `pixels` down or up and right or left, each shift equally likely; what comes in is `fill`, 0
 * by default. This is the crop of a padded image.
 */
export const shift = (pixels: number, options: { readonly fill?: number } = {}): Augmentation => {
  if (!Number.isInteger(pixels) || pixels < 0)
    throw argumentError("augment", `\`pixels\` is ${pixels}; a whole number from 0 is needed`)
  return {
    apply: (from, to, size, draw) => {
      const down = whole(draw, -pixels, pixels)
      const right = whole(draw, -pixels, pixels)
      resample(from, to, size, (y, x) => [y - down, x - right], options.fill ?? 0)
    }
  }
}

/**
 * Rotates about the middle by an angle between -`degrees` and `degrees`, bilinear between pixels; what comes in from
 * outside is `fill`, 0 by default.
 */
export const rotate = (degrees: number, options: { readonly fill?: number } = {}): Augmentation => {
  const largest = (check("degrees", degrees, 0, 180) * Math.PI) / 180
  const fill = options.fill ?? 0
  return {
    apply: (from, to, { channels, height, width }, draw) => {
      const angle = (2 * draw() - 1) * largest
      const [cos, sin] = [cosine(angle), sine(angle)]
      const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2]
      const pixel = (y: number, x: number, c: number): number =>
        y >= 0 && y < height && x >= 0 && x < width ? (from[(y * width + x) * channels + c] ?? 0) : fill
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const fromY = middleY + (y - middleY) * cos - (x - middleX) * sin
          const fromX = middleX + (y - middleY) * sin + (x - middleX) * cos
          const [top, left] = [Math.floor(fromY), Math.floor(fromX)]
          const [v, u] = [fromY - top, fromX - left]
          for (let c = 0; c < channels; c++)
            to[(y * width + x) * channels + c] =
              (1 - v) * ((1 - u) * pixel(top, left, c) + u * pixel(top, left + 1, c)) +
              v * ((1 - u) * pixel(top + 1, left, c) + u * pixel(top + 1, left + 1, c))
        }
    }
  }
}

/** Adds normal noise of this standard deviation to every number. */
export const noise = (deviation: number): Augmentation => {
  check("deviation", deviation, 0, Number.MAX_VALUE)
  return {
    apply: (from, to, _, draw) => {
      // Half a step up: a draw of 32 bits may be 0, which no probability is.
      for (let i = 0; i < from.length; i++) to[i] = (from[i] ?? 0) + deviation * normal(draw() + 2 ** -33)
    }
  }
}

/**
 * Fills a square of `pixels` by `pixels` about a pixel drawn anywhere; parts of it may lie outside. DeVries, Taylor:
 * Improved regularization of convolutional neural networks with cutout (2017).
 */
export const cutout = (pixels: number, options: { readonly fill?: number } = {}): Augmentation => {
  if (!Number.isInteger(pixels) || pixels < 1)
    throw argumentError("augment", `\`pixels\` is ${pixels}; a whole number from 1 is needed`)
  return {
    apply: (from, to, { channels, height, width }, draw) => {
      to.set(from)
      const top = whole(draw, 0, height - 1) - Math.floor(pixels / 2)
      const left = whole(draw, 0, width - 1) - Math.floor(pixels / 2)
      for (let y = Math.max(0, top); y < Math.min(height, top + pixels); y++) {
        const [start, end] = [Math.max(0, left), Math.min(width, left + pixels)]
        to.fill(options.fill ?? 0, (y * width + start) * channels, (y * width + end) * channels)
      }
    }
  }
}

/** Several changes, one after the other. */
export const chain = (...all: ReadonlyArray<Augmentation>): Augmentation => ({
  apply: (from, to, size, draw) => {
    let current = from
    const spare = [new Float32Array(from.length), new Float32Array(from.length)] as const
    all.forEach(({ apply }, i) => {
      const next = i % 2 === 0 ? spare[0] : spare[1]
      apply(current, next, size, draw)
      current = next
    })
    to.set(current)
  }
})

const sizeFrom = (name: string, shape: ReadonlyArray<number>): Size => {
  const [height = 0, width = 0, channels = 1] = shape
  if (shape.length !== 2 && shape.length !== 3)
    throw argumentError(
      name,
      `the inputs have shape [${shape.join(", ")}]; images are [height, width] or [height, width, channels]`
    )
  return { height, width, channels }
}

const drawFrom = (key: Words): Draw => {
  let next = 0
  return () => word(key, next++) / 2 ** 32
}

/** Which images are changed: those of an epoch, counted from `first`. */
export interface AugmentOptions {
  readonly seed: number
  readonly epoch: number
  /** The number of the first row, for parts of a data set; 0 by default. */
  readonly first?: number
}

/** The images of a value of shape [rows, height, width] or [rows, height, width, channels], changed. */
export const values = <S extends Shape>(
  images: Value<S, "f32">,
  change: Augmentation,
  { epoch, first = 0, seed }: AugmentOptions
): Value<S, "f32"> => {
  const [rows = 0, ...shape] = images.shape
  const size = sizeFrom("augment", shape)
  const each = sizeOf(shape)
  const data: HostArrays["f32"] = allocate("f32", images.data.length)
  const key = fold(seedKey(seed), epoch)
  for (let i = 0; i < rows; i++)
    change.apply(
      images.data.subarray(i * each, (i + 1) * each),
      data.subarray(i * each, (i + 1) * each),
      size,
      drawFrom(fold(key, first + i))
    )
  const made: Value<ReadonlyArray<number>, "f32"> = Values.of(data, [rows, ...shape], "f32")
  // The shape is that of `images`.
  return made as Value<Shape, "f32"> as Value<S, "f32">
}

/**
 * The same data set with its images changed for one epoch: image i by the words of (`seed`, `epoch`, i) alone. Targets
 * stay. Inputs are [height, width] or [height, width, channels]. Throws a `DataError` for inputs of another rank.
 *
 * ```ts
 * const images = Dataset.classification({ inputShape: [1, 3], rows: [1, 2, 3], labels: [0], classes: 1 })
 * const flipped = Augment.dataset(images, Augment.flipHorizontal({ probability: 1 }), { seed: 0, epoch: 1 })
 * console.log(Values.toNested(flipped.x)) // => [ [ [ 3, 2, 1 ] ] ]
 * ```
 */
export const dataset = <X extends Shape, Y extends Shape, YD extends DType>(
  self: Dataset<X, Y, YD>,
  change: Augmentation,
  options: AugmentOptions
): Dataset<X, Y, YD> => ({ ...self, x: values(self.x, change, options) })
