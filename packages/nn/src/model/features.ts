/** What the layers with spatial axes share: sizes of windows, channels, and their guards. */
import type { Dim, Mismatch, Shape, Show, SpatialNames, SpatialRank } from "@cotangent/graph"

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | ReadonlyArray<number>

/** The sizes of a window along N axes. */
export type Window<N extends SpatialRank, Z> =
  Z extends ReadonlyArray<number>
    ? { -readonly [K in keyof Z]: Z[K] }
    : Z extends number
      ? N extends 1
        ? [Z]
        : N extends 2
          ? [Z, Z]
          : [Z, Z, Z]
      : Shape

/** The sizes of a window along n axes. */
export const windowOf = (n: SpatialRank, size: PerAxis): ReadonlyArray<number> =>
  typeof size === "number" ? Array.from({ length: n }, () => size) : size

/** The last dimension. */
export type Channels<O extends Shape> = O extends readonly [...Shape, infer C extends Dim] ? C : number

/** `R` when a shape has a batch, N spatial axes and channels, else the sentence; `Shape` when the rank is unknown. */
export type Spatial<Op extends string, N extends SpatialRank, O extends Shape, R> = number extends O["length"]
  ? Shape
  : O["length"] extends { readonly 1: 3; readonly 2: 4; readonly 3: 5 }[N]
    ? R
    : Mismatch<`${Op}: needs [batch, ${SpatialNames[N]}, channels], got ${Show<O>}`>

/** A shape, unknown where there is a sentence. */
export type ShapeOr<R> = R extends Shape ? R : Shape

/** A number as a size: of unknown sizes unknown. */
export type Size<A> = A extends number ? A : number

/** The layers with N spatial axes, in words. */
export const spatialNames: Readonly<Record<SpatialRank, string>> = {
  1: "length",
  2: "height, width",
  3: "depth, height, width"
}
