/** How a session's memory is divided: one segment per tree, leaves in tree order, each aligned to its element size. */
import { controlBytes } from "@cotangent/compiler"
import { bytesOf, type DType } from "@cotangent/kernel"
import { sizeOf } from "@cotangent/graph"

/** What is known of a leaf: its path in the tree, sizes and element type. */
export interface LeafSpec {
  readonly path: string
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** A leaf with its place in memory. */
export interface PlacedLeaf extends LeafSpec {
  readonly address: number
  readonly length: number
}

/** Segments start at multiples of this. */
const segmentAlignment = 64
/** Vector loads may read this far beyond the last element; kernels rely on it. */
const overread = 64
/** Bytes of a WebAssembly page. */
export const pageBytes = 65536

/** The next multiple of `alignment`. */
export const alignUp = (address: number, alignment = segmentAlignment): number =>
  Math.ceil(address / alignment) * alignment

/** Pages of a memory whose segments end at `end`: after them stands what threads meet in. */
export const pagesFor = (end: number): number => Math.ceil((end + overread + controlBytes) / pageBytes)

/** The address of what threads meet in, at the end of a memory. */
export const controlOf = (pages: number): number => pages * pageBytes - controlBytes

/** Bytes of a line of the cache. */
const line = 64

/**
 * Places leaves one after another from `start`; gives them and the first free address, aligned for the next segment.
 *
 * A leaf of a line or more starts a line. A tile of a product is a line wide: where it straddles two, and rows are a power of
 * two apart, one half is gone from the cache before the next tile comes for it. (The step of 512 -> 512 -> 10 with four rows
 * took 3.7 times as long.)
 */
export const place = (
  leaves: ReadonlyArray<LeafSpec>,
  start: number
): { readonly leaves: ReadonlyArray<PlacedLeaf>; readonly end: number } => {
  let at = start
  const placed = leaves.map((leaf) => {
    const length = sizeOf(leaf.shape)
    const bytes = length * bytesOf[leaf.dtype]
    const address = alignUp(at, bytes >= line ? line : bytesOf[leaf.dtype])
    at = address + bytes
    return { ...leaf, address, length }
  })
  return { leaves: placed, end: alignUp(at) }
}
