/**
 * What a product kernel computes: how its two operands move over the output and over what is summed. A convolution is the
 * product of a kernel with the windows of its input, which lie over each other: they are strides, and never written out.
 */
import { freeAxes } from "@cotangent/graph"
import type { Access, Values } from "../resolve.ts"
import type { Group, Member } from "../schedule.ts"

/** One operand: its strides over the dimensions of the output, and over those that are summed, which have the given sizes. */
export interface Side {
  readonly access: Access
  readonly output: ReadonlyArray<number>
  readonly contracted: ReadonlyArray<number>
  readonly sizes: ReadonlyArray<number>
}

/** A product over the dimensions `sizes`: those of the group's index space, or finer ones. */
export interface Product {
  readonly sizes: ReadonlyArray<number>
  readonly left: Side
  readonly right: Side
  /** Strides over the group's index space as strides over `sizes`. */
  readonly spread: (strides: ReadonlyArray<number>) => ReadonlyArray<number>
}

interface Dimensions {
  readonly batch: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
  readonly contract: readonly [ReadonlyArray<number>, ReadonlyArray<number>]
}

interface Convolution {
  readonly strides: ReadonlyArray<number>
  readonly dilations: ReadonlyArray<number>
  readonly groups: number
}

const zeros = (n: number): ReadonlyArray<number> => new Array<number>(n).fill(0)

const dotSides = (x: Access, w: Access, { batch, contract }: Dimensions): readonly [Side, Side] => {
  const side = (access: Access, k: 0 | 1): Side => {
    const at = (d: number): number => access.view.strides[d] ?? 0
    const free = freeAxes(access.view.shape.length, batch[k], contract[k])
    const [other, otherSide] = k === 0 ? [w, 1 as const] : [x, 0 as const]
    const still = zeros(freeAxes(other.view.shape.length, batch[otherSide], contract[otherSide]).length)
    const moving = free.map(at)
    return {
      access,
      output: [...batch[k].map(at), ...(k === 0 ? [...moving, ...still] : [...still, ...moving])],
      contracted: contract[k].map(at),
      sizes: contract[k].map((d) => access.view.shape[d] ?? 1)
    }
  }
  return [side(x, 0), side(w, 1)]
}

/** Over `[N, positions..., groups, out per group]`; summed are the places of the kernel and the channels of a group. */
const convSides = (x: Access, w: Access, { strides, dilations, groups }: Convolution): readonly [Side, Side] => {
  const n = strides.length
  const [xs, ws] = [x.view.strides, w.view.strides]
  const sizes = w.view.shape.slice(0, n + 1)
  const inside = sizes[n] ?? 1
  const filters = (w.view.shape[n + 1] ?? 1) / groups
  const spatial = (by: ReadonlyArray<number>): ReadonlyArray<number> => by.map((k, i) => k * (xs[i + 1] ?? 0))
  return [
    {
      access: x,
      output: [xs[0] ?? 0, ...spatial(strides), inside * (xs[n + 1] ?? 0), 0],
      contracted: [...spatial(dilations), xs[n + 1] ?? 0],
      sizes
    },
    {
      access: w,
      output: [...zeros(n + 1), filters * (ws[n + 1] ?? 0), ws[n + 1] ?? 0],
      contracted: ws.slice(0, n + 1),
      sizes
    }
  ]
}

/** The product that leads a group. */
export const productOf = (values: Values, group: Group, root: Member): Product => {
  const node = values.graph.nodes[root.node]
  const [x, w] = root.operands
  if (node === undefined || x === undefined || w === undefined) throw new RangeError("a product has two operands")
  // The typing rules of the two primitives have checked these attributes.
  const attributes: unknown = node.attributes
  if (node.primitive === "dot") {
    const [left, right] = dotSides(x, w, attributes as Dimensions)
    return { sizes: group.space, left, right, spread: (strides) => strides }
  }
  const at = attributes as Convolution
  const [left, right] = convSides(x, w, at)
  const filters = (w.view.shape.at(-1) ?? 1) / at.groups
  return {
    sizes: [...group.space.slice(0, -1), at.groups, filters],
    left,
    right,
    spread: (strides) => [...strides.slice(0, -1), (strides.at(-1) ?? 0) * filters, strides.at(-1) ?? 0]
  }
}
