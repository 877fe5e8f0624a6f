/**
 * Which products are convolutions of windows of 3 by 3, or sums over windows into 3 by 3 results, and worth taking by
 * Winograd's minimal filtering: 16 products in place of 36 for every 2 by 2 outputs (Lavin and Gray 2016, section 4).
 *
 * A product is a convolution if one operand moves over two dimensions of the output as over two of the summed ones:
 * y[m, p, q, k] = sum_(r, s, c) x[m, p + r, q + s, c] w[r, s, c, k]. The gradient of a kernel is one too: its outputs are
 * the 3 by 3 places, and it sums over windows as large as the image.
 */
import type { Buffer } from "@cotangent/kernel"
import { Views } from "@cotangent/graph"
import type { Group, Member } from "../schedule.ts"
import { type Context, definedBy, outputsOf, type Source, sourceOf } from "./fused.ts"
import type { Stride } from "./lanes.ts"
import { productOf, type Side } from "./product.ts"

/** A dimension: its size, and how both operands move over it. */
export interface Extent {
  readonly size: number
  readonly x: number
  readonly w: number
}

/** A spatial axis: how many outputs there are along it, how many places windows have, and how the operands move. */
export interface Spatial {
  readonly outputs: number
  readonly places: number
  readonly x: number
  readonly w: number
}

/** An array and the element where a convolution starts to read it. */
interface Origin {
  readonly buffer: Buffer
  readonly offset: number
}

/** A convolution by minimal filtering. */
export interface WinogradPlan {
  /** What falls into tiles of 2 by 2: the outputs, under windows of 3 by 3, or the places of windows, for 3 by 3 outputs. */
  readonly tiled: "outputs" | "places"
  readonly x: Origin
  readonly w: Origin
  readonly rows: Extent
  readonly columns: Extent
  readonly terms: Extent
  readonly spatial: readonly [Spatial, Spatial]
  /** Where the results go, for the output at a place inside a tile: strides over rows, tiles down and across, columns. */
  readonly store: (a: number, b: number) => Stride
  /** Where the members behind the product read, at a place inside a tile. */
  readonly sources: (a: number, b: number) => ReadonlyMap<Member, ReadonlyArray<Source>>
}

/** What decides whether minimal filtering pays. */
export interface Filtering {
  /** Along both axes, what falls into tiles of two. */
  readonly tiled: readonly [number, number]
  readonly rows: number
  readonly columns: number
  readonly terms: number
}

/** Moving a tile in and out costs about as much as this many of its terms. */
const fewest = 12
/** Below this many products of direct sums there is nothing to win. */
const leastWork = 2 ** 19

/** Whether minimal filtering pays: enough channels on both sides, and few tiles that stand over the edge. */
export const pays = ({ tiled: [height, width], rows, columns, terms }: Filtering): boolean => {
  const covered = 4 * Math.ceil(height / 2) * Math.ceil(width / 2)
  return (
    Math.min(columns, terms) >= fewest &&
    covered <= 1.5 * height * width &&
    9 * height * width * rows * columns * terms >= leastWork
  )
}

interface Dimension extends Extent {
  /** Its number among the dimensions of the output; -1 for one that is summed. */
  readonly at: number
}

const none: Dimension = { size: 1, x: 0, w: 0, at: -1 }

const dimensions = (
  sizes: ReadonlyArray<number>,
  x: ReadonlyArray<number>,
  w: ReadonlyArray<number>
): ReadonlyArray<Dimension> =>
  sizes.flatMap((size, at) => (size === 1 ? [] : [{ size, x: x[at] ?? 0, w: w[at] ?? 0, at }]))

/** A dimension of the output and a summed one over which the same operand moves alike. */
interface Pair {
  readonly output: Dimension
  readonly places: Dimension
}

const spatialOf = ({ output, places }: Pair): Spatial => ({
  outputs: output.size,
  places: places.size,
  x: output.x,
  w: places.w
})

/** Dimensions as the parts of a convolution, if that is what they are. */
const partsOf = (outputs: ReadonlyArray<Dimension>, summed: ReadonlyArray<Dimension>) => {
  const spatial = outputs.flatMap((output): ReadonlyArray<Pair> => {
    const places = summed.find(({ x, w }) => output.w === 0 && w !== 0 && x !== 0 && x === output.x)
    return places === undefined ? [] : [{ output, places }]
  })
  const [first, second] = spatial
  if (first === undefined || second === undefined || spatial.length > 2 || first.places === second.places)
    return undefined
  const rest = outputs.filter((d) => d !== first.output && d !== second.output)
  const terms = summed.filter((d) => d !== first.places && d !== second.places)
  const [rows, columns] = [rest.filter(({ w }) => w === 0), rest.filter(({ x }) => x === 0)]
  if (rows.length > 1 || columns.length > 1 || terms.length > 1 || rows.length + columns.length !== rest.length)
    return undefined
  return { first, second, rows: rows[0] ?? none, columns: columns[0] ?? none, terms: terms[0] ?? none }
}

/** The plan of a product by minimal filtering, where it is such a convolution and that pays. */
export const winogradPlan = (context: Context, group: Group, root: Member): WinogradPlan | undefined => {
  const { values } = context
  const [result = -1] = outputsOf(values, root)
  if (values.avals[result]?.dtype !== "f32") return undefined
  const { left, right, sizes, spread } = productOf(values, group, root)
  const find = (x: Side, w: Side) => {
    const parts = partsOf(dimensions(sizes, x.output, w.output), dimensions(x.sizes, x.contracted, w.contracted))
    return parts === undefined ? undefined : { ...parts, x, w }
  }
  const parts = find(left, right) ?? find(right, left)
  if (parts === undefined) return undefined
  const { columns, first, rows, second, terms, w, x } = parts
  const counts = [first, second].map(({ output, places }) => [output.size, places.size] as const)
  const tiled = counts.every(([, places]) => places === 3)
    ? "outputs"
    : counts.every(([outputs]) => outputs === 3)
      ? "places"
      : undefined
  if (tiled === undefined) return undefined
  const along = (k: 0 | 1): number => counts[k]?.[tiled === "outputs" ? 0 : 1] ?? 1
  const [many, channels] = tiled === "outputs" ? [rows, terms] : [terms, rows]
  const filtering = {
    tiled: [along(0), along(1)],
    rows: many.size,
    columns: columns.size,
    terms: channels.size
  } as const
  if (!pays(filtering)) return undefined
  const inside = definedBy(values, group)
  /** Strides over the group's index space as strides over rows, tiles down and across, and columns. */
  const tileStrides = (strides: ReadonlyArray<number>, offset: number) => {
    const fine = spread(strides)
    const [down, across] = [fine[first.output.at] ?? 0, fine[second.output.at] ?? 0]
    const step = tiled === "outputs" ? 2 : 0
    return (a: number, b: number): Stride => ({
      strides: [fine[rows.at] ?? 0, step * down, step * across, fine[columns.at] ?? 0],
      offset: offset + a * down + b * across
    })
  }
  const origin = ({ access }: Side): Origin => ({ buffer: context.bufferOf(access.base), offset: access.view.offset })
  const epilogue = group.members.filter((m) => m !== root)
  return {
    tiled,
    x: origin(x),
    w: origin(w),
    rows,
    columns,
    terms,
    spatial: [spatialOf(first), spatialOf(second)],
    store: tileStrides(Views.rowMajor(group.space), 0),
    sources: (a, b) =>
      new Map(
        epilogue.map((member) => [
          member,
          member.operands.map((access) =>
            sourceOf(context, inside, access, tileStrides(access.view.strides, access.view.offset)(a, b))
          )
        ])
      )
  }
}
