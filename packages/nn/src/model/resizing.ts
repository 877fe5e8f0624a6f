/** Layers that give samples more or fewer places: zeros around them, borders off, places repeated. */
import {
  type AnyTensor,
  type Dim,
  face,
  type Guard,
  type IsSize,
  type Minus,
  type Mismatch,
  operations as ops,
  type Plus,
  type Shape,
  ShapeError,
  type Show,
  showShape,
  type SpatialRank,
  type Times
} from "@cotangent/graph"
import { optionError } from "../errors.ts"
import { type ShapeOr, type Spatial, spatialNames } from "./features.ts"
import { pureLayer, type Sizes } from "./layer.ts"
import { type AnyModel, append, type Model } from "./model.ts"

/** How many places at the ends of each axis: one number for all, one per axis, or a pair per axis. */
export type Borders = number | ReadonlyArray<number | readonly [low: number, high: number]>

type At<Z, I extends number> = Z extends number
  ? readonly [Z, Z]
  : Z extends ReadonlyArray<unknown>
    ? Z[I] extends number
      ? readonly [Z[I], Z[I]]
      : Z[I] extends readonly [infer A extends number, infer B extends number]
        ? readonly [A, B]
        : readonly [number, number]
    : readonly [number, number]

type Both<P extends readonly [number, number]> = Plus<P[0], P[1]>

/** The shape with N spatial axes changed one by one, or the sentence. */
type EachAxis<Op extends string, N extends SpatialRank, O extends Shape, A extends Shape> = Spatial<
  Op,
  N,
  O,
  O extends readonly [infer B extends Dim, ...Shape, infer C extends Dim] ? [B, ...A, C] : Shape
>

type First<O extends Shape> = O[1] extends infer D extends Dim ? D : number
type Second<O extends Shape> = O[2] extends infer D extends Dim ? D : number

/** The shape with zeros around, or the sentence. */
export type ZeroPadded<Op extends string, N extends 1 | 2, O extends Shape, Z> = EachAxis<
  Op,
  N,
  O,
  N extends 1 ? [Plus<First<O>, Both<At<Z, 0>>>] : [Plus<First<O>, Both<At<Z, 0>>>, Plus<Second<O>, Both<At<Z, 1>>>]
>

type Less<A extends Dim, B extends Dim> = [IsSize<A>, IsSize<B>] extends [true, true] ? Minus<A, B> : number
type IsLeft<A extends Dim> = [A] extends [never] ? false : [A] extends [0] ? false : true

/** The shape without borders, or the sentence. */
export type Cropped<Op extends string, N extends 1 | 2, O extends Shape, Z> = N extends 1
  ? IsLeft<Less<First<O>, Both<At<Z, 0>>>> extends true
    ? EachAxis<Op, N, O, [Less<First<O>, Both<At<Z, 0>>>]>
    : NothingLeft<Op, O>
  : [IsLeft<Less<First<O>, Both<At<Z, 0>>>>, IsLeft<Less<Second<O>, Both<At<Z, 1>>>>] extends [true, true]
    ? EachAxis<Op, N, O, [Less<First<O>, Both<At<Z, 0>>>, Less<Second<O>, Both<At<Z, 1>>>]>
    : NothingLeft<Op, O>
type NothingLeft<Op extends string, O extends Shape> = Mismatch<`${Op}: nothing is left of ${Show<O>}`>

/** The shape with places repeated, or the sentence. */
export type UpSampled<Op extends string, N extends 1 | 2, O extends Shape, Z> = EachAxis<
  Op,
  N,
  O,
  N extends 1 ? [Times<First<O>, At<Z, 0>[0]>] : [Times<First<O>, At<Z, 0>[0]>, Times<Second<O>, At<Z, 1>[0]>]
>

interface Results<Op extends string, N extends 1 | 2, O extends Shape, Z> {
  readonly pad: ZeroPadded<Op, N, O, Z>
  readonly crop: Cropped<Op, N, O, Z>
  readonly repeat: UpSampled<Op, N, O, Z>
}

/** What a layer that changes the places does to a model. */
export interface ResizingLayer<Kind extends keyof Results<"", 1, [], 0>, Op extends string, N extends 1 | 2, Z> {
  <I extends Shape, O extends Shape, P, S>(
    model: Model<I, O, P, S> & Guard<Results<Op, N, O, Z>[Kind]>
  ): Model<I, ShapeOr<Results<Op, N, O, Z>[Kind]>, P, S>
}

/** The borders of every axis. Throws OptionError unless they are whole numbers of 0 or more, one for each axis. */
const bordersOf = (operation: string, n: number, borders: Borders): ReadonlyArray<readonly [number, number]> => {
  const pairs = Array.from({ length: n }, (_, i): readonly [number, number] => {
    const own = typeof borders === "number" ? borders : (borders[i] ?? Number.NaN)
    return typeof own === "number" ? [own, own] : own
  })
  const wrong = pairs.flat().find((places) => !Number.isInteger(places) || places < 0)
  if (wrong !== undefined) throw optionError(`${operation}: a border`, "a whole number of 0 or more", wrong)
  return pairs
}

const lengthsOf = (operation: string, n: SpatialRank, { outputShape }: AnyModel): Sizes => {
  if (outputShape.length !== n + 1)
    throw new ShapeError(
      `${operation}: needs [batch, ${spatialNames[n]}, channels], got ${showShape(["batch", ...outputShape])}`
    )
  return outputShape.slice(0, -1)
}

const withLengths = (model: AnyModel, lengths: Sizes): Sizes => [...lengths, model.outputShape.at(-1) ?? 1]

const zeroPadding = <Op extends string, N extends 1 | 2>(
  operation: Op,
  n: N
): (<const Z extends Borders = 1>(padding?: Z) => ResizingLayer<"pad", Op, N, Z>) =>
  face(1, (padding: Borders = 1) => {
    const borders = bordersOf(operation, n, padding)
    const [low, high] = [0, 1].map((end) => [0, ...borders.map((pair) => pair[end] ?? 0), 0])
    return (model: AnyModel): AnyModel => {
      const lengths = lengthsOf(operation, n, model).map(
        (length, i) => length + (borders[i]?.[0] ?? 0) + (borders[i]?.[1] ?? 0)
      )
      const interior = [0, ...lengths.map(() => 0), 0]
      return append(
        model,
        pureLayer("ZeroPadding", withLengths(model, lengths), (x: AnyTensor) =>
          ops.pad(x, { low: low ?? interior, high: high ?? interior, interior })
        )
      )
    }
  })

const cropping = <Op extends string, N extends 1 | 2>(
  operation: Op,
  n: N
): (<const Z extends Borders = 1>(cropping?: Z) => ResizingLayer<"crop", Op, N, Z>) =>
  face(1, (cropped: Borders = 1) => {
    const borders = bordersOf(operation, n, cropped)
    return (model: AnyModel): AnyModel => {
      const lengths = lengthsOf(operation, n, model)
      const left = lengths.map((length, i) => length - (borders[i]?.[0] ?? 0) - (borders[i]?.[1] ?? 0))
      if (left.some((length) => length < 1))
        throw new ShapeError(`${operation}: nothing is left of ${showShape(["batch", ...model.outputShape])}`)
      return append(
        model,
        pureLayer("Cropping", withLengths(model, left), (x: AnyTensor) =>
          ops.slice(x, {
            start: [0, ...borders.map(([low]) => low), 0],
            limit: x.shape.map((length, d) => length - (borders[d - 1]?.[1] ?? 0)),
            step: x.shape.map(() => 1)
          })
        )
      )
    }
  })

const upSampling = <Op extends string, N extends 1 | 2>(
  operation: Op,
  n: N
): (<const Z extends number | ReadonlyArray<number> = 2>(size?: Z) => ResizingLayer<"repeat", Op, N, Z>) =>
  face(1, (size: number | ReadonlyArray<number> = 2) => {
    const sizes = bordersOf(operation, n, size).map(([times]) => times)
    if (sizes.includes(0)) throw optionError(`${operation}: size`, "a whole number above 0", 0)
    return (model: AnyModel): AnyModel => {
      const lengths = lengthsOf(operation, n, model)
      const more = lengths.map((length, i) => length * (sizes[i] ?? 1))
      return append(
        model,
        pureLayer("UpSampling", withLengths(model, more), (x: AnyTensor) => {
          const [batch = 1] = x.shape
          const channels = x.shape.at(-1) ?? 1
          // A new axis behind each spatial one, along which every place is repeated.
          const apart = [batch, ...lengths.flatMap((length) => [length, 1]), channels]
          const filled = [batch, ...lengths.flatMap((length, i) => [length, sizes[i] ?? 1]), channels]
          return ops.reshape(ops.broadcast(ops.reshape(x, apart), filled), [batch, ...more, channels])
        })
      )
    }
  })

/** Zeros at both ends of one axis; see `zeroPadding2d`. Keras's `ZeroPadding1D`. */
export const zeroPadding1d = zeroPadding("zeroPadding1d", 1)

/**
 * Zeros around every image: one row or column at each side unless given; `Model.zeroPadding2d([2, 3])` for rows and columns,
 * `Model.zeroPadding2d([[0, 1], [2, 0]])` for each side. Keras's `ZeroPadding2D`.
 */
export const zeroPadding2d = zeroPadding("zeroPadding2d", 2)

/** Places off both ends of one axis; see `cropping2d`. Keras's `Cropping1D`. */
export const cropping1d = cropping("cropping1d", 1)

/**
 * Rows and columns off every side of every image, one unless given; the numbers are as for `zeroPadding2d`. Keras's
 * `Cropping2D`. Throws ShapeError when nothing is left.
 */
export const cropping2d = cropping("cropping2d", 2)

/** Every place of one axis repeated, twice unless given. Keras's `UpSampling1D`. */
export const upSampling1d = upSampling("upSampling1d", 1)

/** Every row and column repeated, twice unless given: the nearest place is taken. Keras's `UpSampling2D`. */
export const upSampling2d = upSampling("upSampling2d", 2)
